/* fuzz_head - what head.c takes is safe to hand on, and does not depend on how it arrives. */
#include "node/http/head.h"
#include "node/http/router.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_is_clean(const struct head *head)
{
    assert(head->target.n && head->target.p[0] == '/');
    assert(!(head->is_chunked && head->has_length));
    assert(head->n_fields <= HEAD_FIELDS_MAX && head_find(head, "host"));
    assert(!memchr(head->target.p, '\0', head->target.n));
    for (size_t i = 0; i < head->n_fields; i++) {
        struct bytes value = head->fields[i].value;
        assert(head_is_token(head->fields[i].name));
        for (size_t k = 0; k < value.n; k++)
            assert(value.p[k] != '\r' && value.p[k] != '\n' && value.p[k] != '\0');
    }
}

static void route(const struct head *head)
{
    static const struct route table[] = {
        {.method = "GET", .pattern = "/users/{name}"},
        {.method = "POST", .pattern = "/{a}/{b}/inbox"},
        {.method = "GET", .pattern = "/files/{path*}"},
    };
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    struct route_match match;
    char allow[ROUTE_ALLOW_BYTES];
    char target[HEAD_TARGET_MAX_BYTES + 1];
    memcpy(target, head->target.p, head->target.n);
    target[head->target.n] = '\0';
    if (router_match(table, COUNT(table), head->method, target_path(target), &arena, &match,
                     allow) == OK)
        for (size_t i = 0; i < match.n_params; i++)
            assert(!strpbrk(match.params[i].value, "\r\n"));
    struct bytes rest = target_query(target);
    const char *name, *value;
    while (query_next(&rest, &arena, &name, &value) == OK)
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct head head, again;
    struct head_refusal refusal;
    size_t scanned = 0;
    enum err e = head_parse((struct bytes){data, n}, NULL, &scanned, &head, &refusal);
    if (e)
        return 0;
    check_is_clean(&head);
    route(&head);

    enum err slow = ERR_LATER;
    scanned = 0;
    for (size_t i = 1; i <= head.n_bytes && slow == ERR_LATER; i++)
        slow = head_parse((struct bytes){data, i}, NULL, &scanned, &again, &refusal);
    assert(slow == OK && again.n_bytes == head.n_bytes && again.length == head.length);
    return 0;
}
