#include "node/media/clean.h"

enum err clean(enum media_format format, struct clean *c, struct why *why)
{
    switch (format) {
    case FORMAT_MP4:
        return clean_mp4(c, why);
    case FORMAT_MP3:
        return clean_mp3(c, why);
    case FORMAT_OGG:
        return clean_ogg(c, why);
    case FORMAT_WAV:
        return clean_wav(c, why);
    default:
        return why_set(why, ERR_INVALID, "it is of no kind that is taken");
    }
}

enum err clean_put(struct clean *c, size_t at, size_t n, struct why *why)
{
    return c->put(c->context, (struct bytes){c->p + at, n})
               ? OK
               : why_set(why, ERR_STORE, "it cannot be written");
}

uint32_t clean_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint64_t clean_be64(const uint8_t *p)
{
    return (uint64_t)clean_be32(p) << 32 | clean_be32(p + 4);
}

uint32_t clean_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}
