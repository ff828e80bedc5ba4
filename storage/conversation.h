/*
 * conversation - what somebody did with a conversation: read it, put it away.
 *
 * Which conversations there are follows from the posts (federation/conversation.h); only these
 * marks are kept. They are times of arrival, so that what comes late is new although it is dated
 * earlier.
 *
 * On disk  conversation (keyspace.h)
 */
#ifndef WARD_STORAGE_CONVERSATION_H
#define WARD_STORAGE_CONVERSATION_H

#include "storage/record.h"

/* `id`: the conversation's first post. Without a mark *out is all zeros. */
MUST_CHECK enum err conversation_get(struct txn *txn, actor_id who, post_id id,
                                     ConversationMark *out);
MUST_CHECK enum err conversation_put(struct txn *txn, actor_id who, post_id id,
                                     const ConversationMark *mark);

#endif
