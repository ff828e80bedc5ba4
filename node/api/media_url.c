#include "node/api/media_url.h"

#include <string.h>

static const char *with_base(struct view *view, const char *path)
{
    const char *url = arena_printf(view->arena, "%s%s", view->base, path);
    return url ? url : "";
}

const char *media_url_picture(struct view *view, const char *url)
{
    size_t n = strlen(view->base);
    bool is_ours = strncmp(url, view->base, n) == 0 && url[n] == '/';
    return is_ours ? url : with_base(view, "/static/missing.png");
}

const char *media_url_attachment(struct view *view, const Post *post, const Attachment *attachment)
{
    (void)post;
    return media_url_picture(view, attachment->url);
}

const char *media_url_preview(struct view *view, const Post *post, const Attachment *attachment)
{
    return media_url_attachment(view, post, attachment);
}

const char *media_url_avatar(struct view *view, const Actor *actor)
{
    return media_url_picture(view, actor->icon_url);
}

const char *media_url_header(struct view *view, const Actor *actor)
{
    return media_url_picture(view, actor->image_url);
}
