/* Whatever is written, answered, edited and boosted, by whom, in whatever order it comes: nothing
 * reaches more people than what it answers (10,000 threads). */
#include "federation/act/act.h"
#include "federation/audience.h"
#include "storage/base/clock.h"
#include "storage/check.h"
#include "storage/edge.h"
#include "storage/outqueue.h"
#include "storage/post.h"
#include "tests/support/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define THREADS 10000
#define PER_WORLD 250
#define STEPS_MAX 9
#define ACTORS 9
#define OURS 3
#define HOSTS 3 /* beside our own */

typedef unsigned crowd; /* a bit an actor */
#define BIT(i) (1u << (i))
#define EVERYONE (BIT(ACTORS) - 1u)

/* What the test itself knows of a post. */
struct said {
    post_id id; /* 0: a remote one that has not come yet */
    char uri[128];
    int author, parent; /* parent -1: begins a thread */
    Visibility claimed; /* what its author asked for */
    crowd named;
    bool is_local, is_boost;
    uint64_t seen[HOSTS]; /* ledger lines looked at, by peer */
};

struct world {
    struct node node;
    actor_id actor[ACTORS];
    char handle[ACTORS][64], inbox[ACTORS][128], followers[ACTORS][128];
    bool follows[ACTORS][ACTORS], blocks[ACTORS][ACTORS];
    peer_id peer[HOSTS];
    struct said said[STEPS_MAX + 1];
    int count;
    unsigned serial, delivered, refused, narrow;
    uint64_t seed;
};

static const struct by by = {.who = "test"};
static const char *const hosts[HOSTS] = {"one.example", "two.example", "three.example"};
static const char *const ours[OURS] = {"ann", "eva", "ida"};

/* xorshift64*: the same sequence everywhere. */
static unsigned pick(struct world *w, unsigned below)
{
    w->seed ^= w->seed >> 12;
    w->seed ^= w->seed << 25;
    w->seed ^= w->seed >> 27;
    return (unsigned)((w->seed * 2685821657736338717ull) >> 33) % below;
}

/* ---- the people ---- */

static void meet(struct world *w, struct txn *txn, int i)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    Actor actor = ACTOR__INIT;
    const char *host = hosts[(i - OURS) % HOSTS];
    actor.username = arena_printf(&arena, "r%d", i);
    actor.host = (char *)host;
    actor.uri = actor.url = arena_printf(&arena, "https://%s/users/r%d", host, i);
    actor.followers = arena_printf(&arena, "%s/followers", actor.uri);
    actor.inbox = arena_printf(&arena, "%s/inbox", actor.uri);
    if (i % HOSTS == 0)
        actor.shared_inbox = arena_printf(&arena, "https://%s/inbox", host);
    assert_int_equal(actor_put(txn, &actor, clock_ms()), OK);
    w->actor[i] = (actor_id){actor.id};
    snprintf(w->handle[i], sizeof w->handle[i], "r%d@%s", i, host);
}

static void learn(struct world *w, struct txn *txn, int i)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    Actor *actor;
    assert_int_equal(actor_get(txn, w->actor[i], &arena, &actor), OK);
    snprintf(w->inbox[i], sizeof w->inbox[i], "%s", i < OURS ? "" : audience_inbox(actor));
    snprintf(w->followers[i], sizeof w->followers[i], "%s", actor->followers);
}

static void world_begin(struct world *w, uint64_t seed)
{
    *w = (struct world){.seed = seed};
    node_open(&w->node);
    for (int i = 0; i < OURS; i++) {
        w->actor[i] = node_account(&w->node, ours[i]);
        snprintf(w->handle[i], sizeof w->handle[i], "%s", ours[i]);
    }
    for (int i = 0; i < HOSTS; i++)
        node_allow(&w->node, hosts[i]);
    struct txn *txn = store_write(&w->node.store);
    for (int i = OURS; i < ACTORS; i++)
        meet(w, txn, i);
    for (int i = 0; i < ACTORS; i++)
        learn(w, txn, i);
    for (int i = 0; i < HOSTS; i++)
        assert_int_equal(peer_find(txn, hosts[i], &w->peer[i]), OK);
    store_commit(&txn);
}

