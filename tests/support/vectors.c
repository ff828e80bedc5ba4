#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

json_t *vectors_load_from(const char *directory, const char *path)
{
    char full[4096];
    json_error_t at;
    snprintf(full, sizeof full, "%s/%s", directory, path);
    json_t *doc = json_load_file(full, JSON_ALLOW_NUL, &at);
    if (!doc)
        fail_msg("%s: %s (line %d)", full, at.text, at.line);
    return doc;
}

json_t *vectors_load(const char *path)
{
    const char *directory = getenv("WARD_VECTORS");
    return vectors_load_from(directory ? directory : "tests/vectors", path);
}

const char *vectors_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

struct http_message vectors_message(const json_t *object, struct arena *arena, size_t extra)
{
    struct http_message msg = {.method = vectors_text(object, "method"),
                               .target = vectors_text(object, "target"),
                               .scheme = "https",
                               .host = "",
                               .body = bytes_of(vectors_text(object, "body"))};
    const json_t *headers = json_object_get(object, "headers");
    size_t n = json_array_size(headers);
    struct http_header *list = arena_calloc(arena, n + extra + 1, sizeof *list);
    assert_non_null(list);
    for (size_t i = 0; i < n; i++) {
        const json_t *pair = json_array_get(headers, i);
        list[i].name = json_string_value(json_array_get(pair, 0));
        list[i].value = json_string_value(json_array_get(pair, 1));
        if (strcasecmp(list[i].name, "host") == 0)
            msg.host = list[i].value;
    }
    msg.headers = list;
    msg.header_count = n;
    return msg;
}

void vectors_add_header(struct http_message *msg, const char *name, const char *value)
{
    struct http_header *list = (struct http_header *)(uintptr_t)msg->headers;
    list[msg->header_count++] = (struct http_header){name, value};
}
