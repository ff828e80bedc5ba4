#include "tests/support/corpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DOCUMENTS_MIN 150
#define FACT_BYTES ((size_t)64 << 20)

static struct corpus corpus;

static int read_corpus(void **state)
{
    (void)state;
    corpus_read(&corpus);
    return 0;
}

static int forget_corpus(void **state)
{
    (void)state;
    corpus_clear(&corpus);
    return 0;
}

static void there_are_enough_documents(void **state)
{
    (void)state;
    print_message("# %zu documents\n", corpus.n);
    assert_true(corpus.n >= DOCUMENTS_MIN);
    for (size_t i = 0; i < corpus.n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(corpus.document[i].name, corpus.document[k].name) == 0)
                fail_msg("two documents are called %s", corpus.document[i].name);
}

static bool has_word(const char *words, const char *word, size_t n)
{
    for (const char *p = words; (p = strstr(p, word)); p++) {
        bool starts = p == words || p[-1] == ' ';
        if (starts && (p[n] == ' ' || !p[n]))
            return true;
    }
    return false;
}

/* "FILE TEST what": that unit test is there. */
static bool is_tested(const char *where)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 << 20);
    char file[64], name[128];
    if (sscanf(where, "%63s %127s", file, name) != 2)
        return false;
    const char *source = corpus_text(&arena, arena_printf(&arena, "../unit/%s", file));
    return strstr(source, arena_printf(&arena, "static void %s(void **state)", name)) != NULL;
}

/* quirks.txt: "TAG what it is", a line each; "TAG elsewhere FILE TEST what it is" where a document
 * cannot show it. */
static void every_quirk_has_a_document(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 << 20);
    char *text = (char *)corpus_text(&arena, "quirks.txt");
    size_t count = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *rest = strchr(line, ' ');
        if (*line == '#' || !rest)
            continue;
        *rest++ = '\0';
        bool is_shown = strncmp(rest, "elsewhere ", 10) == 0 && is_tested(rest + 10);
        for (size_t i = 0; i < corpus.n; i++)
            is_shown |= has_word(corpus.document[i].quirks, line, strlen(line));
        if (!is_shown)
            fail_msg("no document has the quirk %s", line);
        count++;
    }
    print_message("# %zu quirks\n", count);
    assert_true(count >= 60);
}

static void every_tag_is_a_quirk(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 << 20);
    const char *list = arena_printf(&arena, "\n%s", corpus_text(&arena, "quirks.txt"));
    for (size_t i = 0; i < corpus.n; i++) {
        char *tags = arena_strdup(&arena, corpus.document[i].quirks);
        for (char *tag = strtok(tags, " "); tag; tag = strtok(NULL, " "))
            if (!strstr(list, arena_printf(&arena, "\n%s ", tag)))
                fail_msg("%s: quirks.txt lacks %s", corpus.document[i].name, tag);
    }
}

/* ---- in order ---- */

static unsigned check_facts(const struct world *world, const struct facts *facts,
                            const struct corpus_document *doc)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    unsigned wrong = 0;
    (void)world;
    for (size_t i = 0; i < doc->fact_count; i++) {
        const char *fact = doc->facts[i] + 2;
        bool is_there = facts_have(facts, fact);
        const char *begin = arena_printf(&arena, "%s ", fact);
        for (size_t k = 0; doc->facts[i][0] == '-' && k < facts->n; k++)
            is_there |= strncmp(facts->line[k], begin, strlen(begin)) == 0;
        if (is_there == (doc->facts[i][0] == '+'))
            continue;
        print_error("%s, %s: it is not so: %s\n", doc->file, doc->name, doc->facts[i]);
        wrong++;
    }
    return wrong;
}

static unsigned check_answer(const struct corpus_document *doc, enum federation_mode mode,
                             const char *answer)
{
    const char *expected = mode == FEDERATION_OPEN && doc->open ? doc->open : doc->expect;
    if (getenv("WARD_CORPUS_SHOW"))
        printf("%s %s\n", doc->name, answer);
    if (*expected && strncmp(answer, expected, strlen(expected)) == 0)
        return 0;
    print_error("%s, %s: \"%s\" is answered, not \"%s\"\n", doc->file, doc->name, answer, expected);
    return 1;
}

static unsigned send_in_order(struct world *world, enum federation_mode mode)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < corpus.n; i++) {
        if (corpus.document[i].kind != CORPUS_SENT)
            continue;
        wrong += check_answer(&corpus.document[i], mode, world_send(world, &corpus.document[i]));
        world_fetch(world);
    }
    return wrong;
}

static void run_in_order(enum federation_mode mode)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FACT_BYTES);
    struct world world;
    world_open(&world, &corpus, mode);
    unsigned wrong = send_in_order(&world, mode);
    struct facts facts = world_facts(&world, &arena);
    for (size_t i = 0; getenv("WARD_CORPUS_SHOW") && i < facts.n; i++)
        printf("= %s\n", facts.line[i]);
    for (size_t i = 0; i < corpus.n; i++)
        if (mode == FEDERATION_ALLOWLIST || !corpus.document[i].open)
            wrong += check_facts(&world, &facts, &corpus.document[i]);
    node_check(&world.node);
    world_close(&world);
    assert_int_equal(wrong, 0);
}

