#include "storage/conversation.h"

#define MARK_ARENA_BYTES 1024

enum err conversation_get(struct txn *txn, actor_id who, post_id id, ConversationMark *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(MARK_ARENA_BYTES);
    ConversationMark *mark;
    struct key key = key_ids(who.v, id.v);
    enum err e = record_get(txn, TABLE_CONVERSATION, key_bytes(&key),
                            &conversation_mark__descriptor, &arena, &mark);
    conversation_mark__init(out);
    if (!e) { /* only numbers: nothing of it is in the arena */
        out->read_ms = mark->read_ms;
        out->hidden_ms = mark->hidden_ms;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

enum err conversation_put(struct txn *txn, actor_id who, post_id id, const ConversationMark *mark)
{
    struct key key = key_ids(who.v, id.v);
    return record_put(txn, TABLE_CONVERSATION, key_bytes(&key), &mark->base);
}
