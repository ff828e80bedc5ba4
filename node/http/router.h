/*
 * router - which handler answers a method and a path: one table, looked up here.
 *
 * A pattern is made of segments: "users", "{name}" (any one segment), "@{name}" (a
 * segment that begins so), "{path*}" (all that is left, at the end). Of the routes that
 * match, the one with the fewest placeholders wins (one for a rest only when there is no other), so
 * the order of the table does not matter. HEAD is answered by GET's route.
 *
 * Segments are percent-decoded once, here, after head.c has checked the raw target.
 * A trailing slash is another path.
 *
 * Threads  pure; a table is constant
 */
#ifndef WARD_NODE_HTTP_ROUTER_H
#define WARD_NODE_HTTP_ROUTER_H

#include "storage/base/arena.h"
#include "storage/base/base.h"

#define ROUTE_PARAMS_MAX 4
#define ROUTE_ALLOW_BYTES 64
#define ROUTE_BODY_DEFAULT_MAX_BYTES (1024 * 1024)

/* route->needs: the body goes to a file as it comes in (request->body_file), not to memory. */
#define ROUTE_SPOOLED (1u << 31)

struct request;
struct response;

struct route {
    const char *method; /* "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" */
    const char *pattern;
    /* The answer; or NULL after request_suspend(). */
    struct response *(*handler)(struct request *request);
    size_t body_max_bytes;    /* 0: the default for POST, PUT, PATCH and DELETE; none for others */
    const char *const *types; /* accepted Content-Types (mediatype.h), NULL-ended; NULL: any */
    unsigned needs;           /* what the server's guard checks first, and ROUTE_ flags */
};

struct route_param {
    const char *name; /* not NUL-terminated: name_n bytes of the pattern */
    size_t name_n;
    const char *value; /* decoded, in the arena */
};

struct route_match {
    const struct route *route;
    struct route_param params[ROUTE_PARAMS_MAX];
    size_t n_params;
};

/*
 * `path` is the raw target up to the question mark.
 *
 * OK            *out is set
 * ERR_NOTFOUND  no route has this path: 404
 * ERR_DENIED    the path exists, but not for this method: 405 with `allow`
 */
MUST_CHECK enum err router_match(const struct route *table, size_t n, struct bytes method,
                                 struct bytes path, struct arena *arena, struct route_match *out,
                                 char allow[ROUTE_ALLOW_BYTES]);

/* The same decision without reading parameters; used before a body is let in. */
MUST_CHECK enum err router_find(const struct route *table, size_t n, struct bytes method,
                                struct bytes path, const struct route **out,
                                char allow[ROUTE_ALLOW_BYTES]);

size_t route_body_max(const struct route *route);
/* Whether the route takes this Content-Type (NULL: none was sent). */
bool route_takes_type(const struct route *route, const char *content_type);

/* The raw target up to "?", and what follows it. */
struct bytes target_path(const char *target);
struct bytes target_query(const char *target);

/* Percent-decodes; `plus_is_space` as forms have it. NULL for a broken escape or NUL. */
enum percent_plus { PERCENT_PLUS_STAYS, PERCENT_PLUS_IS_SPACE };
char *percent_decode(struct arena *arena, struct bytes in, enum percent_plus plus);

/*
 * The next name and value of a query or an urlencoded form; `rest` moves on.
 * ERR_NOTFOUND at the end; ERR_INVALID for a broken escape; ERR_LIMIT when the arena is full.
 */
MUST_CHECK enum err query_next(struct bytes *rest, struct arena *arena, const char **out_name,
                               const char **out_value);

#endif
