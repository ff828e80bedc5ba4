/*
 * clean_mp4 - ISO base media files: MP4, M4A, QuickTime, 3GP.
 *
 * Tables in the file count bytes from its beginning, so nothing moves: a box that does not stay
 * becomes `free`, full of zeros, and of the sample data (mdat) only what the samples of picture and
 * sound tracks lie in keeps its bytes. Fragmented files are refused.
 *
 * Source   ISO/IEC 14496-12; QuickTime File Format Specification
 */
#include "node/media/clean.h"

#include <stdlib.h>
#include <string.h>

#define CHUNKS_MAX 1000000
#define MDATS_MAX 16
#define FTYP_MAX_BYTES 128
#define VIDEO_ENTRY_BYTES 86 /* before the boxes in it */
#define AUDIO_ENTRY_BYTES 36

struct box {
    size_t at, n; /* with its head */
    size_t head;
    uint8_t *type; /* in the file */
};

struct span {
    size_t at, n;
};

struct mp4 {
    struct clean *c;
    struct why *why;
    struct box mdat[MDATS_MAX];
    size_t n_mdat;
    struct span *chunk; /* where samples lie */
    size_t n_chunks, room;
    bool has_moov, has_video, has_audio;
};

/* What a track says about its samples; `p` is NULL for what it lacks. */
struct track {
    const uint8_t *sizes, *chunks, *per_chunk;
    size_t n_sizes, n_chunks, n_per_chunk;
    uint32_t size; /* of every sample; 0: as `sizes` says */
    uint32_t samples;
    bool is_64;
    bool is_video;
};

static enum err damaged(struct mp4 *m)
{
    return why_set(m->why, ERR_INVALID, "the film is damaged");
}

static bool is(const struct box *box, const char *type)
{
    return memcmp(box->type, type, 4) == 0;
}

/* In a list of four-letter names, each with a space behind it. */
static bool is_one_of(const struct box *box, const char *types)
{
    for (; *types; types += 5)
        if (memcmp(box->type, types, 4) == 0)
            return true;
    return false;
}

static bool read_box(struct mp4 *m, size_t at, size_t end, struct box *out)
{
    if (at > end || end - at < 8)
        return false;
    uint8_t *p = m->c->p + at;
    uint64_t n = clean_be32(p);
    *out = (struct box){.at = at, .head = 8, .type = p + 4};
    if (n == 1) {
        if (end - at < 16)
            return false;
        n = clean_be64(p + 8);
        out->head = 16;
    } else if (n == 0) {
        n = end - at;
    }
    out->n = (size_t)n;
    return n >= out->head && n <= end - at;
}

static void blank(struct mp4 *m, const struct box *box)
{
    memcpy(box->type, "free", 4);
    memset(m->c->p + box->at + box->head, 0, box->n - box->head);
}

static uint8_t *content(struct mp4 *m, const struct box *box, size_t *out_n)
{
    *out_n = box->n - box->head;
    return m->c->p + box->at + box->head;
}

/* ---- boxes that stay, without what they need not say ---- */

/* mvhd, tkhd, mdhd: when it was made and changed. */
static enum err clean_dates(struct mp4 *m, const struct box *box)
{
    size_t n;
    uint8_t *p = content(m, box, &n);
    size_t dates = n && p[0] == 1 ? 16 : 8;
    if (n < 4 + dates + 12)
        return damaged(m);
    memset(p + 4, 0, dates);
    return OK;
}

static enum err read_mvhd(struct mp4 *m, const struct box *box)
{
    size_t n;
    uint8_t *p = content(m, box, &n);
    enum err e = clean_dates(m, box);
    if (e)
        return e;
    bool is_long = p[0] == 1;
    if (n < (is_long ? 32u : 20u))
        return damaged(m);
    uint64_t scale = clean_be32(p + (is_long ? 20 : 12));
    uint64_t duration = is_long ? clean_be64(p + 24) : clean_be32(p + 16);
    if (scale && duration < UINT32_MAX)
        m->c->duration_ms = (uint32_t)(duration * 1000 / scale);
    return OK;
}

static enum err read_tkhd(struct mp4 *m, const struct box *box, const struct track *t)
{
    size_t n;
    uint8_t *p = content(m, box, &n);
    enum err e = clean_dates(m, box);
    if (e || !t->is_video || n < 84)
        return e;
    m->c->width = clean_be32(p + n - 8) >> 16;
    m->c->height = clean_be32(p + n - 4) >> 16;
    return OK;
}

