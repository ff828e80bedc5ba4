#include "node/api/proxy.h"

#include "federation/fetch.h"
#include "federation/multibase.h"
#include "federation/uri.h"
#include "node/api/media_url.h"
#include "node/api/routes.h"
#include "node/http/file.h"
#include "node/media/media.h"
#include "node/media/media_file.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A picture somebody waits for. */
struct wanted {
    struct wanted *next;
    char name[MEDIA_MAC_BYTES]; /* its MAC: who could make one could have it fetched anyway */
    char host[URI_HOST_BYTES];
    enum proxy_kind kind;
    char *url;
    bool is_running;
    struct request *asking[PROXY_ASKING_MAX]; /* suspended */
    size_t n_asking;
};

struct kick {
    struct task task;
    struct proxy *proxy;
};

struct failure {
    char what[URI_HOST_BYTES]; /* a name, or a host */
    int64_t until_mono_ms;
};

struct proxy {
    /* constant */
    struct federation *fed;
    const struct config *config;
    struct media_cache *cache;
    struct workers *workers;

    /* any thread, under mu */
    pthread_mutex_t mu;
    struct wanted *wanted; /* the oldest first */
    size_t n_wanted;
    bool is_stopping;
    struct failure failures[PROXY_FAILURES]; /* a ring */
    size_t next_failure;
};

/* ---- answers ---- */

static struct response *answer(struct proxy *proxy, const struct request *request, const char *name,
                               enum proxy_kind kind)
{
    bool is_of_post = kind == PROXY_ATTACHMENT || kind == PROXY_PREVIEW;
    struct file_answer file = {0};
    enum err e = media_cache_open(proxy->cache, name, &file.fd, &file.size, &file.type);
    if (e)
        return NULL;
    struct response *response = file_answer(request, &file);
    response_set(response, "Cache-Control",
                 is_of_post ? "private, max-age=86400" : "public, max-age=86400");
    response_set(response, "X-Robots-Tag", "noindex");
    return response;
}

static struct response *not_to_be_had(void)
{
    struct response *response = api_not_found();
    response_set(response, "Cache-Control", "private, max-age=60");
    api_set_cors(response);
    return response;
}

static struct response *busy(void)
{
    struct response *response = response_error(503, NULL);
    api_set_cors(response);
    return response;
}

static void answer_all(struct proxy *proxy, const struct wanted *w, enum err e)
{
    for (size_t i = 0; i < w->n_asking; i++) {
        struct response *response = e ? NULL : answer(proxy, w->asking[i], w->name, w->kind);
        if (!response)
            response = e == ERR_STORE ? busy() : not_to_be_had();
        request_finish(w->asking[i], response);
    }
}

static void wanted_free(struct wanted **address)
{
    xfree(&(*address)->url);
    xfree(address);
}

/* ---- what did not work ---- */

/* Under mu. */
static bool has_failed(const struct proxy *proxy, const char *what)
{
    int64_t now = clock_mono_ms();
    for (size_t i = 0; i < PROXY_FAILURES; i++)
        if (proxy->failures[i].until_mono_ms > now && strcmp(proxy->failures[i].what, what) == 0)
            return true;
    return false;
}

static void note_failure(struct proxy *proxy, const char *what, int64_t for_ms)
{
    pthread_mutex_lock(&proxy->mu);
    struct failure *f = &proxy->failures[proxy->next_failure++ % PROXY_FAILURES];
    snprintf(f->what, sizeof f->what, "%s", what);
    f->until_mono_ms = clock_mono_ms() + for_ms;
    pthread_mutex_unlock(&proxy->mu);
}

/* ---- one fetch ---- */

