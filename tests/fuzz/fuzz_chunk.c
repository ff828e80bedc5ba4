/* fuzz_chunk - a chunked body reads the same in one piece and byte by byte. */
#include "node/http/answer.h"
#include "node/http/chunk.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct result {
    enum err e;
    size_t used, body;
    uint32_t sum;
};

static struct result read_by(const uint8_t *data, size_t n, size_t step)
{
    struct chunk_reader reader = {0};
    struct result out = {.e = ERR_LATER};
    while (out.used < n && out.e == ERR_LATER) {
        size_t now = n - out.used < step ? n - out.used : step, used = 0;
        struct bytes body;
        out.e = chunk_read(&reader, (struct bytes){data + out.used, now}, &used, &body);
        if (out.e == ERR_INVALID)
            break;
        assert(used <= now && body.n <= used);
        for (size_t i = 0; i < body.n; i++)
            out.sum = out.sum * 31 + body.p[i];
        out.body += body.n;
        out.used += used;
    }
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct result whole = read_by(data, n, n ? n : 1), slow = read_by(data, n, 1);
    assert(whole.e == slow.e && whole.body == slow.body && whole.sum == slow.sum);

    struct answer answer = {0};
    size_t used = answer_feed(&answer, (struct bytes){data, n});
    assert(used <= n);
    return 0;
}
