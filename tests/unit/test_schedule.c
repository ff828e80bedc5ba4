/* Posts that wait for their time, requests that come twice, and edits of everything. */
#include "federation/schedule_clock.h"
#include "storage/base/clock.h"
#include "storage/idempotency.h"
#include "storage/scheduled.h"
#include "tests/support/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_MS ((int64_t)3600 * 1000)

static struct post_draft draft_of(struct scene *s, const char *text)
{
    return (struct post_draft){.author = s->ann,
                               .source = text,
                               .syntax = MARKUP_PLAIN,
                               .may_address_nobody = true,
                               .visibility = VISIBILITY__UNLISTED};
}

static uint64_t schedule(struct scene *s, const struct post_draft *draft, int64_t in_ms)
{
    uint64_t id = 0;
    assert_int_equal(
        act_schedule_local(&s->node.fed, draft, clock_ms() + in_ms, &scene_by, &id, NULL), OK);
    return id;
}

static void tick_after(struct scene *s, int64_t ms)
{
    struct schedule_clock *clock = schedule_clock_create(&s->node.fed);
    clock_set(clock_ms() + ms);
    schedule_clock_tick(clock);
    schedule_clock_tick(clock);
    schedule_clock_free(&clock);
}

static uint64_t posts_of(struct scene *s, actor_id who)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    return counter_get(txn, COUNTER_POSTS, who.v);
}

static enum err get_scheduled(struct scene *s, uint64_t id, char refusal[64])
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(256 * 1024);
    Scheduled *row;
    enum err e = scheduled_get(txn, s->ann, id, &arena, &row);
    if (!e)
        snprintf(refusal, 64, "%s", row->refusal);
    return e;
}

static void what_is_scheduled_is_posted_at_its_time_and_once(void **state)
{
    struct scene *s = *state;
    struct post_draft draft = draft_of(s, "later *this*");
    char refusal[64];
    clock_set(clock_ms());
    uint64_t id = schedule(s, &draft, HOUR_MS);
    tick_after(s, HOUR_MS - 1);
    assert_int_equal(posts_of(s, s->ann), 0);
    assert_int_equal(get_scheduled(s, id, refusal), OK);
    tick_after(s, 1);
    assert_int_equal(posts_of(s, s->ann), 1);
    assert_int_equal(get_scheduled(s, id, refusal), ERR_NOTFOUND);
    tick_after(s, HOUR_MS);
    assert_int_equal(posts_of(s, s->ann), 1);
    clock_set(-1);
}

static void what_was_taken_back_or_moved_is_not_posted(void **state)
{
    struct scene *s = *state;
    struct post_draft draft = draft_of(s, "later");
    clock_set(clock_ms());
    uint64_t gone = schedule(s, &draft, HOUR_MS), moved = schedule(s, &draft, HOUR_MS);
    assert_int_equal(act_unschedule_local(&s->node.fed, s->cat, gone, &scene_by, NULL),
                     ERR_NOTFOUND);
    assert_int_equal(act_unschedule_local(&s->node.fed, s->ann, gone, &scene_by, NULL), OK);
    assert_int_equal(act_reschedule_local(&s->node.fed, s->ann, moved, clock_ms() + 2 * HOUR_MS,
                                          &scene_by, NULL),
                     OK);
    tick_after(s, HOUR_MS);
    assert_int_equal(posts_of(s, s->ann), 0);
    tick_after(s, HOUR_MS);
    assert_int_equal(posts_of(s, s->ann), 1);
    clock_set(-1);
}

static void what_cannot_be_posted_stays_with_the_reason(void **state)
{
    struct scene *s = *state;
    struct post_draft draft = draft_of(s, "an answer");
    char refusal[64];
    clock_set(clock_ms());
    draft.in_reply_to = scene_post(s, s->cat, VISIBILITY__PUBLIC, "a question");
    uint64_t id = schedule(s, &draft, HOUR_MS);
    assert_int_equal(act_delete_local(&s->node.fed, s->cat, draft.in_reply_to, &scene_by, NULL),
                     OK);
    tick_after(s, HOUR_MS);
    assert_int_equal(posts_of(s, s->ann), 0);
    assert_int_equal(get_scheduled(s, id, refusal), OK);
    assert_string_not_equal(refusal, "");
    tick_after(s, HOUR_MS);
    assert_int_equal(
        act_reschedule_local(&s->node.fed, s->ann, id, clock_ms() + HOUR_MS, &scene_by, NULL), OK);
    assert_int_equal(get_scheduled(s, id, refusal), OK);
    assert_string_equal(refusal, "");
    clock_set(-1);
}

