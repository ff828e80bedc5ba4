/*
 * media - uploads: pictures, film and sound that wait for a post.
 *
 * ward-media works at a file while the call waits; what takes longer than MEDIA_QUICK_MS is told as
 * 202 by the second version of the call, and the thread goes on with it when the answer is sent.
 */
#include "node/media/media.h"
#include "federation/act/post.h"
#include "federation/sanitize.h"
#include "node/api/entity.h"
#include "node/api/routes.h"
#include "node/api/upload.h"
#include "node/media/sniff.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/media.h"

#include <string.h>
#include <unistd.h>

#define MEDIA_QUICK_MS 5000
#define MEDIA_WORK_MAX_MS                                                                          \
    ((int64_t)10 * 60 * 1000) /* who works longer was killed with the node                         \
                               */

/* One upload, from its arrival to its record. On the heap: it may outlive its call. */
struct upload {
    struct mutation mutation;
    struct arena arena; /* for what the record says */
    const struct api *api;
    struct media_job *job;
    int file, thumbnail; /* -1: none */
    struct media_made made;
    Media media, preview;
};

static void upload_free(struct upload **address)
{
    struct upload *u = *address;
    if (!u)
        return;
    if (u->file >= 0)
        close(u->file);
    if (u->thumbnail >= 0)
        close(u->thumbnail);
    arena_clear(&u->arena);
    xfree(address);
}

/* Who asked for it may have thrown it away meanwhile, or said what it shows. */
static enum err upload_apply(struct txn *txn, struct mutation *m)
{
    struct upload *u = container_of(m, struct upload, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    Media record = u->media, *stored;
    enum err e = media_get(txn, record.id, &arena, &stored);
    if (e == ERR_NOTFOUND && u->media.created_ms == 0)
        return ERR_NOTFOUND;
    if (!e) {
        record.description = stored->description;
        record.focus_x = stored->focus_x;
        record.focus_y = stored->focus_y;
        record.created_ms = stored->created_ms;
    }
    if (e && e != ERR_NOTFOUND)
        return e;
    e = media_put(txn, &record);
    return e || !record.preview ? e : media_put(txn, &u->preview);
}

static void describe(struct upload *u)
{
    const struct media_made *made = &u->made;
    Media *m = &u->media;
    m->media_type = (char *)made->type;
    m->blurhash = (char *)made->blurhash;
    m->size = made->size;
    m->width = made->width;
    m->height = made->height;
    m->duration_ms = made->duration_ms;
    m->preview = made->preview;
    m->preview_width = made->preview_width;
    m->preview_height = made->preview_height;
    m->state = MEDIA_STATE__MEDIA_READY;
    u->preview.id = made->preview;
    u->preview.post = m->id;
    u->preview.owner = m->owner;
    u->preview.use = MEDIA_USE__PREVIEW;
    u->preview.size = made->preview_size;
    u->preview.created_ms = clock_ms();
    if (!u->preview.media_type || !u->preview.media_type[0])
        u->preview.media_type =
            strcmp(made->type, "image/gif") == 0 ? (char *)"image/png" : (char *)made->type;
}

/* A picture that stands for a film or sound; one that cannot be used is left out. */
static void add_thumbnail(struct upload *u)
{
    struct media_made made;
    struct why why = {""};
    const struct media_order order = {
        .file = u->thumbnail, .shape = MEDIA_PICTURE, .side = MEDIA_PREVIEW_SIDE};
    if (u->thumbnail < 0 || u->made.preview ||
        media_make_from(u->api->config->node.data, &order, &made, &why))
        return;
    u->made.preview = made.id;
    u->made.preview_size = made.size;
    u->made.preview_width = made.width;
    u->made.preview_height = made.height;
    if (!u->made.blurhash[0])
        memcpy(u->made.blurhash, made.blurhash, sizeof made.blurhash);
    u->preview.media_type = arena_strdup(&u->arena, made.type);
}

/* Waits for ward-media, then for the disk. */
static enum err upload_finish(struct upload *u, struct why *why)
{
    const char *data = u->api->config->node.data;
    enum err e = media_end(&u->job, &u->made, why);
    if (e)
        return e;
    add_thumbnail(u);
    describe(u);
    e = writer_run(u->api->fed->writer, &u->mutation);
    if (e)
        media_made_discard(data, &u->made);
    return e;
}

/* The answer was 202: what comes of it is told by GET. */
static void finish_later(void *context)
{
    struct upload *u = context;
    struct why why = {""};
    u->media.created_ms = 0; /* only when its record is still there */
    enum err e = upload_finish(u, &why);
    if (e && e != ERR_NOTFOUND) {
        log_info("media.refused", STR("why", why.text));
        u->media.state = MEDIA_STATE__MEDIA_FAILED;
        e = writer_run(u->api->fed->writer, &u->mutation);
    }
    upload_free(&u);
}

/* ---- POST ---- */

static enum err read_words(struct api_call *call, struct arena *arena, Media *media,
                           struct why *why)
{
    const char *description = params_get(&call->params, "description");
    const char *focus = params_get(&call->params, "focus");
    if (description) {
        media->description = (char *)sanitize_line(description, ACT_ALT_MAX_CHARACTERS, arena);
        if (!media->description)
            return why_set(why, ERR_LIMIT, "the description is too long");
    }
    if (focus && *focus && upload_focus(focus, &media->focus_x, &media->focus_y))
        return why_set(why, ERR_INVALID, "focus is two numbers from -1 to 1, as 0.5,-0.25");
    return OK;
}

/* While it is worked at: what apps tell the kind by. */
static const char *guess_type(int file)
{
    uint8_t first[SNIFF_BYTES];
    ssize_t n = pread(file, first, sizeof first, 0);
    enum media_format format = sniff((struct bytes){first, n > 0 ? (size_t)n : 0});
    if (sniff_is_picture(format))
        return "image/jpeg";
    return format == FORMAT_MP4 || format == FORMAT_WEBM ? "video/mp4" : "audio/mpeg";
}

static enum err upload_begin(struct api_call *call, struct upload *u, struct why *why)
{
    const struct param_file *file = params_file(&call->params, "file");
    const struct param_file *thumbnail = params_file(&call->params, "thumbnail");
    if (!file)
        return why_set(why, ERR_INVALID, "there is no file");
    enum err e = read_words(call, &u->arena, &u->media, why);
    if (!e)
        e = upload_copy(call, file, &u->file, why);
    if (!e)
        u->media.media_type = (char *)guess_type(u->file);
    if (!e && thumbnail)
        e = upload_copy(call, thumbnail, &u->thumbnail, why);
    const struct media_order order = {.file = u->file, .shape = MEDIA_ANY, .side = MEDIA_SIDE_MAX};
    if (!e)
        e = media_begin(call->api->config->node.data, &order, &u->job, why);
    if (!e)
        u->media.id = media_job_id(u->job);
    return e;
}

static struct upload *upload_create(const struct api_call *call)
{
    struct upload *u = xcalloc(1, sizeof *u);
    *u = (struct upload){.mutation = {.apply = upload_apply},
                         .arena = ARENA_INIT(64 * 1024),
                         .api = call->api,
                         .file = -1,
                         .thumbnail = -1,
                         .media = MEDIA__INIT,
                         .preview = MEDIA__INIT};
    u->media.owner = call->who.v;
    u->media.created_ms = clock_ms();
    u->media.state = MEDIA_STATE__MEDIA_WORKING;
    return u;
}

static struct response *answer_upload(struct api_call *call, const Media *media, int status)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = api_read(call, &txn);
    if (e)
        return api_of_err(e, NULL);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    entity_upload(api_json(call), NULL, &view, media);
    return api_answer_status(call, status);
}

