#include "node/http/activitypub.h"

#include "federation/audience.h"
#include "federation/consent.h"
#include "federation/document/authorization.h"
#include "federation/document/document.h"
#include "federation/document/thread.h"
#include "federation/group.h"
#include "federation/inbox.h"
#include "federation/markup.h"
#include "federation/outgoing.h"
#include "federation/policy.h"
#include "federation/proof.h"
#include "federation/reader.h"
#include "node/http/file.h"
#include "node/http/front.h"
#include "node/http/mediatype.h"
#include "node/http/wellknown.h"
#include "node/media/media_file.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/edge.h"
#include "storage/media.h"
#include "storage/own_emoji.h"

#include <stdlib.h>
#include <string.h>

#define ACTIVITY_JSON "application/activity+json"
#define PAGE_ARENA_BYTES (16 * 1024 * 1024)

/* ---- a request on its way through the workers ---- */

struct job {
    struct task task;
    struct federation *fed;
    struct request *request;
    struct http_message message; /* borrows from the request */
    struct response *(*answer)(struct job *job);
    struct reader reader; /* who asks, once that is known */
    bool is_known;        /* reader is set: signed by an admitted host */
    bool has_waited;      /* for the key, once */
};

static void message_of(const struct federation *fed, struct request *request,
                       struct http_message *out)
{
    struct http_header *headers = arena_calloc(&request->arena, request->n_fields, sizeof *headers);
    for (size_t i = 0; headers && i < request->n_fields; i++)
        headers[i] = (struct http_header){request->fields[i].name, request->fields[i].value};
    *out = (struct http_message){.method = request->method,
                                 .target = request->target,
                                 .scheme = fed->config->insecure_http ? "http" : "https",
                                 .host = request->host,
                                 .headers = headers,
                                 .header_count = headers ? request->n_fields : 0,
                                 .body = request->body,
                                 .client_names =
                                     fed->config->needs_client_cert ? request->client_names : NULL};
}

static void job_finish(struct job *job, struct response *response)
{
    struct request *request = job->request;
    xfree(&job);
    request_finish(request, response);
}

/* Suspends the request and gives it to the workers. */
static struct response *to_workers(struct request *request, void (*run)(struct task *),
                                   struct response *(*answer)(struct job *))
{
    struct federation *fed = front_federation(request);
    struct job *job = xcalloc(1, sizeof *job);
    job->task.run = run;
    job->fed = fed;
    job->request = request;
    job->answer = answer;
    message_of(fed, request, &job->message);
    request_suspend(request);
    if (fed->run_task(fed, &job->task)) {
        struct response *busy = response_error(503, "overloaded: try again");
        response_set(busy, "Retry-After", "5");
        job_finish(job, busy);
    }
    return NULL;
}

/* ---- inboxes ---- */

static void inbox_answer(void *context, int status, const struct why *why)
{
    struct job *job = context;
    struct response *response =
        status == 202 ? response_create(202) : response_error(status, why ? why->text : NULL);
    if (status == 401) /* tells peers that we know RFC 9421 (its section 5.1) */
        response_set(response, "Accept-Signature",
                     "sig1=(\"@method\" \"@target-uri\" \"content-digest\");created;keyid");
    if (status == 202) /* other Ward nodes sign with Ed25519 from now on */
        response_set(response, "Accept-Signature", OUTGOING_ACCEPT_SIGNATURE);
    if (status == 503)
        response_set(response, "Retry-After", "30");
    job_finish(job, response);
}

static void inbox_run(struct task *task)
{
    struct job *job = container_of(task, struct job, task);
    struct received in = {.message = job->message, .received_ms = clock_ms()};
    inbox_receive(job->fed, &in, inbox_answer, job);
}

static struct response *post_inbox(struct request *request)
{
    return to_workers(request, inbox_run, NULL);
}

/* ---- documents ---- */

