/*
 * media_sweep - removes what nobody names any more from DATA/media: uploads that waited for a post
 * for too long, with their records, and files without a record.
 *
 * Threads  one, not the writer's
 */
#ifndef WARD_NODE_MEDIA_MEDIA_SWEEP_H
#define WARD_NODE_MEDIA_MEDIA_SWEEP_H

#include "storage/engine.h"
#include "storage/writer.h"

/* A file without a record is left alone so long: it may be about to get one. */
#define MEDIA_ORPHAN_MS ((int64_t)3600 * 1000)

/* Looks at every file: seldom. */
void media_sweep(const char *data_dir, struct engine *engine, struct writer *writer,
                 int64_t now_ms);

#endif
