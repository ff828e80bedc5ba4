/*
 * clean_ogg - Vorbis and Opus in Ogg: the comments of each stream become empty, as long as they
 * were, so that no page changes its size. What is no page ends the file.
 *
 * Source   RFC 3533 (Ogg), RFC 7845 (Opus), Vorbis I specification §5
 */
#include "node/media/clean.h"

#include <string.h>

#define STREAMS_MAX 8
#define PAGE_HEAD_BYTES 27
#define BEGINS 2 /* of a page's flags: the stream begins here */
#define COMMENTS_MIN_BYTES 16

struct stream {
    uint32_t serial;
    bool is_vorbis;
    uint32_t rate;
    uint64_t packet, offset; /* the one being read */
};

struct ogg {
    struct stream stream[STREAMS_MAX];
    size_t n;
};

static uint32_t checksum(const uint8_t *p, size_t n)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)p[i] << 24;
        for (int bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ (crc & 0x80000000u ? 0x04C11DB7u : 0);
    }
    return crc;
}

/* The page at `p`: its whole length; 0: there is none. */
static size_t page_bytes(const uint8_t *p, size_t left)
{
    if (left < PAGE_HEAD_BYTES || memcmp(p, "OggS\0", 5) != 0 ||
        left - PAGE_HEAD_BYTES < p[PAGE_HEAD_BYTES - 1])
        return 0;
    size_t n = PAGE_HEAD_BYTES + p[PAGE_HEAD_BYTES - 1];
    for (size_t i = 0; i < p[PAGE_HEAD_BYTES - 1]; i++)
        n += p[PAGE_HEAD_BYTES + i];
    return n <= left ? n : 0;
}

static struct stream *find(struct ogg *ogg, uint32_t serial)
{
    for (size_t i = 0; i < ogg->n; i++)
        if (ogg->stream[i].serial == serial)
            return &ogg->stream[i];
    return NULL;
}

/* A stream begins: which code is it in? NULL: none that is taken. */
static struct stream *begin(struct ogg *ogg, uint32_t serial, const uint8_t *body, size_t n)
{
    bool is_vorbis = n >= 16 && memcmp(body, "\1vorbis", 7) == 0;
    if ((!is_vorbis && (n < 16 || memcmp(body, "OpusHead", 8) != 0)) ||
        (!find(ogg, serial) && ogg->n == STREAMS_MAX))
        return NULL;
    struct stream *s = find(ogg, serial);
    if (!s)
        s = &ogg->stream[ogg->n++];
    *s = (struct stream){.serial = serial,
                         .is_vorbis = is_vorbis,
                         .rate = is_vorbis ? clean_le32(body + 12) : 48000};
    return s;
}

/* No vendor, no comments; zeros to the end. */
static uint8_t empty_comment(const struct stream *s, uint64_t at)
{
    static const uint8_t vorbis[] = "\3vorbis\0\0\0\0\0\0\0\0\1", opus[] = "OpusTags";
    if (s->is_vorbis)
        return at < sizeof vorbis - 1 ? vorbis[at] : 0;
    return at < sizeof opus - 1 ? opus[at] : 0;
}

/* False: a packet of comments that is too short to be one. */
static bool clean_page(struct stream *s, uint8_t *page, size_t n)
{
    uint8_t *body = page + PAGE_HEAD_BYTES + page[PAGE_HEAD_BYTES - 1];
    bool is_changed = false;
    for (size_t i = 0; i < page[PAGE_HEAD_BYTES - 1]; i++) {
        size_t piece = page[PAGE_HEAD_BYTES + i];
        for (size_t k = 0; s->packet == 1 && k < piece; k++)
            body[k] = empty_comment(s, s->offset + k);
        is_changed = is_changed || s->packet == 1;
        body += piece;
        s->offset += piece;
        if (piece == 255)
            continue; /* the packet goes on */
        if (s->packet == 1 && s->offset < COMMENTS_MIN_BYTES)
            return false;
        s->packet++;
        s->offset = 0;
    }
    if (is_changed) {
        memset(page + 22, 0, 4);
        uint32_t crc = checksum(page, n);
        for (unsigned i = 0; i < 4; i++)
            page[22 + i] = (uint8_t)(crc >> (8 * i));
    }
    return true;
}

enum err clean_ogg(struct clean *c, struct why *why)
{
    struct ogg ogg = {0};
    size_t n, pages = 0;
    enum err e = OK;
    for (size_t at = 0; !e && (n = page_bytes(c->p + at, c->n - at)) > 0; at += n, pages++) {
        uint8_t *page = c->p + at;
        uint32_t serial = clean_le32(page + 14);
        size_t head = PAGE_HEAD_BYTES + page[PAGE_HEAD_BYTES - 1];
        struct stream *s =
            page[5] & BEGINS ? begin(&ogg, serial, page + head, n - head) : find(&ogg, serial);
        if (!s || !clean_page(s, page, n))
            return why_set(why, ERR_INVALID, "it is no Vorbis or Opus sound, or is damaged");
        uint64_t samples = (uint64_t)clean_le32(page + 10) << 32 | clean_le32(page + 6);
        if (s->rate && samples < UINT64_C(1) << 40)
            c->duration_ms = (uint32_t)(samples * 1000 / s->rate);
        e = clean_put(c, at, n, why);
    }
    if (!e && pages < 2)
        return why_set(why, ERR_INVALID, "it is no Ogg file, or is damaged");
    c->type = "audio/ogg";
    return e;
}
