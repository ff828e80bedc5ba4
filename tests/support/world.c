#include "tests/support/corpus.h"

#include "federation/resolve.h"
#include "storage/base/buf.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/edge.h"
#include "storage/parked.h"
#include "storage/post.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORLD_NOW_MS ((int64_t)1785000000000) /* a day in July 2026 */
#define FETCHES_MAX 1000

static const struct by by = {.who = "test"};

/* ---- words ---- */

static void word_add(struct world *world, const char *name, const char *text)
{
    assert_true(world->word_count < COUNT(world->word));
    world->word[world->word_count].name = arena_strdup(&world->arena, name);
    world->word[world->word_count++].text = arena_strdup(&world->arena, text);
}

static const char *word_find(const struct world *world, const char *name, size_t n)
{
    for (size_t i = 0; i < world->word_count; i++)
        if (strlen(world->word[i].name) == n && strncmp(world->word[i].name, name, n) == 0)
            return world->word[i].text;
    fail_msg("$%.*s means nothing", (int)n, name);
    return NULL;
}

const char *world_say(const struct world *world, const char *text, struct arena *arena)
{
    AUTO(buf_clear) struct buf out = BUF_INIT(4 << 20);
    while (*text) {
        size_t n = strcspn(text, "$");
        buf_add(&out, text, n);
        text += n;
        if (!*text)
            break;
        n = strspn(++text, "abcdefghijklmnopqrstuvwxyz0123456789");
        buf_str(&out, word_find(world, text, n));
        text += n;
    }
    return arena_strdup(arena, buf_text(&out));
}

/* ---- what is ours ---- */

static void write_post(struct world *world, const char *name, const char *author,
                       Visibility visibility, const char *text)
{
    struct why why = {""};
    post_id id;
    actor_id who;
    struct txn *txn = store_read(&world->node.store);
    assert_int_equal(actor_find_handle(txn, author, &who), OK);
    txn_end(&txn);
    struct post_draft draft = {.author = who, .source = text, .visibility = visibility};
    assert_int_equal(act_post_local(&world->node.fed, &draft, NULL, &by, &id, &why), OK);
    word_add(world, name,
             arena_printf(&world->arena, "https://%s/users/%s/posts/%llu", STORE_HOST, author,
                          (unsigned long long)id.v));
}

/* A poll of ann's, as a record: `ward post --poll` makes the same. */
static void write_poll(struct world *world)
{
    PollOption tea = POLL_OPTION__INIT, coffee = POLL_OPTION__INIT, *options[] = {&tea, &coffee};
    Poll poll = POLL__INIT;
    Post post = POST__INIT;
    actor_id ann;
    char *to[] = {(char *)AS2_PUBLIC};
    struct txn *txn = store_write(&world->node.store);
    assert_int_equal(actor_find_handle(txn, "ann", &ann), OK);
    tea.name = (char *)"tea";
    coffee.name = (char *)"coffee";
    poll.options = options;
    poll.n_options = 2;
    poll.is_multiple = true;
    post.uri = post.url = (char *)"https://" STORE_HOST "/users/ann/posts/poll";
    post.author = ann.v;
    post.type = (char *)"Question";
    post.content_html = (char *)"<p>tea or coffee?</p>";
    post.to = to;
    post.n_to = 1;
    post.poll = &poll;
    assert_int_equal(post_add(txn, &post, clock_ms()), OK);
    store_commit(&txn);
    word_add(world, "poll", post.uri);
}

static void make_account(struct world *world, const char *name, ActorType type, bool is_locked)
{
    struct account_draft draft = {.name = name, .type = type, .is_locked = is_locked};
    struct why why = {""};
    actor_id id;
    assert_int_equal(act_account_create(&world->node.fed, &draft, &by, &id, &why), OK);
    word_add(world, name, arena_printf(&world->arena, "https://%s/users/%s", STORE_HOST, name));
}

/* ---- the actors of the corpus ---- */

static void pem_word(struct world *world)
{
    AUTO(public_key_free) struct public_key *half = private_key_public(world->key);
    AUTO(buf_clear) struct buf out = BUF_INIT(8192), spaces = BUF_INIT(8192);
    for (const char *p = public_key_pem(half, &world->arena); *p; p++) {
        if (*p == '\n')
            buf_str(&out, "\\n");
        else
            buf_char(&out, *p);
        buf_char(&spaces, *p == '\n' ? ' ' : *p);
    }
    word_add(world, "pem", buf_text(&out));
    word_add(world, "pemspaces", buf_text(&spaces));
    buf_reset(&spaces);
    buf_add(&spaces, out.p, out.n - 2); /* without its last line end */
    word_add(world, "pembare", buf_text(&spaces));
}