static struct response *activity_json(enum err e, struct buf *json)
{
    if (e)
        return response_of_err(e, NULL);
    struct response *response = response_json(200, json);
    response_set(response, "Content-Type", ACTIVITY_JSON);
    response_set(response, "Vary", "Accept, Signature");
    return response;
}

static struct response *not_found(void)
{
    struct response *response = response_error(404, "not found");
    response_set(response, "Vary", "Accept, Signature");
    return response;
}

/* What was deleted and is no secret (410), for peers that look whether it is still there. */
static struct response *gone(const Tombstone *tombstone)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    enum err e = document_tombstone(tombstone, &json);
    if (e)
        return response_of_err(e, NULL);
    struct response *response = response_json(410, &json);
    response_set(response, "Content-Type", ACTIVITY_JSON);
    response_set(response, "Vary", "Accept, Signature");
    return response;
}

static struct response *gone_actor(const Actor *actor)
{
    Tombstone tombstone = TOMBSTONE__INIT;
    tombstone.uri = actor->uri;
    tombstone.deleted_ms = actor->deleted_ms;
    return gone(&tombstone);
}

/* Our own actor that the path names: /actor, or /users/{name}. ERR_NOTFOUND with *out set: it was
 * deleted. */
static enum err path_actor(struct request *request, struct txn *txn, struct arena *arena,
                           Actor **out)
{
    actor_id id;
    *out = NULL;
    enum err e = strncmp(request->target, "/actor", 6) == 0
                     ? actor_instance(txn, &id)
                     : actor_find_handle(txn, request_param(request, "name"), &id);
    Actor *actor;
    if (!e)
        e = actor_get(txn, id, arena, &actor);
    if (e || actor->host[0])
        return e ? e : ERR_NOTFOUND;
    *out = actor;
    return actor->deleted_ms ? ERR_NOTFOUND : OK;
}

static struct response *get_actor(struct request *request)
{
    struct federation *fed = front_federation(request);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PAGE_ARENA_BYTES);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    enum err e = engine_read_begin(fed->engine, &txn);
    if (!e)
        e = path_actor(request, txn, &arena, &actor);
    if (e == ERR_NOTFOUND)
        return actor ? gone_actor(actor) : not_found();
    return activity_json(e ? e : document_actor(actor, &json), &json);
}

/* Finds out who asks (waiting once for their key), then has job->answer make the answer. */
static void document_run(struct task *task);

static void document_again(void *context)
{
    struct job *job = context;
    job->has_waited = true;
    if (job->fed->run_task(job->fed, &job->task))
        job_finish(job, response_error(503, "overloaded: try again"));
}

static void document_run(struct task *task)
{
    struct job *job = container_of(task, struct job, task);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PAGE_ARENA_BYTES);
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(job->fed->engine, &txn);
    if (e) {
        job_finish(job, response_of_err(e, NULL));
        return;
    }
    e = reader_identify(job->fed, txn, &job->message, &arena, &job->reader, NULL);
    txn_end(&txn);
    if (e == ERR_LATER && !job->has_waited &&
        reader_wait(job->fed, job->reader.needs, document_again, job) == OK)
        return; /* document_again has the job now */
    job->is_known = e == OK;
    job_finish(job, job->answer(job));
}

/* To a host that we do not talk to there is nothing here (T85). */
static struct response *sign_first(const struct job *job)
{
    if (job->reader.is_stranger)
        return not_found();
    struct response *response = response_error(401, "sign the request (HTTP signatures)");
    response_set(response, "Accept-Signature", "sig1=(\"@method\" \"@target-uri\");created;keyid");
    response_set(response, "Vary", "Accept, Signature");
    return response;
}

/* ---- posts ---- */