/* Its name is often that of the device or program. */
static enum err clean_handler(struct mp4 *m, const struct box *box)
{
    size_t n;
    uint8_t *p = content(m, box, &n);
    if (n < 20)
        return damaged(m);
    memset(p + 12, 0, n - 12);
    return OK;
}

/* Samples lie in this file, not elsewhere. */
static enum err check_dref(struct mp4 *m, const struct box *box)
{
    size_t n;
    uint8_t *p = content(m, box, &n);
    if (n < 8)
        return damaged(m);
    for (size_t at = 8; at < n; at += 12)
        if (n - at < 12 || clean_be32(p + at) != 12 || !(p[at + 11] & 1))
            return why_set(m->why, ERR_INVALID, "the film points to another file");
    return OK;
}

/* ---- sample descriptions ---- */

/* The boxes inside a sample entry. A remainder too short for one is a terminator. */
static enum err clean_inner(struct mp4 *m, size_t at, size_t end, const char *kept)
{
    struct box box;
    for (; end - at >= 8; at += box.n) {
        if (!read_box(m, at, end, &box))
            return damaged(m);
        size_t n;
        const uint8_t *p = content(m, &box, &n);
        bool has_profile =
            is(&box, "colr") && (n < 4 || (memcmp(p, "nclx", 4) != 0 && memcmp(p, "nclc", 4) != 0));
        enum err e = OK;
        if (is(&box, "wave"))
            e = clean_inner(m, at + box.head, at + box.n, "frma esds alac ");
        else if (has_profile || !is_one_of(&box, kept))
            blank(m, &box);
        if (e)
            return e;
    }
    memset(m->c->p + at, 0, end - at);
    return OK;
}

static enum err clean_entry(struct mp4 *m, const struct box *entry, bool is_video)
{
    static const char video[] = "avc1 avc3 hvc1 hev1 vp08 vp09 av01 mp4v ";
    static const char audio[] = "mp4a Opus ac-3 ec-3 alac sowt twos lpcm ";
    uint8_t *p = m->c->p + entry->at;
    size_t fixed = is_video ? VIDEO_ENTRY_BYTES : AUDIO_ENTRY_BYTES;
    if (!is_one_of(entry, is_video ? video : audio))
        return why_set(m->why, ERR_INVALID, "the film is in a code that is not taken");
    if (entry->head != 8 || entry->n < fixed)
        return damaged(m);
    if (!is_video) {
        unsigned version = (unsigned)p[16] << 8 | p[17];
        fixed += version == 1 ? 16 : version == 2 ? 36 : 0;
        if (entry->n < fixed)
            return damaged(m);
    }
    memset(p + 20, 0, 4); /* who made the encoder */
    if (is_video)
        memset(p + 50, 0, 32); /* and what it is called */
    return clean_inner(
        m, entry->at + fixed, entry->at + entry->n,
        "avcC hvcC vpcC av1C esds colr pasp btrt clap dOps dac3 dec3 chan fiel alac ");
}

static enum err clean_stsd(struct mp4 *m, const struct box *box, bool is_video)
{
    size_t n, at = box->at + box->head + 8, end = box->at + box->n;
    struct box entry;
    (void)content(m, box, &n);
    if (n < 8)
        return damaged(m);
    for (; at < end; at += entry.n) {
        if (!read_box(m, at, end, &entry))
            return damaged(m);
        enum err e = clean_entry(m, &entry, is_video);
        if (e)
            return e;
    }
    return OK;
}

/* ---- where the samples lie ---- */

/* A table of `width` bytes a row after `skip` bytes, the row count last in those. */
static enum err read_rows(struct mp4 *m, const struct box *box, size_t skip, size_t width,
                          const uint8_t **out, size_t *out_n)
{
    size_t n;
    const uint8_t *p = content(m, box, &n);
    if (n < skip || clean_be32(p + skip - 4) > (n - skip) / width)
        return damaged(m);
    *out = p + skip;
    *out_n = clean_be32(p + skip - 4);
    return OK;
}

static enum err read_sizes(struct mp4 *m, const struct box *box, struct track *t)
{
    size_t n;
    const uint8_t *p = content(m, box, &n);
    if (n < 12)
        return damaged(m);
    t->size = clean_be32(p + 4);
    t->samples = clean_be32(p + 8);
    return t->size ? OK : read_rows(m, box, 12, 4, &t->sizes, &t->n_sizes);
}