static void sender_add(struct world *world, const struct corpus_document *doc)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 << 20);
    const char *json = world_say(world, doc->json, &arena);
    struct as2_document document;
    struct why why = {""};
    if (as2_decode_document(bytes_of(json), &arena, &document, &why) ||
        document.kind != AS2_DOCUMENT_ACTOR)
        fail_msg("%s: %s is no actor: %s", doc->file, doc->name, why.text);
    assert_true(world->sender_count < COUNT(world->sender));
    struct remote *sender = &world->sender[world->sender_count];
    world->sender_name[world->sender_count++] = doc->who;
    snprintf(sender->uri, sizeof sender->uri, "%s", document.actor.id);
    const char *key = document.actor.key_count ? document.actor.keys[0].id : "";
    snprintf(sender->key_id, sizeof sender->key_id, "%s", key);
    sender->key = world->key;
    word_add(world, doc->who, sender->uri);
}

static void allow_host(struct world *world, const char *uri)
{
    char host[URI_HOST_BYTES];
    assert_int_equal(uri_host(uri, host), OK);
    if (!strstr(host, "stranger"))
        node_allow(&world->node, host);
}

/* What an author sent may be fetched from the author, in its newest version. Others' words may
 * not. NULL: nobody sent it, or it was deleted. */
static const char *sent_object(const struct world *world, const char *uri, struct arena *arena)
{
    const struct corpus *corpus = world->corpus;
    const char *newest = "", *found = NULL;
    for (size_t i = 0; i < corpus->n; i++) {
        const struct corpus_document *doc = &corpus->document[i];
        json_auto_t *json = doc->kind == CORPUS_SENT
                                ? json_loads(world_say(world, doc->json, arena), 0, NULL)
                                : NULL;
        json_t *object = json_object_get(json, "object");
        const char *type = json_string_value(json_object_get(json, "type"));
        const char *id = json_string_value(json_object_get(object, "id"));
        const char *updated = json_string_value(json_object_get(object, "updated"));
        if (!id)
            id = json_string_value(object);
        if (!type || !id || strcmp(id, uri) != 0 || strstr(doc->who, "://") ||
            !uri_same_host(uri, word_find(world, doc->who, strlen(doc->who))))
            continue;
        if (strcmp(type, "Delete") == 0)
            return NULL;
        if ((strcmp(type, "Create") != 0 && strcmp(type, "Update") != 0) || !json_is_object(object))
            continue;
        if (found && strcmp(updated ? updated : "", newest) < 0)
            continue;
        newest = updated ? arena_strdup(arena, updated) : "";
        char *text = json_dumps(object, 0);
        found = arena_strdup(arena, text);
        free(text);
    }
    return found;
}

static const char *served(const struct world *world, const char *uri, struct arena *arena)
{
    const struct corpus *corpus = world->corpus;
    for (size_t i = 0; i < corpus->n; i++) {
        const struct corpus_document *doc = &corpus->document[i];
        const char *at = doc->kind == CORPUS_SENT    ? NULL
                         : doc->kind == CORPUS_ACTOR ? word_find(world, doc->who, strlen(doc->who))
                                                     : world_say(world, doc->who, arena);
        if (at && strcmp(at, uri) == 0)
            return world_say(world, doc->json, arena);
    }
    return sent_object(world, uri, arena);
}

static void serve(struct world *world, const char *uri, WantKind kind)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 << 20);
    const char *json = served(world, uri, &arena);
    struct fetched fetched = {json ? 200 : 404, uri, bytes_of(json ? json : "")};
    struct why why = {"it is not there"};
    resolve_fetched(&world->node.fed, uri, kind, json ? OK : ERR_NOTFOUND, &fetched, &why);
}

static bool fetch_next(struct world *world)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    uint8_t hash[KEY_HASH_BYTES] = {0};
    int64_t due_ms = -1;
    Want *want;
    struct txn *txn = store_read(&world->node.store);
    enum err e = want_due_next(txn, &due_ms, hash, &arena, &want);
    txn_end(&txn);
    if (e || due_ms > clock_ms())
        return false;
    serve(world, want->uri, want->kind);
    return true;
}

void world_fetch(struct world *world)
{
    for (int round = 0; round < 4; round++) {
        for (int i = 0; fetch_next(world); i++)
            assert_true(i < FETCHES_MAX);
        clock_set(clock_ms() + 61 * 1000); /* what was fetched is not fetched again before that */
    }
    clock_set(WORLD_NOW_MS);
}

/* ---- sending ---- */

static char last_word[WHY_MAX_BYTES + 64];

static void remember(enum log_level level, const char *event, const struct log_field *field)
{
    static const char *const words[][2] = {
        {"inbox.accepted", "outcome"}, {"inbox.refused", "why"}, {"inbox.parked", "needs"}};
    (void)level;
    for (size_t i = 0; i < COUNT(words); i++)
        for (; strcmp(event, words[i][0]) == 0 && field->name; field++)
            if (strcmp(field->name, words[i][1]) == 0)
                snprintf(last_word, sizeof last_word, "%s%s", i == 2 ? "needs " : "", field->text);
}

/* A URI is somebody nobody ever heard of. */
static const struct remote *sender_find(struct world *world, const char *name)
{
    if (strstr(name, "://")) {
        assert_true(world->sender_count < COUNT(world->sender));
        struct remote *sender = &world->sender[world->sender_count];
        world->sender_name[world->sender_count++] = "";
        snprintf(sender->uri, sizeof sender->uri, "%s", name);
        snprintf(sender->key_id, sizeof sender->key_id, "%s#main-key", name);
        sender->key = world->key;
        return sender;
    }
    for (size_t i = 0; i < world->sender_count; i++)
        if (strcmp(world->sender_name[i], name) == 0)
            return &world->sender[i];
    fail_msg("%s is no actor of the corpus", name);
    return NULL;
}

