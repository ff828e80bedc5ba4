/*
 * emoji - custom emoji of ours: added and removed by an administrator, found in what is written
 * here. A post keeps what it was sent with; an edit looks anew.
 */
#include "federation/act/post.h"

#include "storage/base/clock.h"
#include "storage/own_emoji.h"

#include <ctype.h>
#include <string.h>

/* ---- in a post ---- */

enum err act_emoji_get(struct txn *txn, const struct federation *fed, const char *shortcode,
                       struct arena *arena, Emoji **out)
{
    OwnEmoji *own;
    enum err e = own_emoji_get(txn, shortcode, arena, &own);
    if (e)
        return e;
    Emoji *emoji = arena_alloc(arena, sizeof *emoji);
    if (!emoji)
        return ERR_LIMIT;
    emoji__init(emoji);
    emoji->shortcode = own->shortcode;
    emoji->url = arena_printf(arena, "%s/emoji/%llu", federation_base(fed, arena),
                              (unsigned long long)own->media);
    emoji->media_type = own->media_type;
    emoji->updated_ms = own->created_ms;
    *out = emoji;
    return emoji->url ? OK : ERR_LIMIT;
}

static bool has(const Post *post, const char *shortcode)
{
    for (size_t i = 0; i < post->n_emoji; i++)
        if (strcmp(post->emoji[i]->shortcode, shortcode) == 0)
            return true;
    return false;
}

/* Not at a time (12:30:45), nor at the second colon of a pair: there peers see none either. */
static bool may_end_here(char c)
{
    return c != ':' && !isalnum((unsigned char)c);
}

/* `text`: HTML or plain, in which peers look for the same. */
static enum err choose_in(struct txn *txn, const struct federation *fed, const char *text,
                          struct arena *arena, Post *post)
{
    const char *at = text;
    while ((at = strchr(at, ':')) && post->n_emoji < ACT_EMOJI_MAX) {
        char shortcode[OWN_EMOJI_SHORTCODE_MAX + 1];
        bool begins = at == text || may_end_here(at[-1]);
        size_t n = own_emoji_span(++at);
        if (!begins || n >= sizeof shortcode || at[n] != ':' || !may_end_here(at[n + 1]))
            continue;
        memcpy(shortcode, at, n);
        shortcode[n] = '\0';
        at += n + 1;
        if (has(post, shortcode))
            continue;
        enum err e = act_emoji_get(txn, fed, shortcode, arena, &post->emoji[post->n_emoji]);
        if (e && e != ERR_NOTFOUND)
            return e;
        post->n_emoji += !e;
    }
    return OK;
}

enum err act_emoji_choose(struct txn *txn, const struct federation *fed, struct arena *arena,
                          Post *post)
{
    post->n_emoji = 0;
    post->emoji = arena_calloc(arena, ACT_EMOJI_MAX, sizeof *post->emoji);
    if (!post->emoji)
        return ERR_LIMIT;
    enum err e = choose_in(txn, fed, post->content_html, arena, post);
    if (!e)
        e = choose_in(txn, fed, post->summary, arena, post);
    for (size_t i = 0; !e && i < post->n_translations; i++)
        e = choose_in(txn, fed, post->translations[i]->content_html, arena, post);
    for (size_t i = 0; !e && post->poll && i < post->poll->n_options; i++)
        e = choose_in(txn, fed, post->poll->options[i]->name, arena, post);
    return e;
}

/* ---- local doors ---- */

struct emoji_local {
    struct mutation mutation;
    const OwnEmoji *emoji;
    const char *shortcode;
};

static enum err add_apply(struct txn *txn, struct mutation *m)
{
    const struct emoji_local *l = container_of(m, struct emoji_local, mutation);
    return own_emoji_add(txn, l->emoji);
}

static enum err remove_apply(struct txn *txn, struct mutation *m)
{
    const struct emoji_local *l = container_of(m, struct emoji_local, mutation);
    return own_emoji_del(txn, l->shortcode);
}

enum err act_emoji_add_local(struct federation *fed, const char *shortcode, uint64_t media,
                             const char *media_type, const struct by *by, struct why *why)
{
    OwnEmoji emoji = OWN_EMOJI__INIT;
    struct emoji_local l = {.mutation = {.apply = add_apply}, .emoji = &emoji};
    if (!own_emoji_is_shortcode(shortcode))
        return why_set(why, ERR_INVALID,
                       "\"%.40s\" is no shortcode: %d to %d of a-z, A-Z, 0-9 and _", shortcode,
                       OWN_EMOJI_SHORTCODE_MIN, OWN_EMOJI_SHORTCODE_MAX);
    emoji.shortcode = (char *)shortcode;
    emoji.media = media;
    emoji.media_type = (char *)media_type;
    emoji.created_ms = clock_ms();
    enum err e = act_run(fed, &l.mutation, by, "emoji.create", shortcode);
    if (e == ERR_EXISTS)
        return why_set(why, e, "there is a :%s: already; remove it first", shortcode);
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

enum err act_emoji_remove_local(struct federation *fed, const char *shortcode, const struct by *by,
                                struct why *why)
{
    struct emoji_local l = {.mutation = {.apply = remove_apply}, .shortcode = shortcode};
    enum err e = act_run(fed, &l.mutation, by, "emoji.delete", shortcode);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no :%.40s: here; \"ward emoji list\" shows them",
                       shortcode);
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}