/* Of an edge between two remote people nothing is known here. */
static void turn_edge(struct world *w, enum edge_kind kind, bool (*model)[ACTORS])
{
    int who = (int)pick(w, ACTORS), whom = (int)pick(w, ACTORS);
    if (who == whom || (who >= OURS && whom >= OURS) || (kind == EDGE_BLOCK && who >= OURS))
        return;
    struct txn *txn = store_write(&w->node.store);
    struct edge_key key = {kind, w->actor[who].v, w->actor[whom].v};
    const Edge edge = EDGE__INIT;
    assert_int_equal(model[who][whom] ? edge_del(txn, key) : edge_add(txn, key, &edge), OK);
    store_commit(&txn);
    model[who][whom] = !model[who][whom];
}

/* ---- who may read what, by the rules and not by the code ---- */

static crowd followers_of(const struct world *w, int whom)
{
    crowd out = BIT(whom);
    for (int i = 0; i < ACTORS; i++)
        if (w->follows[i][whom] && !w->blocks[whom][i])
            out |= BIT(i);
    return out;
}

/* The parent's, cut down by what the author asked for; and whoever a remote author names. */
static crowd circle(const struct world *w, int i)
{
    const struct said *s = &w->said[i];
    bool has_parent = s->parent >= 0 && w->said[s->parent].id.v;
    crowd within = has_parent ? circle(w, s->parent) : EVERYONE;
    bool is_parent_open = true;
    for (int p = s->parent; p >= 0 && w->said[p].id.v; p = w->said[p].parent)
        is_parent_open &= w->said[p].claimed <= VISIBILITY__UNLISTED;
    switch (s->claimed) {
    case VISIBILITY__FOLLOWERS: /* of ours: those of whom the parent is for, if it is for fewer */
        if (!s->is_local || is_parent_open)
            within &= followers_of(w, s->author);
        break;
    case VISIBILITY__DIRECT:
        within = 0;
        break;
    case VISIBILITY__LOCAL:
        within &= BIT(OURS) - 1u;
        break;
    default:
        break;
    }
    return within | BIT(s->author) | s->named;
}

static int host_of_inbox(const struct world *w, const char *inbox, crowd *whose)
{
    int host = -1;
    *whose = 0;
    for (int i = OURS; i < ACTORS; i++)
        if (strcmp(w->inbox[i], inbox) == 0) {
            *whose |= BIT(i);
            host = (i - OURS) % HOSTS;
        }
    return host;
}

static crowd blocked_by(const struct world *w, int who)
{
    crowd out = 0;
    for (int i = 0; i < ACTORS; i++)
        if (w->blocks[who][i])
            out |= BIT(i);
    return out;
}

/* Looks at the ledger lines that are new: each inbox is somebody's who may read it now. */
static void check_delivered(struct world *w, int i)
{
    AUTO(txn_end) struct txn *txn = store_read(&w->node.store);
    struct said *s = &w->said[i];
    crowd may = circle(w, i) & ~blocked_by(w, s->author);
    for (int h = 0; h < HOSTS; h++) {
        struct ledger_key key = {.subject = s->id.v, .peer = w->peer[h].v, .seq = s->seen[h]};
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
        Delivery *line;
        while (ledger_next(txn, &key, &arena, &line) == OK && key.peer == w->peer[h].v) {
            crowd whose;
            s->seen[h] = key.seq;
            w->delivered++;
            bool is_known = circle(w, i) == EVERYONE && strcmp(line->activity_type, "Update") == 0;
            /* whoever got what is open hears of its edit, blocked since or not */
            if (host_of_inbox(w, line->inbox, &whose) != h || !(whose & (is_known ? whose : may)))
                fail_msg("%s of %s by %s went to %s", line->activity_type, s->uri,
                         w->handle[s->author], line->inbox);
            if (s->claimed == VISIBILITY__LOCAL)
                fail_msg("%s is local and went to %s", s->uri, line->inbox);
        }
    }
}

static bool wire_has(const Post *post, const char *uri)
{
    for (size_t i = 0; i < post->n_to; i++)
        if (strcmp(post->to[i], uri) == 0)
            return true;
    for (size_t i = 0; i < post->n_cc; i++)
        if (strcmp(post->cc[i], uri) == 0)
            return true;
    return false;
}

