#include "federation/as2.h"

#include "federation/uri.h"
#include "tests/support/as2_text.h"

#include <dirent.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BODY_MAX_BYTES (1024 * 1024)
#define HEAP_MAX_BYTES (16 * 1024 * 1024)

/* ---- limits ---- */

static void t55_depth_is_bounded_before_parsing(void **state)
{
    (void)state;
    static const struct {
        size_t depth;
        enum err e;
    } rows[] = {{64, OK}, {65, ERR_LIMIT}, {2000, ERR_LIMIT}, {100000, ERR_LIMIT}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf json = BUF_INIT(BODY_MAX_BYTES);
        for (size_t k = 0; k < rows[i].depth; k++)
            buf_str(&json, "[");
        for (size_t k = 0; k < rows[i].depth; k++)
            buf_str(&json, "]");
        assert_int_equal(as2_prescan(buf_bytes(&json), NULL), rows[i].e);
        buf_reset(&json);
        for (size_t k = 0; k + 1 < rows[i].depth; k++)
            buf_str(&json, "{\"a\":");
        buf_str(&json, "{}");
        for (size_t k = 0; k + 1 < rows[i].depth; k++)
            buf_str(&json, "}");
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        struct as2_document doc;
        assert_int_equal(as2_decode_document(buf_bytes(&json), &arena, &doc, NULL), rows[i].e);
    }
    /* brackets in strings are text */
    AUTO(buf_clear) struct buf text = BUF_INIT(BODY_MAX_BYTES);
    buf_str(&text, "{\"a\":\"\\\"");
    for (int k = 0; k < 60000; k++)
        buf_str(&text, "[,");
    buf_str(&text, "\\\\\"}");
    assert_int_equal(as2_prescan(buf_bytes(&text), NULL), OK);
}

static size_t heap_now, heap_peak;

static void *count_alloc(size_t n)
{
    void *p = malloc(n);
    heap_now += malloc_usable_size(p);
    heap_peak = heap_now > heap_peak ? heap_now : heap_peak;
    return p;
}

static void count_free(void *p)
{
    heap_now -= malloc_usable_size(p);
    free(p);
}

/* What jansson and the arena take at most for a body. */
static enum err decode_counted(struct bytes body, size_t *out_heap)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    struct as2_document doc;
    heap_now = heap_peak = 0;
    json_set_alloc_funcs(count_alloc, count_free);
    enum err e = as2_decode_document(body, &arena, &doc, NULL);
    json_set_alloc_funcs(malloc, free);
    assert_true(heap_now == 0);
    *out_heap = heap_peak + arena.used_bytes;
    return e;
}

static void fill(struct buf *body, const char *head, const char *piece, size_t count,
                 const char *tail)
{
    buf_reset(body);
    buf_str(body, head);
    for (size_t i = 0; i < count && body->n + strlen(piece) + strlen(tail) < BODY_MAX_BYTES; i++)
        buf_str(body, piece);
    buf_str(body, tail);
}

static void t56_a_body_takes_bounded_memory(void **state)
{
    (void)state;
    static const struct {
        const char *head, *piece, *tail;
        size_t count;
        enum err e;
    } rows[] = {
        {"{\"a\":[", "{},", "{}]}", SIZE_MAX, ERR_LIMIT},
        {"{\"a\":[", "1,", "1]}", SIZE_MAX, ERR_LIMIT},
        {"{\"a\":[", "1,", "1]}", 49998, ERR_LIMIT}, /* one over: { : [ and the commas */
        {"{\"a\":[", "1,", "1]}", 49997, OK},
        {"{\"a\":[", "{},", "{}]}", 24998, OK},
        {"{\"a\":[", "[],", "[]]}", 24998, OK},
        {"{\"a\":[", "{\"b\":1},", "{}]}", 16665, OK},
        {"{\"type\":\"Note\",\"content\":\"", "x", "\"}", SIZE_MAX, OK},
        {"{\"type\":\"Note\",\"content\":\"", "\\u00e9", "\"}", SIZE_MAX, OK},
        {"{\"type\":\"Note\",\"to\":[", "\"https://b.example/0123456789/0123456789/0123\",",
         "\"\"]}", SIZE_MAX, OK},
    };
    AUTO(buf_clear) struct buf body = BUF_INIT(BODY_MAX_BYTES + 64);
    size_t heap;
    for (size_t i = 0; i < COUNT(rows); i++) {
        fill(&body, rows[i].head, rows[i].piece, rows[i].count, rows[i].tail);
        enum err e = decode_counted(buf_bytes(&body), &heap);
        if (e != rows[i].e || heap + body.n > HEAP_MAX_BYTES)
            fail_msg("row %zu: %s, %zu bytes", i, err_name(e), heap);
    }
    buf_reset(&body);
    for (int i = 0; i < 10000; i++)
        buf_printf(&body, "%s\"k%d\":{}", i ? "," : "{", i);
    buf_str(&body, "}");
    assert_int_equal(decode_counted(buf_bytes(&body), &heap), OK);
    assert_true(heap + body.n < HEAP_MAX_BYTES);
}

