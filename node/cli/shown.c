#include "node/cli/shown.h"

#include "federation/audience.h"
#include "federation/consent.h"
#include "federation/sanitize.h"
#include "node/text.h"
#include "storage/actor.h"
#include "storage/base/clock.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN_MAX_BYTES (1 << 20) /* a record was a document of 1 MiB at most */
#define QUOTED_BYTES 200          /* of the text of what is quoted */

/* Is there more at the original than its text? A poll and a note are all here. */
static bool needs_link(const Post *post)
{
    return post->is_cut ||
           (*post->type && strcmp(post->type, "Note") != 0 && strcmp(post->type, "Question") != 0);
}

static const char *link_of(const Post *post)
{
    if (!needs_link(post))
        return NULL;
    return *post->url ? post->url : post->uri;
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

enum err shown_quote_get(struct txn *txn, const Post *post, actor_id reader, struct arena *arena,
                         struct shown_quote *out)
{
    Post *quoted;
    Actor *author;
    *out = (struct shown_quote){NULL, NULL};
    if (!consent_has_quote(post))
        return OK;
    enum err e = post_get(txn, (post_id){post->quote_of}, arena, &quoted);
    if (!e && !audience_may_read(txn, quoted, reader))
        return OK;
    if (!e)
        e = actor_get(txn, (actor_id){quoted->author}, arena, &author);
    if (!e)
        *out = (struct shown_quote){actor_handle(author, arena), quoted};
    return e == ERR_NOTFOUND ? OK : e;
}

/* As `ward approval list` calls them. */
static const char *state_name(Approval state)
{
    static const char *const name[] = {NULL, "asked", "approved", "declined"};
    return (size_t)state < COUNT(name) ? name[state] : "?";
}

/* "": it needs no approval, or has it. */
static const char *waits(Approval state)
{
    return state == APPROVAL__ASKED      ? "(waiting for approval)"
           : state == APPROVAL__DECLINED ? "(not approved)"
                                         : "";
}

/* Of the text of what is quoted, the beginning. */
static enum err quote_text(const struct shown_quote *quote, struct buf *out)
{
    AUTO(buf_clear) struct buf text = BUF_INIT(SHOWN_MAX_BYTES);
    enum err e = sanitize_to_text(quote->post->content_html, &text);
    if (e)
        return e;
    const char *all = buf_text(&text);
    size_t n = strlen(all);
    bool is_cut = n > QUOTED_BYTES;
    if (is_cut)
        for (n = QUOTED_BYTES; n && ((unsigned char)all[n] & 0xc0) == 0x80;)
            n--; /* no half character */
    buf_printf(out, "%.*s%s", (int)n, all, is_cut ? "..." : "");
    return OK;
}

/* ---- for a person --------------------------------------------------------------------------- */

/* "2026-01-02 03:04" */
static void add_time(struct buf *out, int64_t ms)
{
    char text[CLOCK_RFC3339_BYTES];
    clock_format_rfc3339(ms, text);
    buf_printf(out, "%.10s %.5s", text, text + 11);
}

static void begin_part(struct buf *out)
{
    if (out->n)
        buf_str(out, " / ");
}

/* One line each, so that a post stays one row. */
static void add_lines(struct buf *out, const char *text)
{
    bool is_new = true;
    for (; *text; text++) {
        if (*text == '\n' || *text == '\r') {
            is_new = true;
            continue;
        }
        if (is_new)
            begin_part(out);
        is_new = false;
        buf_char(out, *text);
    }
}

/* On the same line. */
static void add_words(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_char(out, *text == '\n' || *text == '\r' ? ' ' : *text);
}

static void add_poll(struct buf *out, const Poll *poll)
{
    begin_part(out);
    buf_str(out, poll->is_multiple ? "[poll, any of:" : "[poll, one of:");
    for (size_t i = 0; i < poll->n_options; i++)
        buf_printf(out, "%s %s (%" PRIu64 ")", i ? "," : "", poll->options[i]->name,
                   poll->options[i]->votes);
    if (poll->closed_ms)
        buf_str(out, "; closed");
    else if (poll->ends_ms)
        buf_str(out, "; until "), add_time(out, poll->ends_ms);
    if (poll->voters)
        buf_printf(out, "; %" PRIu64 " voters", poll->voters);
    buf_char(out, ']');
}

static void add_event(struct buf *out, const Post *post)
{
    begin_part(out);
    buf_str(out, "[");
    if (post->starts_ms)
        add_time(out, post->starts_ms);
    if (post->ends_ms)
        buf_str(out, " to "), add_time(out, post->ends_ms);
    if (*post->location)
        buf_printf(out, "%s%s", post->starts_ms || post->ends_ms ? ", " : "", post->location);
    buf_char(out, ']');
}

static void add_attachment(struct buf *out, const Attachment *attachment)
{
    const char *type = attachment->media_type;
    size_t n = strcspn(type, "/");
    begin_part(out);
    buf_printf(out, "[%.*s: %s]", n ? (int)n : 4, n ? type : "file",
               *attachment->description ? attachment->description : attachment->url);
}

static enum err add_content(struct buf *out, const Post *post)
{
    AUTO(buf_clear) struct buf text = BUF_INIT(SHOWN_MAX_BYTES);
    enum err e = sanitize_to_text(post->content_html, &text);
    if (e)
        return e;
    if (*post->name)
        buf_str(out, post->name);
    if (*post->summary) {
        begin_part(out);
        buf_printf(out, "[CW: %s]", post->summary);
    }
    add_lines(out, buf_text(&text));
    return OK;
}

static enum err add_quote(struct buf *out, const Post *post, const struct shown_quote *quote)
{
    AUTO(buf_clear) struct buf text = BUF_INIT(SHOWN_MAX_BYTES);
    const char *state = waits(post->quote_approval);
    if (!*post->quote_uri)
        return OK;
    begin_part(out);
    if (!quote->post) {
        buf_printf(out, "quotes %s%s%s", post->quote_uri, *state ? " " : "", state);
        return OK;
    }
    enum err e = quote_text(quote, &text);
    buf_printf(out, "quotes %s", quote->author);
    if (!e && *buf_text(&text)) {
        buf_str(out, ": ");
        add_words(out, buf_text(&text));
    }
    buf_printf(out, " (%s)", post->quote_uri);
    return e;
}

static enum err show_line(struct output *out, const Post *post, const struct shown_quote *quote)
{
    AUTO(buf_clear) struct buf line = BUF_INIT(SHOWN_MAX_BYTES);
    const char *link = link_of(post);
    enum err e = add_content(&line, post);
    if (e)
        return e;
    if (post->poll)
        add_poll(&line, post->poll);
    if (post->starts_ms || post->ends_ms || *post->location)
        add_event(&line, post);
    for (size_t i = 0; i < post->n_attachments; i++)
        add_attachment(&line, post->attachments[i]);
    e = add_quote(&line, post, quote);
    if (e)
        return e;
    if (*waits(post->reply_approval)) {
        begin_part(&line);
        buf_str(&line, waits(post->reply_approval));
    }
    if (link) {
        begin_part(&line);
        buf_printf(&line, "%s%s", post->is_cut ? "(shortened) " : "", link);
    }
    output_str(out, "text", buf_text(&line));
    return OK;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void json_field(struct buf *json, const char *name, const char *text)
{
    buf_printf(json, "%s\"%s\":", json->p[json->n - 1] == '{' ? "" : ",", name);
    text_json(json, text);
}

static void json_time(struct buf *json, const char *name, int64_t ms)
{
    char text[CLOCK_RFC3339_BYTES];
    if (ms)
        clock_format_rfc3339(ms, text);
    json_field(json, name, ms ? text : NULL);
}

static void show_poll(struct output *out, const Poll *poll)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(SHOWN_MAX_BYTES);
    if (!poll) {
        output_json(out, "poll", "null");
        return;
    }
    buf_printf(&json, "{\"multiple\":%s", poll->is_multiple ? "true" : "false");
    json_time(&json, "ends", poll->ends_ms);
    json_time(&json, "closed", poll->closed_ms);
    buf_printf(&json, ",\"voters\":%" PRIu64 ",\"options\":[", poll->voters);
    for (size_t i = 0; i < poll->n_options; i++) {
        buf_str(&json, i ? ",{" : "{");
        json_field(&json, "name", poll->options[i]->name);
        buf_printf(&json, ",\"votes\":%" PRIu64 "}", poll->options[i]->votes);
    }
    buf_str(&json, "]}");
    output_json(out, "poll", buf_text(&json));
}

static void show_event(struct output *out, const Post *post)
{
    output_time(out, "starts", post->starts_ms);
    output_time(out, "ends", post->ends_ms);
    output_str(out, "location", or_null(post->location));
}

static void show_attachments(struct output *out, const Post *post)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(SHOWN_MAX_BYTES);
    buf_char(&json, '[');
    for (size_t i = 0; i < post->n_attachments; i++) {
        const Attachment *attachment = post->attachments[i];
        buf_str(&json, i ? ",{" : "{");
        json_field(&json, "url", attachment->url);
        json_field(&json, "media_type", or_null(attachment->media_type));
        json_field(&json, "description", or_null(attachment->description));
        buf_char(&json, '}');
    }
    buf_char(&json, ']');
    output_json(out, "attachments", buf_text(&json));
}