static enum err path_post(struct job *job, struct txn *txn, struct arena *arena, Post **out)
{
    uint64_t id;
    enum err e = id_parse(request_param(job->request, "id"), &id);
    if (e)
        return ERR_NOTFOUND;
    e = post_get(txn, (post_id){id}, arena, out);
    if (e)
        return e;
    /* The whole path must be this post's own. */
    const char *path = federation_own_path(job->fed, (*out)->uri);
    return path && strncmp(job->request->target, path, strlen(path)) == 0 && (*out)->is_local
               ? OK
               : ERR_NOTFOUND;
}

/* Restricted and unknown look the same; what everyone may read only asks for a signature. */
static struct response *may_have(struct job *job, struct txn *txn, const Post *post)
{
    bool is_open =
        post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED;
    if (!job->is_known)
        return is_open ? sign_first(job) : not_found();
    if (!audience_may_host_read(txn, post, job->reader.host))
        return not_found();
    /* what the agreement keeps from being sent cannot be fetched either (T88) */
    return job->reader.peer.v && policy_may_send(txn, job->fed->config, job->reader.peer,
                                                 post->visibility, clock_ms(), NULL)
               ? not_found()
               : NULL;
}

/* Deleted: who was told of it before may know; of what was restricted nothing is said (T64). */
static struct response *answer_deleted(struct job *job, struct txn *txn, struct arena *arena)
{
    struct bytes path = target_path(job->request->target);
    const char *target = arena_strndup(arena, (const char *)path.p, path.n);
    const char *uri = arena_printf(arena, "%s%s", federation_base(job->fed, arena), target);
    Tombstone *tombstone;
    if (!uri || tombstone_get(txn, uri, arena, &tombstone) || !tombstone->was_open ||
        !tombstone->post)
        return not_found();
    return job->is_known ? gone(tombstone) : sign_first(job);
}

static enum err render_boost(struct txn *txn, const Post *boost, const Actor *by,
                             struct arena *arena, struct buf *json)
{
    Post *boosted;
    enum err e = post_get(txn, (post_id){boost->boost_of}, arena, &boosted);
    return e ? e : document_announce(boost, by, boosted->uri, json);
}

enum post_part { PART_NOTE, PART_ACTIVITY, PART_REPLIES, PART_THREAD };

static struct collection_page page_of(struct request *request)
{
    const char *page = request_query(request, "page"), *before = request_query(request, "before");
    struct collection_page out = {.is_page = page || before};
    if (!before || id_parse(before, &out.before))
        out.before = 0;
    return out;
}

/* A post with its author's proof: dated by the post, so that it is the same each time. */
static enum err render_post(struct job *job, struct txn *txn, const Post *post, const Actor *author,
                            enum post_part part, struct buf *json)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PAGE_ARENA_BYTES);
    AUTO(buf_clear) struct buf plain = BUF_INIT(DOCUMENT_MAX_BYTES);
    enum err e = post->boost_of      ? render_boost(txn, post, author, &arena, &plain)
                 : part == PART_NOTE ? document_note(post, author, &plain)
                                     : document_create(post, author, &plain);
    return e ? e
             : proof_own(job->fed, txn, (actor_id){author->id}, buf_bytes(&plain),
                         post->updated_ms ? post->updated_ms : post->published_ms, json);
}

static struct thread_page thread_page_of(struct request *request)
{
    const char *page = request_query(request, "page"), *after = request_query(request, "after");
    struct thread_page out = {.is_page = page || after};
    if (!after || id_parse(after, &out.after))
        out.after = 0;
    return out;
}

