/*
 * metrics - what happened since start, and how things stand, as Prometheus text.
 *
 * Counters are one static table in metrics.c, found by the event's name ("inbox.accepted"
 * is ward_inbox_accepted_total). Gauges are read when asked for. There is no label a
 * stranger can make: the number of series is constant.
 *
 * Threads  count: any, relaxed atomics. set_gauges: before the first thread. render: any
 * Source   Prometheus exposition format 0.0.4
 */
#ifndef WARD_NODE_METRICS_H
#define WARD_NODE_METRICS_H

#include "storage/base/buf.h"

/* Adds one. An event without a row is counted as "unknown": a test finds such calls. */
void metrics_count(const char *event);
uint64_t metrics_get(const char *event); /* for tests and `ward status` */

enum metrics_type { METRICS_GAUGE, METRICS_COUNTER };
struct metrics_gauge {
    const char *name; /* "ward_workers_waiting"; NULL ends the list */
    const char *help;
    enum metrics_type type;
    double (*read)(void *context);
};
void metrics_set_gauges(const struct metrics_gauge *gauges, void *context);

#define METRICS_MAX_BYTES (64 << 10)
void metrics_render(struct buf *out);

/* Resident memory of this process, 0 when /proc does not tell. */
uint64_t metrics_resident_bytes(void);
uint64_t metrics_open_files(void);
/* How long ago this process was started, loading of libraries included; the kernel counts it in
 * steps of 10 ms. -1 when /proc does not tell. */
int64_t metrics_age_ms(void);

#endif
