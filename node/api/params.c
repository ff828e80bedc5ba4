#include "node/api/params.h"

#include "node/api/multipart.h"
#include "node/http/mediatype.h"
#include "node/http/router.h"

#include <jansson.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct reading {
    struct params *params;
    struct arena *arena;
    struct why *why;
};

/* "a[0]" is "a[]" when the number ends the name. */
static char *plain_name(struct arena *arena, const char *name)
{
    size_t n = strlen(name);
    const char *open = strrchr(name, '[');
    bool is_numbered = open && n > 2 && name[n - 1] == ']' && open + 1 < name + n - 1 &&
                       strspn(open + 1, "0123456789") == (size_t)(name + n - 1 - (open + 1));
    return is_numbered ? arena_printf(arena, "%.*s[]", (int)(open - name), name)
                       : arena_strdup(arena, name);
}

/*
 * "keywords[][keyword]": forms number nothing. The first "[]" inside becomes the number of the item
 * that is being written: a new one begins when a name comes again.
 */
static char *numbered_name(const struct params *params, struct arena *arena, char *name)
{
    char *hole = strstr(name, "[][");
    for (unsigned i = 0; hole && i < PARAMS_MAX; i++) {
        char *numbered = arena_printf(arena, "%.*s[%u]%s", (int)(hole - name), name, i, hole + 2);
        size_t prefix = numbered ? (size_t)(hole - name) + 1 : 0;
        bool is_last = true;
        for (size_t k = 0; numbered && k < params->n; k++) {
            const char *other = params->item[k].name;
            if (strncmp(other, numbered, prefix) == 0 && strtoul(other + prefix, NULL, 10) > i)
                is_last = false;
        }
        if (!numbered || (is_last && !params_has(params, numbered)))
            return numbered;
    }
    return name;
}

static enum err add(struct reading *r, const char *name, const char *value)
{
    struct params *p = r->params;
    if (strlen(name) > PARAM_NAME_MAX_BYTES)
        return why_set(r->why, ERR_INVALID, "the name of a parameter is too long");
    if (p->n == PARAMS_MAX)
        return why_set(r->why, ERR_LIMIT, "more than %d parameters", PARAMS_MAX);
    if (p->n == p->room) {
        size_t room = p->room ? 2 * p->room : 16;
        struct param *item = arena_calloc(r->arena, room, sizeof *item);
        if (!item)
            return ERR_LIMIT;
        if (p->n)
            memcpy(item, p->item, p->n * sizeof *item);
        p->item = item;
        p->room = room;
    }
    char *plain = plain_name(r->arena, name);
    char *numbered = plain ? numbered_name(p, r->arena, plain) : NULL;
    char *copy = arena_strdup(r->arena, value);
    if (!numbered || !copy)
        return why_set(r->why, ERR_LIMIT, "the parameters are too large");
    p->item[p->n++] = (struct param){numbered, copy};
    return OK;
}

static enum err read_form(struct reading *r, struct bytes form)
{
    const char *name, *value;
    enum err e;
    while ((e = query_next(&form, r->arena, &name, &value)) == OK) {
        if (!utf8_check(bytes_of(name)) || !utf8_check(bytes_of(value)))
            return why_set(r->why, ERR_INVALID, "the parameters are not UTF-8");
        e = add(r, name, value);
        if (e)
            return e;
    }
    return e == ERR_NOTFOUND ? OK : why_set(r->why, e, "the parameters cannot be read");
}

/* ---- JSON ---- */

static enum err read_value(struct reading *r, const char *name, const json_t *value, int depth);

static enum err read_members(struct reading *r, const char *name, const json_t *object, int depth)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        const char *inner = name ? arena_printf(r->arena, "%s[%s]", name, key) : key;
        enum err e = inner ? read_value(r, inner, value, depth + 1) : ERR_LIMIT;
        if (e)
            return e;
    }
    return OK;
}