/* What the harness does to a signature after it was made: labels that say another thing. */
static void sign_as(struct sent *sent, const char *how)
{
    for (size_t i = 0; i < sent->message.header_count; i++) {
        struct http_header *header = &sent->headers[i];
        if (strcasecmp(header->name, "Signature") != 0)
            continue;
        char *algorithm = strstr(header->value, "rsa-sha256");
        if (strcmp(how, "authorization") == 0)
            *header = (struct http_header){
                "Authorization", arena_printf(&sent->arena, "Signature %s", header->value)};
        else if (strcmp(how, "hs2019") == 0 && algorithm)
            header->value =
                arena_printf(&sent->arena, "%.*shs2019%s", (int)(algorithm - header->value),
                             header->value, algorithm + strlen("rsa-sha256"));
    }
}

const char *world_send(struct world *world, const struct corpus_document *doc)
{
    const char *json = world_say(world, doc->json, &world->arena);
    enum signature_scheme scheme =
        strcmp(doc->sign, "rfc9421") == 0 ? SIGNATURE_RFC9421 : SIGNATURE_CAVAGE;
    AUTO(sent_clear) struct sent sent;
    remote_sign_as(sender_find(world, doc->who), scheme, "/inbox", json, &sent);
    sign_as(&sent, doc->sign);
    last_word[0] = '\0';
    int status = node_receive(&world->node, &sent);
    return arena_printf(&world->arena, "%d %s", status, last_word);
}

/* ---- a whole world ---- */

static void befriend(struct world *world, const char *who, const char *whom, enum edge_kind kind,
                     const char *uri)
{
    Edge edge = EDGE__INIT;
    actor_id a, b;
    struct txn *txn = store_write(&world->node.store);
    assert_int_equal(actor_find(txn, word_find(world, who, strlen(who)), &a), OK);
    assert_int_equal(actor_find(txn, word_find(world, whom, strlen(whom)), &b), OK);
    edge.uri = (char *)uri;
    assert_int_equal(edge_add(txn, (struct edge_key){kind, a.v, b.v}, &edge), OK);
    store_commit(&txn);
}

void world_open(struct world *world, const struct corpus *corpus, enum federation_mode mode)
{
    *world = (struct world){.corpus = corpus, .arena = ARENA_INIT(256 << 20)};
    clock_set(WORLD_NOW_MS);
    log_set_sink(remember);
    node_open(&world->node);
    world->node.config.mode = mode;
    world->key = private_key_generate(KEY_RSA);
    pem_word(world);
    make_account(world, "ann", ACTOR_TYPE__PERSON, false);
    make_account(world, "ben", ACTOR_TYPE__PERSON, false);
    make_account(world, "cat", ACTOR_TYPE__PERSON, true);
    make_account(world, "ward3", ACTOR_TYPE__GROUP, false);
    for (size_t i = 0; i < corpus->n; i++) {
        if (corpus->document[i].kind != CORPUS_ACTOR)
            continue;
        sender_add(world, &corpus->document[i]);
        const char *uri = world->sender[world->sender_count - 1].uri;
        allow_host(world, uri);
        serve(world, uri, WANT_KIND__ACTOR_DOCUMENT);
    }
    write_post(world, "p1", "ann", VISIBILITY__PUBLIC, "first words");
    write_post(world, "p2", "ben", VISIBILITY__UNLISTED, "quiet words");
    write_post(world, "p3", "ann", VISIBILITY__FOLLOWERS, "for followers");
    write_post(world, "p4", "ann", VISIBILITY__PUBLIC, "to be answered");
    write_post(world, "local", "ann", VISIBILITY__LOCAL, "for the house");
    write_poll(world);
    befriend(world, "mia", "ann", EDGE_FOLLOW, "https://mastodon.example/f/1");
    befriend(world, "ann", "mia", EDGE_FOLLOW, "https://" STORE_HOST "/users/ann/f/1");
    befriend(world, "ann", "gus", EDGE_FOLLOW_REQUEST, "https://" STORE_HOST "/users/ann/f/2");
    befriend(world, "ben", "lea", EDGE_FOLLOW_REQUEST, "https://" STORE_HOST "/users/ben/f/3");
    befriend(world, "ben", "pia", EDGE_FOLLOW_REQUEST, "https://" STORE_HOST "/users/ben/f/4");
    befriend(world, "ben", "health", EDGE_FOLLOW, "https://" STORE_HOST "/users/ben/f/6");
    befriend(world, "ann", "hub", EDGE_FOLLOW_REQUEST, "https://" STORE_HOST "/users/ann/f/5");
}

void world_close(struct world *world)
{
    private_key_free(&world->key);
    node_close(&world->node);
    arena_clear(&world->arena);
    log_set_sink(NULL);
    clock_set(-1);
}
