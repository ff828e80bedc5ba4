/*
 * api - the client API that Mastodon's apps speak: its table, and what every call is given.
 *
 * Each resource has its file (node/api/status.c), which exports one NULL-ended table of struct
 * api_route; routes.c lists them. The table routes requests, says who may call, with which scope,
 * whose ids a placeholder takes and what is answered; `ward api` prints it and the tests are made
 * from it. What a row says is enforced here, before its handler runs: the handler need not ask
 * again who is calling, only whether that one may do this to that thing.
 *
 * A handler runs on a thread of the API's own pool, never on those that take in activities. It may
 * read the store, run acts (which wait for the disk) and render; it must not wait for the network
 * unless call->is_patient (api_be_patient). It answers once, with a response it made.
 *
 * Memory   call->arena lives until the answer is made; a response owns its bytes
 * Threads  one thread works at a call at a time; struct api is constant while the server runs
 * Source   Mastodon's client API documentation, 4.3
 */
#ifndef WARD_NODE_API_API_H
#define WARD_NODE_API_API_H

#include "federation/act/act.h"
#include "federation/document/json.h"
#include "node/api/limit.h"
#include "node/api/params.h"
#include "node/config.h"
#include "node/http/front.h"
#include "node/http/server.h"
#include "node/workers.h"
#include "storage/base/siphash.h"
#include "storage/record.h"

#define API_ARENA_BYTES ((size_t)32 << 20)
#define API_FORM_MAX_BYTES ((size_t)2 << 20) /* of an upload, beside the file itself */
#define API_ANSWER_MAX_BYTES ((size_t)8 << 20)

/* How often: see limit.h. */
struct limits {
    struct limit *calls;         /* of the API, by an account or an address */
    struct limit *registrations; /* of programs, by an address */
    struct limit *names;         /* wrong passwords of one account */
    struct limit *addresses;     /* wrong passwords from one address */
};

/* Made by serve.c; a subsystem of the API is a member here, started and stopped by serve.c. */
struct api {
    struct federation *fed;
    const struct config *config;
    struct workers *workers; /* handlers */
    struct workers *patient; /* handlers that wait for the network: few, so it is bounded */
    struct limits limits;
    struct workers *uploads;                /* calls that bring files, and wait for ward-media */
    struct proxy *proxy;                    /* pictures of other nodes; node/api/proxy.h */
    uint8_t address_key[SIPHASH_KEY_BYTES]; /* media_url.h */
    struct streamer *streamer;
    struct route *routes; /* the public server's table: federation's and ours */
    size_t n_routes;
    const struct api_route **of_route; /* NULL where routes[i] is federation's */
};

enum api_who {
    API_PUBLIC, /* anyone; a token that is sent must be good */
    API_READER, /* as USER, unless the node lets anyone read what is public (public_api) */
    API_APP,    /* any token, also an application's own */
    API_USER,   /* a token of one of ours that has the scope */
    API_MODERATOR,
};

/* What the ids in the path and their parameters name: a test asks each with somebody else's. */
enum api_id {
    API_ID_NONE,
    API_ID_STATUS,     /* one the caller may read: 404 otherwise */
    API_ID_OWN_STATUS, /* the caller's own: 404 otherwise */
    API_ID_ACCOUNT,    /* anybody's */
    API_ID_MEDIA,      /* the rest are the caller's own: 404 otherwise */
    API_ID_LIST,
    API_ID_FILTER,
    API_ID_FILTER_KEYWORD,
    API_ID_FILTER_STATUS,
    API_ID_NOTIFICATION,
    API_ID_NOTIFICATION_REQUEST,
    API_ID_CONVERSATION,
    API_ID_SCHEDULED,
    API_ID_FOLLOW_REQUEST, /* the account's that asks */
    API_ID_POLL,           /* of a status the caller may read */
    API_ID_TAG,            /* a name */
    API_ID_ANNOUNCEMENT,
    API_ID_REPORT,
};