static struct response *answer_post(struct job *job, enum post_part part)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PAGE_ARENA_BYTES);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(txn_end) struct txn *txn = NULL;
    Post *post;
    Actor *author;
    enum err e = engine_read_begin(job->fed->engine, &txn);
    if (!e)
        e = path_post(job, txn, &arena, &post);
    if (e == ERR_NOTFOUND)
        return part == PART_NOTE ? answer_deleted(job, txn, &arena) : not_found();
    if (!e)
        e = actor_get(txn, (actor_id){post->author}, &arena, &author);
    if (!e && author->deleted_ms) /* their posts go in steps: none of them is shown meanwhile */
        return not_found();
    if (e)
        return response_of_err(e, NULL);
    struct response *refusal = may_have(job, txn, post);
    if (refusal)
        return refusal;
    struct collection_page page = page_of(job->request);
    struct thread_page thread = thread_page_of(job->request);
    if (part == PART_THREAD && !document_has_thread(post))
        return not_found();
    if (part == PART_THREAD)
        e = document_thread(txn, post, author, job->reader.host, &thread, &json);
    else if (part == PART_REPLIES)
        e = document_replies(txn, post, &page, &json);
    else
        e = render_post(job, txn, post, author, part, &json);
    txn_end(&txn); /* no snapshot is held while the writer is waited for */
    if (!e && (part == PART_NOTE || part == PART_ACTIVITY) && !post->boost_of) {
        e = reader_note_fetched(job->fed, &job->reader, (post_id){post->id});
        if (e == ERR_NOTFOUND) /* deleted meanwhile, and the Delete does not go there */
            return not_found();
        if (e)
            log_warn("post.fetch_unnoted", STR("peer", job->reader.host), STR("err", err_name(e)));
        return activity_json(OK, &json);
    }
    return activity_json(e, &json);
}

static struct response *answer_note(struct job *job)
{
    return answer_post(job, PART_NOTE);
}

static struct response *answer_activity(struct job *job)
{
    return answer_post(job, PART_ACTIVITY);
}

static struct response *answer_replies(struct job *job)
{
    return answer_post(job, PART_REPLIES);
}

static struct response *answer_thread(struct job *job)
{
    return answer_post(job, PART_THREAD);
}

static struct response *get_post(struct request *request)
{
    return to_workers(request, document_run, answer_note);
}

static struct response *get_post_activity(struct request *request)
{
    return to_workers(request, document_run, answer_activity);
}

static struct response *get_post_replies(struct request *request)
{
    return to_workers(request, document_run, answer_replies);
}

static struct response *get_post_context(struct request *request)
{
    return to_workers(request, document_run, answer_thread);
}

/* ---- pictures ---- */

static struct response *picture(const struct request *request, const char *type, int fd,
                                uint64_t size, bool is_open)
{
    const struct file_answer answer = {.type = type, .fd = fd, .size = size};
    struct response *response = file_answer(request, &answer);
    if (is_open)
        response_set(response, "Cache-Control", "public, max-age=86400");
    else
        response_set(response, "Vary", "Accept, Signature");
    return response;
}

/* To whom the post is shown, its pictures are; those for everyone need no signature. */
static struct response *answer_media(struct job *job)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PAGE_ARENA_BYTES);
    AUTO(txn_end) struct txn *txn = NULL;
    uint64_t id, size;
    Media *media;
    Post *post = NULL; /* a picture of a profile: of no post, for everyone */
    Actor *author;
    int fd;
    enum err e = id_parse(request_param(job->request, "id"), &id) ? ERR_NOTFOUND : OK;
    if (!e)
        e = engine_read_begin(job->fed->engine, &txn);
    if (!e)
        e = media_get(txn, id, &arena, &media);
    uint64_t of_post = 0;
    if (!e && !media_is_of_profile(media))
        e = media_post(txn, media, &arena, &of_post);
    if (!e && !media_is_of_profile(media))
        e = post_get(txn, (post_id){of_post}, &arena, &post);
    if (!e)
        e = actor_get(txn, (actor_id){media->owner}, &arena, &author);
    if (e == ERR_NOTFOUND || (!e && author->deleted_ms))
        return not_found();
    if (e)
        return response_of_err(e, NULL);
    bool is_open = !post || audience_may_read(txn, post, (actor_id){0});
    struct response *refusal = is_open ? NULL : may_have(job, txn, post);
    if (refusal)
        return refusal;
    e = media_open(job->fed->config->data_dir, id, &fd, &size);
    if (e)
        return response_of_err(e, NULL);
    return picture(job->request, media->media_type, fd, size, is_open);
}

