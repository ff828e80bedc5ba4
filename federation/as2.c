#include "federation/as2_value.h"

#include <string.h>

/*
 * Counts what jansson will allocate for, in constant stack: depth, and the tokens { [ , : outside
 * strings. It need not know JSON better than that: what is malformed the parser refuses later.
 */
enum err as2_prescan(struct bytes body, struct why *why)
{
    size_t depth = 0, tokens = 0;
    bool in_string = false;
    for (size_t i = 0; i < body.n; i++) {
        uint8_t c = body.p[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
            continue;
        }
        if (c == '"')
            in_string = true;
        else if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth)
            depth--;
        tokens += c == '{' || c == '[' || c == ',' || c == ':';
        if (depth > AS2_DEPTH_MAX)
            return why_set(why, ERR_LIMIT, "JSON is nested more than %d deep", AS2_DEPTH_MAX);
        if (tokens > AS2_TOKENS_MAX)
            return why_set(why, ERR_LIMIT, "JSON has more than %d tokens", AS2_TOKENS_MAX);
    }
    return OK;
}

enum err as2_load(struct bytes body, json_t **out, struct why *why)
{
    enum err e = as2_prescan(body, why);
    if (e)
        return e;
    json_error_t at;
    json_auto_t *document =
        json_loadb(body.p ? (const char *)body.p : "", body.n, JSON_REJECT_DUPLICATES, &at);
    if (!document)
        return why_set(why, ERR_INVALID, "not JSON (line %d)", at.line);
    if (!json_is_object(document))
        return why_set(why, ERR_INVALID, "not a JSON object");
    e = as2_context_check(document, why);
    if (e)
        return e;
    *out = document;
    document = NULL;
    return OK;
}

enum err as2_reader_check(const struct as2_reader *r, struct why *why)
{
    if (r->refused)
        return why_set(why, ERR_INVALID, "%s", r->refused);
    if (r->arena->is_full)
        return why_set(why, ERR_LIMIT, "the document is too large");
    return OK;
}

bool as2_list_has(const struct as2_list *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++)
        if (!strcmp(list->item[i], text))
            return true;
    return false;
}

/* What every activity has, inner ones too. */
static enum err read_common(struct as2_reader *r, const json_t *object, struct as2_activity *out,
                            struct why *why)
{
    enum as2_class ignored;
    out->type = as2_type(r, object, &ignored);
    if (!out->type)
        return why_set(why, ERR_INVALID, "type is missing");
    out->id = as2_id(r, json_object_get(object, "id"));
    out->actor = as2_id(r, json_object_get(object, "actor"));
    out->to = as2_ids(r, json_object_get(object, "to"), AS2_RECIPIENTS_MAX);
    out->cc = as2_ids(r, json_object_get(object, "cc"), AS2_RECIPIENTS_MAX - out->to.n);
    out->target = as2_id(r, json_object_get(object, "target"));
    out->content = as2_string(r, json_object_get(object, "content"), AS2_STRING_MAX);
    if (!out->content)
        out->content = as2_string(r, as2_get(object, "_misskey_reaction"), AS2_NAME_MAX);
    out->icon = as2_read_icon(r, json_object_get(object, "tag"), out->content);
    out->instrument = as2_id(r, json_object_get(object, "instrument"));
    out->result = as2_id(r, json_object_get(object, "result"));
    out->has_proof = json_object_get(object, "proof") != NULL;
    out->objects = as2_ids(r, json_object_get(object, "object"), AS2_OBJECTS_MAX);
    out->published_ms = as2_time(json_object_get(object, "published"));
    return OK;
}

static void read_note(struct as2_reader *r, const json_t *object, struct as2_activity *out)
{
    out->note = arena_calloc(r->arena, 1, sizeof *out->note);
    if (!out->note)
        return;
    out->object_kind = AS2_OBJECT_NOTE;
    as2_read_note(r, object, out->actor, out->note);
}

/* The object of an inner activity: an id or a note at most, so that nesting ends here. */
static enum err read_inner(struct as2_reader *r, const json_t *object, struct as2_activity *out,
                           struct why *why)
{
    const json_t *value = json_object_get(object, "object");
    enum as2_class class;
    enum err e = read_common(r, object, out, why);
    if (e)
        return e;
    out->object_id = as2_id(r, value);
    out->object_kind = out->object_id ? AS2_OBJECT_ID : AS2_OBJECT_NONE;
    out->object_type = as2_type(r, value, &class);
    if (class == AS2_CLASS_NOTE)
        read_note(r, value, out);
    return OK;
}

