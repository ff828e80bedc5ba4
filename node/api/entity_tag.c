#include "node/api/entity.h"
#include "storage/stream.h"
#include "storage/tag_follow.h"

#include <inttypes.h>
#include <stdio.h>

void entity_tag(struct jw *w, const char *name, struct view *view, const char *tag)
{
    char id[24];
    const char *path = arena_printf(view->arena, "/tags/%s", tag);
    snprintf(id, sizeof id, "%" PRIu64, tag_owner(view->txn, tag));
    jw_object(w, name);
    jw_text(w, "id", id);
    jw_text(w, "name", tag);
    jw_text2(w, "url", view->base, path ? path : "");
    jw_list(w, "history"); /* nothing is counted by the day */
    jw_list_end(w);
    if (view->reader.v) {
        jw_bool(w, "following", tag_follow_has(view->txn, view->reader, tag));
        jw_bool(w, "featuring", false);
    }
    jw_object_end(w);
}
