/*
 * crash_store - kills the store at every FAULT point in turn and looks at what is left.
 *
 *     crash_store            the test (TAP)
 *     crash_store FOLDER     the scenario it runs again and again, with WARD_FAULT_AT set
 *
 * The scenario makes a store and hands the writer acts, four at a time; `done` notes each in a
 * ledger outside the store, as an inbox answers 2xx. For N = 1, 2, ... the Nth point is fatal.
 * Then the store must open, hold every act of the ledger, none by half and none twice, and pass
 * check_store; and a second run, which hands in again what was not acknowledged, must end as if
 * nothing had happened. A killed process keeps the page cache: this proves order, not fsync.
 */
#include "storage/actor.h"
#include "storage/check.h"
#include "storage/edge.h"
#include "storage/meta.h"
#include "storage/outqueue.h"
#include "storage/peer.h"
#include "storage/post.h"
#include "storage/seen.h"
#include "storage/stream.h"
#include "storage/writer.h"

#include "tests/support/store.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ACTS 25
#define GROUP 4
#define NOW_MS 1700000000000
#define FAULTS_MAX 2000 /* far more than there are: the scenario must end */
#define REMOTE "https://a.example/users/z"
#define PEER "a.example"

static char remote_uri[] = REMOTE, remote_name[] = "z", remote_host[] = PEER;

/* ---- the acts ----------------------------------------------------------------------------- */

struct act {
    struct mutation mutation;
    unsigned number;
    int ledger_fd;
    sem_t *finished;
};

static char *uri_of(const char *what, unsigned number, char out[80])
{
    snprintf(out, 80, "https://a.example/%s/%u", what, number);
    return out;
}

static enum err add_people(struct txn *txn)
{
    Actor actor = ACTOR__INIT;
    actor.uri = remote_uri;
    actor.username = remote_name;
    actor.host = remote_host;
    peer_id peer;
    enum err e = actor_put(txn, &actor, NOW_MS);
    return e ? e : peer_ensure(txn, PEER, NOW_MS, &peer);
}

static enum err find_post(struct txn *txn, unsigned number, post_id *out)
{
    char uri[80];
    return post_find(txn, uri_of("posts", number, uri), out);
}

/* A post, and a job about it for the peer. */
static enum err add_post_and_job(struct txn *txn, unsigned number, actor_id author, peer_id to)
{
    char uri[80], html[] = "<p>x</p>", inbox[] = "https://a.example/inbox", type[] = "Create";
    Post post = POST__INIT;
    post.uri = uri_of("posts", number, uri);
    post.author = author.v;
    post.content_html = html;
    post.published_ms = NOW_MS - 60000 + number;
    OutJob job = OUT_JOB__INIT;
    job.inbox = inbox;
    job.activity_type = type;
    job.queued_ms = NOW_MS;
    enum err e = post_add(txn, &post, NOW_MS);
    if (e || (e = outqueue_add_body(txn, bytes_of("{}"), NOW_MS, &job.body)))
        return e;
    job.subject = post.id;
    return outqueue_add(txn, to, &job, NOW_MS);
}

static enum err like(struct txn *txn, unsigned number, actor_id who)
{
    Edge edge = EDGE__INIT;
    char uri[80];
    post_id post;
    edge.uri = uri_of("likes", number, uri);
    enum err e = find_post(txn, number - 1, &post);
    return e ? e : edge_add(txn, (struct edge_key){EDGE_LIKE, who.v, post.v}, &edge);
}

static enum err deliver_head(struct txn *txn, peer_id peer)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(16384);
    OutJob *job;
    enum err e = outqueue_next(txn, peer, 0, &arena, &job);
    return e ? e : outqueue_end(txn, peer, job->seq, DELIVERY_STATE__DELIVERED, 202, NULL, NOW_MS);
}

static enum err delete_post(struct txn *txn, unsigned number)
{
    post_id post;
    enum err e = find_post(txn, number, &post);
    return e ? e : post_delete(txn, post, NOW_MS);
}

/* Acts 1, 2, 3, 4: post, like it, deliver it, and (every other time) delete it; and so on. */
static bool deletes(unsigned number)
{
    return number % 8 == 0 && number > 0;
}

