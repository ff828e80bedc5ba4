/* fuzz_clean - a sound or film of any bytes is cleaned or refused; what stays is never more. */
#include "node/media/clean.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool put(void *context, struct bytes part)
{
    size_t *sum = context;
    *sum += part.n;
    for (size_t i = 0; i < part.n; i++) /* every byte is there to be read */
        *sum += part.p[i] & 0;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t *copy = xcalloc(1, n ? n : 1);
    size_t sum = 0;
    struct why why;
    if (n)
        memcpy(copy, data, n);
    struct clean c = {.p = copy, .n = n, .put = put, .context = &sum};
    enum err e = clean(sniff((struct bytes){data, n}), &c, &why);
    if (e == OK && (sum > n + 1 || !c.type))
        abort();
    xfree(&copy);
    return 0;
}
