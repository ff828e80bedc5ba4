/*
 * told - which notifications a call asks for, and how they stand together.
 *
 * A group is what apps show as one: the favourites or boosts of one post, or the follows, of half a
 * day. Its key says what it is made of: "favourite-POST-WINDOW", "follow-WINDOW"; what stands alone
 * is "ungrouped-ID".
 *
 * Threads  the txn's
 */
#ifndef WARD_NODE_API_TOLD_H
#define WARD_NODE_API_TOLD_H

#include "node/api/entity.h"
#include "storage/notification.h"

#define TOLD_TYPES_MAX 32
#define TOLD_SCAN_MAX 5000 /* looked at for one page at most: it may be short, never slow */
#define TOLD_KEY_BYTES 64
#define TOLD_WINDOW_MS ((int64_t)12 * 3600 * 1000)

struct told_wish {
    const char *types[TOLD_TYPES_MAX], *excluded[TOLD_TYPES_MAX];
    size_t n_types, n_excluded;
    uint64_t account; /* 0: of anybody */
};
/* types[], exclude_types[], account_id. ERR_INVALID: that is no id. */
MUST_CHECK enum err told_wish_read(const struct api_call *call, struct told_wish *out);
/* Asked for, and shown to the view's reader. */
bool told_is_wished(struct view *view, const struct told_wish *wish,
                    const Notification *notification);

/* `grouped`: the types that are put together. */
void told_key(const Notification *notification, const char *const *grouped, size_t n_grouped,
              char out[TOLD_KEY_BYTES]);
/* When the window of a group's key began; ERR_NOTFOUND: it is no group's key. */
MUST_CHECK enum err told_window(const char *key, int64_t *out_ms);

#endif
