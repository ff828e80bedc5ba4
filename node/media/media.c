#include "node/media/media.h"

#include "node/media/media_file.h"
#include "node/media/order.h"
#include "storage/base/buf.h"
#include "storage/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "ward-media"
#define SAYS_MAX_BYTES 200
#define WAIT_MS ((int64_t)(MEDIA_SECONDS_MAX + 10) * 1000)
#define ENDS 5           /* descriptors of the child */
#define FIRST_FREE_FD 10 /* above those */

struct media_job {
    const char *data_dir;
    pid_t pid;
    int answer, says; /* read ends: its output and its error output; -1: closed there */
    int out, preview; /* the new files */
    struct buf line, why;
    struct media_made made;
    int64_t until_mono_ms;
};

/* ---- the other process ---- */

/* Beside this program (in the tree it was built in), else where it was installed. */
static const char *program_path(char out[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - sizeof PROGRAM - 1);
    char *slash = n > 0 ? memrchr(out, '/', (size_t)n) : NULL;
    if (slash) {
        memcpy(slash + 1, PROGRAM, sizeof PROGRAM);
        if (access(out, X_OK) == 0)
            return out;
    }
    return WARD_LIBEXECDIR "/" PROGRAM;
}

/* In the child: descriptors 0 to 4 are `ends`, and no other is left. */
static void become(const char *program, const int ends[ENDS], const struct media_order *order)
{
    static const char *const shapes[] = ORDER_SHAPES;
    char side[16];
    int moved[ENDS];
    snprintf(side, sizeof side, "%u", order->side);
    for (int i = 0; i < ENDS; i++) /* out of the way of each other first */
        moved[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    for (int i = 0; i < ENDS; i++)
        if (moved[i] < 0 || dup2(moved[i], i) != i)
            _exit(127);
    char *const arguments[] = {(char *)PROGRAM, (char *)shapes[order->shape], side, NULL};
    char *const environment[] = {NULL};
    execve(program, arguments, environment);
    _exit(127);
}

static enum err start(struct media_job *job, const struct media_order *order, struct why *why)
{
    char path[PATH_MAX];
    int answer[2], says[2];
    const char *program = program_path(path);
    if (access(program, X_OK))
        return why_set(why, ERR_STORE, "%s is not installed", program);
    if (pipe2(answer, O_CLOEXEC))
        return why_set(why, ERR_STORE, "no pipe: %s", strerror(errno));
    if (pipe2(says, O_CLOEXEC)) {
        close(answer[0]);
        close(answer[1]);
        return why_set(why, ERR_STORE, "no pipe: %s", strerror(errno));
    }
    const int ends[ENDS] = {order->file, answer[1], says[1], job->out, job->preview};
    job->pid = fork();
    if (job->pid == 0)
        become(program, ends, order);
    close(answer[1]);
    close(says[1]);
    job->answer = answer[0];
    job->says = says[0];
    job->until_mono_ms = clock_mono_ms() + WAIT_MS;
    return job->pid > 0 ? OK : why_set(why, ERR_STORE, "no process: %s", strerror(errno));
}

/* Appends what is there; closes it at its end. */
static void drain(int *fd, struct buf *to)
{
    uint8_t chunk[512];
    ssize_t n = read(*fd, chunk, sizeof chunk);
    if (n > 0)
        buf_add(to, chunk, (size_t)n);
    if (n > 0 || (n < 0 && errno == EINTR))
        return;
    close(*fd);
    *fd = -1;
}

uint64_t media_job_id(const struct media_job *job)
{
    return job->made.id;
}

bool media_wait(struct media_job *job, int64_t wait_ms)
{
    int64_t until = clock_mono_ms() + wait_ms;
    while (job->answer >= 0 || job->says >= 0) {
        struct pollfd fd[] = {{job->answer, POLLIN, 0}, {job->says, POLLIN, 0}};
        int64_t now = clock_mono_ms(), last = until;
        if (job->until_mono_ms <= now)
            return true; /* it will not: media_end ends it */
        if (last <= now)
            return false;
        last = last < job->until_mono_ms ? last : job->until_mono_ms;
        if (poll(fd, 2, (int)(last - now)) <= 0)
            continue;
        if (fd[0].revents)
            drain(&job->answer, &job->line);
        if (fd[1].revents)
            drain(&job->says, &job->why);
    }
    return true;
}

static void reap(struct media_job *job)
{
    int status;
    if (job->pid <= 0)
        return;
    kill(job->pid, SIGKILL); /* it has ended, or will not */
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        ;
}

/* ---- what came of it ---- */

static enum err read_line(struct media_job *job, struct why *why)
{
    struct media_made *made = &job->made;
    /* the line is written last: with it, libraries may have grumbled as they liked */
    if (!job->line.n && job->why.n)
        return why_set(why, ERR_INVALID, "%.*s", (int)strcspn(buf_text(&job->why), "\n"),
                       buf_text(&job->why));
    if (!job->line.n)
        return why_set(why, ERR_INVALID, "it cannot be read");
    if (sscanf(buf_text(&job->line), ORDER_LINE, made->type, &made->width, &made->height,
               &made->duration_ms, made->blurhash, &made->preview_width,
               &made->preview_height) != 7 ||
        !strchr(made->type, '/'))
        return why_set(why, ERR_STORE, "ward-media said nothing sensible");
    if (strcmp(made->blurhash, "-") == 0)
        made->blurhash[0] = '\0';
    return OK;
}

static enum err keep(struct media_job *job, struct why *why)
{
    struct media_made *made = &job->made;
    enum err e = media_file_sync(job->data_dir, job->out, &made->size, why);
    if (!e && made->preview_width)
        e = media_file_sync(job->data_dir, job->preview, &made->preview_size, why);
    if (!e && !made->preview_width) {
        media_unmake(job->data_dir, made->preview);
        made->preview = 0;
    }
    return e;
}

static void job_free(struct media_job **address)
{
    struct media_job *job = *address;
    const int fds[] = {job->answer, job->says, job->out, job->preview};
    for (size_t i = 0; i < COUNT(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    buf_clear(&job->line);
    buf_clear(&job->why);
    xfree(address);
}

enum err media_begin(const char *data_dir, const struct media_order *order, struct media_job **out,
                     struct why *why)
{
    struct media_job *job = xcalloc(1, sizeof *job);
    *job = (struct media_job){.data_dir = data_dir,
                              .answer = -1,
                              .says = -1,
                              .out = -1,
                              .preview = -1,
                              .line = BUF_INIT(ORDER_LINE_MAX_BYTES),
                              .why = BUF_INIT(SAYS_MAX_BYTES)};
    enum err e = media_file_create(data_dir, &job->made.id, &job->out, why);
    if (!e)
        e = media_file_create(data_dir, &job->made.preview, &job->preview, why);
    if (!e)
        e = start(job, order, why);
    if (e) {
        media_made_discard(data_dir, &job->made);
        job_free(&job);
        return e;
    }
    *out = job;
    return OK;
}

enum err media_end(struct media_job **address, struct media_made *out, struct why *why)
{
    struct media_job *job = *address;
    while (!media_wait(job, WAIT_MS))
        ;
    reap(job);
    enum err e = read_line(job, why);
    if (!e)
        e = keep(job, why);
    if (e)
        media_made_discard(job->data_dir, &job->made);
    else
        *out = job->made;
    job_free(address);
    return e;
}

enum err media_make_from(const char *data_dir, const struct media_order *order,
                         struct media_made *out, struct why *why)
{
    struct media_job *job = NULL;
    enum err e = media_begin(data_dir, order, &job, why);
    return e ? e : media_end(&job, out, why);
}

enum err media_make(const char *data_dir, const char *path, unsigned side, struct media_made *out,
                    struct why *why)
{
    struct why step = {""};
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return why_set(why, ERR_INVALID, "%.120s: %s", path, strerror(errno));
    struct media_order order = {.file = fd, .shape = MEDIA_PICTURE, .side = side};
    enum err e = fstat(fd, &stat) || !S_ISREG(stat.st_mode)
                     ? why_set(&step, ERR_INVALID, "it is no file")
                     : media_make_from(data_dir, &order, out, &step);
    close(fd);
    return e ? why_set(why, e, "%.120s: %s", path, step.text) : OK;
}

void media_made_discard(const char *data_dir, const struct media_made *made)
{
    if (made->id)
        media_unmake(data_dir, made->id);
    if (made->preview)
        media_unmake(data_dir, made->preview);
}