static enum err act_apply(struct txn *txn, struct mutation *m)
{
    const struct act *act = container_of(m, struct act, mutation);
    static const uint8_t digest[32];
    char uri[80];
    bool same;
    enum err e = seen_add(txn, uri_of("activities", act->number, uri), digest, NOW_MS, &same);
    if (e == ERR_EXISTS)
        return OK; /* a repeat: acknowledged, without effect */
    if (e)
        return e;
    if (act->number == 0)
        return add_people(txn);

    actor_id who;
    peer_id peer;
    if ((e = actor_find(txn, REMOTE, &who)) || (e = peer_find(txn, PEER, &peer)))
        return e;
    switch (act->number % 4) {
    case 1:
        return add_post_and_job(txn, act->number, who, peer);
    case 2:
        return like(txn, act->number, who);
    case 3:
        return deliver_head(txn, peer);
    default:
        return deletes(act->number) ? delete_post(txn, act->number - 3) : OK;
    }
}

static void act_done(struct mutation *m, enum err e)
{
    struct act *act = container_of(m, struct act, mutation);
    if (e) {
        fprintf(stderr, "act %u: %s\n", act->number, err_name(e));
        _exit(2);
    }
    if (write(act->ledger_fd, "a", 1) != 1)
        _exit(2);
    sem_post(act->finished);
}

/* ---- the scenario, in a process of its own ------------------------------------------------- */

static void ledger_path(const char *dir, char out[128])
{
    snprintf(out, 128, "%s/ledger", dir);
}

/* How many acts were acknowledged: they are in order, so a length says it all. */
static unsigned acknowledged(const char *dir)
{
    char path[128];
    struct stat st;
    ledger_path(dir, path);
    return stat(path, &st) ? 0 : (unsigned)st.st_size;
}

static struct engine *open_store(const char *dir, bool may_create)
{
    struct engine_config config = {
        .dir = dir, .map_bytes = STORE_MAP_BYTES, .exclusive = may_create};
    struct engine *engine = NULL;
    struct why why = {""};
    enum err e = engine_open(&config, &engine, &why);
    if (e == ERR_NOTFOUND && may_create) {
        config.create = true;
        e = engine_open(&config, &engine, &why);
    }
    if (e && (e != ERR_NOTFOUND || may_create)) {
        fprintf(stderr, "%s: %s\n", dir, why.text);
        exit(2);
    }
    return engine;
}

static enum err found_store(struct txn *txn, struct mutation *m)
{
    (void)m;
    enum err e = meta_create(txn, STORE_HOST);
    return e == ERR_EXISTS ? OK : e;
}

static void run_acts(struct writer *writer, unsigned first, int ledger_fd)
{
    static struct act act[ACTS];
    sem_t finished;
    sem_init(&finished, 0, 0);
    for (unsigned i = first; i < ACTS;) {
        unsigned end = i + GROUP < ACTS ? i + GROUP : ACTS, n = end - i;
        for (; i < end; i++) {
            act[i] = (struct act){{act_apply, act_done}, i, ledger_fd, &finished};
            if (writer_push(writer, &act[i].mutation))
                exit(2);
        }
        while (n--)
            sem_wait(&finished);
    }
}

static int run_scenario(const char *dir)
{
    char path[128];
    ledger_path(dir, path);
    int ledger_fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    struct engine *engine = open_store(dir, true);
    const struct writer_config config = {.queue_length = 64, .batch_max = 64};
    struct writer *writer = NULL;
    struct mutation found = {found_store, NULL};
    if (ledger_fd < 0 || writer_start(engine, &config, &writer) || writer_run(writer, &found))
        return 2;
    run_acts(writer, acknowledged(dir), ledger_fd);
    writer_stop(&writer);
    engine_close(&engine);
    close(ledger_fd);
    return 0;
}

/* ---- the test ----------------------------------------------------------------------------- */

struct totals {
    uint64_t posts, jobs, delivered, likes, cancelled;
};

/* What the store must say after the first `acts` of them. */
static struct totals expect(unsigned acts)
{
    struct totals t = {0};
    for (unsigned i = 1; i < acts; i++) {
        if (i % 4 == 1) {
            t.posts++;
            t.jobs++;
        } else if (i % 4 == 2) {
            t.likes++;
        } else if (i % 4 == 3) {
            t.jobs--;
            t.delivered++;
        } else if (deletes(i)) {
            t.posts--;
            t.likes--;
        }
    }
    return t;
}

