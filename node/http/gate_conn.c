#include "node/http/gate_socket.h"

#include "node/http/response.h"
#include "storage/base/buf.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"

#include <assert.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define PUMP_ROUNDS 16                 /* then it is the next connection's turn */
#define FIRST_READ_BYTES 2048          /* most heads fit */
#define RATE_GRACE_MS 5000             /* before a body's rate is judged */
#define BIG_BODY_MIN_RATE (128 * 1024) /* per second, where a route allows bodies over 1 MiB */
#define LINGER_MAX_BYTES (256 * 1024)

/* ---- refusing ------------------------------------------------------------------------------ */

static void linger(struct conn *c)
{
    piece_clear(&c->in);
    conn_close_inner(c);
    conn_enter(c, PHASE_LINGER);
}

/* The last answer on this connection. One already begun cannot be replaced: then it just ends. */
static void refuse(struct conn *c, int status, const char *why, const char *allow)
{
    log_debug("http.refused", INT("status", status), STR("why", why));
    atomic_fetch_add(&c->thread->refused_head, 1);
    if (c->answer.has_begun && c->answer.state != ANSWER_DONE) {
        conn_kill(c);
        return;
    }
    AUTO(buf_clear) struct buf answer = BUF_INIT(4096);
    response_render_refusal(&answer, status, why, allow,
                            c->tls ? RESPONSE_OVER_TLS : RESPONSE_OVER_PLAIN);
    conn_give(c, answer.p, answer.n);
    if (c->phase != PHASE_DEAD)
        linger(c);
}

/* ---- a request ----------------------------------------------------------------------------- */

