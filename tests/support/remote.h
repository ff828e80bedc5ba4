/*
 * remote - a node under test without a network: a store, a federation around it with a direct
 * writer, accounts of ours, and peers with actors whose keys are known, that sign what they send.
 *
 * Whatever fails fails the test.
 */
#ifndef WARD_TESTS_SUPPORT_REMOTE_H
#define WARD_TESTS_SUPPORT_REMOTE_H

#include "federation/inbox.h"
#include "federation/key.h"
#include "tests/support/store.h"

struct remote { /* an actor elsewhere */
    const char *host, *name;
    char uri[128], key_id[160];
    actor_id id;
    struct private_key *key;
    char proof_key_id[160];
    struct private_key *proof_key; /* NULL until remote_add_proof_key */
};

struct node {
    struct store store;
    struct federation_config config;
    struct federation fed;
};

void node_open(struct node *node); /* host STORE_HOST, allowlist mode */
void node_open_at(struct node *node, const char *host);
void node_close(struct node *node);
/* An account of ours; its URI is https://STORE_HOST/users/NAME. */
actor_id node_account(struct node *node, const char *name);
void node_allow(struct node *node, const char *host);

/* Stores the actor with its public key: RSA. remote_create_with takes what type it shall be. */
void remote_create(struct node *node, struct remote *remote, const char *host, const char *name);
void remote_create_with(struct node *node, struct remote *remote, const char *host,
                        const char *name, enum key_type type);
/* Ed25519, listed by the stored actor from now on: for object proofs. */
void remote_add_proof_key(struct node *node, struct remote *remote);
/* `json` with a proof by that key, made now: malloc'd. */
char *remote_prove(const struct remote *by, const char *json);
void remote_clear(struct remote *remote);

/* What went out in one request; a test may change any of it before node_receive. */
struct sent {
    struct arena arena;
    struct http_message message;
    struct http_header headers[8];
    char *body;
};
/* `json` signed by `from` for POST /inbox with cavage; `%s` is nobody's business here. */
void remote_sign(const struct remote *from, const char *json, struct sent *out);
void remote_sign_as(const struct remote *from, enum signature_scheme scheme, const char *target,
                    const char *json, struct sent *out);
void sent_clear(struct sent *sent);

/* The HTTP status of the inbox's answer, everything applied that was accepted. */
int node_receive(struct node *node, const struct sent *sent);
/* remote_sign and node_receive in one. */
int node_receive_from(struct node *node, const struct remote *from, const char *json);
/* The same, of the members of an activity but its @context and actor, which are `from`. */
int node_receive_act(struct node *node, const struct remote *from, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
char *json_format(const char *fmt, ...) PRINTF_LIKE(1, 2); /* malloc'd */

size_t node_rows(struct node *node, enum table table); /* how many records a table has */
bool node_has_post(struct node *node, const char *uri);
bool node_has_edge(struct node *node, enum edge_kind kind, actor_id who, post_id post);
post_id node_find_post(struct node *node, const char *uri);
/* How many notifications of this type an account of ours has. */
size_t node_notified(struct node *node, actor_id who, NotificationType type);
/* How many queued bodies contain `text`; NULL: all. */
size_t node_queued(struct node *node, const char *text);
/* `ward check` finds nothing wrong. */
void node_check(struct node *node);

#endif