static uint64_t count_rows(struct txn *txn, enum table table, struct bytes prefix)
{
    AUTO(range_close) struct range range = {.cursor = NULL};
    struct bytes key;
    uint64_t n = 0;
    if (range_prefix(txn, table, prefix, RANGE_UP, &range))
        return UINT64_MAX;
    while (range_next(&range, &key, NULL) == OK)
        n++;
    return n;
}

static struct totals count_all(struct txn *txn)
{
    static const uint8_t likes = EDGE_LIKE;
    const struct bytes all = {NULL, 0};
    return (struct totals){
        .posts = count_rows(txn, TABLE_POST, all),
        .jobs = count_rows(txn, TABLE_OUTQUEUE, all),
        .delivered = counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__DELIVERED),
        .likes = count_rows(txn, TABLE_EDGE, (struct bytes){&likes, 1}),
        .cancelled = counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__CANCELLED),
    };
}

static void say(void *context, const char *table, const char *key, const char *what)
{
    (void)context;
    printf("# check: %s %s: %s\n", table, key, what);
}

/* How many acts the store holds; they were handed in in order, so a hole is a loss. */
static bool acts_held(struct txn *txn, unsigned *out)
{
    char uri[80];
    unsigned n = 0;
    while (n < ACTS && seen_has(txn, uri_of("activities", n, uri)))
        n++;
    *out = n;
    for (unsigned i = n; i < ACTS; i++)
        if (seen_has(txn, uri_of("activities", i, uri)))
            return false;
    return true;
}

static bool is_founded(struct engine *engine)
{
    AUTO(txn_end) struct txn *txn = NULL;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024);
    const char *host;
    return engine_read_begin(engine, &txn) == OK && meta_host(txn, &arena, &host) == OK;
}

static bool holds_what_it_should(struct engine *engine, unsigned acked)
{
    AUTO(txn_end) struct txn *txn = NULL;
    unsigned held;
    if (engine_read_begin(engine, &txn) || !acts_held(txn, &held))
        return false;
    struct totals want = expect(held), got = count_all(txn);
    printf("# acknowledged %u, held %u\n", acked, held);
    return held >= acked && memcmp(&want, &got, sizeof want) == 0;
}

static bool is_sound(const char *dir)
{
    unsigned acked = acknowledged(dir);
    AUTO(engine_close) struct engine *engine = open_store(dir, false);
    if (!engine || !is_founded(engine))
        return acked == 0;
    struct check_report report = {0};
    return holds_what_it_should(engine, acked) && check_store(engine, say, NULL, &report) == OK &&
           report.wrong == 0;
}

/* How the scenario ended: 0, or 128 + signal, or what it exited with. */
static int run(char *self, const char *dir, unsigned fatal)
{
    char number[16];
    snprintf(number, sizeof number, "%u", fatal);
    pid_t pid = fork();
    if (pid == 0) {
        char *argv[] = {self, (char *)dir, NULL};
        if (setenv("WARD_FAULT_AT", number, 1) || !freopen("/dev/null", "w", stderr))
            _exit(3);
        execv("/proc/self/exe", argv);
        _exit(3);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return 3;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* One round; true when point `n` was never reached. */
static bool round_ends(char *self, unsigned n, bool *all_well)
{
    char dir[64];
    folder_create(dir);
    int ended = run(self, dir, n);
    bool is_past_end = ended == 0;
    bool ok = (is_past_end || ended == 128 + SIGKILL) && is_sound(dir);
    if (ok && !is_past_end)
        ok = run(self, dir, 0) == 0 && acknowledged(dir) == ACTS && is_sound(dir);
    printf("%s %u - killed at point %u%s\n", ok ? "ok" : "not ok", n, n,
           is_past_end ? ", which there is not" : "");
    fflush(stdout);
    *all_well = *all_well && ok;
    folder_remove(dir);
    return is_past_end;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return run_scenario(argv[1]);
    bool all_well = true;
    unsigned n = 1;
    while (n < FAULTS_MAX && !round_ends(argv[0], n, &all_well))
        n++;
    printf("1..%u\n", n);
    return all_well ? 0 : 1;
}
