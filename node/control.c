#include "node/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_S 1 /* for either side to read or write */

struct control {
    const struct control_word *words; /* constant after start */
    void *context;
    int listener, stop, dir;
    pthread_t thread;
};

static void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/*
 * A socket name holds 107 bytes and a data directory may be longer, so the name goes through
 * the open directory.
 */
static struct sockaddr_un name_of(int dir)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "/proc/self/fd/%d/control", dir);
    return name;
}

static void be_patient(int fd)
{
    struct timeval patience = {.tv_sec = PATIENCE_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

/* ---- the daemon's side ---------------------------------------------------------------------- */

static bool is_trusted(int fd)
{
    struct ucred who;
    socklen_t n = sizeof who;
    return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) &&
           (who.uid == 0 || who.uid == geteuid());
}

/* One line, without its end; false when it is none. */
static bool read_word(int fd, char word[CONTROL_WORD_BYTES])
{
    size_t n = 0;
    while (n + 1 < CONTROL_WORD_BYTES) {
        ssize_t got = read(fd, word + n, CONTROL_WORD_BYTES - 1 - n);
        if (got <= 0)
            return false;
        n += (size_t)got;
        word[n] = '\0';
        char *end = strchr(word, '\n');
        if (end) {
            *end = '\0';
            return true;
        }
    }
    return false;
}

static void answer_word(const struct control *control, const char *word, struct buf *answer)
{
    for (const struct control_word *w = control->words; w->word; w++)
        if (!strcmp(w->word, word)) {
            w->run(control->context, answer);
            if (answer->n == 0)
                buf_str(answer, "ok");
            buf_char(answer, '\n');
            return;
        }
    buf_str(answer, "unknown\n");
}

static void serve_one(const struct control *control, int fd)
{
    char word[CONTROL_WORD_BYTES];
    AUTO(buf_clear) struct buf answer = BUF_INIT(CONTROL_ANSWER_BYTES);
    be_patient(fd);
    if (!is_trusted(fd) || !read_word(fd, word))
        return;
    answer_word(control, word, &answer);
    (void)!send(fd, answer.p, answer.n, MSG_NOSIGNAL); /* whoever asked may be gone */
}

static void *control_loop(void *context)
{
    struct control *control = context;
    struct pollfd poll_fd[] = {{.fd = control->listener, .events = POLLIN},
                               {.fd = control->stop, .events = POLLIN}};
    for (;;) {
        if (poll(poll_fd, COUNT(poll_fd), -1) < 0 && errno != EINTR)
            return NULL;
        if (poll_fd[1].revents)
            return NULL;
        if (!poll_fd[0].revents)
            continue;
        AUTO(fd_close) int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            serve_one(control, fd);
    }
}

static enum err listen_at(struct control *control, const char *data_dir, struct why *why)
{
    control->dir = open(data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (control->dir < 0)
        return why_set(why, ERR_STORE, "%s: %s", data_dir, strerror(errno));
    struct sockaddr_un name = name_of(control->dir);
    unlinkat(control->dir, "control", 0); /* left by a killed daemon: the store says we are alone */
    control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0177);
    int failed = control->listener < 0 ||
                 bind(control->listener, (struct sockaddr *)&name, sizeof name) ||
                 listen(control->listener, 16);
    int error = errno;
    umask(before);
    if (failed)
        return why_set(why, ERR_STORE, "%s/control: %s", data_dir, strerror(error));
    return OK;
}

static void control_free(struct control **control)
{
    if (!*control)
        return;
    fd_close(&(*control)->listener);
    fd_close(&(*control)->stop);
    fd_close(&(*control)->dir);
    xfree(control);
}

enum err control_start(const char *data_dir, const struct control_word *words, void *context,
                       struct control **out, struct why *why)
{
    AUTO(control_free) struct control *control = xcalloc(1, sizeof *control);
    *control =
        (struct control){.words = words, .context = context, .listener = -1, .stop = -1, .dir = -1};
    enum err e = listen_at(control, data_dir, why);
    if (e)
        return e;
    control->stop = eventfd(0, EFD_CLOEXEC);
    if (control->stop < 0 || pthread_create(&control->thread, NULL, control_loop, control))
        return why_set(why, ERR_LIMIT, "no more threads or files");
    *out = control;
    control = NULL;
    return OK;
}

void control_stop(struct control **control)
{
    if (!*control)
        return;
    eventfd_write((*control)->stop, 1);
    pthread_join((*control)->thread, NULL);
    unlinkat((*control)->dir, "control", 0);
    control_free(control);
}

/* ---- the command's side --------------------------------------------------------------------- */

enum err control_ask(const char *data_dir, const char *word, struct buf *answer)
{
    char piece[512];
    ssize_t n;
    AUTO(fd_close) int dir = open(data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    AUTO(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (dir < 0 || fd < 0)
        return ERR_NOTFOUND;
    be_patient(fd);
    struct sockaddr_un name = name_of(dir);
    if (connect(fd, (struct sockaddr *)&name, sizeof name))
        return errno == EAGAIN ? ERR_LATER : ERR_NOTFOUND;
    int length = snprintf(piece, sizeof piece, "%s\n", word);
    if (send(fd, piece, (size_t)length, MSG_NOSIGNAL) != length)
        return ERR_LATER;
    while ((n = read(fd, piece, sizeof piece)) > 0)
        buf_add(answer, piece, (size_t)n);
    if (n < 0 || answer->n == 0 || answer->p[answer->n - 1] != '\n')
        return ERR_LATER;
    answer->p[--answer->n] = '\0';
    return OK;
}

void control_poke(const char *data_dir, const char *word)
{
    AUTO(buf_clear) struct buf answer = BUF_INIT(CONTROL_ANSWER_BYTES);
    enum err e = control_ask(data_dir, word, &answer);
    (void)e; /* without a daemon, or with a busy one, the work waits on disk */
}
