/*
 * config - what the operator decided: one table of options, read once.
 *
 * The file is lines of `name = value`; `#` and `;` begin comments. A list takes
 * values separated by commas, and its line may be repeated. An unknown name, a name given
 * twice, or a value out of range refuses the whole file: nothing is guessed.
 * Subsystems get their section (`&config->delivery`), never a global.
 *
 * Units    bytes; milliseconds
 * Memory   everything belongs to the struct config and dies at config_free
 * Threads  constant after config_load: any thread
 * Errors   ERR_NOTFOUND no such file, ERR_DENIED not readable, ERR_INVALID anything wrong in
 *          it; `why` names file, line and option, what is wrong and what would be right
 * Source   ward.conf(5) describes each option; a test compares the two
 */
#ifndef WARD_NODE_CONFIG_H
#define WARD_NODE_CONFIG_H

#include "federation/federation.h"
#include "node/log.h"
#include "storage/base/base.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* "127.0.0.1:8080", "[::1]:8080", ":8443" (every address) */
struct config_address {
    const char *text;
    struct sockaddr_storage socket;
    socklen_t socket_size;
};

/* "10.0.0.0/8", "fc00::/7", "192.0.2.1" */
struct config_range {
    const char *text;
    int family; /* AF_INET or AF_INET6 */
    uint8_t address[16];
    unsigned prefix_bits;
};

struct config_addresses {
    struct config_address *item;
    size_t n;
};

struct config_ranges {
    struct config_range *item;
    size_t n;
};

struct config_texts {
    const char **item;
    size_t n;
};

struct config_times {
    int64_t *item_ms;
    size_t n;
};

struct config {
    const char *file;

    struct {
        const char *host;   /* public name, lower case, with port unless 443 */
        const char *data;   /* directory */
        int64_t federation; /* enum federation_mode */
        bool is_insecure_http;
        struct config_ranges allow_addresses;
    } node;

    struct {
        struct config_addresses listen, admin_listen;
        const char *tls_cert, *tls_key; /* NULL: plain http, behind a proxy */
        const char *tls_client_ca;      /* NULL: peers need no certificate */
        struct config_ranges trusted_proxies, peer_addresses;
        int64_t threads; /* 0: one per core */
        int64_t connections_max, connections_per_address, connections_per_peer;
        int64_t header_timeout_ms, request_timeout_ms, idle_timeout_ms;
        int64_t rate_min_bytes; /* per second */
    } http;

    struct {
        int64_t activity_max_bytes, document_max_bytes;
        int64_t upload_max_bytes, media_cache_bytes;
        int64_t signature_window_ms;
    } limits;

    struct {
        const char *tls_ca; /* NULL: the system's */
        const char *client_cert, *client_key;
        int64_t connect_timeout_ms, transfer_timeout_ms;
        int64_t parallel;
        struct config_texts preview_hosts;
    } fetch;

    struct {
        int64_t per_peer, parallel;
        struct config_times backoff; /* the last one repeats */
        int64_t life_ms, patience_ms, late_notice_ms;
        bool has_proofs;
    } delivery;

    struct {
        int64_t threads; /* 0: one per core */
        int64_t queue;
    } workers;

    struct {
        bool is_public;  /* what is public may be read without signing in */
        int64_t threads; /* 0: two per core */
        int64_t post_max_characters;
        int64_t requests; /* of an account, or an address, in five minutes */
    } api;

    struct { /* what the node says of itself; NULL: nothing */
        const char *title, *description, *contact_email, *contact_account;
        struct config_texts rules, languages;
    } about;

    struct {
        int64_t content; /* enum push_content */
    } push;

    struct {
        int64_t clients_max;
        int64_t per_account_max;
    } stream;

    struct {
        int64_t map_bytes;
    } store;

    struct {
        int64_t level;  /* enum log_level */
        int64_t format; /* enum log_format */
    } log;

    int64_t stop_timeout_ms;

    struct config_memory *memory;
};

/* Where `ward` looks when nothing else is said. */
#define CONFIG_DEFAULT_FILE WARD_SYSCONFDIR "/ward/ward.conf"

MUST_CHECK enum err config_load(const char *file, struct config **out, struct why *why);
void config_free(struct config **config);

/*
 * Calls `warn` for each switch that lowers the guard and each limit raised above
 * its default, with the option's name and a sentence.
 */
typedef void config_warn(void *context, const char *option, const char *text);
void config_judge(const struct config *config, config_warn *warn, void *context);

/* Public name of a node, "ward.example" or "ward.example:8443": ERR_INVALID and why not. */
MUST_CHECK enum err config_host_check(const char *host, struct why *why);

/* One row of the table, for the manual page, its test and `ward help options`. */
struct config_option {
    const char *name;
    const char *type;              /* "size", "time", "list of address:port", ... */
    const char *standard;          /* the default as it would be written; "" for none */
    const char *minimum, *maximum; /* "" where there is none */
    const char *text;
};

/* Row `i`; false past the end. */
bool config_option_get(size_t i, struct config_option *out);

#endif