static void t57_absurd_numbers_are_dropped_or_refused(void **state)
{
    (void)state;
    static const char *const numbers[] = {"1e400", "9223372036854775808", "-1",
                                          "1e300", "9223372036854775807", "-9223372036854775808",
                                          "0.5"};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        struct as2_document doc;
        char json[512];
        snprintf(json, sizeof json, "{'type':'Collection','totalItems':%s}", numbers[i]);
        enum err e = document_decode(json, &arena, &doc);
        assert_true(e == ERR_INVALID || doc.total_items == -1 || doc.total_items == INT64_MAX);
        snprintf(json, sizeof json,
                 "{'type':'Note','published':%s,'attachment':{'url':'https://a.example/i',"
                 "'width':%s,'height':%s,'focalPoint':[%s,%s]}}",
                 numbers[i], numbers[i], numbers[i], numbers[i], numbers[i]);
        e = document_decode(json, &arena, &doc);
        if (e == OK) {
            assert_true(doc.note.published_ms == 0);
            assert_true(doc.note.attachments[0].width == 0);
            assert_true(doc.note.attachments[0].focus_x <= 1);
        }
    }
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    char json[600] = "{'type':'Collection','totalItems':", *end = json + strlen(json);
    memset(end, '9', 400);
    memcpy(end + 400, "}", 2);
    struct as2_document doc;
    assert_int_equal(document_decode(json, &arena, &doc), ERR_INVALID);
}

static void add_numbered(struct buf *json, const char *name, const char *format, int count)
{
    buf_printf(json, ",\"%s\":[", name);
    for (int i = 0; i < count; i++) {
        AUTO(buf_clear) struct buf number = BUF_INIT(16);
        buf_printf(&number, "%d", i);
        buf_str(json, i ? "," : "");
        for (const char *p = format; *p; p++) {
            if (*p == '?')
                buf_str(json, buf_text(&number));
            else
                buf_char(json, *p == '\'' ? '"' : *p);
        }
    }
    buf_char(json, ']');
}

