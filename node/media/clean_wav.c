/*
 * clean_wav - RIFF WAVE: the format, the number of samples and the samples stay.
 *
 * Source   Multimedia Programming Interface and Data Specifications 1.0 (RIFF)
 */
#include "node/media/clean.h"

#include <string.h>

#define CHUNK_HEAD_BYTES 8
#define FORMAT_MIN_BYTES 16
#define FORMAT_MAX_BYTES 40 /* WAVEFORMATEXTENSIBLE */

struct chunk {
    size_t at, n; /* with its head; without the padding */
};

static void write_le32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

/* The first chunk of that name from byte 12 on; n is 0 when there is none. */
static struct chunk find(const struct clean *c, const char *name)
{
    for (size_t at = 12; c->n - at >= CHUNK_HEAD_BYTES;) {
        size_t n = clean_le32(c->p + at + 4), left = c->n - at - CHUNK_HEAD_BYTES;
        n = n > left ? left : n; /* recorders that were cut off wrote no size */
        if (memcmp(c->p + at, name, 4) == 0)
            return (struct chunk){at, n + CHUNK_HEAD_BYTES};
        at += CHUNK_HEAD_BYTES + n;
        at += at < c->n && n % 2; /* chunks begin at even places */
    }
    return (struct chunk){0, 0};
}

enum err clean_wav(struct clean *c, struct why *why)
{
    static const uint8_t padding[1] = {0};
    if (c->n < 12)
        return why_set(why, ERR_INVALID, "it is no WAV file");
    struct chunk format = find(c, "fmt "), fact = find(c, "fact"), data = find(c, "data");
    size_t format_n = format.n - CHUNK_HEAD_BYTES;
    if (!format.n || !data.n || format_n < FORMAT_MIN_BYTES || format_n > FORMAT_MAX_BYTES ||
        format_n % 2)
        return why_set(why, ERR_INVALID, "it is no WAV file, or is damaged");
    if (fact.n != CHUNK_HEAD_BYTES + 4)
        fact.n = 0;
    uint32_t rate = clean_le32(c->p + format.at + CHUNK_HEAD_BYTES + 8); /* bytes per second */
    size_t data_n = data.n - CHUNK_HEAD_BYTES;
    write_le32(c->p + 4, (uint32_t)(4 + format.n + fact.n + data.n + data_n % 2));
    write_le32(c->p + data.at + 4, (uint32_t)data_n);
    c->type = "audio/wav";
    c->duration_ms = rate ? (uint32_t)((uint64_t)data_n * 1000 / rate) : 0;
    enum err e = clean_put(c, 0, 12, why);
    if (!e)
        e = clean_put(c, format.at, format.n, why);
    if (!e && fact.n)
        e = clean_put(c, fact.at, fact.n, why);
    if (!e)
        e = clean_put(c, data.at, data.n, why);
    if (!e && data_n % 2 && !c->put(c->context, (struct bytes){padding, 1}))
        e = why_set(why, ERR_STORE, "it cannot be written");
    return e;
}