/* Fields that speak about this connection, not about the request (RFC 9110 §7.6.1). */
static bool is_hop_field(struct bytes name)
{
    static const char *const names[] = {"connection", "keep-alive",       "proxy-connection",
                                        "te",         "trailer",          "upgrade",
                                        "expect",     "transfer-encoding"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (head_name_is(name, names[i]))
            return true;
    return false;
}

/* Writes the head out again in one form only. */
static void render_head(struct conn *c, const struct head *head, struct buf *out)
{
    buf_add(out, head->method.p, head->method.n);
    buf_char(out, ' ');
    buf_add(out, head->target.p, head->target.n);
    buf_printf(out, " HTTP/1.%d\r\n@gate: ", head->minor);
    char fingerprint[TLS_FINGERPRINT_BYTES] = "", names[TLS_NAMES_BYTES] = "";
    if (c->tls) {
        tls_client_fingerprint(c->tls, fingerprint);
        tls_client_names(c->tls, names);
    }
    buf_printf(out, "%s%s%s%s\r\n", c->tls ? "https" : "http", fingerprint[0] ? " " : "",
               fingerprint, names);
    for (size_t i = 0; i < head->n_fields; i++) {
        const struct head_field *f = &head->fields[i];
        if (is_hop_field(f->name))
            continue;
        buf_add(out, f->name.p, f->name.n);
        buf_str(out, ": ");
        buf_add(out, f->value.p, f->value.n);
        buf_str(out, "\r\n");
    }
    if (head->is_chunked)
        buf_str(out, "Transfer-Encoding: chunked\r\n");
    if (head->wants_continue)
        buf_str(out, "Expect: 100-continue\r\n");
    if (head->wants_upgrade)
        buf_str(out, "Connection: Upgrade\r\nUpgrade: websocket\r\n");
    else if (head->wants_close)
        buf_str(out, "Connection: close\r\n");
    buf_str(out, "\r\n");
}

static void begin_request(struct conn *c, const struct head *head)
{
    const struct gate_hooks *hooks = &c->thread->config->hooks;
    struct gate_verdict verdict = {0};
    hooks->judge(hooks->context, head, &verdict);
    if (verdict.status) {
        refuse(c, verdict.status, verdict.why, verdict.allow);
        return;
    }
    if (head->has_length && head->length > verdict.body_max_bytes) {
        refuse(c, 413, "the body is too large", NULL);
        return;
    }
    if (c->inner < 0 && !conn_open_inner(c)) {
        refuse(c, 503, "too busy", NULL);
        return;
    }
    struct buf out = BUF_INIT(HEAD_MAX_BYTES + 4096);
    render_head(c, head, &out);
    assert(!out.is_full && c->to_inner.n == 0);
    size_t n = out.n;
    c->to_inner = (struct piece){.n = n, .room = n};
    c->to_inner.p = (uint8_t *)buf_take(&out);

    c->answer = (struct answer){.is_to_head = head_name_is(head->method, "HEAD")};
    c->chunks = (struct chunk_reader){0};
    c->is_chunked = head->is_chunked;
    c->body_left = head->length;
    c->body_seen = 0;
    c->body_max = verdict.body_max_bytes;
    c->body_from_ms = c->answer_from_ms = c->thread->now_ms;
    conn_enter(c, c->is_chunked || c->body_left ? PHASE_BODY : PHASE_ANSWER);
}

static bool step_head(struct conn *c)
{
    if (c->in.n == 0) {
        if (c->is_client_done)
            conn_kill(c);
        return false;
    }
    if (c->head_from_ms == 0)
        c->head_from_ms = c->thread->now_ms;
    struct head head;
    struct head_refusal refusal;
    enum err e =
        head_parse(piece_bytes(&c->in), &c->thread->config->hosts, &c->scanned, &head, &refusal);
    if (e == ERR_LATER) {
        if (c->is_client_done)
            conn_kill(c);
        return false;
    }
    if (e) {
        refuse(c, refusal.status, refusal.why, NULL);
        return true;
    }
    size_t used = head.n_bytes;
    begin_request(c, &head);
    if (c->phase == PHASE_BODY || c->phase == PHASE_ANSWER) {
        piece_drop(&c->in, used);
        c->scanned = 0;
    }
    return true;
}

/* ---- a body -------------------------------------------------------------------------------- */

static void end_body(struct conn *c)
{
    c->answer_from_ms = c->thread->now_ms;
    conn_enter(c, PHASE_ANSWER);
}

static bool step_length_body(struct conn *c)
{
    size_t n = c->in.n < c->body_left ? c->in.n : (size_t)c->body_left;
    if (!c->is_inner_deaf)
        piece_add(&c->to_inner, c->in.p + c->in.from, n);
    piece_drop(&c->in, n);
    c->body_left -= n;
    c->body_seen += n;
    if (c->body_left == 0)
        end_body(c);
    return true;
}

/* Chunks are written anew: theirs may be one byte each, and ours carry no surprises. */
static bool step_chunked_body(struct conn *c)
{
    size_t used = 0;
    struct bytes data;
    enum err e = chunk_read(&c->chunks, piece_bytes(&c->in), &used, &data);
    if (e == ERR_INVALID) {
        refuse(c, 400, "the chunked body is malformed", NULL);
        return true;
    }
    c->body_seen += data.n;
    if (c->body_seen > c->body_max) {
        refuse(c, 413, "the body is too large", NULL);
        return true;
    }
    if (!c->is_inner_deaf && data.n) {
        char line[24];
        int n = snprintf(line, sizeof(line), "%zx\r\n", data.n);
        piece_add(&c->to_inner, line, (size_t)n);
        piece_add(&c->to_inner, data.p, data.n);
        piece_add(&c->to_inner, "\r\n", 2);
    }
    piece_drop(&c->in, used);
    if (e == OK) {
        if (!c->is_inner_deaf)
            piece_add(&c->to_inner, "0\r\n\r\n", 5);
        end_body(c);
    }
    return true;
}

static bool step_body(struct conn *c)
{
    if (c->in.n == 0) {
        if (c->is_client_done)
            conn_kill(c); /* half a request is no request */
        return false;
    }
    if (c->to_inner.n >= GATE_BUFFER_BYTES)
        return false;
    return c->is_chunked ? step_chunked_body(c) : step_length_body(c);
}

/* ---- an answer ----------------------------------------------------------------------------- */

static bool step_upgraded(struct conn *c)
{
    if (c->in.n && c->to_inner.n == 0 && !c->is_inner_deaf) {
        c->to_inner = c->in;
        c->in = (struct piece){0};
        return true;
    }
    if (c->is_client_done && c->in.n == 0 && c->to_inner.n == 0)
        linger(c);
    return false;
}

static void end_request(struct conn *c)
{
    c->has_served = true;
    if (c->answer.wants_close || atomic_load(&c->thread->is_draining)) {
        linger(c);
        return;
    }
    c->answer = (struct answer){0};
    c->head_from_ms = 0;
    c->idle_from_ms = c->thread->now_ms;
    conn_enter(c, PHASE_HEAD);
}

/* What is to be done once the answer is complete and on its way. */
static bool step_answer(struct conn *c)
{
    if (c->answer.state == ANSWER_UPGRADED) {
        conn_enter(c, PHASE_UPGRADED);
        return true;
    }
    if (c->answer.state != ANSWER_DONE)
        return false;
    if (c->phase == PHASE_ANSWER) {
        end_request(c);
        return true;
    }
    if (c->answer.wants_close) { /* answered before the body was complete */
        linger(c);
        return true;
    }
    return false;
}

/* The server closed its end. */
static void on_inner_closed(struct conn *c)
{
    conn_close_inner(c);
    switch (c->phase) {
    case PHASE_BODY:
    case PHASE_ANSWER:
        if (c->answer.state == ANSWER_UNTIL_CLOSE)
            c->answer.state = ANSWER_DONE;
        c->answer.wants_close = true;
        if (c->answer.state == ANSWER_DONE)
            linger(c);
        else if (c->answer.has_begun)
            conn_kill(c); /* no clean end: the client must see that something is missing */
        else
            refuse(c, 500, "no answer", NULL);
        break;
    case PHASE_UPGRADED:
        linger(c);
        break;
    default:
        break; /* it had been idle: the next request gets a new pair */
    }
}

static bool read_inner(struct conn *c)
{
    if (c->inner < 0 || !c->may_read_inner || c->to_client.n)
        return false;
    ssize_t n = recv(c->inner, c->thread->scratch, sizeof(c->thread->scratch), 0);
    if (n < 0 && conn_would_block()) {
        c->may_read_inner = false;
        return false;
    }
    if (n <= 0) {
        on_inner_closed(c);
        return true;
    }
    struct bytes got = {c->thread->scratch, (size_t)n};
    if (c->phase != PHASE_UPGRADED)
        got.n = answer_feed(&c->answer, got);
    conn_give(c, got.p, got.n);
    return true;
}

/* ---- the turn of one connection ------------------------------------------------------------ */

static bool read_client(struct conn *c)
{
    if (!c->may_read_client || c->is_client_done)
        return false;
    size_t most = GATE_BUFFER_BYTES;
    if (c->phase == PHASE_HEAD)
        most = HEAD_MAX_BYTES;
    else if (c->phase != PHASE_BODY && c->phase != PHASE_UPGRADED)
        return false;
    if (c->in.n >= most || c->to_inner.n >= GATE_BUFFER_BYTES)
        return false;
    size_t want = GATE_BUFFER_BYTES;
    if (c->phase == PHASE_HEAD) /* little at first, then as much again as there is */
        want = c->in.n < FIRST_READ_BYTES ? FIRST_READ_BYTES - c->in.n : c->in.n;
    if (want > most - c->in.n)
        want = most - c->in.n;
    size_t n = conn_read(c, piece_room(&c->in, want), want);
    c->in.n += n;
    if (c->in.n == 0)
        piece_clear(&c->in);
    return n > 0 || c->is_client_done;
}

static bool step_handshake(struct conn *c)
{
    switch (tls_handshake(c->tls)) {
    case TLS_OK:
        conn_enter(c, PHASE_HEAD);
        return true;
    case TLS_AGAIN:
        c->may_read_client = c->may_write_client = false;
        return false;
    default:
        conn_kill(c);
        return false;
    }
}

static bool step_linger(struct conn *c)
{
    if (c->to_client.n)
        return false;
    if (!c->has_said_goodbye) {
        c->has_said_goodbye = true;
        c->linger_from_ms = c->thread->now_ms;
        c->body_seen = 0;
        if (c->tls)
            tls_say_goodbye(c->tls);
        shutdown(c->client, SHUT_WR);
    }
    while (c->may_read_client && !c->is_client_done && c->phase != PHASE_DEAD) {
        /* Below TLS: what still comes is not looked at. */
        ssize_t n = recv(c->client, c->thread->scratch, sizeof(c->thread->scratch), 0);
        if (n < 0 && conn_would_block())
            c->may_read_client = false;
        else if (n <= 0 || (c->body_seen += (uint64_t)n) > LINGER_MAX_BYTES)
            c->is_client_done = true;
    }
    if (c->is_client_done)
        conn_kill(c);
    return false;
}

static bool step(struct conn *c)
{
    switch (c->phase) {
    case PHASE_HANDSHAKE:
        return c->may_read_client && step_handshake(c);
    case PHASE_HEAD:
        return c->to_client.n < GATE_BUFFER_BYTES && step_head(c);
    case PHASE_BODY: {
        bool moved = step_body(c);
        return c->phase == PHASE_BODY ? step_answer(c) || moved : true;
    }
    case PHASE_ANSWER:
        return step_answer(c);
    case PHASE_UPGRADED:
        return step_upgraded(c);
    case PHASE_LINGER:
        return step_linger(c);
    default:
        return false;
    }
}

void conn_pump(struct conn *c)
{
    static bool (*const moves[])(struct conn *) = {conn_flush_client, conn_flush_inner, read_client,
                                                   step, read_inner};
    for (unsigned round = 0; round < PUMP_ROUNDS; round++) {
        bool has_moved = false;
        for (size_t i = 0; i < COUNT(moves); i++) {
            if (moves[i](c))
                has_moved = true;
            if (c->phase == PHASE_DEAD)
                return;
        }
        if (!has_moved)
            return;
    }
    if (!c->is_again) {
        c->is_again = true;
        c->next_again = c->thread->again;
        c->thread->again = c;
    }
}

void conn_add(struct gate_thread *thread, int fd, struct tls_session *tls,
              const struct sockaddr *from, socklen_t from_n)
{
    struct conn *c = xcalloc(1, sizeof(*c));
    c->thread = thread;
    c->client = fd;
    c->inner = -1;
    c->tls = tls;
    c->from_n = from_n < sizeof(c->from) ? from_n : sizeof(c->from);
    memcpy(&c->from, from, c->from_n);
    c->address = address_of_socket(&c->from.any);
    c->is_counted = true;
    c->head_from_ms = thread->now_ms;
    c->may_read_client = c->may_write_client = true;
    atomic_fetch_add(&thread->n_conns, 1);
    conn_enter(c, tls ? PHASE_HANDSHAKE : PHASE_HEAD);

    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.u64 = (uintptr_t)c};
    if (epoll_ctl(thread->epoll, EPOLL_CTL_ADD, fd, &event))
        conn_kill(c);
    else
        conn_pump(c);
}

