#include "tests/support/network.h"

#include "federation/audience.h"
#include "federation/document/document.h"
#include "federation/policy.h"
#include "federation/resolve.h"
#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/outqueue.h"
#include "storage/parked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SETTLE_STEPS_MAX 10000

void network_open(struct network *network, const char *const *hosts, size_t count, uint64_t seed)
{
    *network = (struct network){.count = count, .seed = seed};
    for (size_t i = 0; i < count; i++) {
        node_open_at(&network->node[i], hosts[i]);
        network->node[i].config.object_proofs = true;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            if (i != j)
                node_allow(&network->node[i], hosts[j]);
}

void network_close(struct network *network)
{
    for (size_t i = 0; i < network->count; i++)
        node_close(&network->node[i]);
}

unsigned network_random(struct network *network, unsigned n)
{
    network->seed = network->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(network->seed >> 33) % n;
}

static struct node *node_at(struct network *network, const char *host)
{
    for (size_t i = 0; i < network->count; i++)
        if (strcmp(network->node[i].config.host, host) == 0)
            return &network->node[i];
    fail_msg("no node at %s", host);
    return NULL;
}

/* ---- delivering ---- */

static void sign(struct node *from, actor_id actor, const char *inbox, struct bytes body,
                 struct sent *out)
{
    *out = (struct sent){.arena = ARENA_INIT(8 * 1024 * 1024)};
    AUTO(txn_end) struct txn *txn = store_read(&from->store);
    AUTO(private_key_free) struct private_key *key = NULL;
    struct signature_lines lines;
    PrivateKeys *keys;
    struct why why = {""};
    assert_int_equal(account_keys(txn, actor, &out->arena, &keys), OK);
    assert_int_equal(private_key_parse_pem(keys->ed25519_pem, &key, &why), OK);
    struct signature_request request = {.scheme = SIGNATURE_RFC9421,
                                        .method = "POST",
                                        .uri = inbox,
                                        .body = arena_bytes(&out->arena, body),
                                        .key_id = keys->ed25519_id,
                                        .key = key,
                                        .now_ms = clock_ms()};
    assert_int_equal(signature_sign(&request, &out->arena, &lines, &why), OK);
    for (size_t i = 0; i < lines.n; i++) {
        char *name = arena_strdup(&out->arena, lines.line[i]);
        char *colon = strchr(name, ':');
        *colon = '\0';
        out->headers[out->message.header_count++] = (struct http_header){name, colon + 2};
    }
    const char *host = strstr(inbox, "://") + 3, *path = strchr(host, '/');
    out->message.method = "POST";
    out->message.target = path;
    out->message.scheme = "https";
    out->message.host = arena_strndup(&out->arena, host, (size_t)(path - host));
    out->message.headers = out->headers;
    out->message.body = request.body;
}

static void deliver(struct network *network, struct node *from, peer_id peer)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 * 1024 * 1024);
    AUTO(sent_clear) struct sent sent;
    struct txn *txn = store_read(&from->store);
    struct bytes body;
    OutJob *job;
    assert_int_equal(outqueue_next(txn, peer, 0, &arena, &job), OK);
    assert_int_equal(outqueue_body(txn, job->body, &arena, &body), OK);
    txn_end(&txn);
    sign(from, (actor_id){job->actor}, job->inbox, body, &sent);
    int status = node_receive(node_at(network, sent.message.host), &sent);
    network->refusals += status != 202;
    txn = store_write(&from->store);
    assert_int_equal(
        outqueue_end(txn, peer, job->seq, DELIVERY_STATE__DELIVERED, 202, "", clock_ms()), OK);
    store_commit(&txn);
}

/* ---- fetching ---- */

/* What `origin` serves there to a node at `host`. */
static enum err serve(struct node *origin, const char *uri, const char *host, struct buf *json)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 * 1024 * 1024);
    AUTO(txn_end) struct txn *txn = store_read(&origin->store);
    actor_id actor;
    post_id id;
    Actor *author;
    Post *post;
    if (actor_find(txn, uri, &actor) == OK) {
        assert_int_equal(actor_get(txn, actor, &arena, &author), OK);
        return document_actor(author, json);
    }
    enum err e = post_find(txn, uri, &id);
    if (!e)
        e = post_get(txn, id, &arena, &post);
    if (!e)
        e = actor_get(txn, (actor_id){post->author}, &arena, &author);
    if (e || !post->is_local || !audience_may_host_read(txn, post, host))
        return ERR_NOTFOUND;
    return document_note(post, author, json);
}

static void fetch(struct network *network, struct node *by, const Want *want)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    char host[URI_HOST_BYTES];
    struct why why = {"404"};
    assert_int_equal(uri_host(want->uri, host), OK);
    enum err e = serve(node_at(network, host), want->uri, by->config.host, &json);
    struct fetched fetched = {
        .status = e ? 404 : 200, .uri = want->uri, .body = bytes_of(e ? "" : buf_text(&json))};
    resolve_fetched(&by->fed, want->uri, want->kind, e, &fetched, e ? &why : NULL);
}

actor_id network_actor(struct network *network, struct node *at, const char *uri)
{
    Want want = WANT__INIT;
    actor_id id;
    for (int tries = 0; tries < 2; tries++) {
        struct txn *txn = store_read(&at->store);
        enum err e = actor_find(txn, uri, &id);
        txn_end(&txn);
        if (!e)
            return id;
        want.uri = (char *)uri;
        want.kind = WANT_KIND__ACTOR_DOCUMENT;
        fetch(network, at, &want);
    }
    fail_msg("%s cannot be had", uri);
    return id;
}

/* ---- what there is to do ---- */

struct todo {
    struct node *node;
    peer_id peer; /* 0: fetch `want` */
    Want *want;
};

#define TODO_MAX 64

static size_t list_todo(struct network *network, struct arena *arena, struct todo todo[TODO_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < network->count; i++) {
        struct node *node = &network->node[i];
        AUTO(txn_end) struct txn *txn = store_read(&node->store);
        uint8_t hash[KEY_HASH_BYTES] = {0};
        int64_t due_ms = -1;
        peer_id peer = {0};
        uint64_t queued;
        Want *want;
        while (n < TODO_MAX && outqueue_peer_next(txn, &peer, &queued) == OK)
            todo[n++] = (struct todo){node, peer, NULL};
        while (n < TODO_MAX && want_due_next(txn, &due_ms, hash, arena, &want) == OK)
            if (want->next_attempt_ms <= clock_ms() + 1000)
                todo[n++] = (struct todo){node, {0}, want};
    }
    return n;
}

bool network_step(struct network *network)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 * 1024 * 1024);
    struct todo todo[TODO_MAX];
    size_t n = list_todo(network, &arena, todo);
    if (n == 0)
        return false;
    const struct todo *chosen = &todo[network_random(network, (unsigned)n)];
    if (chosen->peer.v)
        deliver(network, chosen->node, chosen->peer);
    else
        fetch(network, chosen->node, chosen->want);
    return true;
}

void network_settle(struct network *network)
{
    for (int steps = 0; network_step(network); steps++)
        assert_true(steps < SETTLE_STEPS_MAX);
}
