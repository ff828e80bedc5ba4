/*
 * credentials - who am I: what every app asks first; and what the caller says of themselves.
 */
#include "node/api/entity.h"
#include "node/api/routes.h"
#include "node/api/status_draft.h"
#include "node/api/upload.h"

#include <string.h>

static struct response *get_credentials(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    Account *account;
    enum err e = api_read(call, &txn);
    if (!e)
        e = actor_get(txn, call->who, &call->arena, &actor);
    if (!e)
        e = account_get(txn, call->who, &call->arena, &account);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = entity_credential_account(api_json(call), NULL, &view, actor, account);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

/* ---- changes ---- */

static enum account_flag flag_of(const struct api_call *call, const char *name)
{
    if (!params_has(&call->params, name))
        return ACCOUNT_FLAG_STAYS;
    return params_bool(&call->params, name, false) ? ACCOUNT_FLAG_YES : ACCOUNT_FLAG_NO;
}

static const char *field_part(struct api_call *call, unsigned i, const char *part)
{
    const char *name = arena_printf(&call->arena, "fields_attributes[%u][%s]", i, part);
    return name ? params_get(&call->params, name) : NULL;
}

/* Apps number them from 0 and send empty ones for those that go. One more than may be is read, so
 * that too many are refused. */
static void read_fields(struct api_call *call, struct profile_field field[ACCOUNT_FIELDS_MAX + 1],
                        struct account_edit *edit)
{
    for (unsigned i = 0; i < PARAMS_MAX && edit->field_count <= ACCOUNT_FIELDS_MAX; i++) {
        const char *name = field_part(call, i, "name"), *value = field_part(call, i, "value");
        if (!name && !value && i > ACCOUNT_FIELDS_MAX)
            return;
        if (!name && !value)
            continue;
        edit->fields = field;
        if ((name && *name) || (value && *value))
            field[edit->field_count++] =
                (struct profile_field){.name = name ? name : "", .value = value ? value : ""};
    }
}

static enum err read_edit(struct api_call *call, struct account_edit *edit, Visibility *visibility,
                          struct why *why)
{
    const char *privacy = params_get(&call->params, "source[privacy]");
    enum account_flag locked = flag_of(call, "locked");
    edit->display_name = params_get(&call->params, "display_name");
    edit->bio = params_get(&call->params, "note");
    edit->is_bio_plain = true;
    edit->is_locked = locked == ACCOUNT_FLAG_STAYS ? -1 : locked == ACCOUNT_FLAG_YES;
    edit->bot = flag_of(call, "bot");
    edit->discoverable = flag_of(call, "discoverable");
    edit->indexable = flag_of(call, "indexable");
    edit->hides_collections = flag_of(call, "hide_collections");
    edit->sensitive = flag_of(call, "source[sensitive]");
    edit->language = params_get(&call->params, "source[language]");
    if (!privacy)
        return OK;
    edit->visibility = visibility;
    return status_visibility(privacy, visibility, why);
}

/* A picture that came with the call, on disk until the edit names it. */
struct picture {
    struct media_made made;
    struct post_media media;
    bool is_made;
};

static enum err read_picture(struct api_call *call, const char *name, enum media_shape shape,
                             struct picture *out, const struct post_media **edit, struct why *why)
{
    enum err e = upload_picture(call, name, shape, &out->made, why);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    out->is_made = true;
    out->media = (struct post_media){.id = out->made.id,
                                     .media_type = out->made.type,
                                     .blurhash = out->made.blurhash,
                                     .width = out->made.width,
                                     .height = out->made.height,
                                     .size = out->made.size};
    *edit = &out->media;
    return OK;
}

static void picture_discard(struct api_call *call, const struct picture *picture)
{
    if (picture->is_made)
        media_made_discard(call->api->config->node.data, &picture->made);
}

static struct response *patch_credentials(struct api_call *call)
{
    struct why why = {""};
    struct profile_field fields[ACCOUNT_FIELDS_MAX + 1];
    struct account_edit edit = {.is_locked = -1};
    struct picture avatar = {.is_made = false}, header = {.is_made = false};
    Visibility visibility;
    enum err e = read_edit(call, &edit, &visibility, &why);
    read_fields(call, fields, &edit);
    if (!e)
        e = read_picture(call, "avatar", MEDIA_SQUARE, &avatar, &edit.avatar, &why);
    if (!e)
        e = read_picture(call, "header", MEDIA_BANNER, &header, &edit.header, &why);
    if (!e)
        e = act_account_edit(call->fed, call->who, &edit, &call->by, &why);
    if (!e)
        return get_credentials(call);
    picture_discard(call, &avatar);
    picture_discard(call, &header);
    return api_of_err(e, &why);
}

static struct response *edit_pictures(struct api_call *call, const struct account_edit *edit)
{
    struct why why = {""};
    enum err e = act_account_edit(call->fed, call->who, edit, &call->by, &why);
    return e ? api_of_err(e, &why) : get_credentials(call);
}

static const struct post_media no_picture = {.id = 0};

static struct response *delete_avatar(struct api_call *call)
{
    return edit_pictures(call, &(struct account_edit){.is_locked = -1, .avatar = &no_picture});
}

static struct response *delete_header(struct api_call *call)
{
    return edit_pictures(call, &(struct account_edit){.is_locked = -1, .header = &no_picture});
}

const struct api_route api_credentials_routes[] = {
    {"GET", "/api/v1/accounts/verify_credentials", 1, API_USER, "read:accounts|profile",
     API_ID_NONE, "CredentialAccount", 0, get_credentials, "the account of this token"},
    {"PATCH", "/api/v1/accounts/update_credentials", 2, API_USER, "write:accounts", API_ID_NONE,
     "CredentialAccount", API_UPLOAD, patch_credentials,
     "display_name, note, avatar, header, locked, bot, discoverable, indexable, hide_collections, "
     "fields_attributes, source"},
    {"DELETE", "/api/v1/profile/avatar", 3, API_USER, "write:accounts", API_ID_NONE,
     "CredentialAccount", 0, delete_avatar, "no picture from now on"},
    {"DELETE", "/api/v1/profile/header", 3, API_USER, "write:accounts", API_ID_NONE,
     "CredentialAccount", 0, delete_header, "no picture from now on"},
    {0}};