static enum err read_table(struct mp4 *m, const struct box *box, struct track *t)
{
    if (is(box, "stsd"))
        return clean_stsd(m, box, t->is_video);
    if (is(box, "stsz"))
        return read_sizes(m, box, t);
    if (is(box, "stsc"))
        return read_rows(m, box, 8, 12, &t->per_chunk, &t->n_per_chunk);
    if (is(box, "stco") || is(box, "co64")) {
        t->is_64 = is(box, "co64");
        return read_rows(m, box, 8, t->is_64 ? 8 : 4, &t->chunks, &t->n_chunks);
    }
    return OK;
}

static enum err add_span(struct mp4 *m, uint64_t at, uint64_t n)
{
    if (at > m->c->n || n > m->c->n - at)
        return damaged(m);
    if (m->n_chunks == CHUNKS_MAX)
        return why_set(m->why, ERR_LIMIT, "the film has too many pieces");
    if (m->n_chunks == m->room) {
        m->room = m->room ? 2 * m->room : 256;
        m->chunk = xrealloc(m->chunk, m->room * sizeof *m->chunk);
    }
    m->chunk[m->n_chunks++] = (struct span){(size_t)at, (size_t)n};
    return OK;
}

/* The bytes of `n` samples from `first` on; past the last: none. */
static uint64_t bytes_of_samples(const struct track *t, uint64_t first, uint64_t n)
{
    uint64_t all = t->size ? t->samples : t->n_sizes, sum = 0;
    if (first >= all)
        return 0;
    n = n < all - first ? n : all - first;
    if (t->size)
        return n * t->size;
    for (uint64_t i = first; i < first + n; i++)
        sum += clean_be32(t->sizes + 4 * i);
    return sum;
}

static enum err add_track(struct mp4 *m, const struct track *t)
{
    uint64_t sample = 0;
    size_t row = 0;
    for (size_t i = 0; i < t->n_chunks; i++) {
        while (row + 1 < t->n_per_chunk && clean_be32(t->per_chunk + 12 * (row + 1)) <= i + 1)
            row++;
        uint64_t n = t->n_per_chunk ? clean_be32(t->per_chunk + 12 * row + 4) : 0;
        uint64_t at = t->is_64 ? clean_be64(t->chunks + 8 * i) : clean_be32(t->chunks + 4 * i);
        enum err e = add_span(m, at, bytes_of_samples(t, sample, n));
        if (e)
            return e;
        sample += n;
    }
    return OK;
}

/* ---- the tree ---- */

/* What a box may hold: what stays as it is, and what is looked into. */
static const struct {
    const char *parent, *kept, *entered;
} tree[] = {
    {"trak", "tkhd ", "edts mdia "},
    {"edts", "elst ", ""},
    {"mdia", "mdhd hdlr ", "minf "},
    {"minf", "vmhd smhd ", "dinf stbl "},
    {"dinf", "dref ", ""},
    {"stbl", "stsd stts ctts cslg stss stsc stsz stco co64 sdtp sgpd sbgp ", ""},
};

static enum err clean_kept(struct mp4 *m, const struct box *box, struct track *t)
{
    if (is(box, "tkhd"))
        return read_tkhd(m, box, t);
    if (is(box, "mdhd"))
        return clean_dates(m, box);
    if (is(box, "hdlr"))
        return clean_handler(m, box);
    if (is(box, "dref"))
        return check_dref(m, box);
    return read_table(m, box, t);
}

/* As deep as `tree` is. */
static enum err clean_children(struct mp4 *m, const struct box *parent, struct track *t)
{
    size_t row = 0, at = parent->at + parent->head, end = parent->at + parent->n;
    struct box box;
    while (row < COUNT(tree) - 1 && !is(parent, tree[row].parent))
        row++;
    for (; at < end; at += box.n) {
        if (end - at < 8) { /* QuickTime ends some with four zeros */
            memset(m->c->p + at, 0, end - at);
            return OK;
        }
        if (!read_box(m, at, end, &box))
            return damaged(m);
        enum err e = OK;
        if (is_one_of(&box, tree[row].entered))
            e = clean_children(m, &box, t);
        else if (is_one_of(&box, tree[row].kept))
            e = clean_kept(m, &box, t);
        else
            blank(m, &box);
        if (e)
            return e;
    }
    return OK;
}

