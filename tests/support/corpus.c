#include "tests/support/corpus.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_MAX_BYTES (1 << 20)
#define FILES_MAX 64

/* ---- files ---- */

static const char *folder(void)
{
    const char *root = getenv("WARD_DOCUMENTS");
    return root ? root : "tests/corpus";
}

const char *corpus_text(struct arena *arena, const char *name)
{
    const char *path = arena_printf(arena, "%s/%s", folder(), name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s is not there", path);
    char *text = arena_alloc(arena, TEXT_MAX_BYTES);
    assert_non_null(text);
    size_t n = fread(text, 1, TEXT_MAX_BYTES - 1, f);
    assert_true(n < TEXT_MAX_BYTES - 1);
    text[n] = '\0';
    fclose(f);
    return text;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t list_files(struct arena *arena, const char **names)
{
    DIR *dir = opendir(folder());
    size_t n = 0;
    if (!dir)
        fail_msg("%s is no folder", folder());
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *end = strstr(entry->d_name, ".corpus");
        if (end && !end[7] && n < FILES_MAX)
            names[n++] = arena_strdup(arena, entry->d_name);
    }
    closedir(dir);
    qsort(names, n, sizeof *names, by_name);
    return n;
}

/* Is `line` the field `name`? Its value then. */
static const char *field(const char *line, const char *name)
{
    size_t n = strlen(name);
    if (strncmp(line, name, n) != 0 || line[n] != ':')
        return NULL;
    return line + n + 1 + strspn(line + n + 1, " ");
}

static void read_line(struct corpus_document *doc, const char *line)
{
    const char *value;
    if ((value = field(line, "actor"))) {
        doc->kind = CORPUS_ACTOR;
        doc->who = value;
    } else if ((value = field(line, "get"))) {
        doc->kind = CORPUS_GET;
        doc->who = value;
    } else if ((value = field(line, "from"))) {
        doc->kind = CORPUS_SENT;
        doc->who = value;
    } else if ((value = field(line, "sign"))) {
        doc->sign = value;
    } else if ((value = field(line, "quirks"))) {
        doc->quirks = value;
    } else if ((value = field(line, "expect"))) {
        doc->expect = value;
    } else if ((value = field(line, "open"))) {
        doc->open = value;
    } else if ((*line == '+' || *line == '-') && line[1] == ' ') {
        assert_true(doc->fact_count < CORPUS_FACTS_MAX);
        doc->facts[doc->fact_count++] = line;
    } else if (*line && *line != '#') {
        fail_msg("%s, %s: what is \"%s\"?", doc->file, doc->name, line);
    }
}

/* Cuts `text` into lines in place; JSON begins where a line begins with '{'. */
static void read_file(struct corpus *corpus, const char *name)
{
    char *text = (char *)corpus_text(&corpus->arena, name);
    struct corpus_document *doc = NULL;
    bool is_json = false;
    for (char *line = text, *next; line; line = next) {
        char *end = strchr(line, '\n');
        next = end ? end + 1 : NULL;
        if (strncmp(line, "== ", 3) == 0) {
            assert_true(corpus->n < CORPUS_DOCUMENTS_MAX);
            if (line > text)
                line[-1] = '\0';
            doc = &corpus->document[corpus->n++];
            *doc = (struct corpus_document){
                .file = name, .name = line + 3, .sign = "cavage", .quirks = "", .expect = ""};
            is_json = false;
        }
        if (is_json)
            continue;
        if (doc && (*line == '{' || *line == '[')) {
            doc->json = line;
            is_json = true;
            continue;
        }
        if (end)
            *end = '\0';
        if (doc && line != doc->name - 3)
            read_line(doc, line);
    }
}

void corpus_read(struct corpus *corpus)
{
    const char *names[FILES_MAX];
    *corpus = (struct corpus){.arena = ARENA_INIT(256 * 1024 * 1024)};
    corpus->document = arena_calloc(&corpus->arena, CORPUS_DOCUMENTS_MAX, sizeof *corpus->document);
    size_t n = list_files(&corpus->arena, names);
    for (size_t i = 0; i < n; i++)
        read_file(corpus, names[i]);
    for (size_t i = 0; i < corpus->n; i++)
        if (!corpus->document[i].json || !corpus->document[i].who)
            fail_msg("%s: %s is not whole", corpus->document[i].file, corpus->document[i].name);
}

void corpus_clear(struct corpus *corpus)
{
    arena_clear(&corpus->arena);
}