/* Who reads it here. */
static void check_readers(struct world *w, int i)
{
    AUTO(txn_end) struct txn *txn = store_read(&w->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    const struct said *s = &w->said[i];
    crowd may = circle(w, i) & ~blocked_by(w, s->author), parent = EVERYONE, reads = 0;
    Post *post;
    assert_int_equal(post_get(txn, s->id, &arena, &post), OK);
    for (int a = 0; a < ACTORS; a++)
        if (audience_may_read(txn, post, w->actor[a]))
            reads |= BIT(a);
    if (reads & ~(may | BIT(s->author)))
        fail_msg("%s by %s is read by %x, not %x", s->uri, w->handle[s->author], reads, may);
    if (s->parent >= 0 && w->said[s->parent].id.v)
        parent = circle(w, s->parent);
    w->narrow += parent != EVERYONE;
}

/* What a post of ours says of itself on the wire when it is written. */
static void check_wire(struct world *w, const struct said *s, const Post *post)
{
    crowd parent = s->parent >= 0 ? circle(w, s->parent) : EVERYONE;
    if (parent == EVERYONE)
        return;
    assert_false(wire_has(post, AS2_PUBLIC));
    for (int a = 0; a < ACTORS; a++)
        if (wire_has(post, w->followers[a]) && (followers_of(w, a) & ~parent))
            fail_msg("%s is addressed to the followers of %s", s->uri, w->handle[a]);
    if (s->named & ~parent)
        fail_msg("%s names %x, its parent is for %x", s->uri, s->named, parent);
}

/* ---- what happens ---- */

static struct said *next_said(struct world *w)
{
    struct said *s = &w->said[w->count];
    *s = (struct said){.parent = w->count ? (int)pick(w, (unsigned)w->count) : -1};
    while (s->parent >= 0 && w->said[s->parent].is_boost)
        s->parent--;
    return s;
}

static void write_ours(struct world *w)
{
    struct said *s = next_said(w);
    char text[256] = "hello";
    const char *to[2];
    struct post_draft draft = {.source = text, .to = to};
    if (s->parent >= 0 && !w->said[s->parent].id.v)
        return;
    s->author = (int)pick(w, OURS);
    s->claimed = draft.visibility = (Visibility)pick(w, 5);
    s->is_local = true;
    draft.author = w->actor[s->author];
    draft.in_reply_to = s->parent >= 0 ? w->said[s->parent].id : (post_id){0};
    for (unsigned n = pick(w, 3); n; n--) {
        unsigned whom = pick(w, ACTORS);
        if (pick(w, 2))
            sprintf(text + strlen(text), " @%s", w->handle[whom]);
        else
            to[draft.to_count++] = w->handle[whom];
    }
    struct why why = {""};
    enum err e = act_post_local(&w->node.fed, &draft, NULL, &by, &s->id, &why);
    if (e) {
        assert_true(e == ERR_DENIED || e == ERR_INVALID || e == ERR_NOTFOUND);
        w->refused++;
        return;
    }
    snprintf(s->uri, sizeof s->uri, "https://" STORE_HOST "/users/%s/posts/%llu", ours[s->author],
             (unsigned long long)s->id.v);
    AUTO(txn_end) struct txn *txn = store_read(&w->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    Post *post;
    assert_int_equal(post_get(txn, s->id, &arena, &post), OK);
    for (size_t i = 0; i < post->n_mentions; i++)
        for (int a = 0; a < ACTORS; a++)
            if (post->mentions[i]->actor == w->actor[a].v)
                s->named |= BIT(a);
    check_wire(w, s, post);
    w->count++;
}

static void store_theirs(struct world *w, int i)
{
    struct said *s = &w->said[i];
    AUTO(act_free) struct act *act = act_create(&w->node.fed);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    struct as2_tag tags[ACTORS];
    const char *to[ACTORS + 2];
    struct as2_note note = {
        .id = s->uri, .url = s->uri, .type = "Note", .content = "x", .tags = tags};
    note.to.item = to;
    note.in_reply_to = s->parent >= 0 ? w->said[s->parent].uri : NULL;
    if (s->claimed <= VISIBILITY__UNLISTED)
        to[note.to.n++] = AS2_PUBLIC;
    else if (s->claimed == VISIBILITY__FOLLOWERS)
        to[note.to.n++] = w->followers[s->author];
    struct txn *txn = store_write(&w->node.store);
    for (int a = 0; a < ACTORS; a++)
        if (s->named & BIT(a)) {
            Actor *actor;
            assert_int_equal(actor_get(txn, w->actor[a], &arena, &actor), OK);
            to[note.to.n++] = actor->uri;
            tags[note.tag_count++] = (struct as2_tag){.kind = AS2_MENTION, .href = actor->uri};
        }
    Post *post;
    act->now_ms = clock_ms();
    assert_int_equal(act_post_from_note(act, txn, &note, w->actor[s->author], &post, NULL), OK);
    assert_int_equal(act_post_store(txn, post, act->now_ms), OK);
    store_commit(&txn);
    s->id = (post_id){post->id};
    if (s->claimed == VISIBILITY__UNLISTED) /* to alone says public */
        s->claimed = VISIBILITY__PUBLIC;
}

static void write_theirs(struct world *w)
{
    struct said *s = next_said(w);
    s->author = OURS + (int)pick(w, ACTORS - OURS);
    s->claimed = (Visibility)pick(w, 4);
    snprintf(s->uri, sizeof s->uri, "https://%s/notes/%u", hosts[(s->author - OURS) % HOSTS],
             w->serial++);
    for (unsigned n = pick(w, 3); n; n--)
        s->named |= BIT(pick(w, ACTORS));
    w->count++;
    if (pick(w, 4)) /* else it comes later, after what answers it */
        store_theirs(w, w->count - 1);
}

static void edit_or_boost(struct world *w)
{
    if (!w->count)
        return;
    int i = (int)pick(w, (unsigned)w->count), who = (int)pick(w, OURS);
    struct said *s = &w->said[i];
    if (!s->id.v)
        return;
    if (s->is_local && !s->is_boost && pick(w, 2)) {
        char text[128];
        snprintf(text, sizeof text, "edited @%s", w->handle[pick(w, ACTORS)]);
        assert_int_equal(
            act_edit_local(&w->node.fed, w->actor[s->author], s->id, text, NULL, NULL, &by, NULL),
            OK);
        check_delivered(w, i);
        return;
    }
    struct said *boost = &w->said[w->count];
    *boost = (struct said){.author = who, .parent = -1, .is_local = true, .is_boost = true};
    enum err e = act_boost_local(&w->node.fed, w->actor[who], s->id, &by, &boost->id, NULL);
    if (e) {
        assert_true(e == ERR_DENIED || e == ERR_EXISTS || e == ERR_NOTFOUND);
        return;
    }
    snprintf(boost->uri, sizeof boost->uri, "boost of %d", i);
    boost->parent = i;
    boost->claimed = s->claimed;
    boost->named = BIT(s->author);
    w->count++;
}

static void one_thread(struct world *w)
{
    w->count = 0;
    for (unsigned steps = 2 + pick(w, STEPS_MAX - 2); steps; steps--) {
        switch (pick(w, 8)) {
        case 0:
            turn_edge(w, EDGE_FOLLOW, w->follows);
            break;
        case 1:
            pick(w, 3) ? turn_edge(w, EDGE_FOLLOW, w->follows)
                       : turn_edge(w, EDGE_BLOCK, w->blocks);
            break;
        case 2:
            edit_or_boost(w);
            break;
        case 3:
        case 4:
            write_theirs(w);
            break;
        default:
            write_ours(w);
        }
        if (w->count && w->said[w->count - 1].id.v)
            check_delivered(w, w->count - 1);
    }
    for (int i = w->count - 1; i >= 0; i--)
        if (!w->said[i].id.v)
            store_theirs(w, i);
    for (int i = 0; i < w->count; i++)
        if (!w->said[i].is_boost)
            check_readers(w, i);
}

static void complain(void *context, const char *table, const char *key, const char *what)
{
    (void)context;
    print_error("%s %s: %s\n", table, key, what);
}

static void t65_no_reply_reaches_more_people_than_what_it_answers(void **state)
{
    (void)state;
    static struct world w;
    const char *given = getenv("WARD_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : 20260729;
    unsigned delivered = 0, refused = 0, narrow = 0;
    print_message("# seed %llu\n", (unsigned long long)seed);
    for (unsigned i = 0; i < THREADS / PER_WORLD; i++) {
        struct check_report report;
        world_begin(&w, (seed + i) * 0x9e3779b97f4a7c15ull | 1);
        for (int n = 0; n < 12; n++)
            turn_edge(&w, EDGE_FOLLOW, w.follows);
        for (unsigned t = 0; t < PER_WORLD; t++)
            one_thread(&w);
        assert_int_equal(check_store(w.node.store.engine, complain, NULL, &report), OK);
        assert_int_equal(report.wrong, 0);
        delivered += w.delivered;
        refused += w.refused;
        narrow += w.narrow;
        node_close(&w.node);
    }
    print_message("# %u deliveries, %u refusals, %u replies to restricted posts\n", delivered,
                  refused, narrow);
    assert_true(delivered > THREADS / 2 && refused > THREADS / 10 && narrow > THREADS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t65_no_reply_reaches_more_people_than_what_it_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
