#include "node/media/sniff.h"

#include <string.h>

static bool has(struct bytes file, size_t at, const char *text, size_t n)
{
    return file.n >= at + n && memcmp(file.p + at, text, n) == 0;
}

/* The major brand of an ISO base media file: HEIF uses the same boxes as MP4. */
static enum media_format of_brand(struct bytes file)
{
    static const char pictures[][5] = {"heic", "heix", "heim", "heis", "mif1",
                                       "msf1", "avif", "avis", "hevc"};
    static const char films[][5] = {"isom", "iso2", "iso3", "iso4", "iso5", "iso6", "mp41",
                                    "mp42", "avc1", "qt  ", "M4A ", "M4V ", "M4B ", "3gp4",
                                    "3gp5", "3gp6", "3g2a", "dash", "MSNV", "mp71"};
    for (size_t i = 0; i < COUNT(pictures); i++)
        if (has(file, 8, pictures[i], 4))
            return FORMAT_HEIF;
    for (size_t i = 0; i < COUNT(films); i++)
        if (has(file, 8, films[i], 4))
            return FORMAT_MP4;
    return FORMAT_UNKNOWN;
}

static bool is_mpeg_frame(struct bytes file)
{
    return file.n >= 4 && file.p[0] == 0xFF && (file.p[1] & 0xE6) == 0xE2 &&
           (file.p[2] & 0xF0) != 0xF0;
}

enum media_format sniff(struct bytes file)
{
    static const struct {
        const char *text;
        size_t n;
        enum media_format format;
    } beginnings[] = {
        {"\xFF\xD8\xFF", 3, FORMAT_JPEG},
        {"\x89PNG\r\n\x1a\n", 8, FORMAT_PNG},
        {"GIF87a", 6, FORMAT_GIF},
        {"GIF89a", 6, FORMAT_GIF},
        {"\x1A\x45\xDF\xA3", 4, FORMAT_WEBM},
        {"OggS", 4, FORMAT_OGG},
        {"fLaC", 4, FORMAT_FLAC},
        {"ID3", 3, FORMAT_MP3},
    };
    for (size_t i = 0; i < COUNT(beginnings); i++)
        if (has(file, 0, beginnings[i].text, beginnings[i].n))
            return beginnings[i].format;
    if (has(file, 4, "ftyp", 4))
        return of_brand(file);
    if (has(file, 0, "RIFF", 4) && has(file, 8, "WEBP", 4))
        return FORMAT_WEBP;
    if (has(file, 0, "RIFF", 4) && has(file, 8, "WAVE", 4))
        return FORMAT_WAV;
    return is_mpeg_frame(file) ? FORMAT_MP3 : FORMAT_UNKNOWN;
}

bool sniff_is_picture(enum media_format format)
{
    return format >= FORMAT_JPEG && format <= FORMAT_HEIF;
}

const char *sniff_type(enum media_format format)
{
    static const char *const types[] = {
        [FORMAT_JPEG] = "image/jpeg", [FORMAT_PNG] = "image/png",  [FORMAT_GIF] = "image/gif",
        [FORMAT_WEBP] = "image/webp", [FORMAT_MP4] = "video/mp4",  [FORMAT_WEBM] = "video/webm",
        [FORMAT_MP3] = "audio/mpeg",  [FORMAT_OGG] = "audio/ogg",  [FORMAT_FLAC] = "audio/flac",
        [FORMAT_WAV] = "audio/wav",   [FORMAT_HEIF] = "image/heif"};
    return format && format < COUNT(types) ? types[format] : "application/octet-stream";
}
