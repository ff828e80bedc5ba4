#include "tests/support/remote.h"

#include "federation/act/act.h"
#include "federation/policy.h"
#include "federation/proof.h"
#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/check.h"
#include "storage/edge.h"
#include "storage/notification.h"
#include "storage/post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct by test_by = {.who = "test"};

void node_open(struct node *node)
{
    node_open_at(node, STORE_HOST);
}

void node_open_at(struct node *node, const char *host)
{
    node->store = store_open_at(host);
    node->config = (struct federation_config){.host = host, .mode = FEDERATION_ALLOWLIST};
    node->fed = (struct federation){
        .config = &node->config, .engine = node->store.engine, .writer = node->store.writer};
    struct why why;
    assert_int_equal(act_instance_create(&node->fed, &test_by, &why), OK);
}

void node_close(struct node *node)
{
    store_close(&node->store);
}

actor_id node_account(struct node *node, const char *name)
{
    struct account_draft draft = {.name = name};
    struct why why;
    actor_id id;
    assert_int_equal(act_account_create(&node->fed, &draft, &test_by, &id, &why), OK);
    return id;
}

void node_allow(struct node *node, const char *host)
{
    struct peer_terms terms = {.expires_ms = -1, .scope = -1};
    struct why why;
    assert_int_equal(policy_allow_peer(&node->fed, host, &terms, &test_by, &why), OK);
}

void remote_create(struct node *node, struct remote *remote, const char *host, const char *name)
{
    remote_create_with(node, remote, host, name, KEY_RSA);
}

void remote_create_with(struct node *node, struct remote *remote, const char *host,
                        const char *name, enum key_type type)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    *remote = (struct remote){.host = host, .name = name};
    snprintf(remote->uri, sizeof remote->uri, "https://%s/users/%s", host, name);
    snprintf(remote->key_id, sizeof remote->key_id, "%s#%s", remote->uri,
             type == KEY_RSA ? "main-key" : "ed25519-key");
    remote->key = private_key_generate(type);
    AUTO(public_key_free) struct public_key *half = private_key_public(remote->key);

    Actor actor = ACTOR__INIT;
    ActorKey key = ACTOR_KEY__INIT, *keys[] = {&key};
    key.id = remote->key_id;
    if (type == KEY_RSA)
        key.pem = public_key_pem(half, &arena);
    else
        key.multibase = public_key_multikey(half, &arena);
    actor.uri = actor.url = remote->uri;
    actor.username = actor.display_name = (char *)name;
    actor.host = (char *)host;
    actor.inbox = arena_printf(&arena, "%s/inbox", remote->uri);
    actor.followers = arena_printf(&arena, "%s/followers", remote->uri);
    actor.keys = keys;
    actor.n_keys = 1;
    actor.fetched_ms = clock_ms();
    struct txn *txn = store_write(&node->store);
    assert_int_equal(actor_put(txn, &actor, clock_ms()), OK);
    store_commit(&txn);
    remote->id = (actor_id){actor.id};
}

void remote_add_proof_key(struct node *node, struct remote *remote)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    snprintf(remote->proof_key_id, sizeof remote->proof_key_id, "%s#proof-key", remote->uri);
    remote->proof_key = private_key_generate(KEY_ED25519);
    AUTO(public_key_free) struct public_key *half = private_key_public(remote->proof_key);
    ActorKey key = ACTOR_KEY__INIT;
    key.id = remote->proof_key_id;
    key.multibase = public_key_multikey(half, &arena);

    struct txn *txn = store_write(&node->store);
    Actor *actor;
    assert_int_equal(actor_get(txn, remote->id, &arena, &actor), OK);
    ActorKey **keys = arena_calloc(&arena, actor->n_keys + 1, sizeof *keys);
    for (size_t i = 0; i < actor->n_keys; i++)
        keys[i] = actor->keys[i];
    keys[actor->n_keys++] = &key;
    actor->keys = keys;
    assert_int_equal(actor_put(txn, actor, clock_ms()), OK);
    store_commit(&txn);
}

char *remote_prove(const struct remote *by, const char *json)
{
    AUTO(buf_clear) struct buf out = BUF_INIT(4 * 1024 * 1024);
    struct why why;
    assert_int_equal(
        proof_add(bytes_of(json), by->proof_key, by->proof_key_id, clock_ms(), &out, &why), OK);
    return buf_take(&out);
}

void remote_clear(struct remote *remote)
{
    private_key_free(&remote->key);
    private_key_free(&remote->proof_key);
}

