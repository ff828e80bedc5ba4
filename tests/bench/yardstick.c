#include "tests/bench/yardstick.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double now_s(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double cpu_s(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

_Noreturn void give_up(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

double syncs_per_second(const char *dir, double seconds)
{
    enum { PAGE = 4096, PAGES = 1024 };
    char path[128];
    static uint8_t page[PAGE];
    snprintf(path, sizeof path, "%s/yardstick", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        give_up(path);
    for (off_t i = 0; i < PAGES; i++) /* the file has its size and its blocks before */
        if (pwrite(fd, page, PAGE, i * PAGE) != PAGE)
            give_up(path);
    if (fsync(fd))
        give_up(path);
    double begin = now_s(), end = begin;
    long n = 0;
    for (; end - begin < seconds; n++, end = now_s()) {
        page[0]++;
        if (pwrite(fd, page, PAGE, (off_t)(n % PAGES) * PAGE) != PAGE || fdatasync(fd))
            give_up(path);
    }
    close(fd);
    unlink(path);
    return (double)n / (end - begin);
}

struct caller {
    void (*work)(const void *argument);
    const void *argument;
    double until_s;
    long calls;
};

static void *call_until(void *argument)
{
    struct caller *caller = argument;
    for (; now_s() < caller->until_s; caller->calls++)
        caller->work(caller->argument);
    return NULL;
}

#define CORES_MAX 64

double calls_per_second(void (*work)(const void *argument), const void *argument, double seconds,
                        double *out_cpu_us)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = cores < 1 ? 1 : cores > CORES_MAX ? CORES_MAX : (size_t)cores;
    pthread_t thread[CORES_MAX];
    struct caller caller[CORES_MAX];
    double begin = now_s(), cpu = cpu_s();
    for (size_t i = 0; i < n; i++) {
        caller[i] = (struct caller){work, argument, begin + seconds, 0};
        if (pthread_create(&thread[i], NULL, call_until, &caller[i]))
            give_up("pthread_create");
    }
    long calls = 0;
    for (size_t i = 0; i < n; i++) {
        pthread_join(thread[i], NULL);
        calls += caller[i].calls;
    }
    *out_cpu_us = (cpu_s() - cpu) * 1e6 / (double)calls;
    return (double)calls / (now_s() - begin);
}
