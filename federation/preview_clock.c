#include "federation/preview_clock.h"

#include "federation/fetch_call.h"
#include "federation/http_client.h"
#include "federation/preview.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/card.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#define IDLE_WAIT_MS 1000
#define SCAN_MAX 4096 /* rows looked at; each leaves within minutes */
#define FIRST_RETRY_MS ((int64_t)60 * 1000)
#define PAGE_MAX_BYTES ((size_t)1024 * 1024)
#define PREVIEW_ARENA_BYTES ((size_t)1 << 20)

struct preview_clock {
    /* constant while the thread runs */
    struct federation *fed;
    struct federation_config config; /* of the requests */
    pthread_t thread;
    struct http_loop *loop; /* http_loop_wake: any thread */

    /* the thread's own: what is being looked at */
    struct http_call *call;
    post_id post;
    char url[URI_MAX_BYTES + 1]; /* as posted */
    char at[URI_MAX_BYTES + 1];  /* of this hop */
    unsigned hops, attempts;
    int64_t pause_until_mono_ms; /* after a write that failed */

    /* under mu */
    pthread_mutex_t mu;
    bool is_stopping;
};

struct settling {
    struct mutation mutation;
    post_id post;
    const char *url;
    const Card *card;
    int64_t again_ms; /* 0: that was it */
};

static enum err settle_apply(struct txn *txn, struct mutation *m)
{
    struct settling *s = container_of(m, struct settling, mutation);
    enum err e = s->again_ms ? card_postpone(txn, s->post, s->url, s->again_ms)
                             : card_settle(txn, s->post, s->url, s->card);
    return e == ERR_NOTFOUND ? OK : e; /* deleted, or edited meanwhile */
}

/* `card` NULL: there is none, or, `may_come`, not yet. */
static void settle(struct preview_clock *c, const Card *card, bool may_come)
{
    struct settling s = {
        .mutation = {.apply = settle_apply}, .post = c->post, .url = c->url, .card = card};
    if (may_come && c->attempts + 1 < PREVIEW_TRIES)
        s.again_ms = clock_ms() + (FIRST_RETRY_MS << (2 * c->attempts));
    enum err e = writer_run(c->fed->writer, &s.mutation);
    if (e) {
        log_warn("preview.store", STR("err", err_name(e)));
        c->pause_until_mono_ms = clock_mono_ms() + IDLE_WAIT_MS;
    }
}

/* ---- asking ---- */

static enum err begin(struct preview_clock *c, const char *uri)
{
    static const char *const lines[] = {"Accept: text/html, application/xhtml+xml"};
    struct why why = {""};
    struct http_request request = {.uri = uri,
                                   .lines = lines,
                                   .line_count = COUNT(lines),
                                   .answer_max_bytes = PAGE_MAX_BYTES,
                                   .has_min_rate = true};
    size_t n = strlen(uri);
    if (n > URI_MAX_BYTES || !preview_is_listed(&c->config, uri))
        return ERR_DENIED; /* also when the option was changed since */
    memmove(c->at, uri, n + 1);
    request.uri = c->at;
    enum err e = http_call_create(&c->config, &request, &c->call, &why);
    if (e)
        log_info("preview.refused", STR("uri", uri), STR("why", why.text));
    else
        http_loop_add(c->loop, c->call);
    return e;
}

static enum err find_due(struct preview_clock *c, struct arena *arena, CardWanted **out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    post_id at = {0};
    int64_t now_ms = clock_ms();
    enum err e = engine_read_begin(c->fed->engine, &txn);
    for (unsigned i = 0; !e && i < SCAN_MAX; i++) {
        e = card_wanted_next(txn, &at, arena, out);
        /* far ahead: set by a clock that was wrong */
        if (!e && ((*out)->next_attempt_ms <= now_ms ||
                   (*out)->next_attempt_ms > now_ms + (FIRST_RETRY_MS << (2 * PREVIEW_TRIES))))
            return OK;
    }
    return e ? e : ERR_NOTFOUND;
}

