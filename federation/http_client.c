#include "federation/http_client.h"

#include "federation/guard.h"
#include "federation/multibase.h"
#include "storage/base/buf.h"
#include "storage/base/clock.h"

#include <curl/curl.h>

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define MIN_RATE_BYTES 1024L
#define MIN_RATE_SECONDS 5L
#define RECEIVE_BUFFER_BYTES (16L * 1024) /* curl's own default for sending is four times that */
#define KEPT_CONNECTIONS 32L
#define KEPT_CONNECTION_AGE_S 60L
#define LOOP_IDLE_MS 30000
#define PIN_BYTES 32

struct http_call {
    const struct federation_config *config;
    CURL *easy;
    struct curl_slist *lines;
    struct arena arena; /* the URL, the pin */
    struct buf body;
    bool is_to_file;
    int file;
    uint64_t file_bytes;
    size_t header_bytes;
    bool has_min_rate;
    char error[CURL_ERROR_SIZE];
    struct http_answer answer;
    void *owner;
};

/* ---- what curl asks of us while it works ---- */

/* An option that this libcurl does not know would be a guard that is not there. */
#define SET(easy, option, value)                                                                   \
    do {                                                                                           \
        CURLcode set_result = curl_easy_setopt((easy), (option), (value));                         \
        assert(set_result == CURLE_OK);                                                            \
    } while (0)

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_call *call = context;
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKET_BAD;
    if (guard_address(call->config, &address->addr, &call->answer.why)) {
        call->answer.is_denied = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* A name with a public and a private address is refused even when the public one answered (T50). */
static int before_request(void *context, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    const struct http_call *call = context;
    (void)peer_ip, (void)own_ip, (void)peer_port, (void)own_port;
    return call->answer.is_denied ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* The value of `line` when its name is `name`; cut off when longer than `room`: then it is "". */
static bool take_field(const char *line, size_t n, const char *name, char *out, size_t room)
{
    size_t name_length = strlen(name);
    if (n <= name_length || line[name_length] != ':' || strncasecmp(line, name, name_length) != 0)
        return false;
    const char *p = line + name_length + 1, *end = line + n;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    while (end > p && strchr("\r\n \t", end[-1]))
        end--;
    size_t length = (size_t)(end - p);
    bool fits = length < room && !memchr(p, '\0', length);
    memcpy(out, p, fits ? length : 0);
    out[fits ? length : 0] = '\0';
    return true;
}

/*
 * Only once an answer has begun: a peer that looks up who asks, on a busy disk, is slow to begin
 * and no slower for it. What never begins ends with the whole transfer's time (T59).
 */
static void begin_min_rate(CURL *easy)
{
    SET(easy, CURLOPT_LOW_SPEED_LIMIT, MIN_RATE_BYTES);
    SET(easy, CURLOPT_LOW_SPEED_TIME, MIN_RATE_SECONDS);
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct http_call *call = context;
    struct http_answer *a = &call->answer;
    size_t n = size * count;
    if (call->header_bytes == 0 && call->has_min_rate)
        begin_min_rate(call->easy);
    call->header_bytes += n;
    if (call->header_bytes > HTTP_HEADERS_MAX_BYTES) {
        why_set(&a->why, ERR_LIMIT, "more than %d bytes of header", HTTP_HEADERS_MAX_BYTES);
        return 0;
    }
    if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) /* after a 1xx it begins anew */
        a->content_type[0] = a->location[0] = a->retry_after[0] = a->accept_signature[0] = '\0';
    else if (!take_field(line, n, "content-type", a->content_type, sizeof a->content_type) &&
             !take_field(line, n, "location", a->location, sizeof a->location) &&
             !take_field(line, n, "retry-after", a->retry_after, sizeof a->retry_after))
        take_field(line, n, "accept-signature", a->accept_signature, sizeof a->accept_signature);
    return n;
}

/* Counted here: CURLOPT_MAXFILESIZE sees neither chunked nor close-delimited bodies (T59). */
static size_t too_large(struct http_call *call)
{
    call->answer.is_too_large = true;
    why_set(&call->answer.why, ERR_LIMIT, "the answer is larger than %zu bytes",
            call->body.max_bytes);
    return 0;
}

static size_t to_file(struct http_call *call, const char *p, size_t n)
{
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return n; /* a refusal in words: nobody reads it */
    if (n > call->body.max_bytes - call->file_bytes)
        return too_large(call);
    if (pwrite(call->file, p, n, (off_t)call->file_bytes) != (ssize_t)n) {
        why_set(&call->answer.why, ERR_STORE, "the answer cannot be written");
        return 0;
    }
    call->file_bytes += n;
    return n;
}

static size_t on_body(char *p, size_t size, size_t count, void *context)
{
    struct http_call *call = context;
    if (call->is_to_file)
        return to_file(call, p, size * count);
    buf_add(&call->body, p, size * count);
    if (!call->body.is_full)
        return size * count;
    return too_large(call);
}

/* ---- a call ---- */

static pthread_once_t started = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
    CURLcode e = curl_global_init(CURL_GLOBAL_DEFAULT);
    assert(e == CURLE_OK);
}

