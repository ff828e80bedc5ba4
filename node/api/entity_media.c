#include "node/api/entity.h"
#include "node/api/media_url.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID_TEXT_BYTES 24

static void id_text(struct jw *w, const char *name, uint64_t id)
{
    char text[ID_TEXT_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, id);
    jw_text(w, name, text);
}

void entity_media(struct jw *w, const char *name, struct view *view, const Post *post,
                  const Attachment *a)
{
    jw_object(w, name);
    id_text(w, "id", a->media);
    jw_text(w, "type", strncmp(a->media_type, "image/", 6) == 0 ? "image" : "unknown");
    jw_text(w, "url", media_url_attachment(view, post, a));
    jw_text(w, "preview_url", media_url_preview(view, post, a));
    jw_null(w, "remote_url");
    jw_text(w, "description", a->description);
    jw_object_end(w);
}
