/*
 * custom_emojis - the pictures of ours that stand for a :shortcode:.
 */
#include "node/api/entity.h"
#include "node/api/routes.h"

#include "storage/own_emoji.h"

static enum err emojis(struct jw *w, struct view *view)
{
    const char *after = "";
    enum err e;
    OwnEmoji *own;
    jw_list(w, NULL);
    while ((e = own_emoji_next(view->txn, after, view->arena, &own)) == OK) {
        const char *url =
            arena_printf(view->arena, "%s/emoji/%llu", view->base, (unsigned long long)own->media);
        Emoji emoji = EMOJI__INIT;
        if (!url)
            return ERR_LIMIT;
        emoji.shortcode = own->shortcode;
        emoji.url = (char *)url;
        entity_emoji(w, view, &emoji);
        after = own->shortcode;
    }
    jw_list_end(w);
    return e == ERR_NOTFOUND ? OK : e;
}

static struct response *get_emojis(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = emojis(api_json(call), &view);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

const struct api_route api_custom_emojis_routes[] = {
    {"GET", "/api/v1/custom_emojis", 1, API_PUBLIC, NULL, API_ID_NONE, "[CustomEmoji]", 0,
     get_emojis, "the pictures that stand for a :shortcode: here"},
    {0}};