static void each_is_answered_as_it_should_be(void **state)
{
    (void)state;
    run_in_order(FEDERATION_ALLOWLIST);
}

static void each_is_answered_on_an_open_node_too(void **state)
{
    (void)state;
    run_in_order(FEDERATION_OPEN);
}

static void what_is_repeated_changes_nothing(void **state)
{
    (void)state;
    struct world world;
    unsigned wrong = 0;
    world_open(&world, &corpus, FEDERATION_ALLOWLIST);
    for (size_t i = 0; i < corpus.n; i++) {
        if (corpus.document[i].kind != CORPUS_SENT)
            continue;
        world_send(&world, &corpus.document[i]);
        world_fetch(&world);
    }
    for (size_t i = 0; i < corpus.n; i++) {
        if (corpus.document[i].kind != CORPUS_SENT)
            continue;
        uint64_t before = world_digest(&world);
        const char *answer = world_send(&world, &corpus.document[i]);
        if (world_digest(&world) == before)
            continue;
        print_error("%s: repeated, it is answered %s\n", corpus.document[i].name, answer);
        wrong++;
        world_fetch(&world);
    }
    node_check(&world.node);
    world_close(&world);
    assert_int_equal(wrong, 0);
}

/* ---- in any order ---- */

/* What was told and sent on the way is history: an Undo that comes first leaves nothing to tell,
 * and a mark that what it undoes is gone. */
static bool is_history(const char *fact)
{
    return strncmp(fact, "told ", 5) == 0 || strncmp(fact, "sends ", 6) == 0 ||
           strncmp(fact, "gone ", 5) == 0;
}

static unsigned compare(const struct facts *a, const struct facts *b)
{
    unsigned differ = 0;
    for (size_t i = 0; i < a->n; i++)
        if (!is_history(a->line[i]) && !facts_have(b, a->line[i]))
            print_error("only in order: %s\n", a->line[i]), differ++;
    for (size_t i = 0; i < b->n; i++)
        if (!is_history(b->line[i]) && !facts_have(a, b->line[i]))
            print_error("only in disorder: %s\n", b->line[i]), differ++;
    return differ;
}

static struct facts run(const size_t *order, size_t n, struct arena *arena)
{
    struct world world;
    world_open(&world, &corpus, FEDERATION_ALLOWLIST);
    for (size_t i = 0; i < n; i++)
        world_send(&world, &corpus.document[order[i]]);
    world_fetch(&world);
    struct facts facts = world_facts(&world, arena);
    node_check(&world.node);
    world_close(&world);
    return facts;
}

static size_t order_of(size_t *order)
{
    size_t n = 0;
    for (size_t i = 0; i < corpus.n; i++)
        if (corpus.document[i].kind == CORPUS_SENT)
            order[n++] = i;
    return n;
}

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void two_nodes_end_the_same(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * FACT_BYTES);
    size_t order[CORPUS_DOCUMENTS_MAX], n = order_of(order);
    struct facts one = run(order, n, &arena), other = run(order, n, &arena);
    assert_int_equal(one.n, other.n);
    for (size_t i = 0; i < one.n; i++)
        assert_string_equal(one.line[i], other.line[i]);
}

static void any_order_ends_the_same(void **state)
{
    (void)state;
    static const uint64_t seeds[] = {1, 20261122, 0x5EED};
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 * FACT_BYTES);
    size_t order[CORPUS_DOCUMENTS_MAX], n = order_of(order);
    struct facts straight = run(order, n, &arena);
    unsigned differ = 0;
    for (size_t s = 0; s < COUNT(seeds); s++) {
        uint64_t seed = seeds[s];
        n = order_of(order);
        for (size_t i = n; i > 1; i--) {
            size_t k = random_next(&seed) % i, other = order[i - 1];
            order[i - 1] = order[k];
            order[k] = other;
        }
        struct facts mixed = run(order, n, &arena);
        unsigned found = compare(&straight, &mixed);
        if (found)
            print_error("seed %llu: %u facts differ\n", (unsigned long long)seeds[s], found);
        differ += found;
    }
    assert_int_equal(differ, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_enough_documents),
        cmocka_unit_test(every_quirk_has_a_document),
        cmocka_unit_test(every_tag_is_a_quirk),
        cmocka_unit_test(each_is_answered_as_it_should_be),
        cmocka_unit_test(each_is_answered_on_an_open_node_too),
        cmocka_unit_test(what_is_repeated_changes_nothing),
        cmocka_unit_test(two_nodes_end_the_same),
        cmocka_unit_test(any_order_ends_the_same),
    };
    return cmocka_run_group_tests(tests, read_corpus, forget_corpus);
}