static struct response *get_media(struct request *request)
{
    return to_workers(request, document_run, answer_media);
}

/* Custom emoji: they are in posts of every kind, and tell nothing of them. */
static struct response *get_emoji(struct request *request)
{
    struct federation *fed = front_federation(request);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    AUTO(txn_end) struct txn *txn = NULL;
    uint64_t id, size;
    OwnEmoji *emoji;
    int fd;
    enum err e = id_parse(request_param(request, "id"), &id) ? ERR_NOTFOUND : OK;
    if (!e)
        e = engine_read_begin(fed->engine, &txn);
    if (!e)
        e = own_emoji_find(txn, id, &arena, &emoji);
    if (!e)
        e = media_open(fed->config->data_dir, id, &fd, &size);
    if (e)
        return e == ERR_NOTFOUND ? response_error(404, "not found") : response_of_err(e, NULL);
    return picture(request, emoji->media_type, fd, size, true);
}

/* ---- an actor's collections ---- */

static enum err render_collection(const char *name, struct txn *txn, const Actor *actor,
                                  const struct reader *reader, const struct collection_page *page,
                                  struct buf *json)
{
    if (strcmp(name, "outbox") == 0)
        return document_outbox(txn, actor, page, json);
    /* who is in a members-only group is the members' business */
    bool shows_followers =
        !actor->hides_collections &&
        (!actor->is_members_only || group_has_member_at(txn, actor, reader->host));
    if (strcmp(name, "followers") == 0)
        return document_followers(txn, actor, shows_followers, page, json);
    if (strcmp(name, "moderators") == 0)
        return actor->type == ACTOR_TYPE__GROUP ? document_moderators(txn, actor, json)
                                                : ERR_NOTFOUND;
    if (strcmp(name, "following") == 0)
        return document_following(txn, actor, !actor->hides_collections, page, json);
    return document_featured(txn, actor, json);
}

static struct response *answer_collection(struct job *job)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PAGE_ARENA_BYTES);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    enum err e = engine_read_begin(job->fed->engine, &txn);
    if (!e)
        e = path_actor(job->request, txn, &arena, &actor);
    if (e == ERR_NOTFOUND)
        return not_found();
    if (e)
        return response_of_err(e, NULL);
    if (!job->is_known)
        return sign_first(job);
    struct bytes path = target_path(job->request->target);
    const uint8_t *slash = memrchr(path.p, '/', path.n);
    const char *name = arena_strndup(&arena, slash + 1, path.n - (size_t)(slash + 1 - path.p));
    struct collection_page page = page_of(job->request);
    return activity_json(render_collection(name, txn, actor, &job->reader, &page, &json), &json);
}

/* Who of the asker's own host follows: nobody else's business (FEP-8fcf). */
static struct response *answer_followers_at(struct job *job)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PAGE_ARENA_BYTES);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    enum err e = engine_read_begin(job->fed->engine, &txn);
    if (!e)
        e = path_actor(job->request, txn, &arena, &actor);
    if (e == ERR_NOTFOUND)
        return not_found();
    if (e)
        return response_of_err(e, NULL);
    if (!job->is_known)
        return sign_first(job);
    return activity_json(document_followers_at(txn, actor, job->reader.host, &json), &json);
}

static struct response *get_followers_at(struct request *request)
{
    return to_workers(request, document_run, answer_followers_at);
}

static struct response *get_collection(struct request *request)
{
    return to_workers(request, document_run, answer_collection);
}

/* ---- authorizations ---- */

