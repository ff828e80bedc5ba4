#include "federation/reader.h"

#include "federation/act/act.h"
#include "federation/resolve.h"
#include "storage/base/clock.h"
#include "storage/parked.h"
#include "tests/support/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NEW "https://peer.example/users/new"

struct scene {
    struct node node;
    struct remote bob, stranger;
};

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    node_open(&s->node);
    node_allow(&s->node, "peer.example");
    remote_create(&s->node, &s->bob, "peer.example", "bob");
    remote_create(&s->node, &s->stranger, "stranger.example", "sam");
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    reader_expire(READERS_ALL, 0);
    remote_clear(&s->bob);
    remote_clear(&s->stranger);
    node_close(&s->node);
    free(s);
    return 0;
}

/* What reader_identify says of a GET that `from` signed; `flip`: with one byte of it changed. */
static enum err asks(struct scene *s, const struct remote *from, bool flip, struct arena *arena,
                     struct reader *out)
{
    struct http_header headers[SIGNATURE_MAX_LINES];
    struct signature_lines lines;
    struct why why;
    struct signature_request request = {.scheme = SIGNATURE_CAVAGE,
                                        .method = "GET",
                                        .uri = "https://" STORE_HOST "/users/ann/posts/1",
                                        .key_id = from->key_id,
                                        .key = from->key,
                                        .now_ms = clock_ms()};
    assert_int_equal(signature_sign(&request, arena, &lines, &why), OK);
    for (size_t i = 0; i < lines.n; i++) {
        char *name = arena_strdup(arena, lines.line[i]), *colon = strchr(name, ':');
        *colon = '\0';
        headers[i] = (struct http_header){name, colon + 2};
    }
    struct http_message message = {.method = "GET",
                                   .target = flip ? "/users/ann/posts/2" : "/users/ann/posts/1",
                                   .scheme = "https",
                                   .host = STORE_HOST,
                                   .headers = headers,
                                   .header_count = lines.n};
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    return reader_identify(&s->node.fed, txn, &message, arena, out, NULL);
}

static void t65_only_an_actor_of_an_admitted_host_is_known(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1024 * 1024);
    struct reader reader;
    assert_int_equal(asks(s, &s->bob, false, &arena, &reader), OK);
    assert_string_equal(reader.host, "peer.example");
    assert_int_equal(asks(s, &s->bob, true, &arena, &reader), ERR_DENIED);
    assert_false(reader.is_stranger);
    assert_int_equal(asks(s, &s->stranger, false, &arena, &reader), ERR_DENIED);
    assert_true(reader.is_stranger);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
}

static void t20_a_signature_that_fails_under_an_old_key_has_the_key_fetched_again(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1024 * 1024);
    struct reader reader;
    int64_t now_ms = clock_ms();
    private_key_free(&s->bob.key);
    s->bob.key = private_key_generate(KEY_RSA);
    assert_int_equal(asks(s, &s->bob, false, &arena, &reader), ERR_DENIED);
    clock_set(now_ms + 10 * 60000);
    enum err later = asks(s, &s->bob, false, &arena, &reader);
    clock_set(-1);
    assert_int_equal(later, ERR_LATER);
    assert_string_equal(reader.needs, s->bob.uri);
}

static void be_ready(void *context)
{
    ++*(int *)context;
}

static void brings(struct scene *s, const char *uri, const char *id)
{
    char *json = json_format("{\"type\":\"Person\",\"id\":\"%s\",\"inbox\":\"%s/inbox\"}", id, id);
    struct fetched document = {.status = 200, .uri = uri, .body = bytes_of(json)};
    resolve_fetched(&s->node.fed, uri, WANT_KIND__ACTOR_DOCUMENT, OK, &document, NULL);
    free(json);
}

static void an_unknown_key_is_wanted_and_who_waits_is_called_once_it_came(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1024 * 1024);
    struct reader reader;
    int ready = 0;
    snprintf(s->bob.key_id, sizeof s->bob.key_id, NEW "#main-key");
    assert_int_equal(asks(s, &s->bob, false, &arena, &reader), ERR_LATER);
    assert_string_equal(reader.needs, NEW);
    assert_int_equal(reader_wait(&s->node.fed, reader.needs, be_ready, &ready), OK);
    assert_int_equal(reader_wait(&s->node.fed, reader.needs, be_ready, &ready), OK);
    assert_int_equal(node_rows(&s->node, TABLE_WANT_DUE), 1);
    assert_int_equal(ready, 0);
    brings(s, NEW, NEW);
    assert_int_equal(ready, 2);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
}