enum api_flag {
    API_PATIENT = 1,        /* may wait for the network: runs on api->patient */
    API_TOKEN_IN_QUERY = 2, /* ?access_token=, and Sec-WebSocket-Protocol: streams only */
    API_UPLOAD = 4,         /* the body may be as large as an upload, and is spooled to a file */
    API_NO_CORS = 8,        /* a page, not an API call */
    API_AT_ONCE = 16,       /* runs on the HTTP thread: must not wait for anything; NULL: it
                               suspended the request itself, and will finish it (api_set_cors) */
    API_TOKEN_IGNORED = 32, /* a token that is sent is not looked at, not even for 401 */
    API_UNCOUNTED = 64,     /* not counted against the caller's limit: a page has many pictures */
};

struct api_call;

struct api_route {
    const char *method, *path;
    int tier; /* 1 nothing works without, 2 daily use, 3 nice to have; 0: no app calls it */
    enum api_who who;
    const char *scope; /* "read:statuses"; "a|b": either will do; NULL: none needed */
    enum api_id id;
    const char *answers; /* an entity ("Status"), a list of it ("[Status]"), "{}", "" (no JSON) */
    unsigned flags;
    struct response *(*run)(struct api_call *call);
    const char *about; /* a line for `ward api` */
};

struct api_call {
    struct task task;
    struct api *api;
    struct federation *fed;
    struct request *request;
    const struct api_route *route;
    struct arena arena;
    struct params params;    /* path placeholders are not in it: request_param() */
    const Token *token;      /* NULL: none was sent */
    struct limit_state left; /* of what the caller may ask, for X-RateLimit */
    actor_id who;            /* 0: nobody, or an application's own token */
    Role role;               /* of who */
    struct by by;            /* "account:ann", for acts */
    bool is_patient;
    /* What is left to do when the answer is on its way, on the same thread: owns its context. */
    void (*after)(void *context);
    void *after_context;
    bool wants_patience, is_counted; /* api.c's own */
    struct buf body;                 /* api_json() writes here */
    struct jw json;
};

/* Every table, NULL-ended; each ends with a row without a method. */
extern const struct api_route *const api_tables[];

/* Builds the public table of routes: federation's, ours, and 404 and preflight for what is left. */
void api_routes_build(struct api *api, const struct route *others, size_t n_others,
                      struct arena *arena);

/* From the configuration. */
void api_limits_init(struct api *api);
void api_limits_clear(struct api *api);

/* ---- for handlers ---- */

/*
 * The answer's JSON goes here; close what you opened, then api_answer().
 *
 *     struct jw *w = api_json(call);
 *     entity_status(w, NULL, &view, post);
 *     return api_answer(call);
 */
struct jw *api_json(struct api_call *call);
struct response *api_answer(struct api_call *call);                    /* 200 */
struct response *api_answer_status(struct api_call *call, int status); /* another one */
struct response *api_answer_empty(struct api_call *call);              /* 200 {} */

/* {"error": text}, in the words apps know. */
struct response *api_error(int status, const char *text);
struct response *api_not_found(void);                                 /* 404 Record not found */
struct response *api_invalid(const char *fmt, ...) PRINTF_LIKE(1, 2); /* 422 Validation failed: */
struct response *api_forbidden(void); /* 403 This action is not allowed */
/* err -> answer, the only place: NOTFOUND 404, INVALID and EXISTS 422 with `why`, DENIED 403,
 * LIMIT 422, LATER and STORE 503, CORRUPT 500. */
struct response *api_of_err(enum err e, const struct why *why);

/*
 * True when this call may wait for the network. False: return NULL at once; the handler is run
 * again from its start where it may. (Nothing may have been changed or answered yet.)
 */
bool api_be_patient(struct api_call *call);

/* The id in the path ("id", ...); ERR_NOTFOUND for what is no id. */
MUST_CHECK enum err api_path_id(struct api_call *call, const char *name, uint64_t *out);
/* A snapshot; ends it when the scope is left. */
MUST_CHECK enum err api_read(struct api_call *call, struct txn **out);
/* Runs a mutation and waits for the disk; not recorded in the audit log (act_run is). */
MUST_CHECK enum err api_write(struct api_call *call, struct mutation *m);

/* For answers that do not come through here. */
void api_set_cors(struct response *response);

/* The token that was sent, where this route takes one from; NULL: none. */
const char *api_bearer(const struct api_call *call);
/* "https://host/path" as clients see it. In the arena. */
const char *api_url(struct api_call *call, const char *path);

#endif