static enum err make(struct proxy *proxy, const struct wanted *w, int file, struct why *why)
{
    static const struct {
        enum proxy_kind kind;
        enum media_shape shape;
        unsigned side;
    } shapes[] = {{PROXY_ATTACHMENT, MEDIA_ANY, MEDIA_SIDE_MAX},
                  {PROXY_PREVIEW, MEDIA_PICTURE, MEDIA_PREVIEW_SIDE},
                  {PROXY_AVATAR, MEDIA_SQUARE, MEDIA_AVATAR_SIDE},
                  {PROXY_HEADER, MEDIA_BANNER, MEDIA_HEADER_WIDTH},
                  {PROXY_EMOJI, MEDIA_PICTURE, MEDIA_EMOJI_SIDE_MAX}};
    const char *data = proxy->config->node.data;
    struct media_order order = {.file = file};
    struct media_made made;
    for (size_t i = 0; i < COUNT(shapes); i++)
        if (shapes[i].kind == w->kind) {
            order.shape = shapes[i].shape;
            order.side = shapes[i].side;
        }
    enum err e = media_make_from(data, &order, &made, why);
    if (e)
        return e;
    if (made.preview)
        media_unmake(data, made.preview);
    e = media_cache_take(proxy->cache, w->name, made.id, made.size, why);
    if (e)
        media_unmake(data, made.id);
    return e;
}

static enum err fetch(struct proxy *proxy, const struct wanted *w, struct why *why)
{
    size_t most = w->kind == PROXY_ATTACHMENT ? (size_t)proxy->config->limits.upload_max_bytes
                                              : MEDIA_PICTURE_MAX_BYTES;
    int file = media_file_temporary(proxy->config->node.data);
    if (file < 0)
        return why_set(why, ERR_STORE, "no temporary file: %s", strerror(errno));
    enum err e = fetch_file(proxy->fed, w->url, file, most, why);
    if (e == ERR_LATER)
        note_failure(proxy, w->host, PROXY_DEAD_HOST_MS);
    if (!e)
        e = make(proxy, w, file, why);
    close(file);
    if (e && e != ERR_STORE)
        note_failure(proxy, w->name, e == ERR_LATER ? PROXY_DEAD_HOST_MS : PROXY_FAILURE_MS);
    return e;
}

/* Under mu: the oldest whose host is not busy with others. */
static struct wanted *next_wanted(struct proxy *proxy)
{
    for (struct wanted *w = proxy->wanted; w; w = w->next) {
        size_t running = 0;
        for (const struct wanted *o = proxy->wanted; o; o = o->next)
            running += o->is_running && strcmp(o->host, w->host) == 0;
        if (!w->is_running && running < PROXY_PER_HOST) {
            w->is_running = true;
            return w;
        }
    }
    return NULL;
}

/* Under mu. From now on nobody can join those who ask. */
static void unlist(struct proxy *proxy, struct wanted *w)
{
    struct wanted **at = &proxy->wanted;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    proxy->n_wanted--;
}

/* Goes on while there is something to do: what was put off for its host's sake has no other task.
 */
static void run(struct task *task)
{
    struct kick *kick = container_of(task, struct kick, task);
    struct proxy *proxy = kick->proxy;
    xfree(&kick);
    for (;;) {
        pthread_mutex_lock(&proxy->mu);
        struct wanted *w = next_wanted(proxy);
        bool is_hopeless = w && (proxy->is_stopping || has_failed(proxy, w->host));
        pthread_mutex_unlock(&proxy->mu);
        if (!w)
            return;
        struct why why = {""};
        enum err e = is_hopeless ? ERR_NOTFOUND : fetch(proxy, w, &why);
        if (e && !is_hopeless)
            log_info("proxy.failed", STR("host", w->host), STR("why", why.text));
        pthread_mutex_lock(&proxy->mu);
        unlist(proxy, w);
        pthread_mutex_unlock(&proxy->mu);
        answer_all(proxy, w, e);
        wanted_free(&w);
        media_cache_trim(proxy->cache);
    }
}

/* ---- who asks ---- */

static enum err push(struct proxy *proxy)
{
    struct kick *kick = xcalloc(1, sizeof *kick);
    kick->task.run = run;
    kick->proxy = proxy;
    enum err e = workers_push(proxy->workers, &kick->task);
    if (e)
        xfree(&kick);
    return e;
}

/* Under mu. NULL: there are too many. */
static struct wanted *list_wanted(struct proxy *proxy, const char *name, enum proxy_kind kind,
                                  const char *url)
{
    struct wanted **at = &proxy->wanted;
    while (*at) {
        if (strcmp((*at)->name, name) == 0)
            return *at;
        at = &(*at)->next;
    }
    struct wanted *w = xcalloc(1, sizeof *w);
    if (proxy->n_wanted == PROXY_WAITING_MAX || uri_host(url, w->host)) {
        xfree(&w);
        return NULL;
    }
    snprintf(w->name, sizeof w->name, "%s", name);
    w->kind = kind;
    w->url = xstrdup(url);
    *at = w;
    proxy->n_wanted++;
    return w;
}

