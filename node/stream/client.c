#include "node/stream/client.h"

#include <openssl/crypto.h>

#include <string.h>
#include <unistd.h>

#define FRAME_MAX_BYTES ((size_t)3 << 20) /* a payload as a string in a string */

struct client *client_create(struct streamer *streamer, actor_id who, const char *secret,
                             const char *scopes)
{
    struct client *client = xcalloc(1, sizeof *client);
    client->streamer = streamer;
    client->who = who;
    client->secret = secret ? xstrdup(secret) : NULL;
    client->scopes = scopes ? xstrdup(scopes) : NULL;
    client->fd = -1;
    client->early = (struct buf)BUF_INIT(CLIENT_EARLY_BYTES);
    client->out = (struct buf)BUF_INIT(WEBSOCKET_QUEUE_BYTES);
    pthread_mutex_init(&client->mu, NULL);
    return client;
}

void client_free(struct client **address)
{
    struct client *client = *address;
    if (!client)
        return;
    websocket_free(&client->socket);
    if (client->fd >= 0)
        close(client->fd);
    request_unwatch(&client->request);
    if (client->secret)
        OPENSSL_cleanse(client->secret, strlen(client->secret));
    xfree(&client->secret);
    xfree(&client->scopes);
    xfree(&client->channels);
    buf_clear(&client->early);
    buf_clear(&client->out);
    pthread_mutex_destroy(&client->mu);
    xfree(address);
}

/* ---- what it listens to --------------------------------------------------------------------- */

static size_t find(const struct client *client, const struct channel *channel)
{
    size_t i = 0;
    while (i < client->n_channels && !channel_equal(&client->channels[i], channel))
        i++;
    return i;
}

enum err client_subscribe(struct client *client, const struct channel *channel)
{
    if (find(client, channel) < client->n_channels)
        return ERR_EXISTS;
    if (client->n_channels == CLIENT_CHANNELS_MAX)
        return ERR_LIMIT;
    client->channels =
        xrealloc(client->channels, (client->n_channels + 1) * sizeof *client->channels);
    client->channels[client->n_channels++] = *channel;
    return OK;
}

void client_unsubscribe(struct client *client, const struct channel *channel)
{
    size_t i = find(client, channel);
    if (i < client->n_channels)
        client->channels[i] = client->channels[--client->n_channels];
}

/* ---- telling -------------------------------------------------------------------------------- */

static void send_text(struct client *client, const struct buf *text)
{
    if (client->is_over)
        return;
    if (text->is_full || websocket_text(client->socket, buf_bytes(text)) ||
        websocket_write(client->socket))
        client->is_over = true;
}

/* What was fetched goes. */
static void make_room(struct client *client)
{
    if (!client->out_at)
        return;
    client->out.n -= client->out_at;
    memmove(client->out.p, client->out.p + client->out_at, client->out.n + 1);
    client->out_at = 0;
}

/* Onto an answer's queue. */
static void append(struct client *client, const char *p, size_t n)
{
    pthread_mutex_lock(&client->mu);
    make_room(client);
    buf_add(&client->out, p, n);
    bool is_full = client->out.is_full;
    client->is_ended = client->is_ended || is_full;
    pthread_mutex_unlock(&client->mu);
    client->is_over = client->is_over || is_full;
    request_wake(client->request);
}

static void tell_socket(struct client *client, const struct channel *channel,
                        const struct news_item *item)
{
    AUTO(buf_clear) struct buf text = BUF_INIT(FRAME_MAX_BYTES);
    struct jw w = {.buf = &text};
    jw_object(&w, NULL);
    channel_write(&w, channel);
    jw_text(&w, "event", item->event);
    if (item->payload.n)
        jw_text(&w, "payload", (const char *)item->payload.p);
    jw_object_end(&w);
    send_text(client, &text);
}

static void tell_answer(struct client *client, const struct news_item *item)
{
    AUTO(buf_clear) struct buf text = BUF_INIT(FRAME_MAX_BYTES);
    buf_printf(&text, "event: %s\ndata: ", item->event);
    if (item->payload.n)
        buf_add(&text, item->payload.p, item->payload.n);
    else
        buf_str(&text, "{}"); /* an event without data is none to a reader of these streams */
    buf_str(&text, "\n\n");
    append(client, buf_text(&text), text.n);
}

void client_tell(struct client *client, const struct channel *channel, const struct news_item *item)
{
    if (client->is_socket)
        tell_socket(client, channel, item);
    else
        tell_answer(client, item);
}

void client_error(struct client *client, int status, const char *text)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(4096);
    struct jw w = {.buf = &json};
    jw_object(&w, NULL);
    jw_text(&w, "error", text);
    jw_number(&w, "status", status);
    jw_object_end(&w);
    send_text(client, &json);
}

void client_beat(struct client *client, int64_t now_ms)
{
    if (client->is_socket && now_ms - client->heard_ms > CLIENT_SILENCE_MS)
        client->is_over = true;
    if (client->is_over || now_ms < client->next_beat_ms)
        return;
    client->next_beat_ms = now_ms + (client->is_socket ? CLIENT_PING_MS : CLIENT_THUMP_MS);
    if (!client->is_socket)
        append(client, ":thump\n", 7);
    else if (websocket_ping(client->socket) || websocket_write(client->socket))
        client->is_over = true;
}

void client_end(struct client *client, unsigned code, const char *reason)
{
    if (client->is_socket && client->socket && !client->is_over) {
        websocket_end(client->socket, code, reason);
        (void)!websocket_write(client->socket); /* whether it is heard or not */
    }
    client->is_over = true;
    pthread_mutex_lock(&client->mu);
    client->is_ended = true;
    pthread_mutex_unlock(&client->mu);
    if (client->request)
        request_wake(client->request);
}

ptrdiff_t client_read(void *context, uint8_t *out, size_t max)
{
    struct client *client = context;
    pthread_mutex_lock(&client->mu);
    size_t n = client->out.n - client->out_at;
    if (n > max)
        n = max;
    if (n)
        memcpy(out, client->out.p + client->out_at, n);
    client->out_at += n;
    bool is_ended = client->is_ended;
    pthread_mutex_unlock(&client->mu);
    return n ? (ptrdiff_t)n : is_ended ? RESPONSE_STREAM_END : 0;
}