static enum err read_typed_object(struct as2_reader *r, const json_t *object, enum as2_class class,
                                  struct as2_activity *out, struct why *why)
{
    switch (class) {
    case AS2_CLASS_ACTOR:
        out->person = arena_calloc(r->arena, 1, sizeof *out->person);
        if (!out->person)
            break;
        out->object_kind = AS2_OBJECT_ACTOR;
        return as2_read_actor(r, object, out->person, why);
    case AS2_CLASS_ACTIVITY:
        out->inner = arena_calloc(r->arena, 1, sizeof *out->inner);
        if (!out->inner)
            break;
        out->object_kind = AS2_OBJECT_ACTIVITY;
        return read_inner(r, object, out->inner, why);
    case AS2_CLASS_TOMBSTONE:
        out->object_kind = AS2_OBJECT_TOMBSTONE;
        break;
    default:
        out->object_kind = AS2_OBJECT_OTHER;
    }
    return OK;
}

/* FEP-8b32 signs what was sent, so that what was sent is kept: the same members in any form. */
static void keep_proven(struct as2_reader *r, const json_t *object, struct as2_activity *out)
{
    const size_t flags = JSON_COMPACT;
    if (!json_is_object(object) || !json_object_get(object, "proof"))
        return;
    size_t n = json_dumpb(object, NULL, 0, flags);
    char *text = n ? arena_alloc(r->arena, n) : NULL;
    if (text)
        out->inner_json = (struct bytes){(uint8_t *)text, json_dumpb(object, text, n, flags)};
}

/* GoToSocial sends the votes of one voter in one Create. */
static void read_more_notes(struct as2_reader *r, const json_t *values, struct as2_activity *out)
{
    out->notes = out->note;
    out->note_count = 1;
    if (as2_count(values) < 2)
        return;
    out->notes = arena_calloc(r->arena, AS2_OPTIONS_MAX, sizeof *out->notes);
    if (!out->notes)
        return;
    out->note_count = 0;
    for (size_t i = 0; i < as2_count(values) && out->note_count < AS2_OPTIONS_MAX; i++) {
        enum as2_class class;
        as2_type(r, as2_item(values, i), &class);
        if (class == AS2_CLASS_NOTE)
            as2_read_note(r, as2_item(values, i), out->actor, &out->notes[out->note_count++]);
    }
}

/* Of several objects (Flag) the first that is a string or an object counts. */
static const json_t *first_object(const json_t *value)
{
    for (size_t i = 0; i < as2_count(value); i++) {
        const json_t *item = as2_item(value, i);
        if (json_is_object(item) || as2_id_of(item))
            return item;
    }
    return NULL;
}

static enum err read_object(struct as2_reader *r, const json_t *object, struct as2_activity *out,
                            struct why *why)
{
    const json_t *value = first_object(json_object_get(object, "object"));
    out->object_kind = AS2_OBJECT_NONE;
    out->object_id = as2_id(r, value);
    if (!value)
        return OK;
    enum as2_class class;
    out->object_type = as2_type(r, value, &class);
    keep_proven(r, value, out);
    if (class == AS2_CLASS_NOTE) {
        read_note(r, value, out);
        read_more_notes(r, json_object_get(object, "object"), out);
        return OK;
    }
    if (class != AS2_CLASS_NONE && !(class == AS2_CLASS_ACTOR && !out->object_id))
        return read_typed_object(r, value, class, out, why);
    if (out->object_id)
        out->object_kind = AS2_OBJECT_ID;
    return OK;
}

static void read_instrument(struct as2_reader *r, const json_t *value, struct as2_activity *out)
{
    enum as2_class class = AS2_CLASS_NONE;
    if (json_is_object(value))
        as2_type(r, value, &class);
    if (class == AS2_CLASS_NOTE)
        out->instrument_note = arena_calloc(r->arena, 1, sizeof *out->instrument_note);
    if (out->instrument_note)
        as2_read_note(r, value, out->actor, out->instrument_note);
}

enum err as2_read_activity(struct as2_reader *r, const json_t *object, struct as2_activity *out,
                           struct why *why)
{
    *out = (struct as2_activity){0};
    enum err e = read_common(r, object, out, why);
    if (e)
        return e;
    if (!out->actor)
        return r->refused ? as2_reader_check(r, why)
                          : why_set(why, ERR_INVALID, "actor is missing");
    read_instrument(r, json_object_get(object, "instrument"), out);
    return read_object(r, object, out, why);
}

enum err as2_decode_activity(struct bytes body, struct arena *arena, struct as2_activity *out,
                             struct why *why)
{
    json_auto_t *document = NULL;
    enum err e = as2_load(body, &document, why);
    if (e)
        return e;
    struct as2_reader r = {.arena = arena};
    struct as2_activity activity;
    e = as2_read_activity(&r, document, &activity, why);
    if (!e)
        e = as2_reader_check(&r, why);
    if (!e)
        *out = activity;
    return e;
}