void remote_sign_as(const struct remote *from, enum signature_scheme scheme, const char *target,
                    const char *json, struct sent *out)
{
    *out = (struct sent){.arena = ARENA_INIT(4 * 1024 * 1024)};
    out->body = arena_strdup(&out->arena, json);
    struct signature_lines lines;
    struct why why;
    struct signature_request request = {
        .scheme = scheme,
        .method = "POST",
        .uri = arena_printf(&out->arena, "https://%s%s", STORE_HOST, target),
        .body = bytes_of(out->body),
        .key_id = from->key_id,
        .key = from->key,
        .now_ms = clock_ms()};
    assert_int_equal(signature_sign(&request, &out->arena, &lines, &why), OK);
    for (size_t i = 0; i < lines.n; i++) {
        char *name = arena_strdup(&out->arena, lines.line[i]);
        char *colon = strchr(name, ':');
        *colon = '\0';
        out->headers[out->message.header_count++] = (struct http_header){name, colon + 2};
    }
    out->message.method = "POST";
    out->message.target = arena_strdup(&out->arena, target);
    out->message.scheme = "https";
    out->message.host = STORE_HOST;
    out->message.headers = out->headers;
    out->message.body = bytes_of(out->body);
}

void remote_sign(const struct remote *from, const char *json, struct sent *out)
{
    remote_sign_as(from, SIGNATURE_CAVAGE, "/inbox", json, out);
}

void sent_clear(struct sent *sent)
{
    arena_clear(&sent->arena);
}

static void remember_status(void *context, int status, const struct why *why)
{
    (void)why;
    *(int *)context = status;
}

int node_receive(struct node *node, const struct sent *sent)
{
    struct received in = {.message = sent->message, .received_ms = clock_ms()};
    int status = 0;
    in.message.headers = sent->headers; /* the struct may have been copied */
    inbox_receive(&node->fed, &in, remember_status, &status);
    return status;
}

int node_receive_from(struct node *node, const struct remote *from, const char *json)
{
    AUTO(sent_clear) struct sent sent;
    remote_sign(from, json, &sent);
    return node_receive(node, &sent);
}

int node_receive_act(struct node *node, const struct remote *from, const char *fmt, ...)
{
    char *members = NULL;
    va_list args;
    va_start(args, fmt);
    assert_true(vasprintf(&members, fmt, args) >= 0);
    va_end(args);
    char *json = json_format("{\"@context\":\"https://www.w3.org/ns/activitystreams\","
                             "\"actor\":\"%s\",%s}",
                             from->uri, members);
    int status = node_receive_from(node, from, json);
    free(members);
    free(json);
    return status;
}

char *json_format(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    assert_true(vasprintf(&text, fmt, args) >= 0);
    va_end(args);
    return text;
}

size_t node_rows(struct node *node, enum table table)
{
    AUTO(txn_end) struct txn *txn = store_read(&node->store);
    AUTO(range_close) struct range range = {0};
    struct bytes none = {NULL, 0}, key;
    size_t n = 0;
    assert_int_equal(range_open(txn, table, none, none, RANGE_UP, &range), OK);
    while (range_next(&range, &key, NULL) == OK)
        n++;
    return n;
}

bool node_has_post(struct node *node, const char *uri)
{
    AUTO(txn_end) struct txn *txn = store_read(&node->store);
    post_id id;
    return post_find(txn, uri, &id) == OK;
}

bool node_has_edge(struct node *node, enum edge_kind kind, actor_id who, post_id post)
{
    AUTO(txn_end) struct txn *txn = store_read(&node->store);
    return edge_has(txn, (struct edge_key){kind, who.v, post.v});
}

post_id node_find_post(struct node *node, const char *uri)
{
    AUTO(txn_end) struct txn *txn = store_read(&node->store);
    post_id id;
    assert_int_equal(post_find(txn, uri, &id), OK);
    return id;
}

size_t node_notified(struct node *node, actor_id who, NotificationType type)
{
    AUTO(txn_end) struct txn *txn = store_read(&node->store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Notification *notification;
    uint64_t before = UINT64_MAX;
    size_t n = 0;
    while (notification_next(txn, who, before, &arena, &notification) == OK) {
        before = notification->id;
        n += notification->type == type;
    }
    return n;
}

size_t node_queued(struct node *node, const char *text)
{
    AUTO(txn_end) struct txn *txn = store_read(&node->store);
    AUTO(range_close) struct range range = {0};
    struct bytes none = {NULL, 0}, key, value;
    size_t n = 0;
    assert_int_equal(range_open(txn, TABLE_OUTBODY, none, none, RANGE_UP, &range), OK);
    while (range_next(&range, &key, &value) == OK)
        n += !text || memmem(value.p, value.n, text, strlen(text)) != NULL;
    return n;
}

static void complain(void *context, const char *table, const char *key, const char *what)
{
    (void)context;
    print_error("%s %s: %s\n", table, key, what);
}

void node_check(struct node *node)
{
    struct check_report report;
    assert_int_equal(check_store(node->store.engine, complain, NULL, &report), OK);
    assert_int_equal(report.wrong, 0);
}
