/*
 * scene - one node with ann and cat, two allowed peers with bob and eve, and what they send.
 *
 * For the tests of an act: set it up with scene_open, end with scene_close, which checks that the
 * store is whole. Whatever fails fails the test.
 */
#ifndef WARD_TESTS_SUPPORT_SCENE_H
#define WARD_TESTS_SUPPORT_SCENE_H

#include "federation/act/act.h"
#include "storage/edge.h"
#include "tests/support/remote.h"

#define ANN "https://" STORE_HOST "/users/ann"
#define CAT "https://" STORE_HOST "/users/cat"
#define BOB "https://peer.example/users/bob"
#define EVE "https://evil.example/users/eve"
#define AS_PUBLIC "https://www.w3.org/ns/activitystreams#Public"

struct scene {
    struct node node;
    actor_id ann, cat;
    struct remote bob, eve;
    unsigned sent; /* makes ids of activities */
};

extern const struct by scene_by;

int scene_open(void **state);
int scene_close(void **state);
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_open, scene_close)

/* Sends an activity with a new id, its object (JSON) and more properties ("" or ",\"a\":1"); the
 * answer's status. scene_send_id names the id. */
int scene_send(struct scene *s, const struct remote *from, const char *type, const char *object,
               const char *more);
int scene_send_id(struct scene *s, const struct remote *from, const char *id, const char *type,
                  const char *object, const char *more);
bool scene_has_edge(struct scene *s, enum edge_kind kind, actor_id who, actor_id whom);
void scene_follow(struct scene *s, actor_id who, actor_id whom); /* as if accepted long ago */
/* How many jobs of this type wait for `host`; the last one's JSON in *out, malloc'd (NULL: not
 * wanted; untouched when there is none). */
size_t scene_queued(struct scene *s, const char *host, const char *type, char **out);
/* Ends what waits, as if it had been delivered. */
void scene_deliver(struct scene *s);
post_id scene_post(struct scene *s, actor_id author, Visibility visibility, const char *text);
/* How many notifications of this type `owner` has. */
size_t scene_notified(struct scene *s, actor_id owner, NotificationType type);
/* Changes a stored actor as a fetch would have. */
void scene_change_actor(struct scene *s, actor_id id, void (*change)(Actor *actor, void *context),
                        void *context);

#endif
