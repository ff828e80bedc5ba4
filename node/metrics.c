#include "node/metrics.h"

#include "storage/base/clock.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *event, *help;
} counter[] = {
    {"unknown", "Events this table has no row for; always 0."},
    {"clock.jumped", "Times the clock of this machine was seen to jump."},
    {"delivery.cancelled", "Deliveries given up because policy or author said so."},
    {"delivery.delivered", "Deliveries a peer answered 2xx."},
    {"delivery.expired", "Deliveries given up after their life."},
    {"delivery.retry", "Delivery attempts that will be made again."},
    {"delivery.refused", "Deliveries a peer refused for good."},
    {"fetch.failed", "Fetches that brought nothing usable."},
    {"fetch.done", "Documents fetched."},
    {"inbox.accepted", "Activities answered 2xx and applied."},
    {"inbox.dropped", "Parked activities given up: what they waited for never came."},
    {"inbox.ignored", "Activities answered 2xx that ask for nothing we do."},
    {"inbox.parked", "Activities answered 2xx that wait for a document."},
    {"inbox.refused", "Activities refused."},
};
static atomic_uint_fast64_t count[COUNT(counter)];

/* Set before the first thread. */
static const struct metrics_gauge *gauges;
static void *gauges_context;

static size_t find(const char *event)
{
    for (size_t i = 1; i < COUNT(counter); i++)
        if (!strcmp(counter[i].event, event))
            return i;
    return 0;
}

void metrics_count(const char *event)
{
    atomic_fetch_add_explicit(&count[find(event)], 1, memory_order_relaxed);
}

uint64_t metrics_get(const char *event)
{
    return atomic_load_explicit(&count[find(event)], memory_order_relaxed);
}

void metrics_set_gauges(const struct metrics_gauge *list, void *context)
{
    gauges = list;
    gauges_context = context;
}

/* The second number of statm, in pages (proc_pid_statm(5)). */
uint64_t metrics_resident_bytes(void)
{
    uint64_t size, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f)
        return 0;
    if (fscanf(f, "%" SCNu64 " %" SCNu64, &size, &resident) != 2)
        resident = 0;
    fclose(f);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t metrics_open_files(void)
{
    uint64_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return 0;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n > 3 ? n - 3 : 0; /* ".", ".." and the directory itself */
}

#define STAT_START 22 /* proc(5): the field with the start, in clock ticks since boot */

int64_t metrics_age_ms(void)
{
    char line[1024];
    FILE *f = fopen("/proc/self/stat", "re");
    size_t n = f ? fread(line, 1, sizeof line - 1, f) : 0;
    if (f)
        fclose(f);
    line[n] = '\0';
    const char *p = strrchr(line, ')'); /* the second field, a name that may hold anything */
    for (int field = 2; p && field < STAT_START; field++)
        p = strchr(p + 1, ' ');
    struct timespec now;
    if (!p || clock_gettime(CLOCK_BOOTTIME, &now))
        return -1;
    int64_t start_ms = (int64_t)strtoull(p, NULL, 10) * 1000 / sysconf(_SC_CLK_TCK);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - start_ms;
}

static void head(struct buf *out, const char *name, const char *help, const char *type)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void render_counters(struct buf *out)
{
    for (size_t i = 0; i < COUNT(counter); i++) {
        char name[80];
        snprintf(name, sizeof name, "ward_%s_total", counter[i].event);
        for (char *p = name; *p; p++)
            if (*p == '.')
                *p = '_';
        head(out, name, counter[i].help, "counter");
        buf_printf(out, "%s %" PRIu64 "\n", name,
                   (uint64_t)atomic_load_explicit(&count[i], memory_order_relaxed));
    }
}

void metrics_render(struct buf *out)
{
    render_counters(out);
    for (const struct metrics_gauge *g = gauges; g && g->name; g++) {
        head(out, g->name, g->help, g->type == METRICS_GAUGE ? "gauge" : "counter");
        buf_printf(out, "%s %.17g\n", g->name, g->read(gauges_context));
    }
    head(out, "process_resident_memory_bytes", "Resident memory.", "gauge");
    buf_printf(out, "process_resident_memory_bytes %" PRIu64 "\n", metrics_resident_bytes());
    head(out, "process_open_fds", "Open files.", "gauge");
    buf_printf(out, "process_open_fds %" PRIu64 "\n", metrics_open_files());
}