/* True: there may be more. */
static bool begin_next(struct preview_clock *c)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(16 * PREVIEW_ARENA_BYTES);
    CardWanted *wanted;
    if (clock_mono_ms() < c->pause_until_mono_ms || find_due(c, &arena, &wanted))
        return false;
    size_t n = strlen(wanted->url);
    c->post.v = wanted->post;
    c->hops = 0;
    c->attempts = wanted->attempts;
    memcpy(c->url, wanted->url, n < sizeof c->url ? n + 1 : 0); /* preview_link bounds it */
    AUTO(xfree) char *page = xcalloc(n + 1, 1);
    memcpy(page, wanted->url, strcspn(wanted->url, "#"));
    if (begin(c, page))
        settle(c, NULL, false);
    return true;
}

/* ---- the answer ---- */

static bool is_page(const char *type)
{
    static const char *const known[] = {"text/html", "application/xhtml+xml"};
    for (size_t i = 0; i < COUNT(known); i++)
        if (!strncasecmp(type, known[i], strlen(known[i])) &&
            strchr("; \t", type[strlen(known[i])]))
            return true;
    return false;
}

static bool follows(struct preview_clock *c, const struct http_answer *answer)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)16 * URI_MAX_BYTES);
    const char *to = NULL;
    if (fetch_is_redirect(answer->status) && !answer->is_denied && c->hops++ < PREVIEW_HOPS_MAX)
        to = fetch_redirect_target(c->at, answer->location, &arena);
    if (!to)
        return false;
    http_call_free(&c->call);
    return begin(c, to) == OK;
}

static void take_page(struct preview_clock *c, const struct http_answer *answer)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PREVIEW_ARENA_BYTES);
    Card card = CARD__INIT;
    if (preview_read(answer->body, c->url, &arena, &card)) {
        settle(c, NULL, false);
        return;
    }
    if (!preview_is_listed(&c->config, card.image_url))
        card.image_url = (char *)"";
    card.fetched_ms = clock_ms();
    settle(c, &card, false);
}

static void on_ended(struct preview_clock *c)
{
    const struct http_answer *answer = http_call_answer(c->call);
    log_info("preview.done", STR("uri", c->at), INT("status", answer->status),
             STR("why", answer->why.text));
    if (answer->status == 200 && !answer->is_too_large && is_page(answer->content_type))
        take_page(c, answer);
    else if (follows(c, answer))
        return;
    else if (c->call)
        settle(c, NULL,
               !answer->is_denied &&
                   (answer->status == 0 || answer->status >= 500 || answer->status == 429));
    else
        settle(c, NULL, false); /* the next hop may not be asked */
    http_call_free(&c->call);
}

/* ---- the thread ---- */

static bool is_stopping(struct preview_clock *c)
{
    pthread_mutex_lock(&c->mu);
    bool stopping = c->is_stopping;
    pthread_mutex_unlock(&c->mu);
    return stopping;
}

static void *run(void *context)
{
    struct preview_clock *c = context;
    while (!is_stopping(c)) {
        bool is_busy = !c->call && begin_next(c);
        http_loop_turn(c->loop, is_busy ? 0 : IDLE_WAIT_MS);
        if (http_loop_ended(c->loop))
            on_ended(c);
    }
    if (c->call)
        http_loop_remove(c->loop, c->call);
    http_call_free(&c->call);
    return NULL;
}

struct preview_clock *preview_clock_start(struct federation *fed)
{
    if (!fed->config->preview_host_count)
        return NULL;
    struct preview_clock *c = xcalloc(1, sizeof *c);
    c->fed = fed;
    c->config = *fed->config;
    c->config.insecure_http = false;
    c->config.client_cert = c->config.client_key = NULL;
    c->loop = http_loop_create();
    pthread_mutex_init(&c->mu, NULL);
    int failed = pthread_create(&c->thread, NULL, run, c);
    assert(failed == 0);
    (void)failed;
    return c;
}

void preview_clock_stop(struct preview_clock **clock)
{
    struct preview_clock *c = *clock;
    if (!c)
        return;
    pthread_mutex_lock(&c->mu);
    c->is_stopping = true;
    pthread_mutex_unlock(&c->mu);
    http_loop_wake(c->loop);
    pthread_join(c->thread, NULL);
    http_loop_free(&c->loop);
    pthread_mutex_destroy(&c->mu);
    xfree(clock);
}
