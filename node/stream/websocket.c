#include "node/stream/websocket.h"

#include <openssl/evp.h>
#include <wslay/wslay.h>

#include <stdio.h>
#include <string.h>

#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_CHARACTERS 24 /* base64 of 16 bytes */

struct websocket {
    struct websocket_io io;
    wslay_event_context_ptr frames;
    size_t may_read; /* of WEBSOCKET_READ_BYTES, in this call */
    bool is_gone;    /* the connection ended */
};

/* ---- what wslay asks for ---- */

static ssize_t on_read(wslay_event_context_ptr frames, uint8_t *out, size_t max, int flags,
                       void *context)
{
    struct websocket *ws = context;
    (void)flags;
    ssize_t n = 0;
    if (ws->may_read)
        n = ws->io.read(ws->io.context, out, max < ws->may_read ? max : ws->may_read);
    if (n > 0) {
        ws->may_read -= (size_t)n;
        return n;
    }
    ws->is_gone = ws->is_gone || n < 0;
    wslay_event_set_error(frames, n < 0 ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK);
    return -1;
}

static ssize_t on_write(wslay_event_context_ptr frames, const uint8_t *p, size_t n, int flags,
                        void *context)
{
    struct websocket *ws = context;
    (void)flags;
    ssize_t sent = ws->io.write(ws->io.context, p, n);
    if (sent > 0)
        return sent;
    ws->is_gone = ws->is_gone || sent < 0;
    wslay_event_set_error(frames, sent < 0 ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK);
    return -1;
}

static void on_message(wslay_event_context_ptr frames,
                       const struct wslay_event_on_msg_recv_arg *message, void *context)
{
    struct websocket *ws = context;
    (void)frames;
    if (message->opcode == WSLAY_TEXT_FRAME)
        ws->io.on_text(ws->io.context, (struct bytes){message->msg, message->msg_length});
    else if (message->opcode == WSLAY_BINARY_FRAME)
        websocket_end(ws, WSLAY_CODE_UNSUPPORTED_DATA, "text only");
}

/* ---- life ---- */

struct websocket *websocket_create(const struct websocket_io *io)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_read,
        .send_callback = on_write,
        .on_msg_recv_callback = on_message,
    };
    struct websocket *ws = xcalloc(1, sizeof *ws);
    ws->io = *io;
    if (wslay_event_context_server_init(&ws->frames, &callbacks, ws)) {
        xfree(&ws);
        return NULL;
    }
    wslay_event_config_set_max_recv_msg_length(ws->frames, WEBSOCKET_MESSAGE_BYTES);
    return ws;
}

void websocket_free(struct websocket **websocket)
{
    if (*websocket)
        wslay_event_context_free((*websocket)->frames);
    xfree(websocket);
}

/* Neither side has anything more to say, or the other one lets us queue without end. */
static enum err judge(const struct websocket *ws)
{
    bool is_over = !wslay_event_want_read(ws->frames) && !wslay_event_want_write(ws->frames);
    return ws->is_gone || is_over ||
                   wslay_event_get_queued_msg_count(ws->frames) > WEBSOCKET_QUEUE_FRAMES
               ? ERR_DENIED
               : OK;
}

enum err websocket_read(struct websocket *ws)
{
    ws->may_read = WEBSOCKET_READ_BYTES;
    if (wslay_event_recv(ws->frames)) {
        (void)wslay_event_send(ws->frames); /* its close frame, while somebody may read it */
        return ERR_DENIED;
    }
    enum err e = judge(ws);
    return e ? e : websocket_write(ws);
}

enum err websocket_write(struct websocket *ws)
{
    return wslay_event_send(ws->frames) ? ERR_DENIED : judge(ws);
}

bool websocket_wants_write(const struct websocket *ws)
{
    return wslay_event_want_write(ws->frames);
}

static enum err queue(struct websocket *ws, uint8_t opcode, struct bytes payload)
{
    struct wslay_event_msg message = {.opcode = opcode, .msg = payload.p, .msg_length = payload.n};
    size_t waiting = wslay_event_get_queued_msg_length(ws->frames);
    if (waiting + payload.n > WEBSOCKET_QUEUE_BYTES ||
        wslay_event_get_queued_msg_count(ws->frames) >= WEBSOCKET_QUEUE_FRAMES)
        return ERR_LIMIT;
    /* After a close frame nothing is taken any more: that is no fault of the reader. */
    int error = wslay_event_queue_msg(ws->frames, &message);
    return error && error != WSLAY_ERR_NO_MORE_MSG ? ERR_LIMIT : OK;
}

enum err websocket_text(struct websocket *ws, struct bytes text)
{
    return queue(ws, WSLAY_TEXT_FRAME, text);
}

enum err websocket_ping(struct websocket *ws)
{
    return queue(ws, WSLAY_PING, (struct bytes){0});
}

void websocket_end(struct websocket *ws, unsigned code, const char *reason)
{
    (void)wslay_event_queue_close(ws->frames, (uint16_t)code, (const uint8_t *)reason,
                                  strlen(reason));
}

/* ---- the handshake ---- */

enum err websocket_accept(const char *key, char out[WEBSOCKET_ACCEPT_BYTES])
{
    unsigned char decoded[KEY_CHARACTERS], digest[EVP_MAX_MD_SIZE];
    char text[KEY_CHARACTERS + sizeof ACCEPT_GUID];
    unsigned int n;
    if (!key || strlen(key) != KEY_CHARACTERS || strcmp(key + KEY_CHARACTERS - 2, "==") != 0 ||
        EVP_DecodeBlock(decoded, (const unsigned char *)key, KEY_CHARACTERS) < 0)
        return ERR_INVALID;
    snprintf(text, sizeof text, "%s" ACCEPT_GUID, key);
    if (EVP_Digest(text, strlen(text), digest, &n, EVP_sha1(), NULL) != 1)
        return ERR_STORE;
    EVP_EncodeBlock((unsigned char *)out, digest, (int)n);
    return OK;
}