static enum err show_translations(struct output *out, const Post *post)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(SHOWN_MAX_BYTES);
    buf_char(&json, '{');
    for (size_t i = 0; i < post->n_translations; i++) {
        AUTO(buf_clear) struct buf text = BUF_INIT(SHOWN_MAX_BYTES);
        enum err e = sanitize_to_text(post->translations[i]->content_html, &text);
        if (e)
            return e;
        json_field(&json, post->translations[i]->language, buf_text(&text));
    }
    buf_char(&json, '}');
    output_json(out, "translations", buf_text(&json));
    return OK;
}

static enum err show_quote(struct output *out, const Post *post, const struct shown_quote *quote)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(SHOWN_MAX_BYTES), text = BUF_INIT(SHOWN_MAX_BYTES);
    if (!*post->quote_uri) {
        output_json(out, "quote", "null");
        return OK;
    }
    enum err e = quote->post ? quote_text(quote, &text) : OK;
    buf_char(&json, '{');
    json_field(&json, "uri", post->quote_uri);
    json_field(&json, "state", state_name(post->quote_approval));
    json_field(&json, "author", quote->author);
    json_field(&json, "text", quote->post ? buf_text(&text) : NULL);
    buf_char(&json, '}');
    output_json(out, "quote", buf_text(&json));
    return e;
}

static enum err show_fields(struct output *out, const Post *post, const struct shown_quote *quote)
{
    AUTO(buf_clear) struct buf text = BUF_INIT(SHOWN_MAX_BYTES);
    enum err e = sanitize_to_text(post->content_html, &text);
    if (e)
        return e;
    output_str(out, "type", or_null(post->type));
    output_str(out, "title", or_null(post->name));
    output_str(out, "cw", or_null(post->summary));
    output_str(out, "language", or_null(post->language));
    output_str(out, "text", buf_text(&text));
    e = show_translations(out, post);
    if (e)
        return e;
    show_poll(out, post->poll);
    show_event(out, post);
    show_attachments(out, post);
    e = show_quote(out, post, quote);
    if (e)
        return e;
    output_str(out, "approval", state_name(post->reply_approval));
    output_bool(out, "shortened", post->is_cut);
    output_str(out, "original", link_of(post));
    return OK;
}

enum err shown_post(struct output *out, const Post *post, const struct shown_quote *quote)
{
    return out->is_json ? show_fields(out, post, quote) : show_line(out, post, quote);
}