static void set_limits(CURL *easy, const struct federation_config *config)
{
    const char *protocols = config->insecure_http ? "http,https" : "https";
    SET(easy, CURLOPT_PROTOCOLS_STR, protocols);
    SET(easy, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(easy, CURLOPT_PATH_AS_IS, 1L); /* what is sent is what was signed */
    SET(easy, CURLOPT_PROXY, "");
    SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(easy, CURLOPT_ACCEPT_ENCODING, NULL);
    SET(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_timeout_ms);
    SET(easy, CURLOPT_TIMEOUT_MS, (long)config->transfer_timeout_ms);
    SET(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER_BYTES);
    SET(easy, CURLOPT_UPLOAD_BUFFERSIZE, RECEIVE_BUFFER_BYTES);
    SET(easy, CURLOPT_MAXAGE_CONN, KEPT_CONNECTION_AGE_S);
}

/*
 * The system's CAs as a directory, of which OpenSSL reads only what a chain needs: the bundle file
 * would be parsed for every connection, or kept in memory for good.
 */
static void set_trust(CURL *easy, const struct federation_config *config)
{
    const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
    bool has_directory = built->capath && *built->capath;
    if (has_directory)
        SET(easy, CURLOPT_CAPATH, built->capath);
    if (has_directory || config->tls_ca)
        SET(easy, CURLOPT_CAINFO, config->tls_ca);
    if (config->client_cert) {
        SET(easy, CURLOPT_SSLCERT, config->client_cert);
        SET(easy, CURLOPT_SSLKEY, config->client_key);
    }
    SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
}

static enum err set_pin(struct http_call *call, const char *hex, struct why *why)
{
    uint8_t pin[PIN_BYTES];
    static const char digits[] = "0123456789abcdef";
    if (strlen(hex) != 2 * PIN_BYTES || strspn(hex, digits) != 2 * PIN_BYTES)
        return why_set(why, ERR_INVALID, "the pin of this peer is no SHA-256");
    for (size_t i = 0; i < PIN_BYTES; i++)
        pin[i] = (uint8_t)((strchr(digits, hex[2 * i]) - digits) << 4 |
                           (strchr(digits, hex[2 * i + 1]) - digits));
    const char *text = base64_encode((struct bytes){pin, sizeof pin}, &call->arena);
    const char *option = text ? arena_printf(&call->arena, "sha256//%s", text) : NULL;
    if (!option)
        return ERR_LIMIT;
    SET(call->easy, CURLOPT_PINNEDPUBLICKEY, option);
    return OK;
}

static void set_callbacks(struct http_call *call)
{
    SET(call->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(call->easy, CURLOPT_OPENSOCKETDATA, call);
    SET(call->easy, CURLOPT_PREREQFUNCTION, before_request);
    SET(call->easy, CURLOPT_PREREQDATA, call);
    SET(call->easy, CURLOPT_HEADERFUNCTION, on_header);
    SET(call->easy, CURLOPT_HEADERDATA, call);
    SET(call->easy, CURLOPT_WRITEFUNCTION, on_body);
    SET(call->easy, CURLOPT_WRITEDATA, call);
    SET(call->easy, CURLOPT_ERRORBUFFER, call->error);
    SET(call->easy, CURLOPT_PRIVATE, call);
}

static void add_line(struct http_call *call, const char *line)
{
    struct curl_slist *longer = curl_slist_append(call->lines, line);
    assert(longer);
    call->lines = longer;
}

static void set_request(struct http_call *call, const struct http_request *request)
{
    assert(request->line_count <= HTTP_REQUEST_MAX_LINES);
    for (size_t i = 0; i < request->line_count; i++)
        add_line(call, request->lines[i]);
    if (request->body.p) {
        add_line(call, "Expect:"); /* no waiting for "100 Continue" */
        SET(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.n);
        SET(call->easy, CURLOPT_POSTFIELDS, request->body.p);
    }
    SET(call->easy, CURLOPT_HTTPHEADER, call->lines);
}

/* The URL is put together from what our own parser read: two parsers never see two hosts (T52). */
static enum err set_target(struct http_call *call, const char *text, struct why *why)
{
    const struct federation_config *config = call->config;
    struct uri uri;
    enum err e = guard_uri(config, text, why);
    if (e)
        return e;
    e = uri_split(text, config->insecure_http ? URI_HTTP_TOO : URI_HTTPS_ONLY, &call->arena, &uri,
                  why);
    if (e)
        return e;
    const char *url = arena_printf(&call->arena, "%s://%s%s", uri.is_https ? "https" : "http",
                                   uri.host, uri.target);
    const char *agent = arena_printf(&call->arena, "Ward/%s (%s://%s)", PACKAGE_VERSION,
                                     config->insecure_http ? "http" : "https", config->host);
    if (!url || !agent)
        return ERR_LIMIT;
    SET(call->easy, CURLOPT_URL, url);
    SET(call->easy, CURLOPT_USERAGENT, agent);
    return OK;
}

enum err http_call_create(const struct federation_config *config,
                          const struct http_request *request, struct http_call **out,
                          struct why *why)
{
    pthread_once(&started, start_curl);
    AUTO(http_call_free) struct http_call *call = xcalloc(1, sizeof *call);
    call->config = config;
    call->arena.max_bytes = (size_t)16 * URI_MAX_BYTES;
    call->body.max_bytes = request->answer_max_bytes;
    call->easy = curl_easy_init();
    assert(call->easy);

    set_limits(call->easy, config);
    call->has_min_rate = request->has_min_rate;
    call->is_to_file = request->is_to_file;
    call->file = request->file;
    set_trust(call->easy, config);
    set_callbacks(call);
    enum err e = set_target(call, request->uri, why);
    if (!e && request->pin_sha256 && request->pin_sha256[0])
        e = set_pin(call, request->pin_sha256, why);
    if (e)
        return e;
    set_request(call, request);
    *out = call;
    call = NULL;
    return OK;
}

/* A status counts only when the whole answer came, or we ourselves gave up its body. */
static void end_call(struct http_call *call, CURLcode result)
{
    struct http_answer *a = &call->answer;
    long status = 0;
    if (result == CURLE_OK || a->is_too_large)
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    a->status = (int)status;
    a->body = buf_bytes(&call->body);
    if (result != CURLE_OK && !a->why.text[0])
        why_set(&a->why, ERR_LATER, "%s",
                call->error[0] ? call->error : curl_easy_strerror(result));
}

void http_call_run(struct http_call *call)
{
    end_call(call, curl_easy_perform(call->easy));
}

const struct http_answer *http_call_answer(const struct http_call *call)
{
    return &call->answer;
}

void http_call_set_owner(struct http_call *call, void *owner)
{
    call->owner = owner;
}

void *http_call_owner(const struct http_call *call)
{
    return call->owner;
}

void http_call_free(struct http_call **call)
{
    if (!*call)
        return;
    curl_easy_cleanup((*call)->easy);
    curl_slist_free_all((*call)->lines);
    buf_clear(&(*call)->body);
    arena_clear(&(*call)->arena);
    xfree(call);
}

/* ---- the loop ---- */

struct http_loop {
    /* the loop's thread only */
    size_t in_flight;
    bool has_connections;
    int64_t used_mono_ms;

    /* under mu: the loop's thread changes it, a waker uses it */
    pthread_mutex_t mu;
    CURLM *multi;
    bool is_woken;
};

static CURLM *multi_create(void)
{
    CURLM *multi = curl_multi_init();
    assert(multi);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS);
    return multi;
}

struct http_loop *http_loop_create(void)
{
    pthread_once(&started, start_curl);
    struct http_loop *loop = xcalloc(1, sizeof *loop);
    pthread_mutex_init(&loop->mu, NULL);
    loop->multi = multi_create();
    return loop;
}

void http_loop_add(struct http_loop *loop, struct http_call *call)
{
    CURLMcode e = curl_multi_add_handle(loop->multi, call->easy);
    assert(e == CURLM_OK);
    loop->in_flight++;
    loop->has_connections = true;
}

void http_loop_remove(struct http_loop *loop, struct http_call *call)
{
    CURLMcode e = curl_multi_remove_handle(loop->multi, call->easy);
    assert(e == CURLM_OK);
    loop->in_flight--;
}

/* curl has no "close what is idle": a fresh multi handle does it. */
static void drop_connections(struct http_loop *loop)
{
    CURLM *fresh = multi_create();
    pthread_mutex_lock(&loop->mu);
    CURLM *old = loop->multi;
    loop->multi = fresh;
    pthread_mutex_unlock(&loop->mu);
    curl_multi_cleanup(old);
    loop->has_connections = false;
}

static bool take_wake(struct http_loop *loop)
{
    pthread_mutex_lock(&loop->mu);
    bool is_woken = loop->is_woken;
    loop->is_woken = false;
    pthread_mutex_unlock(&loop->mu);
    return is_woken;
}

void http_loop_turn(struct http_loop *loop, int64_t wait_ms)
{
    int running = 0;
    curl_multi_perform(loop->multi, &running);
    bool has_ended = (size_t)running < loop->in_flight;
    if (!take_wake(loop) && !has_ended)
        curl_multi_poll(loop->multi, NULL, 0, (int)wait_ms, NULL);
    take_wake(loop); /* whoever woke us before this line is seen by the caller's next look */
    curl_multi_perform(loop->multi, &running);

    int64_t now = clock_mono_ms();
    if (loop->in_flight > 0)
        loop->used_mono_ms = now;
    else if (loop->has_connections && now - loop->used_mono_ms > LOOP_IDLE_MS)
        drop_connections(loop);
}

struct http_call *http_loop_ended(struct http_loop *loop)
{
    int left;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(loop->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *private = NULL;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct http_call *call = (struct http_call *)(void *)private;
        http_loop_remove(loop, call);
        end_call(call, result);
        return call;
    }
    return NULL;
}

void http_loop_wake(struct http_loop *loop)
{
    pthread_mutex_lock(&loop->mu);
    if (!loop->is_woken) {
        loop->is_woken = true;
        curl_multi_wakeup(loop->multi);
    }
    pthread_mutex_unlock(&loop->mu);
}

void http_loop_free(struct http_loop **loop)
{
    if (!*loop)
        return;
    assert((*loop)->in_flight == 0);
    curl_multi_cleanup((*loop)->multi);
    pthread_mutex_destroy(&(*loop)->mu);
    xfree(loop);
}