static enum err read_items(struct reading *r, const char *name, const json_t *list, int depth)
{
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        const char *inner = json_is_object(value) ? arena_printf(r->arena, "%s[%zu]", name, i)
                                                  : arena_printf(r->arena, "%s[]", name);
        enum err e = inner ? read_value(r, inner, value, depth + 1) : ERR_LIMIT;
        if (e)
            return e;
    }
    return OK;
}

static enum err read_value(struct reading *r, const char *name, const json_t *value, int depth)
{
    if (depth > PARAMS_JSON_DEPTH_MAX)
        return why_set(r->why, ERR_INVALID, "the JSON is nested too deep");
    if (strlen(name) > PARAM_NAME_MAX_BYTES)
        return why_set(r->why, ERR_INVALID, "the name of a parameter is too long");
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return read_members(r, name, value, depth);
    case JSON_ARRAY:
        return read_items(r, name, value, depth);
    case JSON_STRING:
        return strlen(json_string_value(value)) == json_string_length(value)
                   ? add(r, name, json_string_value(value))
                   : why_set(r->why, ERR_INVALID, "%s holds a NUL", name);
    case JSON_INTEGER: {
        const char *text =
            arena_printf(r->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return text ? add(r, name, text) : ERR_LIMIT;
    }
    case JSON_REAL: {
        const char *text = arena_printf(r->arena, "%.17g", json_real_value(value));
        return text ? add(r, name, text) : ERR_LIMIT;
    }
    case JSON_TRUE:
        return add(r, name, "true");
    case JSON_FALSE:
        return add(r, name, "false");
    case JSON_NULL:
        return OK;
    }
    return OK;
}

/* Counted before parsing: jansson makes many times the memory out of brackets. */
static bool is_too_deep(struct bytes body)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < body.n; i++) {
        uint8_t c = body.p[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            depth++;
        else if (!in_string && (c == '}' || c == ']'))
            depth--;
        if (depth > PARAMS_JSON_DEPTH_MAX)
            return true;
    }
    return false;
}

static enum err read_json(struct reading *r, struct bytes body)
{
    json_error_t at;
    if (is_too_deep(body))
        return why_set(r->why, ERR_INVALID, "the JSON is nested too deep");
    json_auto_t *doc = json_loadb((const char *)body.p, body.n, 0, &at);
    if (!json_is_object(doc))
        return why_set(r->why, ERR_INVALID, "the body is no JSON object: %s",
                       doc ? "it is something else" : at.text);
    return read_members(r, NULL, doc, 0);
}

/* ---- multipart ---- */

static enum err read_part(struct reading *r, const struct multipart *m,
                          const struct multipart_part *part, uint64_t *text_left)
{
    struct params *p = r->params;
    if (part->file_name) {
        if (p->n_files == PARAM_FILES_MAX)
            return why_set(r->why, ERR_LIMIT, "more than %d files", PARAM_FILES_MAX);
        p->file[p->n_files++] =
            (struct param_file){part->name, part->file_name, part->at, part->size};
        return OK;
    }
    if (part->size > *text_left)
        return why_set(r->why, ERR_LIMIT, "the parameters are too large");
    *text_left -= part->size;
    const char *value = multipart_copy(m, part, r->arena);
    if (!value || strlen(value) != part->size || !utf8_check(bytes_of(value)))
        return why_set(r->why, ERR_INVALID, "%s is not text", part->name);
    return add(r, part->name, value);
}

static enum err read_multipart(struct reading *r, const struct params_body *body)
{
    struct multipart m;
    struct multipart_part part;
    uint64_t text_left = PARAMS_TEXT_MAX_BYTES;
    enum err e = body->file < 0 ? multipart_open(body->type, body->bytes, &m, r->why)
                                : multipart_open_file(body->type, body->file, body->size, r->arena,
                                                      &m, r->why);
    while (!e && (e = multipart_next(&m, r->arena, &part, r->why)) == OK)
        e = read_part(r, &m, &part, &text_left);
    return e == ERR_NOTFOUND ? OK : e;
}

