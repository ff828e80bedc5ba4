/*
 * profile - what one of ours says of themselves, and how their posts begin.
 *
 * What is typed is kept in Account, what is made of it in Actor, which everyone sees: an Update
 * tells the followers.
 */
#include "federation/act/common.h"

#include "federation/markup.h"
#include "federation/sanitize.h"
#include "federation/uri.h"
#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/media.h"

#include <stdio.h>
#include <string.h>

#define DISPLAY_NAME_MAX 100 /* characters */
#define BIO_MAX_BYTES 4000
#define FIELD_MAX_BYTES 1000 /* of a name, of a value */

struct profile_edit {
    struct mutation mutation;
    struct federation *fed;
    actor_id who;
    const struct account_edit *edit;
    const char *display_name, *summary_html; /* NULL: stays */
    AccountField **typed;                    /* NULL: stay */
    ActorField **shown;
    size_t n_fields;
    int64_t now_ms;
};

/* ---- what is made of what was typed ---- */

static enum err render_bio(struct federation *fed, const struct account_edit *edit,
                           struct arena *arena, const char **out, struct why *why)
{
    AUTO(buf_clear) struct buf html = BUF_INIT(8 * BIO_MAX_BYTES);
    struct markup *markup = arena_alloc(arena, sizeof *markup);
    if (!utf8_check(bytes_of(edit->bio)) || strlen(edit->bio) > BIO_MAX_BYTES)
        return why_set(why, ERR_INVALID, "a bio is UTF-8 of at most %d bytes", BIO_MAX_BYTES);
    enum err e = edit->is_bio_plain ? markup_scan_plain(edit->bio, arena, markup)
                                    : markup_scan(edit->bio, arena, markup);
    if (!e)
        e = markup_render(markup, arena_printf(arena, "%s/tags/", federation_base(fed, arena)),
                          &html, why);
    if (e)
        return why_set(why, e, "the bio cannot be read as Markdown");
    *out = arena_strdup(arena, buf_text(&html));
    return OK;
}

/* rel="me": whoever's page it is may say so in turn. */
static void link_to(const char *url, struct buf *html)
{
    buf_str(html, "<a href=\"");
    html_escape(url, html);
    buf_str(html, "\" rel=\"me nofollow noopener noreferrer\" target=\"_blank\">");
    html_escape(url, html);
    buf_str(html, "</a>");
}

static void render_value(const char *value, struct arena *arena, struct buf *html)
{
    while (*value) {
        size_t space = strspn(value, " \t\r\n"), n = strcspn(value + space, " \t\r\n");
        char *word = arena_strndup(arena, value + space, n);
        if (space)
            buf_char(html, ' ');
        if (word && uri_check(word, URI_HTTP_TOO, NULL) == OK)
            link_to(word, html);
        else if (word)
            html_escape(word, html);
        value += space + n;
    }
}

static bool is_field_text(const char *text)
{
    return strlen(text) <= FIELD_MAX_BYTES && utf8_check(bytes_of(text));
}

static enum err render_field(const struct profile_field *field, struct arena *arena,
                             AccountField **typed, ActorField **shown, struct why *why)
{
    AUTO(buf_clear) struct buf html = BUF_INIT(64 * FIELD_MAX_BYTES);
    if (!is_field_text(field->name) || !is_field_text(field->value) || !*field->name)
        return why_set(why, ERR_INVALID,
                       "a field has a name and a value of at most %d bytes of UTF-8",
                       FIELD_MAX_BYTES);
    *typed = arena_alloc(arena, sizeof **typed);
    *shown = arena_alloc(arena, sizeof **shown);
    if (!*typed || !*shown)
        return ERR_LIMIT;
    account_field__init(*typed);
    actor_field__init(*shown);
    (*typed)->name = (*shown)->name = (char *)sanitize_line(field->name, FIELD_MAX_BYTES, arena);
    (*typed)->value = (char *)sanitize_line(field->value, FIELD_MAX_BYTES, arena);
    render_value((*typed)->value, arena, &html);
    (*shown)->value_html = arena_strdup(arena, buf_text(&html));
    return html.is_full || !(*shown)->value_html ? ERR_LIMIT : OK;
}

static enum err render_fields(struct profile_edit *p, struct arena *arena, struct why *why)
{
    const struct account_edit *edit = p->edit;
    if (edit->field_count > ACCOUNT_FIELDS_MAX)
        return why_set(why, ERR_INVALID, "more than %d fields", ACCOUNT_FIELDS_MAX);
    p->typed = arena_calloc(arena, ACCOUNT_FIELDS_MAX, sizeof *p->typed);
    p->shown = arena_calloc(arena, ACCOUNT_FIELDS_MAX, sizeof *p->shown);
    enum err e = p->typed && p->shown ? OK : ERR_LIMIT;
    for (; !e && p->n_fields < edit->field_count; p->n_fields++)
        e = render_field(&edit->fields[p->n_fields], arena, &p->typed[p->n_fields],
                         &p->shown[p->n_fields], why);
    return e;
}

static enum err render(struct profile_edit *p, struct arena *arena, struct why *why)
{
    const struct account_edit *edit = p->edit;
    enum err e = OK;
    if (edit->display_name && !utf8_check(bytes_of(edit->display_name)))
        return why_set(why, ERR_INVALID, "the name is not UTF-8");
    if (edit->language && *edit->language && !act_is_language(edit->language))
        return why_set(why, ERR_INVALID, "\"%.40s\" is no language", edit->language);
    if (edit->display_name)
        p->display_name = sanitize_line(edit->display_name, DISPLAY_NAME_MAX, arena);
    if (edit->bio)
        e = render_bio(p->fed, edit, arena, &p->summary_html, why);
    if (!e && edit->fields)
        e = render_fields(p, arena, why);
    return e;
}

