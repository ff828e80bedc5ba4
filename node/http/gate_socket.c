#include "node/http/gate_socket.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define INNER_BYTES (32 * 1024) /* kernel memory of a socket pair, per direction */

/* ---- waiting bytes ------------------------------------------------------------------------- */

void piece_clear(struct piece *piece)
{
    xfree(&piece->p);
    *piece = (struct piece){0};
}

/* Makes room for `n` more bytes and says where they go. */
uint8_t *piece_room(struct piece *piece, size_t n)
{
    if (piece->from && piece->from + piece->n + n > piece->room) {
        memmove(piece->p, piece->p + piece->from, piece->n);
        piece->from = 0;
    }
    if (piece->n + n > piece->room) {
        piece->room = piece->n + n;
        piece->p = xrealloc(piece->p, piece->room);
    }
    return piece->p + piece->from + piece->n;
}

void piece_add(struct piece *piece, const void *p, size_t n)
{
    if (n == 0)
        return;
    memcpy(piece_room(piece, n), p, n);
    piece->n += n;
}

void piece_drop(struct piece *piece, size_t n)
{
    assert(n <= piece->n);
    piece->from += n;
    piece->n -= n;
    if (piece->n == 0)
        piece_clear(piece);
}

struct bytes piece_bytes(const struct piece *piece)
{
    return (struct bytes){piece->p + piece->from, piece->n};
}

/* ---- lists --------------------------------------------------------------------------------- */

static void list_remove(struct conn *c)
{
    *(c->previous ? &c->previous->next : &c->list->first) = c->next;
    *(c->next ? &c->next->previous : &c->list->last) = c->previous;
    c->next = c->previous = NULL;
    c->list = NULL;
}

static void list_append(struct conn_list *list, struct conn *c)
{
    c->list = list;
    c->previous = list->last;
    c->next = NULL;
    *(list->last ? &list->last->next : &list->first) = c;
    list->last = c;
}

void conn_enter(struct conn *c, enum phase phase)
{
    c->phase = phase;
    struct conn_list *list = phase <= PHASE_HEAD ? &c->thread->waiting : &c->thread->busy;
    if (c->list != list) {
        if (c->list)
            list_remove(c);
        list_append(list, c);
    }
}

/* ---- sockets ------------------------------------------------------------------------------- */

void conn_close_inner(struct conn *c)
{
    if (c->inner >= 0)
        close(c->inner);
    c->inner = -1;
    c->is_inner_deaf = false;
    piece_clear(&c->to_inner);
}

void conn_kill(struct conn *c)
{
    if (c->phase == PHASE_DEAD)
        return;
    c->phase = PHASE_DEAD;
    conn_close_inner(c);
    tls_session_free(&c->tls);
    close(c->client);
    if (c->is_counted)
        address_counts_leave(c->thread->counts, c->address);
    list_remove(c);
    atomic_fetch_sub(&c->thread->n_conns, 1);
    c->next_dead = c->thread->dead;
    c->thread->dead = c;
}

void conn_bury(struct gate_thread *thread)
{
    for (struct conn **at = &thread->again; *at;) {
        if ((*at)->phase == PHASE_DEAD)
            *at = (*at)->next_again;
        else
            at = &(*at)->next_again;
    }
    while (thread->dead) {
        struct conn *c = thread->dead;
        thread->dead = c->next_dead;
        piece_clear(&c->in);
        piece_clear(&c->to_client);
        xfree(&c);
    }
}

bool conn_would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* As many of the bytes as the client's socket takes now. */
static size_t client_write(struct conn *c, const uint8_t *p, size_t n)
{
    size_t done = 0;
    while (done < n && c->may_write_client && c->phase != PHASE_DEAD) {
        size_t some = 0;
        if (c->tls) {
            enum tls_io io = tls_write(c->tls, p + done, n - done, &some);
            if (io == TLS_AGAIN)
                c->may_write_client = false;
            else if (io != TLS_OK)
                conn_kill(c);
        } else {
            ssize_t got = send(c->client, p + done, n - done, MSG_NOSIGNAL);
            if (got >= 0)
                some = (size_t)got;
            else if (conn_would_block())
                c->may_write_client = false;
            else
                conn_kill(c);
        }
        done += some;
    }
    c->sent += (int64_t)done;
    return done;
}

bool conn_flush_client(struct conn *c)
{
    if (c->to_client.n == 0 || !c->may_write_client)
        return false;
    size_t done = client_write(c, c->to_client.p + c->to_client.from, c->to_client.n);
    piece_drop(&c->to_client, done);
    return done > 0;
}

/* Sends what the socket takes; the rest waits. */
void conn_give(struct conn *c, const uint8_t *p, size_t n)
{
    size_t done = c->to_client.n ? 0 : client_write(c, p, n);
    if (c->phase != PHASE_DEAD)
        piece_add(&c->to_client, p + done, n - done);
}

/* Up to `room` bytes; sets is_client_done at the end. */
size_t conn_read(struct conn *c, uint8_t *out, size_t room)
{
    size_t n = 0;
    if (c->tls) {
        enum tls_io io = tls_read(c->tls, out, room, &n);
        if (io == TLS_AGAIN)
            c->may_read_client = false;
        else if (io == TLS_CLOSED)
            c->is_client_done = true;
        else if (io == TLS_BROKEN)
            conn_kill(c);
        return io == TLS_OK ? n : 0;
    }
    ssize_t got = recv(c->client, out, room, 0);
    if (got == 0)
        c->is_client_done = true;
    else if (got < 0 && conn_would_block())
        c->may_read_client = false;
    else if (got < 0)
        conn_kill(c);
    return got > 0 ? (size_t)got : 0;
}

bool conn_flush_inner(struct conn *c)
{
    if (c->is_inner_deaf && c->to_inner.n) {
        piece_clear(&c->to_inner);
        return true;
    }
    if (c->to_inner.n == 0 || c->inner < 0 || !c->may_write_inner)
        return false;
    ssize_t n = send(c->inner, c->to_inner.p + c->to_inner.from, c->to_inner.n, MSG_NOSIGNAL);
    if (n < 0 && conn_would_block()) {
        c->may_write_inner = false;
        return false;
    }
    if (n < 0) { /* answered and closed before the body was complete */
        c->is_inner_deaf = true;
        return true;
    }
    piece_drop(&c->to_inner, (size_t)n);
    return n > 0;
}

bool conn_open_inner(struct conn *c)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair))
        return false;
    int room = INNER_BYTES;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.u64 = (uintptr_t)c | CONN_TAG_INNER};
    if (epoll_ctl(c->thread->epoll, EPOLL_CTL_ADD, pair[0], &event)) {
        close(pair[0]);
        close(pair[1]);
        return false;
    }
    c->inner = pair[0];
    c->may_read_inner = c->may_write_inner = true;
    c->is_inner_deaf = false;
    const struct gate_hooks *hooks = &c->thread->config->hooks;
    if (hooks->take(hooks->context, c->thread->index, pair[1], &c->from.any, c->from_n)) {
        conn_close_inner(c);
        return false;
    }
    return true;
}