/* As readable as the post they are about; who asked for one may see it in any case. */
static struct response *answer_approval(struct job *job)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PAGE_ARENA_BYTES);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *owner, *who;
    Consent *consent;
    Post *post;
    uint64_t id;
    enum err e = engine_read_begin(job->fed->engine, &txn);
    if (!e)
        e = path_actor(job->request, txn, &arena, &owner);
    if (!e && id_parse(request_param(job->request, "id"), &id))
        e = ERR_NOTFOUND;
    if (!e)
        e = consent_get(txn, (actor_id){owner->id}, id, &arena, &consent);
    if (!e && consent->state != APPROVAL__APPROVED)
        e = ERR_NOTFOUND;
    if (!e)
        e = post_get(txn, (post_id){consent->target}, &arena, &post);
    if (!e)
        e = actor_get(txn, (actor_id){consent->who}, &arena, &who);
    if (e)
        return e == ERR_NOTFOUND ? not_found() : response_of_err(e, NULL);
    bool is_theirs = job->is_known && who->host[0] && strcmp(who->host, job->reader.host) == 0;
    struct response *refusal = is_theirs ? NULL : may_have(job, txn, post);
    if (refusal)
        return refusal;
    e = document_authorization(consent, consent_uri(owner, consent, &arena), owner, post->uri,
                               &json);
    return activity_json(e, &json);
}

static struct response *get_approval(struct request *request)
{
    return to_workers(request, document_run, answer_approval);
}

/* ---- hashtags ---- */

static struct response *answer_tag(struct job *job)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PAGE_ARENA_BYTES);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(txn_end) struct txn *txn = NULL;
    const char *tag = tag_fold(request_param(job->request, "tag"), &arena);
    if (!tag)
        return not_found();
    if (!job->is_known)
        return sign_first(job);
    struct collection_page page = page_of(job->request);
    enum err e = engine_read_begin(job->fed->engine, &txn);
    return activity_json(
        e ? e : document_tag(txn, federation_base(job->fed, &arena), tag, &page, &json), &json);
}

static struct response *get_tag(struct request *request)
{
    return to_workers(request, document_run, answer_tag);
}

/* ---- the table ---- */

#define GET(pattern, handler)                                                                      \
    {                                                                                              \
        "GET", pattern, handler, 0, NULL, 0                                                        \
    }
#define INBOX(pattern)                                                                             \
    {                                                                                              \
        "POST", pattern, post_inbox, 0, mediatype_activity, 0                                      \
    }

const struct route activitypub_routes[] = {
    INBOX("/inbox"),
    INBOX("/actor/inbox"),
    INBOX("/users/{name}/inbox"),
    GET("/actor", get_actor),
    GET("/actor/outbox", get_collection),
    GET("/actor/followers", get_collection),
    GET("/actor/following", get_collection),
    GET("/actor/featured", get_collection),
    GET("/users/{name}", get_actor),
    GET("/users/{name}/outbox", get_collection),
    GET("/users/{name}/followers", get_collection),
    GET("/users/{name}/followers_synchronization", get_followers_at),
    GET("/users/{name}/following", get_collection),
    GET("/users/{name}/featured", get_collection),
    GET("/users/{name}/moderators", get_collection),
    GET("/users/{name}/posts/{id}", get_post),
    GET("/users/{name}/posts/{id}/activity", get_post_activity),
    GET("/users/{name}/posts/{id}/context", get_post_context),
    GET("/users/{name}/posts/{id}/replies", get_post_replies),
    GET("/users/{name}/approvals/{id}", get_approval),
    GET("/tags/{tag}", get_tag),
    GET("/media/{id}", get_media),
    GET("/emoji/{id}", get_emoji),
    GET("/.well-known/webfinger", wellknown_webfinger),
    GET("/.well-known/host-meta", wellknown_host_meta),
    GET("/.well-known/nodeinfo", wellknown_nodeinfo_index),
    GET("/nodeinfo/{version}", wellknown_nodeinfo),
};
const size_t activitypub_route_count = COUNT(activitypub_routes);
