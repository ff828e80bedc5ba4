/* fuzz_websocket - whatever a client sends on its socket is taken or ends it, without harm. */
#include "node/stream/channel.h"
#include "node/stream/websocket.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static ssize_t take(void *context, uint8_t *out, size_t max)
{
    struct bytes *left = context;
    size_t n = left->n < max ? left->n : max;
    if (n)
        memcpy(out, left->p, n);
    left->p += n;
    left->n -= n;
    return (ssize_t)n;
}

static ssize_t swallow(void *context, const uint8_t *p, size_t n)
{
    (void)context, (void)p;
    return (ssize_t)n;
}

static void on_text(void *context, struct bytes text)
{
    struct channel_command command;
    (void)context;
    (void)!channel_command_read(text, &command, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bytes left = {data, n};
    struct websocket_io io = {&left, take, swallow, on_text};
    AUTO(websocket_free) struct websocket *ws = websocket_create(&io);
    while (left.n && websocket_read(ws) == OK)
        ;
    on_text(NULL,
            (struct bytes){data, n}); /* the command by itself: a mask hides it from a fuzzer */
    return 0;
}