/* ---- stored ---- */

static bool is_changed(enum account_flag flag, protobuf_c_boolean *stored)
{
    if (flag == ACCOUNT_FLAG_STAYS)
        return false;
    *stored = flag == ACCOUNT_FLAG_YES;
    return true;
}

/* A person can say that it is a program, and take that back; a group or an organisation is none. */
static bool is_bot_changed(enum account_flag flag, Actor *actor)
{
    if (flag == ACCOUNT_FLAG_STAYS ||
        (actor->type != ACTOR_TYPE__PERSON && actor->type != ACTOR_TYPE__SERVICE))
        return false;
    actor->type = flag == ACCOUNT_FLAG_YES ? ACTOR_TYPE__SERVICE : ACTOR_TYPE__PERSON;
    return true;
}

/* The one before goes with its record; its file follows. */
static enum err picture_apply(struct txn *txn, const struct profile_edit *p,
                              const struct post_media *picture, MediaUse use, uint64_t *id,
                              char **url, struct arena *arena)
{
    Media media = MEDIA__INIT;
    enum err e = *id ? media_del(txn, *id) : OK;
    if (e && e != ERR_NOTFOUND)
        return e;
    *id = picture->id;
    *url = (char *)"";
    if (!picture->id)
        return OK;
    *url = arena_printf(arena, "%s/media/%llu", federation_base(p->fed, arena),
                        (unsigned long long)picture->id);
    media.id = picture->id;
    media.use = use;
    media.owner = p->who.v;
    media.media_type = (char *)picture->media_type;
    media.blurhash = (char *)(picture->blurhash ? picture->blurhash : "");
    media.width = picture->width;
    media.height = picture->height;
    media.size = picture->size;
    media.created_ms = p->now_ms;
    return *url ? media_add(txn, &media) : ERR_LIMIT;
}

static enum err pictures_apply(struct txn *txn, const struct profile_edit *p, Actor *actor,
                               struct arena *arena)
{
    const struct account_edit *edit = p->edit;
    enum err e = OK;
    if (edit->avatar)
        e = picture_apply(txn, p, edit->avatar, MEDIA_USE__AVATAR, &actor->icon, &actor->icon_url,
                          arena);
    if (!e && edit->header)
        e = picture_apply(txn, p, edit->header, MEDIA_USE__HEADER, &actor->image, &actor->image_url,
                          arena);
    return e;
}

static enum err actor_apply(struct txn *txn, const struct profile_edit *p, Actor *actor)
{
    const struct account_edit *edit = p->edit;
    bool is_new = p->display_name || p->summary_html || p->shown || edit->is_locked >= 0 ||
                  edit->avatar || edit->header;
    if (p->display_name)
        actor->display_name = (char *)p->display_name;
    if (p->summary_html)
        actor->summary_html = (char *)p->summary_html;
    if (edit->is_locked >= 0)
        actor->is_locked = edit->is_locked;
    if (p->shown) {
        actor->fields = p->shown;
        actor->n_fields = p->n_fields;
    }
    is_new |= is_bot_changed(edit->bot, actor);
    is_new |= is_changed(edit->discoverable, &actor->is_discoverable);
    is_new |= is_changed(edit->indexable, &actor->is_indexable);
    is_new |= is_changed(edit->hides_collections, &actor->hides_collections);
    return is_new ? act_actor_changed(txn, p->fed, actor, p->now_ms) : OK;
}

static enum err account_apply(struct txn *txn, const struct profile_edit *p)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    const struct account_edit *edit = p->edit;
    InteractionPolicy policy = INTERACTION_POLICY__INIT;
    Account *account;
    enum err e = account_get(txn, p->who, &arena, &account);
    if (e)
        return e;
    if (edit->policy) {
        act_policy_merge(&policy, edit->policy, account->policy);
        account->policy = &policy;
    }
    if (edit->bio)
        account->bio = (char *)edit->bio;
    if (p->typed) {
        account->fields = p->typed;
        account->n_fields = p->n_fields;
    }
    if (edit->visibility)
        account->visibility = *edit->visibility;
    if (edit->language)
        account->language = (char *)edit->language;
    (void)is_changed(edit->sensitive, &account->is_sensitive);
    return account_put(txn, account);
}

static enum err profile_apply(struct txn *txn, struct mutation *m)
{
    struct profile_edit *p = container_of(m, struct profile_edit, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *actor;
    enum err e = actor_get(txn, p->who, &arena, &actor);
    if (e)
        return e;
    if (actor->host[0] || actor->is_instance || actor->deleted_ms)
        return ERR_NOTFOUND;
    e = account_apply(txn, p);
    if (!e)
        e = pictures_apply(txn, p, actor, &arena);
    return e ? e : actor_apply(txn, p, actor);
}

enum err act_account_edit(struct federation *fed, actor_id who, const struct account_edit *edit,
                          const struct by *by, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct profile_edit p = {.mutation = {.apply = profile_apply},
                             .fed = fed,
                             .who = who,
                             .edit = edit,
                             .now_ms = clock_ms()};
    char object[32];
    enum err e = render(&p, &arena, why);
    if (e)
        return e;
    snprintf(object, sizeof object, "actor %llu", (unsigned long long)who.v);
    e = act_run(fed, &p.mutation, by, "account.edit", object);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such account");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}
