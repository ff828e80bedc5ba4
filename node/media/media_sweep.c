#include "node/media/media_sweep.h"

#include "storage/base/log.h"
#include "storage/media.h"
#include "storage/own_emoji.h"
#include "storage/scheduled.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SWEEP_ARENA_BYTES ((size_t)64 * 1024)

struct sweep {
    struct mutation mutation;
    struct engine *engine;
    struct writer *writer;
    int64_t now_ms;
    uint64_t id; /* under the mutation: the upload that may be too old */
};

/* What a scheduled post needs waits as long as that. */
static bool is_stale(const struct sweep *s, struct txn *txn, const Media *media)
{
    return media_is_stale(media, s->now_ms) &&
           !scheduled_has_media(txn, (actor_id){media->owner}, media->id);
}

/* Read again: it may just have been used. */
static enum err forget_apply(struct txn *txn, struct mutation *m)
{
    struct sweep *s = container_of(m, struct sweep, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SWEEP_ARENA_BYTES);
    Media *media;
    enum err e = media_get(txn, s->id, &arena, &media);
    if (e == ERR_NOTFOUND || (!e && !is_stale(s, txn, media)))
        return OK;
    return e ? e : media_del(txn, s->id);
}

enum named { NAMED, STALE, NOT_NAMED };

static enum named look_up(struct sweep *s)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SWEEP_ARENA_BYTES);
    AUTO(txn_end) struct txn *txn = NULL;
    Media *media;
    OwnEmoji *emoji;
    if (engine_read_begin(s->engine, &txn))
        return NAMED;
    enum err e = media_get(txn, s->id, &arena, &media);
    if (e == OK && is_stale(s, txn, media))
        return STALE;
    if (e != ERR_NOTFOUND || own_emoji_find(txn, s->id, &arena, &emoji) != ERR_NOTFOUND)
        return NAMED;
    return NOT_NAMED;
}

static void sweep_one(struct sweep *s, int directory, const char *name)
{
    struct stat stat;
    char *end;
    s->id = strtoull(name, &end, 16);
    if (*end || end - name != 16 || fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW))
        return;
    enum named named = look_up(s);
    if (named == STALE && writer_run(s->writer, &s->mutation) == OK)
        named = look_up(s);
    if (named != NOT_NAMED || s->now_ms - (int64_t)stat.st_mtime * 1000 < MEDIA_ORPHAN_MS)
        return;
    if (unlinkat(directory, name, 0) == 0)
        log_info("media.removed", STR("file", name));
}

void media_sweep(const char *data_dir, struct engine *engine, struct writer *writer, int64_t now_ms)
{
    struct sweep s = {
        .mutation = {.apply = forget_apply}, .engine = engine, .writer = writer, .now_ms = now_ms};
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/media", data_dir);
    DIR *directory = opendir(path);
    if (!directory)
        return;
    const struct dirent *entry;
    while ((entry = readdir(directory)))
        sweep_one(&s, dirfd(directory), entry->d_name);
    closedir(directory);
}