static void t58_what_is_over_a_limit_is_cut(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf json = BUF_INIT(BODY_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    struct as2_document doc;
    buf_str(&json, "{\"type\":\"Note\"");
    add_numbered(&json, "to", "'https://b.example/?'", 200);
    add_numbered(&json, "cc", "'https://c.example/?'", 200);
    add_numbered(&json, "tag", "{'type':'Hashtag','name':'#t?'}", 100);
    add_numbered(&json, "attachment", "{'url':'https://a.example/?'}", 100);
    buf_str(&json, "}");
    assert_int_equal(as2_decode_document(buf_bytes(&json), &arena, &doc, NULL), OK);
    assert_int_equal(doc.note.to.n + doc.note.cc.n, AS2_RECIPIENTS_MAX);
    assert_int_equal(doc.note.tag_count, AS2_TAGS_MAX);
    assert_int_equal(doc.note.attachment_count, AS2_ATTACHMENTS_MAX);
    assert_true(doc.note.is_cut);

    buf_reset(&json);
    buf_str(&json, "{\"type\":\"Note\",\"content\":\"");
    for (int i = 0; i < AS2_STRING_MAX; i++)
        buf_str(&json, "é");
    buf_str(&json, "\"}");
    assert_int_equal(as2_decode_document(buf_bytes(&json), &arena, &doc, NULL), OK);
    assert_int_equal(strlen(doc.note.content), AS2_STRING_MAX);
    assert_true(utf8_check(bytes_of(doc.note.content)));
    assert_true(doc.note.is_cut);
}

static void t89_ids_have_a_length(void **state)
{
    (void)state;
    static const struct {
        size_t length;
        enum err e;
    } rows[] = {{511, OK}, {512, OK}, {URI_MAX_BYTES, OK}, {URI_MAX_BYTES + 1, ERR_INVALID}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        char id[URI_MAX_BYTES + 2], json[8192];
        memset(id, 'x', sizeof id);
        memcpy(id, "https://a.example/", 18);
        id[rows[i].length] = '\0';
        struct as2_activity a;
        struct as2_document doc;
        snprintf(json, sizeof json, "{'type':'Like','id':'%s','actor':'https://a.example/u'}", id);
        assert_int_equal(activity_decode(json, &arena, &a), rows[i].e);
        if (rows[i].e == OK)
            assert_string_equal(a.id, id);
        snprintf(json, sizeof json, "{'type':'Like','actor':'%s'}", id);
        assert_int_equal(activity_decode(json, &arena, &a), rows[i].e);
        snprintf(json, sizeof json,
                 "{'type':'Create','actor':'https://a.example/u','object':{'type':'Note',"
                 "'id':'%s'}}",
                 id);
        assert_int_equal(activity_decode(json, &arena, &a), rows[i].e);
        snprintf(json, sizeof json, "{'type':'Person','id':'%s'}", id);
        assert_int_equal(document_decode(json, &arena, &doc), rows[i].e);
    }
}

static void a_full_arena_is_a_limit(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena room = ARENA_INIT(65536), small = ARENA_INIT(128);
    struct as2_document doc;
    struct bytes json = json_of(&room, "{'type':'Note','id':'https://a.example/1','content':'"
                                       "0123456789012345678901234567890123456789','tag':[{},{}],"
                                       "'to':['https://a.example/u'],'name':'x','summary':'y'}");
    assert_int_equal(as2_decode_document(json, &small, &doc, NULL), ERR_LIMIT);
}

/* ---- published documents ---- */

/* Not JSON: it has line breaks inside a string. RFC 8259 and jansson refuse it, and so do we. */
static const char *const not_json[] = {"vocabulary-ex196-jsonld.json"};

static struct bytes read_file(const char *path, struct arena *arena)
{
    FILE *f = fopen(path, "rb");
    char *text = arena_alloc(arena, BODY_MAX_BYTES);
    assert_non_null(f);
    assert_non_null(text);
    size_t n = fread(text, 1, BODY_MAX_BYTES, f);
    fclose(f);
    return (struct bytes){(uint8_t *)text, n};
}

typedef void check_file(const char *name, enum err e, const struct as2_document *doc);

static unsigned each_file(const char *folder, check_file *check)
{
    const char *root = getenv("WARD_VECTORS");
    char path[4096];
    unsigned count = 0;
    snprintf(path, sizeof path, "%s/%s", root ? root : "tests/vectors", folder);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!strstr(entry->d_name, ".json"))
            continue;
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        AUTO(arena_clear) struct arena file = ARENA_INIT(2 * BODY_MAX_BYTES);
        char name[8192];
        struct as2_document doc;
        struct as2_activity activity;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        struct bytes body = read_file(name, &file);
        check(entry->d_name, as2_decode_document(body, &arena, &doc, NULL), &doc);
        if (as2_decode_activity(body, &arena, &activity, NULL) == OK)
            assert_non_null(activity.actor);
        count++;
    }
    closedir(dir);
    return count;
}

static void check_good(const char *name, enum err e, const struct as2_document *doc)
{
    (void)doc;
    for (size_t i = 0; i < COUNT(not_json); i++)
        if (!strcmp(name, not_json[i])) {
            assert_int_equal(e, ERR_INVALID);
            return;
        }
    if (e)
        fail_msg("%s: %s", name, err_name(e));
}

/* Refused, or what is wrong about it is as if it were not there. */
static void check_bad(const char *name, enum err e, const struct as2_document *doc)
{
    if (e)
        return;
    bool is_ignored = doc->kind == AS2_DOCUMENT_OTHER;
    if (doc->kind == AS2_DOCUMENT_NOTE)
        is_ignored = !doc->note.id || !doc->note.content || !doc->note.language;
    if (doc->kind == AS2_DOCUMENT_NOTE && strstr(name, "relative-uri"))
        is_ignored = !strcmp(doc->note.url, doc->note.id);
    if (doc->kind == AS2_DOCUMENT_COLLECTION)
        is_ignored = !doc->first && !doc->items.n;
    if (doc->kind == AS2_DOCUMENT_ACTIVITY)
        is_ignored = doc->activity.object_kind == AS2_OBJECT_NONE;
    if (!is_ignored)
        fail_msg("%s: taken", name);
}

static void published_documents_are_read(void **state)
{
    (void)state;
    assert_true(each_file("activitystreams2", check_good) >= 200);
}

static void published_bad_documents_are_refused_or_ignored(void **state)
{
    (void)state;
    assert_int_equal(each_file("activitystreams2/fail", check_bad), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t55_depth_is_bounded_before_parsing),
        cmocka_unit_test(t56_a_body_takes_bounded_memory),
        cmocka_unit_test(t57_absurd_numbers_are_dropped_or_refused),
        cmocka_unit_test(t58_what_is_over_a_limit_is_cut),
        cmocka_unit_test(t89_ids_have_a_length),
        cmocka_unit_test(a_full_arena_is_a_limit),
        cmocka_unit_test(published_documents_are_read),
        cmocka_unit_test(published_bad_documents_are_refused_or_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
