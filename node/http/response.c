#include "node/http/response.h"

#include "storage/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define CSP_NOTHING "default-src 'none'; frame-ancestors 'none'"
#define CSP_HTML                                                                                   \
    "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; "                  \
    "form-action 'self'; frame-ancestors 'none'"
#define HSTS_YEAR "max-age=31536000"
#define ERROR_JSON_MAX_BYTES 4096

static const struct {
    int status;
    const char *text;
} status_texts[] = {
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

const char *response_status_text(int status)
{
    for (size_t i = 0; i < COUNT(status_texts); i++)
        if (status_texts[i].status == status)
            return status_texts[i].text;
    return "Unknown";
}

struct response *response_create(int status)
{
    struct response *response = xcalloc(1, sizeof(*response));
    response->status = status;
    response->file = -1;
    return response;
}

void response_free(struct response **address)
{
    struct response *response = *address;
    if (!response)
        return;
    for (size_t i = 0; i < response->n_fields; i++) {
        xfree(&response->fields[i].name);
        xfree(&response->fields[i].value);
    }
    if (response->stream.close)
        response->stream.close(response->stream.context);
    if (response->upgrade.drop)
        response->upgrade.drop(response->upgrade.context);
    if (response->file >= 0)
        close(response->file);
    xfree(&response->body);
    xfree(address);
}

const char *response_find(const struct response *response, const char *name)
{
    for (size_t i = 0; i < response->n_fields; i++)
        if (strcasecmp(response->fields[i].name, name) == 0)
            return response->fields[i].value;
    return NULL;
}

static char *one_line(const char *text)
{
    char *copy = xstrdup(text);
    copy[strcspn(copy, "\r\n")] = '\0';
    return copy;
}

void response_add(struct response *response, const char *name, const char *value)
{
    if (response->n_fields == RESPONSE_FIELDS_MAX)
        return;
    response->fields[response->n_fields++] =
        (struct response_field){one_line(name), one_line(value)};
}

void response_set(struct response *response, const char *name, const char *value)
{
    for (size_t i = 0; i < response->n_fields; i++) {
        struct response_field *f = &response->fields[i];
        if (strcasecmp(f->name, name) == 0) {
            xfree(&f->value);
            f->value = one_line(value);
            return;
        }
    }
    response_add(response, name, value);
}

struct response *response_text(int status, const char *type, struct buf *text)
{
    if (text->is_full) {
        buf_clear(text);
        return response_error(500, NULL);
    }
    struct response *response = response_create(status);
    response->body_n = text->n;
    response->body = buf_take(text);
    response_set(response, "Content-Type", type);
    return response;
}

struct response *response_json(int status, struct buf *json)
{
    return response_text(status, "application/json; charset=utf-8", json);
}

struct response *response_bytes(int status, const char *type, struct bytes body)
{
    struct response *response = response_create(status);
    response->body = xcalloc(1, body.n + 1);
    if (body.n)
        memcpy(response->body, body.p, body.n);
    response->body_n = body.n;
    response_set(response, "Content-Type", type);
    return response;
}

struct response *response_file(int status, const char *type, int fd, uint64_t n)
{
    struct response *response = response_create(status);
    response->file = fd;
    response->file_bytes = n;
    response_set(response, "Content-Type", type);
    return response;
}

void response_json_string(struct buf *out, const char *text)
{
    bool is_utf8 = utf8_check(bytes_of(text));
    buf_char(out, '"');
    for (const uint8_t *p = (const uint8_t *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_printf(out, "\\%c", *p);
        else if (*p < ' ' || *p == 0x7f)
            buf_printf(out, "\\u%04x", *p);
        else
            buf_char(out, *p >= 0x80 && !is_utf8 ? '?' : (char)*p);
    }
    buf_char(out, '"');
}

static void error_json(struct buf *out, int status, const char *why)
{
    buf_str(out, "{\"error\":");
    response_json_string(out, why && why[0] ? why : response_status_text(status));
    buf_char(out, '}');
}

struct response *response_error(int status, const char *why)
{
    struct buf json = BUF_INIT(ERROR_JSON_MAX_BYTES);
    error_json(&json, status, why);
    if (json.is_full) {
        buf_clear(&json);
        json = (struct buf)BUF_INIT(ERROR_JSON_MAX_BYTES);
        error_json(&json, status, NULL);
    }
    struct response *response = response_json(status, &json);
    if (status == 429 || status == 503) {
        char seconds[16];
        snprintf(seconds, sizeof(seconds), "%d", RESPONSE_RETRY_AFTER_S);
        response_set(response, "Retry-After", seconds);
    }
    return response;
}

int response_status_of_err(enum err e)
{
    switch (e) {
    case OK:
        return 200;
    case ERR_NOTFOUND:
        return 404;
    case ERR_EXISTS:
        return 409;
    case ERR_INVALID:
        return 400;
    case ERR_DENIED:
        return 403;
    case ERR_LIMIT:
        return 429;
    case ERR_LATER:
    case ERR_STORE:
        return 503;
    case ERR_CORRUPT:
        return 500;
    }
    return 500;
}

struct response *response_of_err(enum err e, const struct why *why)
{
    int status = response_status_of_err(e);
    return response_error(status, why && status < 500 ? why->text : NULL);
}

static bool is_html(const struct response *response)
{
    const char *type = response_find(response, "Content-Type");
    return type && strncasecmp(type, "text/html", 9) == 0;
}

static void set_default(struct response *response, const char *name, const char *value)
{
    if (!response_find(response, name))
        response_add(response, name, value);
}

void response_seal(struct response *response, enum response_over over, bool has_credentials)
{
    response_set(response, "X-Content-Type-Options", "nosniff");
    response_set(response, "Referrer-Policy", "no-referrer");
    set_default(response, "Content-Security-Policy", is_html(response) ? CSP_HTML : CSP_NOTHING);
    if (over == RESPONSE_OVER_TLS)
        response_set(response, "Strict-Transport-Security", HSTS_YEAR);
    if (has_credentials)
        response_set(response, "Cache-Control", "private, no-store");
}

void response_render_refusal(struct buf *out, int status, const char *why, const char *allow,
                             enum response_over over)
{
    struct response *response = response_error(status, why);
    if (status == 405)
        response_set(response, "Allow", allow ? allow : "");
    response_seal(response, over, false);
    response_set(response, "Connection", "close");
    char date[CLOCK_HTTP_BYTES];
    clock_format_http(clock_ms(), date);
    buf_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status, response_status_text(status), date);
    for (size_t i = 0; i < response->n_fields; i++)
        buf_printf(out, "%s: %s\r\n", response->fields[i].name, response->fields[i].value);
    buf_printf(out, "Content-Length: %zu\r\n\r\n", response->body_n);
    buf_add(out, response->body, response->body_n);
    response_free(&response);
}