/* ---- time ---------------------------------------------------------------------------------- */

static void time_out(struct conn *c)
{
    atomic_fetch_add(&c->thread->timed_out, 1);
    bool is_mid_request = c->phase == PHASE_BODY || (c->phase == PHASE_HEAD && c->in.n);
    if (is_mid_request)
        refuse(c, 408, "the request took too long", NULL);
    else if (c->phase == PHASE_ANSWER && !c->answer.has_begun)
        refuse(c, 503, "the answer took too long", NULL);
    else
        conn_kill(c);
    if (c->phase != PHASE_DEAD)
        conn_pump(c);
}

static bool is_body_too_slow(const struct conn *c, const struct gate_limits *limits)
{
    int64_t now = c->thread->now_ms;
    int64_t allowed = limits->request_ms;
    if (c->body_max > 1024 * 1024)
        allowed += (int64_t)(c->body_max / BIG_BODY_MIN_RATE * 1000);
    if (now - c->head_from_ms > allowed)
        return true;
    int64_t judged = now - c->body_from_ms - RATE_GRACE_MS;
    return judged > 0 && c->to_inner.n == 0 &&
           c->body_seen * 1000 < limits->min_rate * (uint64_t)judged;
}

/* Counts what the client has acknowledged: our socket buffer would hide a reader that stopped. */
static bool is_reader_too_slow(struct conn *c, const struct gate_limits *limits)
{
    int64_t now = c->thread->now_ms;
    if (c->to_client.n == 0) {
        c->stall_from_ms = 0;
        return false;
    }
    int unsent = 0;
    (void)ioctl(c->client, SIOCOUTQ, &unsent);
    int64_t acked = c->sent - unsent;
    if (c->stall_from_ms && now - c->stall_from_ms < limits->idle_ms)
        return false;
    bool is_slow = c->stall_from_ms && (acked - c->stall_acked) * 1000 <
                                           (int64_t)limits->min_rate * (now - c->stall_from_ms);
    c->stall_from_ms = now;
    c->stall_acked = acked;
    return is_slow;
}

static bool is_late(struct conn *c, const struct gate_limits *limits)
{
    int64_t now = c->thread->now_ms;
    if (is_reader_too_slow(c, limits))
        return true;
    switch (c->phase) {
    case PHASE_HANDSHAKE:
        return now - c->head_from_ms > limits->head_ms;
    case PHASE_HEAD:
        if (c->in.n == 0 && atomic_load(&c->thread->is_draining))
            return true;
        if (c->head_from_ms)
            return now - c->head_from_ms > limits->head_ms;
        return now - c->idle_from_ms > limits->idle_ms;
    case PHASE_BODY:
        return is_body_too_slow(c, limits);
    case PHASE_ANSWER:
        return !c->answer.has_begun && now - c->answer_from_ms > limits->answer_ms;
    case PHASE_LINGER:
        return c->has_said_goodbye && now - c->linger_from_ms > limits->linger_ms;
    default:
        return false;
    }
}

void conn_check_time(struct conn *c)
{
    if (is_late(c, &c->thread->config->limits))
        time_out(c);
}
