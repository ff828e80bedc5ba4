/*
 * bench_home - a page of somebody's home: 20 posts for a reader who follows 500 of 1000 authors.
 *
 *     bench_home [pages per measurement]
 *
 * The same page is read from a store of WARD_BENCH_POSTS posts (1,000,000) and from one of a
 * hundredth of them: what a page costs must not grow with what is stored. Each is read for itself,
 * and with the JSON an app is answered. The yardstick beside them is a plain range of 20 keys of
 * the same store, read in the same way: a snapshot, a walk, done.
 */
#include "federation/timeline.h"
#include "node/api/entity.h"
#include "node/api/filter.h"
#include "storage/actor.h"
#include "storage/edge.h"
#include "storage/meta.h"

#include "tests/bench/yardstick.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <stdio.h>
#include <stdlib.h>

#define AUTHORS 1000
#define FOLLOWED 500
#define PAGE 20
#define FEW (4 * PAGE * (AUTHORS / FOLLOWED)) /* posts with a page of home among them for sure */
#define BATCH 20000                           /* posts in one transaction */
#define MAP_BYTES ((uint64_t)16 << 30)

struct world {
    char dir[64];
    struct engine *engine;
    actor_id reader, author[AUTHORS];
    uint64_t posts;
};

static void must(enum err e, const char *what)
{
    if (e) {
        fprintf(stderr, "bench_home: %s: %s\n", what, err_name(e));
        exit(EXIT_FAILURE);
    }
}

static struct txn *begin(struct world *world)
{
    struct txn *txn = NULL;
    must(engine_write_begin(world->engine, &txn), "write");
    return txn;
}

static void write_people(struct world *world)
{
    struct txn *txn = begin(world);
    Edge edge = EDGE__INIT;
    must(meta_create(txn, STORE_HOST), "meta");
    world->reader = build_actor(txn, "reader", "");
    for (int i = 0; i < AUTHORS; i++) {
        char name[32];
        snprintf(name, sizeof name, "author%d", i);
        world->author[i] = build_actor(txn, name, i % 2 ? "peer.example" : "");
        if (i % (AUTHORS / FOLLOWED) == 0)
            must(edge_add(txn, (struct edge_key){EDGE_FOLLOW, world->reader.v, world->author[i].v},
                          &edge),
                 "follow");
    }
    must(engine_commit(&txn), "commit");
}

/* As little as a timeline reads of a post: its record and its streams. */
static void write_post(struct world *world, struct txn *txn, uint64_t number)
{
    char uri[80];
    Post post = POST__INIT;
    post.id = ((uint64_t)BUILD_NOW_MS << 16) + number;
    post.author = world->author[number * 2654435761U % AUTHORS].v;
    snprintf(uri, sizeof uri, "https://peer.example/n/%llu", (unsigned long long)number);
    post.uri = uri;
    post.type = (char *)"Note";
    post.content_html = (char *)"<p>Bed 7: potassium 5.9, repeat sample sent.</p>";
    post.thread_root = post.id;
    post.published_ms = BUILD_NOW_MS + (int64_t)(number >> 16);
    struct key key = key_id(post.id);
    must(record_put(txn, TABLE_POST, key_bytes(&key), &post.base), "post");
    must(stream_add(txn, (struct stream_key){STREAM_AUTHOR, post.author}, (post_id){post.id}),
         "stream");
    must(stream_add(txn, (struct stream_key){STREAM_PUBLIC, 0}, (post_id){post.id}), "stream");
}

static void build(struct world *world, uint64_t posts)
{
    struct engine_config config = {.map_bytes = MAP_BYTES, .create = true};
    struct why why = {""};
    folder_create(world->dir);
    config.dir = world->dir;
    must(engine_open(&config, &world->engine, &why), why.text);
    write_people(world);
    for (uint64_t n = 0; n < posts;) {
        struct txn *txn = begin(world);
        for (uint64_t end = n + BATCH; n < end && n < posts; n++)
            write_post(world, txn, n);
        must(engine_commit(&txn), "commit");
    }
    world->posts = posts;
}

static void demolish(struct world *world)
{
    engine_close(&world->engine);
    folder_remove(world->dir);
}

