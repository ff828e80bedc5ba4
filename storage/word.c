#include "storage/word.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_ARENA_BYTES ((size_t)2 << 20)
#define LANGUAGE_MAX_BYTES 8

uint64_t word_owner(struct txn *txn, const char *word)
{
    uint8_t hash[KEY_HASH_BYTES];
    uint64_t owner;
    size_t at = 0;
    text_hash(txn, word, hash);
    return key_read_u64((struct bytes){hash, sizeof hash}, &at, &owner) ? 0 : owner;
}

bool word_has(struct txn *txn, uint64_t owner, post_id post)
{
    struct key key = key_ids(owner, post.v);
    struct bytes any;
    return engine_get(txn, TABLE_WORD, key_bytes(&key), &any) == OK;
}

enum err word_texts(const Post *post, struct words *words)
{
    enum err e = words_add(words, post->name);
    if (!e)
        e = words_add(words, post->summary);
    for (size_t i = 0; !e && i < post->n_tags; i++)
        e = words_add(words, post->tags[i]);
    if (!e)
        e = words_add_html(words, post->content_html);
    for (size_t i = 0; !e && post->poll && i < post->poll->n_options; i++)
        e = words_add(words, post->poll->options[i]->name);
    for (size_t i = 0; !e && i < post->n_attachments; i++)
        e = words_add(words, post->attachments[i]->description);
    for (size_t i = 0; !e && i < post->n_translations; i++)
        e = words_add_html(words, post->translations[i]->content_html);
    return e;
}

/* A link that is neither somebody's name nor a hashtag. */
static bool has_link(const char *html)
{
    while ((html = strstr(html, "<a "))) {
        const char *end = strchr(html, '>');
        const char *named = strstr(html, "mention");
        if (!end)
            return false;
        if (!named || named > end)
            return true;
        html = end;
    }
    return false;
}

/* What the post is. At most eight. */
static size_t features(const Post *post, char language[WORD_MAX_BYTES], const char **out)
{
    bool has_image = false;
    size_t n = 0, letters = strspn(post->language, "abcdefghijklmnopqrstuvwxyz");
    for (size_t i = 0; i < post->n_attachments; i++)
        has_image = has_image || strncmp(post->attachments[i]->media_type, "image/", 6) == 0;
    if (post->n_attachments)
        out[n++] = WORD_HAS_MEDIA;
    if (has_image)
        out[n++] = WORD_HAS_IMAGE;
    if (post->poll)
        out[n++] = WORD_HAS_POLL;
    if (has_link(post->content_html))
        out[n++] = WORD_HAS_LINK;
    if (post->in_reply_to_uri[0])
        out[n++] = WORD_IS_REPLY;
    if (post->is_sensitive)
        out[n++] = WORD_IS_SENSITIVE;
    if (letters && letters <= LANGUAGE_MAX_BYTES) {
        snprintf(language, WORD_MAX_BYTES, "%s%.*s", WORD_LANGUAGE, (int)letters, post->language);
        out[n++] = language;
    }
    return n;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

enum err word_owners_of(struct txn *txn, const Post *post, struct arena *arena,
                        struct word_owners *out)
{
    struct words words = {.arena = arena, .use = WORDS_STORED, .max = WORD_ROWS_MAX};
    const char *feature[8];
    char language[WORD_MAX_BYTES];
    *out = (struct word_owners){.n = 0};
    if (post->boost_of)
        return OK;
    enum err e = word_texts(post, &words);
    size_t n = features(post, language, feature), kept = 0;
    uint64_t *item = e ? NULL : arena_calloc(arena, words.n + n, sizeof *item);
    if (!item)
        return ERR_LIMIT;
    for (size_t i = 0; i < n; i++)
        item[i] = word_owner(txn, feature[i]);
    for (size_t i = 0; i < words.n; i++)
        item[n++] = word_owner(txn, words.item[i]);
    if (n)
        qsort(item, n, sizeof *item, by_number);
    for (size_t i = 0; i < n; i++)
        if (!kept || item[i] != item[kept - 1])
            item[kept++] = item[i];
    *out = (struct word_owners){item, kept};
    return OK;
}

static bool has_owner(const struct word_owners *owners, uint64_t owner)
{
    return owners->n && bsearch(&owner, owners->item, owners->n, sizeof owner, by_number);
}

enum err word_change(struct txn *txn, const Post *before, const Post *after)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * WORD_ARENA_BYTES);
    struct word_owners had = {0}, has = {0};
    enum err e = before ? word_owners_of(txn, before, &arena, &had) : OK;
    if (!e && after)
        e = word_owners_of(txn, after, &arena, &has);
    for (size_t i = 0; !e && i < had.n; i++) {
        struct key key = key_ids(had.item[i], before->id);
        if (!has_owner(&has, had.item[i]))
            e = engine_del(txn, TABLE_WORD, key_bytes(&key));
    }
    for (size_t i = 0; !e && i < has.n; i++) {
        struct key key = key_ids(has.item[i], after->id);
        if (!has_owner(&had, has.item[i]))
            e = engine_put(txn, TABLE_WORD, key_bytes(&key), (struct bytes){NULL, 0});
    }
    return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
}