/* The request is suspended; it is answered here when it cannot be listed. */
static void ask(struct proxy *proxy, struct request *request, const char *name,
                enum proxy_kind kind, const char *url)
{
    bool is_new = false;
    pthread_mutex_lock(&proxy->mu);
    size_t before = proxy->n_wanted;
    struct wanted *w = proxy->is_stopping ? NULL : list_wanted(proxy, name, kind, url);
    if (w && w->n_asking == PROXY_ASKING_MAX)
        w = NULL;
    if (w)
        w->asking[w->n_asking++] = request;
    is_new = w && proxy->n_wanted > before;
    pthread_mutex_unlock(&proxy->mu);
    if (!w)
        request_finish(request, busy());
    else if (is_new && push(proxy))
        log_warn("proxy.busy"); /* it is listed: whoever ends next takes it */
}

/* The URL, when its MAC says that it was told by us; NULL: it was not. */
static const char *told_url(struct api_call *call, enum proxy_kind *out_kind)
{
    char mac[MEDIA_MAC_BYTES];
    struct bytes url;
    const char *kind = request_param(call->request, "kind");
    if (strlen(kind) != 1 || !strchr("mpahe", kind[0]) ||
        base64url_decode(bytes_of(request_param(call->request, "url")), &call->arena, &url))
        return NULL;
    const char *text = arena_strndup(&call->arena, url.p, url.n);
    *out_kind = (enum proxy_kind)kind[0];
    if (!text || strlen(text) != url.n)
        return NULL;
    media_url_proxy_mac(call->api, *out_kind, text, mac);
    return media_url_mac_is(mac, request_param(call->request, "mac")) ? text : NULL;
}

static struct response *get_picture(struct api_call *call)
{
    struct proxy *proxy = call->api->proxy;
    struct request *request = call->request;
    const char *name = request_param(request, "mac");
    enum proxy_kind kind;
    const char *url = told_url(call, &kind);
    if (!url)
        return api_not_found();
    struct response *response = answer(proxy, request, name, kind);
    if (response)
        return response;
    pthread_mutex_lock(&proxy->mu);
    bool is_lost = has_failed(proxy, name);
    pthread_mutex_unlock(&proxy->mu);
    if (is_lost)
        return not_to_be_had();
    request_suspend(request);
    ask(proxy, request, name, kind, url);
    return NULL;
}

const struct api_route api_proxy_routes[] = {
    {.method = "GET",
     .path = "/proxy/{mac}/{kind}/{url}",
     .tier = 1,
     .who = API_PUBLIC,
     .answers = "",
     .flags = API_AT_ONCE | API_TOKEN_IGNORED | API_UNCOUNTED,
     .run = get_picture,
     .about = "a picture of another node"},
    {0}};

/* ---- life ---- */

enum err proxy_start(struct federation *fed, const struct config *config, struct proxy **out)
{
    struct proxy *proxy = xcalloc(1, sizeof *proxy);
    proxy->fed = fed;
    proxy->config = config;
    proxy->cache =
        media_cache_create(config->node.data, (uint64_t)config->limits.media_cache_bytes);
    pthread_mutex_init(&proxy->mu, NULL);
    enum err e = workers_start(PROXY_THREADS, PROXY_WAITING_MAX, &proxy->workers);
    *out = proxy;
    if (e)
        proxy_stop(out);
    return e;
}

void proxy_stop(struct proxy **address)
{
    struct proxy *proxy = *address;
    if (!proxy)
        return;
    pthread_mutex_lock(&proxy->mu);
    proxy->is_stopping = true;
    pthread_mutex_unlock(&proxy->mu);
    workers_stop(&proxy->workers);
    while (proxy->wanted) {
        struct wanted *w = proxy->wanted;
        unlist(proxy, w);
        answer_all(proxy, w, ERR_STORE);
        wanted_free(&w);
    }
    media_cache_free(&proxy->cache);
    pthread_mutex_destroy(&proxy->mu);
    xfree(address);
}