/* Its record says that it is being worked at; then the rest is for when this was told. */
static struct response *answer_later(struct api_call *call, struct upload **address)
{
    struct upload *u = *address;
    enum err e = api_write(call, &u->mutation);
    struct response *response = e ? api_of_err(e, NULL) : answer_upload(call, &u->media, 202);
    call->after = finish_later;
    call->after_context = u;
    *address = NULL;
    return response;
}

static struct response *refuse(enum err e, const struct why *why)
{
    return e == ERR_STORE ? api_error(503, why->text) : api_of_err(e, why);
}

static struct response *post_media(struct api_call *call, bool may_be_later)
{
    AUTO(upload_free) struct upload *u = NULL;
    struct why why = {""};
    if (!api_be_patient(
            call)) /* no file came with it: let it be refused where time does not count */
        return NULL;
    u = upload_create(call);
    enum err e = upload_begin(call, u, &why);
    if (e)
        return refuse(e, &why);
    if (may_be_later && !media_wait(u->job, MEDIA_QUICK_MS))
        return answer_later(call, &u);
    e = upload_finish(u, &why);
    return e ? refuse(e, &why) : answer_upload(call, &u->media, 200);
}

static struct response *post_v1(struct api_call *call)
{
    return post_media(call, false);
}

static struct response *post_v2(struct api_call *call)
{
    return post_media(call, true);
}

/* ---- one of them ---- */

static enum err read_own(struct api_call *call, Media **out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    uint64_t id;
    enum err e = api_path_id(call, "id", &id);
    if (!e)
        e = api_read(call, &txn);
    if (!e)
        e = media_get(txn, id, &call->arena, out);
    bool is_theirs =
        !e && (*out)->use == MEDIA_USE__ATTACHMENT_OF_POST && (*out)->owner == call->who.v;
    return e || is_theirs ? e : ERR_NOTFOUND;
}