/* What is no multipart is read as a whole. */
static enum err read_whole(struct reading *r, const struct params_body *body, struct bytes *out)
{
    *out = body->bytes;
    if (body->file < 0)
        return OK;
    if (body->size > PARAMS_TEXT_MAX_BYTES)
        return why_set(r->why, ERR_LIMIT, "the parameters are too large");
    uint8_t *all = arena_alloc(r->arena, (size_t)body->size + 1);
    if (!all || pread(body->file, all, (size_t)body->size, 0) != (ssize_t)body->size)
        return why_set(r->why, ERR_LIMIT, "the parameters cannot be read");
    *out = (struct bytes){all, (size_t)body->size};
    return OK;
}

enum err params_read_body(struct bytes query, const struct params_body *body, struct arena *arena,
                          struct params *out, struct why *why)
{
    *out = (struct params){0};
    struct reading r = {out, arena, why};
    struct bytes all, type = bytes_of(body->type);
    enum err e = read_form(&r, query);
    if (e || (body->file < 0 && body->bytes.n == 0))
        return e;
    if (mediatype_matches(type, "multipart/form-data"))
        return read_multipart(&r, body);
    e = read_whole(&r, body, &all);
    if (e)
        return e;
    if (mediatype_matches(type, "application/json"))
        return read_json(&r, all);
    if (!body->type || mediatype_matches(type, "application/x-www-form-urlencoded"))
        return read_form(&r, all);
    return why_set(why, ERR_INVALID, "a body must be JSON, a form or multipart/form-data");
}

enum err params_read(struct bytes query, const char *type, struct bytes body, struct arena *arena,
                     struct params *out, struct why *why)
{
    const struct params_body in = {.type = type, .bytes = body, .file = -1};
    return params_read_body(query, &in, arena, out, why);
}

/* ---- asking ---- */

/* "a[]" and "a" are the same. */
static bool name_is(const char *have, const char *wanted)
{
    size_t n = strlen(have), m = strlen(wanted);
    if (n > 2 && strcmp(have + n - 2, "[]") == 0)
        n -= 2;
    if (m > 2 && strcmp(wanted + m - 2, "[]") == 0)
        m -= 2;
    return n == m && memcmp(have, wanted, n) == 0;
}

const char *params_get(const struct params *params, const char *name)
{
    for (size_t i = params->n; i-- > 0;)
        if (name_is(params->item[i].name, name))
            return params->item[i].value;
    return NULL;
}

bool params_has(const struct params *params, const char *name)
{
    return params_get(params, name) != NULL;
}

size_t params_list(const struct params *params, const char *name, const char **out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < params->n && n < max; i++)
        if (name_is(params->item[i].name, name))
            out[n++] = params->item[i].value;
    return n;
}

bool params_bool(const struct params *params, const char *name, bool standard)
{
    static const char *const yes[] = {"true", "1", "on", "t", "yes"};
    static const char *const no[] = {"false", "0", "off", "f", "no"};
    const char *value = params_get(params, name);
    for (size_t i = 0; value && i < COUNT(yes); i++) {
        if (strcasecmp(value, yes[i]) == 0)
            return true;
        if (strcasecmp(value, no[i]) == 0)
            return false;
    }
    return standard;
}

enum err params_number(const struct params *params, const char *name, int64_t standard,
                       int64_t *out)
{
    const char *value = params_get(params, name);
    char *end;
    if (!value || !*value) {
        *out = standard;
        return OK;
    }
    errno = 0;
    long long n = strtoll(value, &end, 10);
    if (errno || *end || end == value)
        return ERR_INVALID;
    *out = n;
    return OK;
}

enum err params_id(const struct params *params, const char *name, uint64_t *out)
{
    const char *value = params_get(params, name);
    *out = 0;
    return value && *value ? id_parse(value, out) : OK;
}

const struct param_file *params_file(const struct params *params, const char *name)
{
    for (size_t i = 0; i < params->n_files; i++)
        if (strcmp(params->file[i].name, name) == 0)
            return &params->file[i];
    return NULL;
}
