#include "tests/support/scene.h"

#include "storage/base/clock.h"
#include "storage/check.h"
#include "storage/notification.h"
#include "storage/outqueue.h"
#include "storage/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct by scene_by = {.who = "test"};

int scene_open(void **state)
{
    struct scene *s = xcalloc(1, sizeof *s);
    node_open(&s->node);
    s->ann = node_account(&s->node, "ann");
    s->cat = node_account(&s->node, "cat");
    node_allow(&s->node, "peer.example");
    node_allow(&s->node, "evil.example");
    remote_create(&s->node, &s->bob, "peer.example", "bob");
    remote_create(&s->node, &s->eve, "evil.example", "eve");
    *state = s;
    return 0;
}

static void complain(void *context, const char *table, const char *key, const char *what)
{
    (void)context;
    print_error("%s %s: %s\n", table, key, what);
}

int scene_close(void **state)
{
    struct scene *s = *state;
    struct check_report report;
    assert_int_equal(check_store(s->node.store.engine, complain, NULL, &report), OK);
    assert_int_equal(report.wrong, 0);
    remote_clear(&s->bob);
    remote_clear(&s->eve);
    node_close(&s->node);
    clock_set(-1);
    free(s);
    return 0;
}

int scene_send_id(struct scene *s, const struct remote *from, const char *id, const char *type,
                  const char *object, const char *more)
{
    char *json =
        json_format("{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"type\":\"%s\","
                    "\"id\":\"%s\",\"actor\":\"%s\",\"object\":%s%s}",
                    type, id, from->uri, object, more);
    int status = node_receive_from(&s->node, from, json);
    free(json);
    return status;
}

int scene_send(struct scene *s, const struct remote *from, const char *type, const char *object,
               const char *more)
{
    char id[256];
    snprintf(id, sizeof id, "https://%s/acts/%u", from->host, ++s->sent);
    return scene_send_id(s, from, id, type, object, more);
}

bool scene_has_edge(struct scene *s, enum edge_kind kind, actor_id who, actor_id whom)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    return edge_has(txn, (struct edge_key){kind, who.v, whom.v});
}

void scene_follow(struct scene *s, actor_id who, actor_id whom)
{
    struct txn *txn = store_write(&s->node.store);
    Edge edge = EDGE__INIT;
    edge.created_ms = clock_ms();
    assert_int_equal(edge_put(txn, (struct edge_key){EDGE_FOLLOW, who.v, whom.v}, &edge), OK);
    store_commit(&txn);
}

size_t scene_queued(struct scene *s, const char *host, const char *type, char **out)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024 * 1024);
    OutJob *job;
    peer_id peer;
    size_t n = 0;
    if (peer_find(txn, host, &peer))
        return 0;
    for (uint64_t after = 0; outqueue_next(txn, peer, after, &arena, &job) == OK;) {
        struct bytes body;
        after = job->seq;
        if (strcmp(job->activity_type, type) != 0)
            continue;
        n++;
        if (!out)
            continue;
        assert_int_equal(outqueue_body(txn, job->body, &arena, &body), OK);
        free(*out);
        *out = strndup((const char *)body.p, body.n);
    }
    return n;
}

void scene_deliver(struct scene *s)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024 * 1024);
    struct txn *txn = store_write(&s->node.store);
    peer_id peer = {0};
    uint64_t queued;
    OutJob *job;
    while (outqueue_peer_next(txn, &peer, &queued) == OK)
        while (outqueue_next(txn, peer, 0, &arena, &job) == OK)
            assert_int_equal(
                outqueue_end(txn, peer, job->seq, DELIVERY_STATE__DELIVERED, 202, "", clock_ms()),
                OK);
    store_commit(&txn);
}

post_id scene_post(struct scene *s, actor_id author, Visibility visibility, const char *text)
{
    struct post_draft draft = {.author = author, .source = text, .visibility = visibility};
    struct why why = {""};
    post_id id;
    if (act_post_local(&s->node.fed, &draft, NULL, &scene_by, &id, &why))
        fail_msg("%s", why.text);
    return id;
}

size_t scene_notified(struct scene *s, actor_id owner, NotificationType type)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    uint64_t before = UINT64_MAX;
    Notification *notification;
    size_t n = 0;
    while (notification_next(txn, owner, before, &arena, &notification) == OK) {
        before = notification->id;
        n += notification->type == type;
    }
    return n;
}

void scene_change_actor(struct scene *s, actor_id id, void (*change)(Actor *actor, void *context),
                        void *context)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct txn *txn = store_write(&s->node.store);
    Actor *actor;
    assert_int_equal(actor_get(txn, id, &arena, &actor), OK);
    change(actor, context);
    assert_int_equal(actor_put(txn, actor, clock_ms()), OK);
    store_commit(&txn);
}
