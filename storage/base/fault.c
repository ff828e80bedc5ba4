#include "storage/base/fault.h"

#include "storage/base/base.h"

#ifdef WARD_FAULTS

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Atomic uint64_t passed;
static uint64_t fatal; /* 0: none */

static void read_environment(void)
{
    const char *at = getenv("WARD_FAULT_AT");
    if (at && id_parse(at, &fatal))
        fatal = 0;
}

void fault_point(const char *name)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_environment);
    if (atomic_fetch_add(&passed, 1) + 1 != fatal)
        return;
    dprintf(STDERR_FILENO, "fault %llu: %s\n", (unsigned long long)fatal, name);
    kill(getpid(), SIGKILL);
    for (;;) /* the signal is on its way: nothing after this point may happen */
        pause();
}

#endif
