#include "federation/search.h"

#include "federation/audience.h"
#include "federation/search_query.h"
#include "federation/wish.h"
#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/meet.h"
#include "storage/post.h"
#include "storage/word.h"

#include <string.h>

#define SCRATCH_BYTES ((size_t)16 << 20)
#define SPOKEN_MAX ((size_t)4 * WORD_ROWS_MAX) /* words a phrase is looked for in */

/* Words that must not all be there. */
struct unwanted {
    uint64_t owner[SEARCH_WORDS_MAX];
    size_t n;
};

struct finding {
    const struct federation *fed;
    const struct post_search *search;
    struct txn *txn;
    struct arena *arena; /* of the question */
    struct search_query query;
    struct meet_row row[MEET_ROWS_MAX];
    size_t n_rows;
    struct unwanted unwanted[SEARCH_TERMS_MAX];
    size_t n_unwanted;
    uint64_t unwanted_author[SEARCH_TERMS_MAX];
    size_t n_unwanted_authors;
    struct wishes wishes;
    struct words phrase[SEARCH_TERMS_MAX];
    bool is_unwanted_phrase[SEARCH_TERMS_MAX];
    size_t n_phrases;
};

/* ---- the question ---- */

/* A word that comes too late to have a row of its own narrows nothing: more is found, not less. */
static void add_row(struct finding *f, struct meet_row row)
{
    if (f->n_rows < MEET_ROWS_MAX)
        f->row[f->n_rows++] = row;
}

static enum err plan_words(struct finding *f, const struct search_term *term)
{
    struct words words = {.arena = f->arena, .use = WORDS_ASKED, .max = SEARCH_WORDS_MAX};
    struct unwanted *unwanted = &f->unwanted[f->n_unwanted];
    enum err e = words_add(&words, term->text);
    words_sort(&words);
    for (size_t i = 0; !e && i < words.n; i++) {
        uint64_t owner = word_owner(f->txn, words.item[i]);
        if (term->is_unwanted)
            unwanted->owner[unwanted->n++] = owner;
        else
            add_row(f, meet_word(owner));
    }
    f->n_unwanted += unwanted->n > 0;
    return e;
}

static enum err plan_phrase(struct finding *f, const struct search_term *term)
{
    struct words spoken = {.arena = f->arena, .use = WORDS_SPOKEN, .max = SEARCH_WORDS_MAX};
    enum err e = words_add(&spoken, term->text);
    if (e || spoken.n < 2)
        return e ? e : plan_words(f, term); /* one word has no order */
    f->is_unwanted_phrase[f->n_phrases] = term->is_unwanted;
    f->phrase[f->n_phrases++] = spoken;
    return term->is_unwanted ? OK : plan_words(f, term);
}

static enum err plan_feature(struct finding *f, const struct search_term *term)
{
    uint64_t owner = word_owner(f->txn, term->text);
    if (term->is_unwanted)
        f->unwanted[f->n_unwanted++] = (struct unwanted){{owner}, 1};
    else
        add_row(f, meet_word(owner));
    return OK;
}

/* ERR_NOTFOUND: whoever that is, they wrote nothing here. */
static enum err plan_from(struct finding *f, const struct search_term *term)
{
    actor_id author = f->search->reader;
    enum err e = strcmp(term->text, "me") == 0
                     ? OK
                     : search_handle(f->fed, f->txn, term->text, f->arena, &author);
    if (term->is_unwanted) {
        if (!e)
            f->unwanted_author[f->n_unwanted_authors++] = author.v;
        return e == ERR_NOTFOUND ? OK : e;
    }
    if (!e)
        add_row(f, meet_stream((struct stream_key){STREAM_AUTHOR, author.v}));
    return e;
}

static enum err plan(struct finding *f)
{
    const char *text = f->search->text;
    enum err e = strlen(text) > SEARCH_TEXT_MAX_BYTES
                     ? ERR_LIMIT
                     : search_query_parse(text, f->arena, &f->query);
    for (size_t i = 0; !e && i < f->query.n; i++) {
        const struct search_term *term = &f->query.term[i];
        e = term->kind == SEARCH_WORDS    ? plan_words(f, term)
            : term->kind == SEARCH_PHRASE ? plan_phrase(f, term)
            : term->kind == SEARCH_IS     ? plan_feature(f, term)
                                          : plan_from(f, term);
    }
    if (!e && f->search->author.v)
        add_row(f, meet_stream((struct stream_key){STREAM_AUTHOR, f->search->author.v}));
    if (!e && !f->n_rows)
        e = ERR_NOTFOUND; /* only what must not be there: that would be nearly everything */
    if (!e && f->query.in == SEARCH_IN_PUBLIC)
        add_row(f, meet_stream((struct stream_key){STREAM_PUBLIC, 0}));
    return e;
}

/* The first id of that time: ids are made of it. No id is 0 or 1. */
static uint64_t id_at(int64_t ms)
{
    if (ms <= 0)
        return 1;
    return ms >= INT64_C(1) << 47 ? UINT64_MAX : (uint64_t)ms << 16;
}

static struct page bounds(const struct finding *f)
{
    struct page page = f->search->page;
    uint64_t until = id_at(f->query.until_ms), from = id_at(f->query.from_ms);
    if (!page.before || page.before > until)
        page.before = until;
    if (page.after < from - 1)
        page.after = from - 1;
    return page;
}