static enum err post_once(struct scene *s, uint64_t token, const char *key, post_id *out)
{
    struct post_draft draft = draft_of(s, "once");
    draft.once = (struct post_once){token, key};
    return act_post_local(&s->node.fed, &draft, NULL, &scene_by, out, NULL);
}

static void a_request_sent_again_makes_nothing_for_an_hour(void **state)
{
    struct scene *s = *state;
    post_id first, again, other;
    clock_set(clock_ms());
    assert_int_equal(post_once(s, 1, "k", &first), OK);
    assert_int_equal(post_once(s, 1, "k", &again), ERR_EXISTS);
    assert_true(again.v == first.v);
    assert_int_equal(post_once(s, 2, "k", &other), OK);
    assert_int_equal(post_once(s, 1, "l", &other), OK);
    assert_int_equal(posts_of(s, s->ann), 3);
    clock_set(clock_ms() + IDEMPOTENCY_LIFE_MS);
    assert_int_equal(post_once(s, 1, "k", &again), OK);
    assert_true(again.v != first.v);
    clock_set(-1);
}

static void keys_are_forgotten(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    Idempotency *row;
    post_id post;
    assert_int_equal(post_once(s, 1, "k", &post), OK);
    AUTO(txn_end) struct txn *txn = store_write(&s->node.store);
    assert_int_equal(idempotency_expire(txn, 10, clock_ms() - 1000000), OK);
    assert_int_equal(idempotency_get(txn, 1, "k", clock_ms(), &arena, &row), OK);
    assert_int_equal(idempotency_expire(txn, 10, clock_ms() + 1), OK);
    assert_int_equal(idempotency_get(txn, 1, "k", clock_ms(), &arena, &row), ERR_NOTFOUND);
}

static void one_answer_serves_what_was_scheduled_twice(void **state)
{
    struct scene *s = *state;
    struct post_draft draft = draft_of(s, "later");
    uint64_t again = 0;
    draft.once = (struct post_once){1, "k"};
    uint64_t first = schedule(s, &draft, HOUR_MS);
    assert_int_equal(
        act_schedule_local(&s->node.fed, &draft, clock_ms() + HOUR_MS, &scene_by, &again, NULL),
        ERR_EXISTS);
    assert_true(again == first);
}

static void marks_are_ones_own_and_only_on_what_one_may_read(void **state)
{
    struct scene *s = *state;
    post_id open = scene_post(s, s->ann, VISIBILITY__PUBLIC, "open");
    struct post_draft draft = draft_of(s, "mine");
    post_id secret;
    draft.visibility = VISIBILITY__DIRECT;
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &scene_by, &secret, NULL), OK);
    assert_int_equal(act_bookmark_local(&s->node.fed, s->cat, secret, &scene_by, NULL),
                     ERR_NOTFOUND);
    assert_int_equal(act_mute_thread_local(&s->node.fed, s->cat, secret, &scene_by, NULL),
                     ERR_NOTFOUND);
    assert_int_equal(act_bookmark_local(&s->node.fed, s->cat, open, &scene_by, NULL), OK);
    assert_int_equal(act_bookmark_local(&s->node.fed, s->cat, open, &scene_by, NULL), ERR_EXISTS);
    assert_true(scene_has_edge(s, EDGE_BOOKMARK, s->cat, (actor_id){open.v}));
    assert_int_equal(act_unbookmark_local(&s->node.fed, s->cat, open, &scene_by, NULL), OK);
    assert_int_equal(act_unbookmark_local(&s->node.fed, s->cat, open, &scene_by, NULL),
                     ERR_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(what_is_scheduled_is_posted_at_its_time_and_once),
        SCENE(what_was_taken_back_or_moved_is_not_posted),
        SCENE(what_cannot_be_posted_stays_with_the_reason),
        SCENE(a_request_sent_again_makes_nothing_for_an_hour),
        SCENE(keys_are_forgotten),
        SCENE(one_answer_serves_what_was_scheduled_twice),
        SCENE(marks_are_ones_own_and_only_on_what_one_may_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
