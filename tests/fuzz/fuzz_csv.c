/* fuzz_csv - every file is read to its end, and what was read is written so that it is read again.
 */
#include "node/csv.h"

#include <assert.h>
#include <string.h>

#define ROW_ARENA_BYTES ((size_t)512 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool is_empty(const struct csv_row *row)
{
    return row->n == 0 || (row->n == 1 && !row->field[0][0]);
}

static void write_and_read_again(const struct csv_row *row)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ROW_ARENA_BYTES);
    AUTO(buf_clear) struct buf out = BUF_INIT(2 * ROW_ARENA_BYTES);
    struct csv_row again;
    if (is_empty(row) || strncmp(row->field[0], "\xEF\xBB\xBF", 3) == 0)
        return;
    csv_add(&out, row->field, row->n);
    struct csv csv = csv_open(buf_bytes(&out));
    assert(csv_next(&csv, &arena, &again) == OK && again.n == row->n);
    for (size_t i = 0; i < row->n; i++)
        assert(strcmp(row->field[i], again.field[i]) == 0);
    assert(csv_next(&csv, &arena, &again) == ERR_NOTFOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct csv csv = csv_open((struct bytes){data, n});
    for (size_t rows = 0;; rows++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(ROW_ARENA_BYTES);
        struct csv_row row;
        enum err e = csv_next(&csv, &arena, &row);
        if (e == ERR_NOTFOUND)
            return 0;
        assert(rows <= n); /* each call goes on */
        if (!e)
            write_and_read_again(&row);
    }
}
