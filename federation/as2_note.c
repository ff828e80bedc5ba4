#include "federation/as2_value.h"

#include <string.h>

#define DIMENSION_MAX 100000 /* pixels; more is a lie */

/* PeerTube attributes a video to [Person, Group]: whoever signed, else the Person. */
static const char *read_author(struct as2_reader *r, const json_t *object, const char *actor)
{
    const json_t *authors = json_object_get(object, "attributedTo"), *person = NULL;
    for (size_t i = 0; i < as2_count(authors); i++) {
        const json_t *author = as2_item(authors, i);
        const char *id = as2_id_of(author);
        if (id && actor && !strcmp(id, actor))
            return as2_id(r, author);
        if (id && !person && as2_is(author, "Person"))
            person = author;
    }
    return as2_id(r, person ? person : authors);
}

static uint32_t read_dimension(const json_t *value)
{
    int64_t n = as2_integer(value, DIMENSION_MAX);
    return n > 0 ? (uint32_t)n : 0;
}

static void read_attachment(struct as2_reader *r, const json_t *value, struct as2_note *out)
{
    struct as2_attachment *a = &out->attachments[out->attachment_count];
    const json_t *focus = as2_get(value, "focalPoint");
    const json_t *url = json_object_get(value, "url");
    *a = (struct as2_attachment){0};
    if (!json_is_object(value))
        return;
    a->url = as2_url(r, url ? url : value, &a->media_type);
    if (!a->url)
        return;
    const char *type = as2_string(r, json_object_get(value, "mediaType"), AS2_TYPE_MAX);
    if (type)
        a->media_type = type;
    a->description = as2_text(r, value, "name", "nameMap", AS2_STRING_MAX, NULL);
    if (!a->description)
        a->description = as2_text(r, value, "summary", "summaryMap", AS2_STRING_MAX, NULL);
    a->blurhash = as2_string(r, as2_get(value, "blurhash"), AS2_TYPE_MAX);
    a->width = read_dimension(json_object_get(value, "width"));
    a->height = read_dimension(json_object_get(value, "height"));
    a->focus_x = as2_fraction(json_array_get(focus, 0), -1, 1);
    a->focus_y = as2_fraction(json_array_get(focus, 1), -1, 1);
    out->attachment_count++;
}

static void read_attachments(struct as2_reader *r, const json_t *values, struct as2_note *out)
{
    size_t count = as2_count(values);
    if (count > AS2_ATTACHMENTS_MAX) {
        count = AS2_ATTACHMENTS_MAX;
        out->is_cut = true;
    }
    out->attachments = arena_calloc(r->arena, count, sizeof *out->attachments);
    for (size_t i = 0; out->attachments && i < count; i++)
        read_attachment(r, as2_item(values, i), out);
}

static void read_source(struct as2_reader *r, const json_t *object, struct as2_note *out)
{
    const json_t *source = json_object_get(object, "source");
    if (!json_is_object(source))
        return;
    out->source = as2_string(r, json_object_get(source, "content"), AS2_STRING_MAX);
    out->source_type = as2_string(r, json_object_get(source, "mediaType"), AS2_TYPE_MAX);
}

/* FEP-e232: a link among the tags, `rel` says that it is what the post quotes. */
static bool is_quote_link(const json_t *tag)
{
    const json_t *rel = json_object_get(tag, "rel");
    if (!as2_is(tag, "Link"))
        return false;
    for (size_t i = 0; i < as2_count(rel); i++) {
        const char *text = json_string_value(as2_item(rel, i));
        size_t n = text ? strlen(text) : 0;
        if (n >= 5 && !strcmp(text + n - 5, "quote"))
            return true;
    }
    return false;
}

static const char *read_quote(struct as2_reader *r, const json_t *object)
{
    static const char *const names[] = {"quote", "quoteUrl", "quoteUri", "_misskey_quote"};
    const json_t *tags = json_object_get(object, "tag");
    const char *quote = NULL;
    for (size_t i = 0; !quote && i < COUNT(names); i++)
        quote = as2_link(r, as2_get(object, names[i]));
    for (size_t i = 0; !quote && i < as2_count(tags) && i < AS2_TAGS_MAX; i++)
        if (is_quote_link(as2_item(tags, i)))
            quote = as2_link(r, as2_item(tags, i));
    return quote;
}

