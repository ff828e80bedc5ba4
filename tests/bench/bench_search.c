/*
 * bench_search - what a word finds: 20 posts for a reader who follows 500 of 1000 authors.
 *
 *     bench_search [pages per measurement]
 *
 * The same pages are read from a store of WARD_BENCH_POSTS posts (1,000,000) and from one of a
 * hundredth of them: what a page costs must not grow with what is stored. The yardstick beside
 * each is a plain range of 20 keys of the same store: a snapshot, a walk, done. What indexing costs
 * is measured last: posts with a text and posts without one, added to the large store.
 */
#include "federation/search.h"
#include "storage/edge.h"
#include "storage/meta.h"
#include "storage/post.h"
#include "storage/word.h"

#include "tests/bench/yardstick.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <stdio.h>
#include <stdlib.h>

#define AUTHORS 1000
#define FOLLOWED 500
#define PAGE 20
#define BATCH 20000 /* posts in one transaction */
#define SAMPLE 5000 /* posts added to see what indexing costs */
#define NAMES 20000 /* words of which each post has one of its own choice */
#define MAP_BYTES ((uint64_t)32 << 30)

struct world {
    char dir[64];
    struct engine *engine;
    actor_id reader, author[AUTHORS];
    uint64_t posts;
};

static void must(enum err e, const char *what)
{
    if (e) {
        fprintf(stderr, "bench_search: %s: %s\n", what, err_name(e));
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
        world->author[i] = build_actor(txn, name, "peer.example");
        if (i % (AUTHORS / FOLLOWED) == 0)
            must(edge_add(txn, (struct edge_key){EDGE_FOLLOW, world->reader.v, world->author[i].v},
                          &edge),
                 "follow");
    }
    must(engine_commit(&txn), "commit");
}

struct text {
    char uri[80], html[160];
};

/* Every post says "potassium"; even ones "sent", odd ones "kept". */
static Post post_number(struct world *world, uint64_t number, struct text *text)
{
    Post post = POST__INIT;
    snprintf(text->uri, sizeof text->uri, "https://peer.example/n/%llu",
             (unsigned long long)number);
    snprintf(text->html, sizeof text->html,
             "<p>Bed %llu: potassium 5.9, repeat sample %s. Name%llu</p>",
             (unsigned long long)(number % 40), number % 2 ? "kept" : "sent",
             (unsigned long long)(number * 2654435761U % NAMES));
    post.author = world->author[number * 2654435761U % AUTHORS].v;
    post.uri = text->uri;
    post.type = (char *)"Note";
    post.content_html = text->html;
    post.published_ms = BUILD_NOW_MS + (int64_t)(number >> 16);
    return post;
}

/* As little as a search reads of a post: its record and its words. */
static void write_post(struct world *world, struct txn *txn, uint64_t number)
{
    struct text text;
    Post post = post_number(world, number, &text);
    post.id = ((uint64_t)BUILD_NOW_MS << 16) + number;
    post.thread_root = post.id;
    struct key key = key_id(post.id);
    must(record_put(txn, TABLE_POST, key_bytes(&key), &post.base), "post");
    must(word_change(txn, NULL, &post), "words");
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

static void find(struct world *world, const char *what, size_t expected)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct federation_config config = {.host = STORE_HOST};
    struct federation fed = {.config = &config, .engine = world->engine};
    struct post_search search = {.reader = world->reader, .text = what, .limit = PAGE};
    struct posts_found found;
    must(engine_read_begin(world->engine, &txn), "read");
    must(search_posts(&fed, txn, &search, &found), what);
    if (found.n != expected)
        give_up("a page that is not as full as it should be");
}

static void find_common(struct world *world)
{
    find(world, "potassium", PAGE);
}

static void find_several(struct world *world)
{
    find(world, "\"repeat sample sent\" potassium", PAGE);
}

/* Two common words that no post has both of: the most work for nothing. */
static void find_nothing(struct world *world)
{
    find(world, "sent kept", 0);
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

struct figures {
    double common, several, nothing;
};

static struct figures measure(struct world *world, unsigned pages)
{
    double range = cost(world, read_range, pages);
    struct figures figures = {cost(world, find_common, pages), cost(world, find_several, pages),
                              cost(world, find_nothing, pages / 50 + 1)};
    range = (range + cost(world, read_range, pages)) / 2;
    printf("%8llu posts: a common word %.1f us, several %.1f us, nothing %.1f us;"
           " a plain range of %d keys %.2f us: %.0f times that\n",
           (unsigned long long)world->posts, figures.common, figures.several, figures.nothing, PAGE,
           range, figures.common / range);
    return figures;
}

/* Microseconds of a core for adding a post, its share of the commit too. */
static double cost_of_adding(struct world *world, uint64_t number, bool has_text)
{
    double before = cpu_s();
    struct txn *txn = begin(world);
    for (uint64_t end = number + SAMPLE; number < end; number++) {
        struct text text;
        Post post = post_number(world, number, &text);
        if (!has_text)
            post.content_html = (char *)"";
        must(post_add(txn, &post, BUILD_NOW_MS), "add");
    }
    must(engine_commit(&txn), "commit");
    return (cpu_s() - before) / SAMPLE * 1e6;
}

static void measure_adding(struct world *world)
{
    uint64_t next = world->posts;
    double with = cost_of_adding(world, next, true);
    double without = cost_of_adding(world, next + SAMPLE, false);
    with = (with + cost_of_adding(world, next + (uint64_t)2 * SAMPLE, true)) / 2;
    without = (without + cost_of_adding(world, next + (uint64_t)3 * SAMPLE, false)) / 2;
    printf("adding a post: %.1f us of a core, without its words %.1f us\n", with, without);
}

int main(int argc, char **argv)
{
    struct world small = {.engine = NULL}, large = {.engine = NULL};
    const char *posts = getenv("WARD_BENCH_POSTS");
    uint64_t n = posts ? strtoull(posts, NULL, 10) : 1000000;
    unsigned pages = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 500;
    if (n < 100 * PAGE * (AUTHORS / FOLLOWED) * 2 || pages == 0)
        give_up("too few posts or pages");
    build(&small, n / 100);
    struct figures few = measure(&small, pages);
    build(&large, n);
    struct figures many = measure(&large, pages);
    printf("in the large store a common word costs %.2f times what it does in the small one,"
           " several %.2f times\n",
           many.common / few.common, many.several / few.several);
    measure_adding(&large);
    demolish(&small);
    demolish(&large);
    return EXIT_SUCCESS;
}
