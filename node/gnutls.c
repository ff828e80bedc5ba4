#include "node/gnutls.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

/* As <gnutls/gnutls.h> declares them; the header is no dependency of ours. */
int _gnutls_global_init_skip(void);
int gnutls_global_init(void);

static bool is_allowed;

void gnutls_allow(void)
{
    is_allowed = true;
}

/* What GNUTLS_SKIP_GLOBAL_INIT expands to. */
int _gnutls_global_init_skip(void)
{
    return 1;
}

/* Stands before the library's: a program's symbols are found first. */
int gnutls_global_init(void)
{
    int (*real)(void) = NULL;
    void *symbol = is_allowed ? dlsym(RTLD_NEXT, "gnutls_global_init") : NULL;
    memcpy(&real, &symbol, sizeof real); /* ISO C has no cast from data to function */
    return real ? real() : 0;
}