static bool find(struct mp4 *m, const struct box *parent, const char *type, struct box *out)
{
    size_t end = parent->at + parent->n;
    for (size_t at = parent->at + parent->head; read_box(m, at, end, out); at += out->n)
        if (is(out, type))
            return true;
    return false;
}

/* A track that is neither picture nor sound (places, times, subtitles) goes whole. */
static enum err clean_track(struct mp4 *m, const struct box *trak)
{
    struct box mdia, hdlr;
    struct track t = {0};
    size_t n = 0;
    const uint8_t *p = NULL;
    if (find(m, trak, "mdia", &mdia) && find(m, &mdia, "hdlr", &hdlr))
        p = content(m, &hdlr, &n);
    t.is_video = n >= 12 && memcmp(p + 8, "vide", 4) == 0;
    if (n < 12 || (!t.is_video && memcmp(p + 8, "soun", 4) != 0)) {
        blank(m, trak);
        return OK;
    }
    enum err e = clean_children(m, trak, &t);
    m->has_video = m->has_video || t.is_video;
    m->has_audio = m->has_audio || !t.is_video;
    return e ? e : add_track(m, &t);
}

static enum err clean_moov(struct mp4 *m, const struct box *moov)
{
    size_t end = moov->at + moov->n;
    struct box box;
    if (m->has_moov)
        return damaged(m);
    m->has_moov = true;
    for (size_t at = moov->at + moov->head; end - at >= 8; at += box.n) {
        if (!read_box(m, at, end, &box))
            return damaged(m);
        enum err e = OK;
        if (is(&box, "trak"))
            e = clean_track(m, &box);
        else if (is(&box, "mvhd"))
            e = read_mvhd(m, &box);
        else if (is(&box, "mvex"))
            e = why_set(m->why, ERR_INVALID, "films in fragments are not taken");
        else
            blank(m, &box);
        if (e)
            return e;
    }
    return OK;
}

static enum err clean_top(struct mp4 *m, const struct box *box)
{
    if (is(box, "moov"))
        return clean_moov(m, box);
    if (is(box, "moof"))
        return why_set(m->why, ERR_INVALID, "films in fragments are not taken");
    if (is(box, "mdat")) {
        if (m->n_mdat == MDATS_MAX)
            return why_set(m->why, ERR_LIMIT, "the film has too many pieces");
        m->mdat[m->n_mdat++] = *box;
    } else if (!is(box, "ftyp")) {
        blank(m, box);
    } else if (box->at || box->n > FTYP_MAX_BYTES || box->n < box->head + 8) {
        return damaged(m);
    }
    return OK;
}

static int by_place(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* Zeros between the samples. */
static void blank_gaps(struct mp4 *m)
{
    if (m->n_chunks)
        qsort(m->chunk, m->n_chunks, sizeof *m->chunk, by_place);
    for (size_t i = 0; i < m->n_mdat; i++) {
        size_t at = m->mdat[i].at + m->mdat[i].head, end = m->mdat[i].at + m->mdat[i].n;
        for (size_t k = 0; k < m->n_chunks && at < end; k++) {
            size_t from = m->chunk[k].at < end ? m->chunk[k].at : end;
            size_t to = m->chunk[k].at + m->chunk[k].n;
            if (to <= at)
                continue;
            if (from > at)
                memset(m->c->p + at, 0, from - at);
            at = to > at ? to : at;
        }
        if (at < end)
            memset(m->c->p + at, 0, end - at);
    }
}

enum err clean_mp4(struct clean *c, struct why *why)
{
    struct mp4 m = {.c = c, .why = why};
    struct box box;
    size_t last = 0; /* what follows is nobody's */
    enum err e = OK;
    for (size_t at = 0; !e && read_box(&m, at, c->n, &box); at += box.n) {
        bool is_needed = is(&box, "moov") || is(&box, "mdat");
        e = clean_top(&m, &box);
        last = is_needed ? at + box.n : last;
    }
    if (!e && (!m.has_moov || !m.n_mdat || !m.n_chunks))
        e = damaged(&m);
    if (!e) {
        blank_gaps(&m);
        c->type = !m.has_video                       ? "audio/mp4"
                  : memcmp(c->p + 8, "qt  ", 4) == 0 ? "video/quicktime"
                                                     : "video/mp4";
        e = clean_put(c, 0, last, why);
    }
    xfree(&m.chunk);
    return e;
}
