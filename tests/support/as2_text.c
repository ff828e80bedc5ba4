#include "tests/support/as2_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- small JSON, written with ' for " ---- */

struct bytes json_of(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);
    assert_non_null(copy);
    for (char *p = copy; *p; p++)
        if (*p == '\'')
            *p = '"';
    return bytes_of(copy);
}

enum err activity_decode(const char *text, struct arena *arena, struct as2_activity *out)
{
    struct why why = {""};
    enum err e = as2_decode_activity(json_of(arena, text), arena, out, &why);
    assert_true(!e == !why.text[0]); /* who refuses says why */
    return e;
}

enum err document_decode(const char *text, struct arena *arena, struct as2_document *out)
{
    struct why why = {""};
    enum err e = as2_decode_document(json_of(arena, text), arena, out, &why);
    assert_true(!e == !why.text[0]);
    return e;
}

/* ---- structs as text, so that a table can say what is expected ---- */

static void add(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, " %s=%s", name, text ? text : "-");
}

void list_show(struct buf *out, const char *name, const struct as2_list *list)
{
    buf_printf(out, " %s=[", name);
    for (size_t i = 0; i < list->n; i++) {
        bool is_public = strcmp(list->item[i], AS2_PUBLIC) == 0;
        buf_printf(out, "%s%s", i ? " " : "", is_public ? "PUBLIC" : list->item[i]);
    }
    buf_char(out, ']');
}

static void poll_show(struct buf *out, const struct as2_poll *poll)
{
    if (!poll)
        return;
    buf_printf(out, " poll(%s", poll->is_multiple ? "any" : "one");
    for (size_t i = 0; i < poll->option_count; i++)
        buf_printf(out, ",%s:%" PRIu64, poll->options[i].name, poll->options[i].votes);
    buf_printf(out, ") ends=%" PRId64 " closed=%" PRId64 " voters=%" PRIu64, poll->ends_ms,
               poll->closed_ms, poll->voters);
}

static void interaction_show(struct buf *out, const char *name, const struct as2_interaction *i)
{
    if (!i->is_said)
        return;
    buf_printf(out, " may-%s:", name);
    list_show(out, "at-once", &i->automatic);
    list_show(out, "asked", &i->manual);
}

void note_show(struct buf *out, const struct as2_note *n)
{
    static const char *const kinds[] = {"mention", "hashtag", "emoji"};
    add(out, "id", n->id);
    add(out, "type", n->type);
    add(out, "by", n->attributed_to);
    add(out, "content", n->content);
    add(out, "language", n->language);
    add(out, "media", n->content_type);
    add(out, "summary", n->summary);
    add(out, "name", n->name);
    add(out, "url", n->url);
    add(out, "reply", n->in_reply_to);
    add(out, "context", n->context);
    add(out, "quote", n->quote);
    list_show(out, "to", &n->to);
    list_show(out, "cc", &n->cc);
    for (size_t i = 0; i < n->tag_count; i++)
        buf_printf(out, " %s(%s,%s)", kinds[n->tags[i].kind],
                   n->tags[i].name ? n->tags[i].name : "-",
                   n->tags[i].href ? n->tags[i].href : "-");
    for (size_t i = 0; i < n->attachment_count; i++) {
        const struct as2_attachment *a = &n->attachments[i];
        buf_printf(out, " file(%s,%s,%s,%" PRIu32 "x%" PRIu32 ",%.1f,%.1f)", a->url,
                   a->media_type ? a->media_type : "-", a->description ? a->description : "-",
                   a->width, a->height, (double)a->focus_x, (double)a->focus_y);
    }
    buf_printf(out, " sensitive=%d published=%" PRId64, n->is_sensitive, n->published_ms);
    add(out, "replies", n->replies);
    add(out, "quote-ok", n->quote_authorization);
    add(out, "reply-ok", n->reply_authorization);
    list_show(out, "audience", &n->audience);
    for (size_t i = 0; i < n->translation_count; i++)
        buf_printf(out, " text(%s,%s)", n->translations[i].language, n->translations[i].text);
    poll_show(out, n->poll);
    interaction_show(out, "reply", &n->policy.reply);
    interaction_show(out, "boost", &n->policy.boost);
    interaction_show(out, "quote", &n->policy.quote);
    interaction_show(out, "like", &n->policy.like);
    buf_printf(out, " from=%" PRId64 " until=%" PRId64, n->starts_ms, n->ends_ms);
    add(out, "at", n->location);
    buf_char(out, ';');
}

void actor_show(struct buf *out, const struct as2_actor *a)
{
    add(out, "id", a->id);
    buf_printf(out, " type=%d", (int)a->type);
    add(out, "username", a->username);
    add(out, "name", a->name);
    add(out, "url", a->url);
    add(out, "inbox", a->inbox);
    add(out, "shared", a->shared_inbox);
    add(out, "featured", a->featured);
    add(out, "icon", a->icon);
    list_show(out, "aka", &a->also_known_as);
    for (size_t i = 0; i < a->key_count; i++)
        buf_printf(out, " key(%s,%s,%s)", a->keys[i].id, a->keys[i].pem ? a->keys[i].pem : "-",
                   a->keys[i].multibase ? a->keys[i].multibase : "-");
    for (size_t i = 0; i < a->field_count; i++)
        buf_printf(out, " field(%s,%s)", a->fields[i].name, a->fields[i].value);
    buf_printf(out, " locked=%d discoverable=%d", a->is_locked, a->is_discoverable);
    if (a->is_indexable)
        buf_str(out, " indexable");
    for (size_t i = 0; i < a->emoji_count; i++)
        buf_printf(out, " emoji(%s,%s)", a->emoji[i].name, a->emoji[i].href);
    add(out, "moderators", a->moderators);
    buf_printf(out, " rfc9421=%d ed25519=%d", a->knows_rfc9421, a->knows_ed25519);
    buf_char(out, ';');
}

void activity_show(struct buf *out, const struct as2_activity *a)
{
    static const char *const kinds[] = {"none",     "id",        "note", "actor",
                                        "activity", "tombstone", "other"};
    add(out, "id", a->id);
    add(out, "type", a->type);
    add(out, "actor", a->actor);
    list_show(out, "to", &a->to);
    add(out, "kind", kinds[a->object_kind]);
    add(out, "object", a->object_id);
    add(out, "otype", a->object_type);
    if (a->inner)
        buf_printf(out, " inner(%s,%s,%s)", a->inner->type, a->inner->actor ? a->inner->actor : "-",
                   a->inner->object_id ? a->inner->object_id : "-");
    add(out, "content", a->content);
    add(out, "icon", a->icon);
    add(out, "instrument", a->instrument);
    add(out, "result", a->result);
    list_show(out, "objects", &a->objects);
    buf_printf(out, " notes=%zu proof=%d", a->note_count, a->has_proof);
    if (a->inner_json.n)
        buf_printf(out, " json=%.*s", (int)a->inner_json.n, (const char *)a->inner_json.p);
    if (a->inner) {
        buf_printf(out, " of=%s", a->inner->object_type ? a->inner->object_type : "-");
        add(out, "instrument", a->inner->instrument);
        if (a->inner->note)
            note_show(out, a->inner->note);
    }
    buf_str(out, ";");
}

void assert_shown(const struct as2_row *row, struct buf *shown)
{
    if (!strstr(buf_text(shown), row->expected))
        fail_msg("%s: \"%s\" is not in:%s", row->quirk, row->expected, buf_text(shown));
}
