#include "node/cli/cli.h"
#include "node/gnutls.h"

#include <jansson.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

/* jansson's table of keys is seeded before the first thread; its memory may not run out. */
static void *json_alloc(size_t n)
{
    return xcalloc(1, n);
}

int main(int argc, char **argv)
{
    gnutls_allow();
    umask(077); /* whatever is made here is nobody else's */
    signal(SIGPIPE, SIG_IGN);
    json_set_alloc_funcs(json_alloc, free);
    json_object_seed(0);
    return cli_run(argc, (const char *const *)argv, stdout, stderr);
}