static void who_waits_moves_along_with_a_document_that_is_elsewhere(void **state)
{
    struct scene *s = *state;
    int ready = 0;
    assert_int_equal(reader_wait(&s->node.fed, NEW "/key", be_ready, &ready), OK);
    brings(s, NEW "/key", NEW);
    assert_int_equal(ready, 0);
    brings(s, NEW, NEW);
    assert_int_equal(ready, 1);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
}

static void a_key_that_will_not_come_is_an_answer_too_and_is_remembered(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1024 * 1024);
    struct reader reader;
    struct why why = {"404"};
    int ready = 0;
    assert_int_equal(reader_wait(&s->node.fed, NEW, be_ready, &ready), OK);
    resolve_fetched(&s->node.fed, NEW, WANT_KIND__ACTOR_DOCUMENT, ERR_NOTFOUND, NULL, &why);
    assert_int_equal(ready, 1);
    snprintf(s->bob.key_id, sizeof s->bob.key_id, NEW "#main-key");
    assert_int_equal(asks(s, &s->bob, false, &arena, &reader), ERR_DENIED);
}

static void nobody_waits_for_ever_and_not_too_many_do(void **state)
{
    struct scene *s = *state;
    int ready = 0;
    for (int i = 0; i < READERS_WAITING_MAX; i++)
        assert_int_equal(reader_wait(&s->node.fed, NEW, be_ready, &ready), OK);
    assert_int_equal(reader_wait(&s->node.fed, NEW, be_ready, &ready), ERR_LIMIT);
    reader_expire(READERS_OVERDUE, clock_mono_ms() + READER_WAIT_MS - 5000);
    assert_int_equal(ready, 0);
    reader_expire(READERS_OVERDUE, clock_mono_ms() + READER_WAIT_MS);
    assert_int_equal(ready, READERS_WAITING_MAX);
    assert_int_equal(reader_wait(&s->node.fed, NEW, be_ready, &ready), OK);
    reader_expire(READERS_ALL, 0);
    assert_int_equal(ready, READERS_WAITING_MAX + 1);
}

/* What somebody fetched by themselves they must hear of when it is deleted or edited. */
static void an_edit_and_a_delete_go_to_who_fetched_the_post(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1024 * 1024);
    actor_id ann = node_account(&s->node, "ann");
    struct post_draft draft = {.author = ann, .source = "x"};
    struct by by = {.who = "test"};
    struct reader reader;
    post_id id;
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &id, NULL), OK);
    assert_int_equal(node_rows(&s->node, TABLE_OUTQUEUE), 0);
    assert_int_equal(asks(s, &s->bob, false, &arena, &reader), OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(reader_note_fetched(&s->node.fed, &reader, id), OK);
    assert_int_equal(node_rows(&s->node, TABLE_FETCHED), 1);
    assert_int_equal(act_edit_local(&s->node.fed, ann, id, "y", NULL, NULL, &by, NULL), OK);
    assert_int_equal(node_rows(&s->node, TABLE_OUTQUEUE), 1);
    assert_int_equal(act_delete_local(&s->node.fed, ann, id, &by, NULL), OK);
    assert_int_equal(node_rows(&s->node, TABLE_OUTQUEUE), 2);
    assert_int_equal(reader_note_fetched(&s->node.fed, &reader, id), ERR_NOTFOUND);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(t65_only_an_actor_of_an_admitted_host_is_known),
        SCENE(t20_a_signature_that_fails_under_an_old_key_has_the_key_fetched_again),
        SCENE(an_unknown_key_is_wanted_and_who_waits_is_called_once_it_came),
        SCENE(who_waits_moves_along_with_a_document_that_is_elsewhere),
        SCENE(a_key_that_will_not_come_is_an_answer_too_and_is_remembered),
        SCENE(an_edit_and_a_delete_go_to_who_fetched_the_post),
        SCENE(nobody_waits_for_ever_and_not_too_many_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