/* A Place is an object with a name; Mobilizon and others put an address beside it or instead. */
static const char *read_place(struct as2_reader *r, const json_t *value)
{
    const json_t *place = as2_item(value, 0);
    if (json_is_string(place))
        return as2_string(r, place, AS2_NAME_MAX);
    const char *name = as2_text(r, place, "name", "nameMap", AS2_NAME_MAX, NULL);
    const json_t *address = as2_get(place, "address");
    if (!name)
        name = as2_string(r, address, AS2_NAME_MAX);
    if (!name)
        name = as2_string(r, as2_get(address, "streetAddress"), AS2_NAME_MAX);
    return name ? name : as2_string(r, as2_get(address, "addressLocality"), AS2_NAME_MAX);
}

static void read_event(struct as2_reader *r, const json_t *object, struct as2_note *out)
{
    out->starts_ms = as2_time(json_object_get(object, "startTime"));
    out->ends_ms = as2_time(json_object_get(object, "endTime"));
    out->location = read_place(r, json_object_get(object, "location"));
}

static const char *read_context(struct as2_reader *r, const json_t *object)
{
    const char *context = as2_link(r, json_object_get(object, "context"));
    const json_t *conversation = json_object_get(object, "conversation");
    if (context || json_string_length(conversation) > AS2_NAME_MAX)
        return context;
    return as2_string(r, conversation, AS2_NAME_MAX); /* often "tag:host,2026:..." */
}

/* What it answers, quotes and belongs to, and the approvals it says to have. */
static void read_relations(struct as2_reader *r, const json_t *object, struct as2_note *out)
{
    const json_t *approval = as2_get(object, "replyAuthorization");
    out->in_reply_to = as2_link(r, json_object_get(object, "inReplyTo"));
    out->context = read_context(r, object);
    out->quote = read_quote(r, object);
    out->replies = as2_link(r, json_object_get(object, "replies"));
    out->quote_authorization = as2_link(r, as2_get(object, "quoteAuthorization"));
    out->reply_authorization = as2_link(r, approval ? approval : as2_get(object, "approvedBy"));
}

static void read_recipients(struct as2_reader *r, const json_t *object, struct as2_note *out)
{
    out->to = as2_ids(r, json_object_get(object, "to"), AS2_RECIPIENTS_MAX);
    out->cc = as2_ids(r, json_object_get(object, "cc"), AS2_RECIPIENTS_MAX - out->to.n);
    out->audience =
        as2_ids(r, json_object_get(object, "audience"), AS2_RECIPIENTS_MAX - out->to.n - out->cc.n);
}

void as2_read_note(struct as2_reader *r, const json_t *object, const char *actor,
                   struct as2_note *out)
{
    enum as2_class ignored;
    bool was_cut = r->is_cut;
    *out = (struct as2_note){0};
    r->is_cut = false;
    out->id = as2_id(r, json_object_get(object, "id"));
    out->type = as2_type(r, object, &ignored);
    out->attributed_to = read_author(r, object, actor);
    out->content = as2_text(r, object, "content", "contentMap", AS2_STRING_MAX, &out->language);
    out->translation_count =
        as2_translations(r, object, "contentMap", out->content, &out->translations);
    out->content_type = as2_string(r, json_object_get(object, "mediaType"), AS2_TYPE_MAX);
    out->summary = as2_text(r, object, "summary", "summaryMap", AS2_STRING_MAX, NULL);
    out->name = as2_text(r, object, "name", "nameMap", AS2_NAME_MAX, NULL);
    out->url = as2_url(r, json_object_get(object, "url"), NULL);
    if (!out->url)
        out->url = out->id;
    out->is_sensitive = as2_bool(as2_get(object, "sensitive"));
    out->published_ms = as2_time(json_object_get(object, "published"));
    out->updated_ms = as2_time(json_object_get(object, "updated"));
    read_relations(r, object, out);
    read_recipients(r, object, out);
    read_source(r, object, out);
    read_event(r, object, out);
    as2_read_poll(r, object, out);
    as2_read_policy(r, as2_get(object, "interactionPolicy"), &out->policy);
    out->tag_count = as2_read_tags(r, json_object_get(object, "tag"), &out->tags);
    read_attachments(r, json_object_get(object, "attachment"), out);
    out->is_cut |= r->is_cut;
    r->is_cut |= was_cut;
}