static struct timeline_query home_of(const struct world *world)
{
    return (struct timeline_query){
        .kind = TIMELINE_HOME, .reader = world->reader, .page = {.limit = PAGE}};
}

static void read_posts(struct txn *txn, const struct timeline_query *query, struct arena *arena,
                       const Post *out[PAGE])
{
    AUTO(timeline_close) struct timeline timeline = {0};
    struct timeline_entry entry;
    unsigned given = 0;
    must(timeline_open(txn, query, &timeline), "open");
    while (given < PAGE && timeline_next(&timeline, arena, &entry) == OK)
        out[given++] = entry.boost ? entry.boost : entry.post;
    if (given != PAGE)
        give_up("a page that is not full");
}

static void read_home(struct world *world)
{
    AUTO(txn_end) struct txn *txn = NULL;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 << 20);
    struct timeline_query query = home_of(world);
    const Post *post[PAGE];
    must(engine_read_begin(world->engine, &txn), "read");
    read_posts(txn, &query, &arena, post);
}

/* As node/api/timeline.c answers it. */
static void render_home(struct world *world)
{
    static const struct api api;
    AUTO(txn_end) struct txn *txn = NULL;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 << 20);
    AUTO(buf_clear) struct buf json = BUF_INIT(1 << 20);
    struct federation fed = {.engine = world->engine};
    struct jw w = {.buf = &json};
    struct view view = {.arena = &arena,
                        .api = &api,
                        .fed = &fed,
                        .base = "https://" STORE_HOST,
                        .reader = world->reader,
                        .context = VIEW_HOME};
    struct timeline_query query = home_of(world);
    struct filters *filters;
    const Post *post[PAGE];
    must(engine_read_begin(world->engine, &txn), "read");
    view.txn = txn;
    must(view_filters(&view, &filters), "filters");
    query.filters = filters;
    query.filter_contexts = view_filter_contexts(&view);
    read_posts(txn, &query, &arena, post);
    jw_list(&w, NULL);
    for (unsigned i = 0; i < PAGE; i++)
        must(entity_status(&w, NULL, &view, post[i]), "status");
    jw_list_end(&w);
    must(jw_finish(&w), "JSON");
}

static void read_range(struct world *world)
{
    AUTO(txn_end) struct txn *txn = NULL;
    AUTO(range_close) struct range range = {0};
    struct bytes key, value;
    must(engine_read_begin(world->engine, &txn), "read");
    must(range_open(txn, TABLE_POST, (struct bytes){0}, (struct bytes){0}, RANGE_DOWN, &range),
         "range");
    for (unsigned i = 0; i < PAGE; i++)
        must(range_next(&range, &key, &value), "row");
}

/* Microseconds of a core for one call. */
static double cost(struct world *world, void (*page)(struct world *world), unsigned pages)
{
    page(world); /* brings into memory what every page reads */
    double before = cpu_s();
    for (unsigned i = 0; i < pages; i++)
        page(world);
    return (cpu_s() - before) / pages * 1e6;
}

struct costs {
    double page, json;
};

static struct costs measure(struct world *world, unsigned pages)
{
    double range = cost(world, read_range, pages);
    struct costs costs = {cost(world, read_home, pages), cost(world, render_home, pages)};
    range = (range + cost(world, read_range, pages)) / 2;
    printf("%8llu posts: home %8.1f us, a plain range of %d keys %6.2f us: %.0f times that\n",
           (unsigned long long)world->posts, costs.page, PAGE, range, costs.page / range);
    printf("%14s  home as JSON %8.1f us\n", "", costs.json);
    return costs;
}

int main(int argc, char **argv)
{
    struct world small = {.engine = NULL}, large = {.engine = NULL};
    const char *posts = getenv("WARD_BENCH_POSTS");
    uint64_t n = posts ? strtoull(posts, NULL, 10) : 1000000;
    unsigned pages = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 500;
    if (n < FEW || pages == 0)
        give_up("too few posts or pages");
    build(&small, n / 100 > FEW ? n / 100 : FEW);
    struct costs few = measure(&small, pages);
    build(&large, n);
    struct costs many = measure(&large, pages);
    printf("a page of the large store costs %.2f times one of the small store; as JSON, %.2f\n",
           many.page / few.page, many.json / few.json);
    demolish(&small);
    demolish(&large);
    return EXIT_SUCCESS;
}
