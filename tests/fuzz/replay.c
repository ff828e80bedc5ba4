/*
 * replay - runs a fuzz target over its corpus, without a fuzzer, and prints TAP.
 *
 * The program's name says which: replay_head reads $WARD_CORPUS/head/. A crash found by
 * a fuzzer becomes a file there and is tried for ever after.
 */
#include "storage/base/base.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define FILE_MAX_BYTES (4u << 20)

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Exactly as many bytes are allocated as were read, so that a sanitizer sees one too many. */
static int replay(const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    uint8_t *all = xcalloc(1, FILE_MAX_BYTES);
    size_t n = fread(all, 1, FILE_MAX_BYTES, file);
    fclose(file);
    uint8_t *data = xcalloc(1, n ? n : 1);
    memcpy(data, all, n);
    xfree(&all);
    (void)LLVMFuzzerTestOneInput(data, n);
    xfree(&data);
    return 1;
}

int main(int argc, char **argv)
{
    const char *corpus = getenv("WARD_CORPUS"), *name = strrchr(argv[0], '_');
    char folder[512];
    (void)argc;
    snprintf(folder, sizeof(folder), "%s/%s", corpus ? corpus : "tests/fuzz/corpus",
             name ? name + 1 : "");

    struct dirent **files;
    int n = scandir(folder, &files, is_visible, alphasort);
    if (n <= 0) {
        printf("Bail out! no corpus in %s\n", folder);
        return 1;
    }
    printf("1..%d\n", n);
    int failed = 0;
    for (int i = 0; i < n; i++) {
        int ok = replay(folder, files[i]->d_name);
        failed += !ok;
        printf("%sok %d - %s does no harm\n", ok ? "" : "not ", i + 1, files[i]->d_name);
        fflush(stdout);
        xfree(&files[i]);
    }
    xfree(&files);
    return failed ? 1 : 0;
}