/* ---- the answer ---- */

static bool has_edge(const struct finding *f, enum edge_kind kind, uint64_t whom)
{
    return edge_has(f->txn, (struct edge_key){kind, f->search->reader.v, whom});
}

static bool is_addressed(const struct finding *f, const Post *post)
{
    for (size_t i = 0; i < post->n_mentions; i++)
        if (post->mentions[i]->actor == f->search->reader.v)
            return true;
    return false;
}

static bool is_in_library(const struct finding *f, const Post *post)
{
    return f->search->reader.v &&
           (post->author == f->search->reader.v || is_addressed(f, post) ||
            has_edge(f, EDGE_LIKE, post->id) || has_edge(f, EDGE_BOOKMARK, post->id) ||
            has_edge(f, EDGE_BOOST, post->id));
}

/*
 * May it be found? What comes from here, from whom one follows, or what one had to do with; of
 * strangers only what they let be found (FEP-5feb), and those of limited peers not at all.
 */
static bool is_findable(const struct finding *f, const Post *post, const struct wish *author)
{
    if (f->query.in == SEARCH_IN_LIBRARY)
        return is_in_library(f, post);
    if (f->search->reader.v &&
        (!author->actor->host[0] || wish_is_near(author) ||
         (post->group && has_edge(f, EDGE_FOLLOW, post->group)) || is_in_library(f, post)))
        return true;
    return post->visibility == VISIBILITY__PUBLIC && author->actor->is_indexable &&
           author->shows != PEER_STATE__LIMITED;
}

/* Does the reader want to hear of them at all, and are they in good standing? */
static bool is_welcome(const struct wish *author)
{
    return !author->is_gone && author->shows != PEER_STATE__BLOCKED && !author->is_blocked &&
           !author->is_muted;
}

static bool is_unwanted(const struct finding *f, const Post *post)
{
    for (size_t i = 0; i < f->n_unwanted_authors; i++)
        if (post->author == f->unwanted_author[i])
            return true;
    for (size_t i = 0; i < f->n_unwanted; i++) {
        const struct unwanted *unwanted = &f->unwanted[i];
        size_t n = 0;
        while (n < unwanted->n && word_has(f->txn, unwanted->owner[n], (post_id){post->id}))
            n++;
        if (n == unwanted->n)
            return true;
    }
    return false;
}

static bool is_spoken(const struct words *text, const struct words *phrase)
{
    for (size_t i = 0; i + phrase->n <= text->n; i++) {
        size_t k = 0;
        while (k < phrase->n && strcmp(text->item[i + k], phrase->item[k]) == 0)
            k++;
        if (k == phrase->n)
            return true;
    }
    return false;
}

static bool says_phrases(const struct finding *f, const Post *post, struct arena *arena)
{
    struct words text = {.arena = arena, .use = WORDS_SPOKEN, .max = SPOKEN_MAX};
    if (!f->n_phrases)
        return true;
    if (word_texts(post, &text))
        return false;
    for (size_t i = 0; i < f->n_phrases; i++)
        if (is_spoken(&text, &f->phrase[i]) == f->is_unwanted_phrase[i])
            return false;
    return true;
}

static enum err judge(struct finding *f, post_id id, bool *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCRATCH_BYTES);
    Post *post;
    const struct wish *author;
    wishes_trim(&f->wishes);
    enum err e = post_get(f->txn, id, &arena, &post);
    if (!e)
        e = wish_of(&f->wishes, post->author, &author);
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e; /* one snapshot: rows name what is there */
    *out = !post->boost_of && !is_unwanted(f, post) && is_welcome(author) &&
           is_findable(f, post, author) && audience_may_read(f->txn, post, f->search->reader) &&
           says_phrases(f, post, &arena);
    return OK;
}

static enum err collect(struct finding *f, struct meet *meet, struct posts_found *out)
{
    unsigned limit = f->search->limit > SEARCH_LIMIT_MAX ? SEARCH_LIMIT_MAX : f->search->limit;
    unsigned passed = 0;
    enum err e = OK;
    for (unsigned i = 0; out->n < limit && i < SEARCH_JUDGED_MAX; i++) {
        post_id id;
        bool is_found;
        if ((e = meet_next(meet, &id)) || (e = judge(f, id, &is_found)))
            break;
        if (is_found && passed++ >= f->search->offset)
            out->id[out->n++] = id;
    }
    return e == ERR_NOTFOUND || e == ERR_LIMIT ? OK : e;
}

enum err search_posts(const struct federation *fed, struct txn *txn,
                      const struct post_search *search, struct posts_found *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCRATCH_BYTES);
    struct finding f = {.fed = fed, .search = search, .txn = txn, .arena = &arena};
    struct meet meet;
    *out = (struct posts_found){.n = 0};
    enum err e = plan(&f);
    if (!e)
        e = meet_open(txn, f.row, f.n_rows, bounds(&f), &meet);
    if (e)
        return e == ERR_NOTFOUND || e == ERR_LIMIT ? OK : e;
    meet.max_steps = SEARCH_STEPS_MAX;
    wishes_open(txn, search->reader, clock_ms(), &f.wishes);
    e = collect(&f, &meet, out);
    wishes_close(&f.wishes);
    return e;
}
