/*
 * clean_mp3 - MPEG audio, layer III: only its frames stay.
 *
 * Tags (ID3v1, ID3v2, APE, Lyrics3) stand before, between or behind the frames and are no frames;
 * of the first frame's Xing header what seeking needs stays. At the first thing that is neither a
 * frame nor an ID3v2 tag the sound ends.
 *
 * Source   ISO/IEC 11172-3, 13818-3; ID3v2.4.0 structure
 */
#include "node/media/clean.h"

#include <string.h>

#define FRAMES_MIN 3 /* fewer are chance */

struct frame {
    size_t n;
    uint32_t rate, samples;
    bool is_mono, is_mpeg1;
};

static bool read_frame(const uint8_t *p, size_t left, struct frame *out)
{
    static const uint16_t rates[] = {44100, 48000, 32000};
    static const uint16_t kbit1[] = {0,   32,  40,  48,  56,  64,  80, 96,
                                     112, 128, 160, 192, 224, 256, 320};
    static const uint16_t kbit2[] = {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160};
    if (left < 4 || p[0] != 0xFF || (p[1] & 0xE6) != 0xE2) /* sync, layer III */
        return false;
    unsigned version = p[1] >> 3 & 3, kbit = p[2] >> 4, rate = p[2] >> 2 & 3;
    if (version == 1 || kbit == 0 || kbit == 15 || rate == 3)
        return false;
    out->is_mpeg1 = version == 3;
    out->is_mono = p[3] >> 6 == 3;
    out->rate = (uint32_t)rates[rate] >> (version == 3 ? 0 : version == 2 ? 1 : 2);
    out->samples = out->is_mpeg1 ? 1152 : 576;
    out->n = (size_t)(out->samples / 8 * (out->is_mpeg1 ? kbit1 : kbit2)[kbit] * 1000 / out->rate) +
             (p[2] >> 1 & 1);
    return out->n >= 24 && out->n <= left;
}

static size_t tag_bytes(const uint8_t *p, size_t left)
{
    if (left < 10 || memcmp(p, "ID3", 3) != 0 || (p[6] | p[7] | p[8] | p[9]) & 0x80)
        return 0;
    size_t n = (size_t)p[6] << 21 | (size_t)p[7] << 14 | (size_t)p[8] << 7 | p[9];
    n += p[5] & 0x10 ? 20 : 10;
    return n < left ? n : left;
}

/* The name of the encoder follows what players need. */
static void clean_first(uint8_t *p, const struct frame *frame)
{
    size_t at = 4 + (frame->is_mpeg1 ? (frame->is_mono ? 17u : 32u) : (frame->is_mono ? 9u : 17u));
    if (frame->n < at + 8 || (memcmp(p + at, "Xing", 4) != 0 && memcmp(p + at, "Info", 4) != 0))
        return;
    uint32_t has = clean_be32(p + at + 4);
    at += 8 + (has & 1 ? 4 : 0) + (has & 2 ? 4 : 0) + (has & 4 ? 100 : 0) + (has & 8 ? 4 : 0);
    if (at < frame->n)
        memset(p + at, 0, frame->n - at);
}

enum err clean_mp3(struct clean *c, struct why *why)
{
    struct frame frame = {0};
    uint64_t frames = 0, samples = 0;
    enum err e = OK;
    for (size_t at = 0; !e && at < c->n;) {
        size_t tag = tag_bytes(c->p + at, c->n - at);
        if (!tag && !read_frame(c->p + at, c->n - at, &frame))
            break;
        if (!tag) {
            if (frames++ == 0)
                clean_first(c->p + at, &frame);
            samples += frame.samples;
            e = clean_put(c, at, frame.n, why);
        }
        at += tag ? tag : frame.n;
    }
    if (!e && frames < FRAMES_MIN)
        return why_set(why, ERR_INVALID, "it is no MP3 file, or is damaged");
    c->type = "audio/mpeg";
    c->duration_ms = frame.rate ? (uint32_t)(samples * 1000 / frame.rate) : 0;
    return e;
}
