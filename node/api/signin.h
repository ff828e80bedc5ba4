/*
 * signin - who is in front of the browser: a cookie, a password, and what proves that a form is
 * ours.
 *
 * Every visitor has a cookie; a session (session.h) has one only once the password was right, and
 * a new one then. The token in a form is made of the cookie, so that another site, which cannot
 * read it, cannot make the form.
 *
 * Memory   in the call's arena
 * Threads  the call's: a password takes a tenth of a second
 * Source   threats.md T77, T78, T81
 */
#ifndef WARD_NODE_API_SIGNIN_H
#define WARD_NODE_API_SIGNIN_H

#include "node/api/api.h"

/* Wrong passwords for one name, and from one address (a hospital has few), within a time. */
#define SIGNIN_NAME_MOST 10
#define SIGNIN_ADDRESS_MOST 100
#define SIGNIN_WINDOW_MS ((int64_t)15 * 60 * 1000)

struct signin {
    const char *cookie;     /* never NULL */
    bool is_new;            /* the browser has to be told it */
    const Account *account; /* NULL: nobody signed in */
};

MUST_CHECK enum err signin_read(struct api_call *call, struct signin *out);
/* What a form must bring back in "csrf". */
const char *signin_form_token(struct api_call *call, const struct signin *signin);
/* The form was ours, and this visitor's. */
bool signin_form_is_ours(struct api_call *call, const struct signin *signin);
/*
 * OK          signed in: *signin is the new one
 * ERR_DENIED  there is no such name, or another password; which of them is not told
 * ERR_LIMIT   too many were wrong: nothing was looked at
 */
MUST_CHECK enum err signin_enter(struct api_call *call, const char *name, const char *password,
                                 struct signin *signin);
/* Sets the cookie when it is new. */
void signin_answer(struct api_call *call, const struct signin *signin, struct response *response);

#endif
