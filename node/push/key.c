#include "node/push/key.h"

#include "federation/multibase.h"
#include "storage/push.h"

#include <string.h>

struct settle {
    struct mutation mutation;
    uint8_t key[PUSH_KEY_BYTES];
};

static enum err settle_apply(struct txn *txn, struct mutation *m)
{
    const struct settle *settle = container_of(m, struct settle, mutation);
    enum err e = push_key_add(txn, settle->key);
    return e == ERR_EXISTS ? OK : e;
}

enum err push_key_settle(struct writer *writer)
{
    struct settle settle = {.mutation = {.apply = settle_apply}};
    struct push_key key;
    enum err e = push_key_create(&key);
    if (e)
        return e;
    memcpy(settle.key, key.scalar, sizeof key.scalar);
    memcpy(settle.key + sizeof key.scalar, key.point, sizeof key.point);
    return writer_run(writer, &settle.mutation);
}

enum err push_key_read(struct txn *txn, struct push_key *out)
{
    uint8_t stored[PUSH_KEY_BYTES];
    enum err e = push_key_get(txn, stored);
    if (e)
        return e;
    memcpy(out->scalar, stored, sizeof out->scalar);
    memcpy(out->point, stored + sizeof out->scalar, sizeof out->point);
    return OK;
}

const char *push_public_key(struct txn *txn, struct arena *arena)
{
    struct push_key key;
    if (push_key_read(txn, &key))
        return "";
    const char *text = base64url_encode((struct bytes){key.point, sizeof key.point}, arena);
    return text ? text : "";
}