static struct response *get_media(struct api_call *call)
{
    Media *media;
    enum err e = read_own(call, &media);
    if (e)
        return api_of_err(e, NULL);
    bool is_lost = media->state == MEDIA_STATE__MEDIA_WORKING &&
                   clock_ms() - media->created_ms > MEDIA_WORK_MAX_MS;
    if (media->state == MEDIA_STATE__MEDIA_FAILED || is_lost)
        return api_invalid("the file cannot be used");
    return answer_upload(call, media, media->state == MEDIA_STATE__MEDIA_WORKING ? 206 : 200);
}

struct change {
    struct mutation mutation;
    const struct api_call *call;
    uint64_t id;
    bool is_removal;
    const Media *words; /* what was said; description NULL: nothing of it */
    bool has_description, has_focus;
    const struct media_made *thumbnail; /* NULL: none */
    Media *media;                       /* as it is now; in the call's arena */
};

static enum err put_thumbnail(struct txn *txn, struct change *c)
{
    Media preview = MEDIA__INIT;
    struct key key = key_id(c->media->preview);
    enum err e = c->media->preview ? engine_del(txn, TABLE_MEDIA, key_bytes(&key)) : OK;
    if (e && e != ERR_NOTFOUND)
        return e;
    preview.id = c->thumbnail->id;
    preview.post = c->id;
    preview.owner = c->call->who.v;
    preview.use = MEDIA_USE__PREVIEW;
    preview.media_type = (char *)c->thumbnail->type;
    preview.size = c->thumbnail->size;
    preview.created_ms = clock_ms();
    c->media->preview = preview.id;
    c->media->preview_width = c->thumbnail->width;
    c->media->preview_height = c->thumbnail->height;
    return media_put(txn, &preview);
}

static enum err change_apply(struct txn *txn, struct mutation *m)
{
    struct change *c = container_of(m, struct change, mutation);
    struct arena *arena = (struct arena *)&c->call->arena;
    enum err e = media_waiting(txn, c->id, c->call->who.v, arena, &c->media);
    if (e || c->is_removal)
        return e ? e : media_del(txn, c->id);
    if (c->has_description)
        c->media->description = c->words->description;
    if (c->has_focus) {
        c->media->focus_x = c->words->focus_x;
        c->media->focus_y = c->words->focus_y;
    }
    if (c->thumbnail)
        e = put_thumbnail(txn, c);
    return e ? e : media_put(txn, c->media);
}

static struct response *put_media(struct api_call *call)
{
    Media words = MEDIA__INIT;
    struct media_made thumbnail = {0};
    struct why why = {""};
    struct change c = {.mutation = {.apply = change_apply}, .call = call, .words = &words};
    enum err e = api_path_id(call, "id", &c.id);
    if (!e)
        e = read_words(call, &call->arena, &words, &why);
    c.has_description = params_has(&call->params, "description");
    c.has_focus = params_has(&call->params, "focus");
    if (!e && params_file(&call->params, "thumbnail")) {
        e = upload_picture(call, "thumbnail", MEDIA_PICTURE, &thumbnail, &why);
        c.thumbnail = &thumbnail;
    }
    if (!e)
        e = api_write(call, &c.mutation);
    if (e && thumbnail.id)
        media_made_discard(call->api->config->node.data, &thumbnail);
    return e ? refuse(e, &why) : answer_upload(call, c.media, 200);
}

static struct response *delete_media(struct api_call *call)
{
    struct change c = {.mutation = {.apply = change_apply}, .call = call, .is_removal = true};
    enum err e = api_path_id(call, "id", &c.id);
    if (!e)
        e = api_write(call, &c.mutation);
    return e ? api_of_err(e, NULL) : api_answer_empty(call); /* the file follows: media_sweep */
}

#define ROW(m, p, t, i, a, f, r, text)                                                             \
    {                                                                                              \
        .method = (m), .path = (p), .tier = (t), .who = API_USER, .scope = "write:media",          \
        .id = (i), .answers = (a), .flags = (f), .run = (r), .about = (text)                       \
    }

const struct api_route api_media_routes[] = {
    ROW("POST", "/api/v2/media", 1, API_ID_NONE, "MediaAttachment", API_UPLOAD, post_v2,
        "uploads a file; 202 while it is being worked at"),
    ROW("POST", "/api/v1/media", 1, API_ID_NONE, "MediaAttachment", API_UPLOAD, post_v1,
        "uploads a file"),
    ROW("GET", "/api/v1/media/{id}", 1, API_ID_MEDIA, "MediaAttachment", 0, get_media,
        "an upload; 206 while it is being worked at"),
    ROW("PUT", "/api/v1/media/{id}", 1, API_ID_MEDIA, "MediaAttachment", API_UPLOAD, put_media,
        "says what an upload shows, before it is in a post"),
    ROW("DELETE", "/api/v1/media/{id}", 2, API_ID_MEDIA, "{}", 0, delete_media,
        "throws away an upload that is in no post"),
    {0}};
