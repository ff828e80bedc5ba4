#include "node/config.h"

#include "node/config_value.h"
#include "node/text.h"
#include "storage/base/arena.h"

#include <ini.h>

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_MEMORY_MAX_BYTES (1 << 20)
#define CONFIG_LIST_MAX 64
#define LANGUAGE_MAX_BYTES 35 /* RFC 5646 §4.4.1 */
#define CONFIG_LISTEN_MAX 4   /* as many as the request gate takes */
#define CONFIG_TIMES_MAX 8    /* of federation_config.back_off_ms */

struct config_memory {
    struct arena arena;
};

enum type {
    T_HOST,
    T_PATH,
    T_BOOL,
    T_CHOICE,
    T_COUNT,
    T_SIZE,
    T_TIME,
    T_ADDRESSES,
    T_RANGES,
    T_TIMES,
    T_TEXT,
    T_LINES, /* a text a line: a comma is part of it */
    T_LANGUAGES,
    T_HOSTS
};

/* What is said about a value that leaves the default. */
enum caution {
    NONE,
    LIMIT,  /* a bound on what a stranger can do: raising it is warned about */
    SWITCH, /* lowers the guard whenever it is set */
};

struct row {
    const char *name;
    enum type type;
    const char *standard; /* written as in the file; "" leaves zeros */
    int64_t minimum, maximum;
    enum caution caution;
    size_t offset;
    const char *text;
    const char *choices; /* T_CHOICE: separated by '|', in the order of the enum */
};

#define AT(member) offsetof(struct config, member)
#define KIB 1024LL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)
#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* The table. A row here has its paragraph in ward.conf.5. */
static const struct row table[] = {
    {"host", T_HOST, "", 0, 0, NONE, AT(node.host),
     "public name of this node, with its port unless that is 443; fixed for ever"},
    {"data", T_PATH, WARD_LOCALSTATEDIR "/lib/ward", 0, 0, NONE, AT(node.data),
     "directory of the database and the control socket"},
    {"federation", T_CHOICE, "allowlist", 0, 0, SWITCH, AT(node.federation),
     "who may talk to this node: allowed peers only, or anyone but the blocked", "allowlist|open"},
    {"insecure_http", T_BOOL, "false", 0, 0, SWITCH, AT(node.is_insecure_http),
     "speak plain http with peers: for tests and sealed networks only"},
    {"allow_addresses", T_RANGES, "", 0, 0, SWITCH, AT(node.allow_addresses),
     "private address ranges that outgoing requests may reach"},

    {"listen", T_ADDRESSES, "127.0.0.1:8080", 0, 0, NONE, AT(http.listen),
     "addresses to accept requests on"},
    {"admin_listen", T_ADDRESSES, "", 0, 0, NONE, AT(http.admin_listen),
     "addresses for health and metrics: keep them private"},
    {"tls_cert", T_PATH, "", 0, 0, NONE, AT(http.tls_cert),
     "certificate chain (PEM); without it requests are plain http, behind a proxy"},
    {"tls_key", T_PATH, "", 0, 0, NONE, AT(http.tls_key), "private key of tls_cert (PEM)"},
    {"tls_client_ca", T_PATH, "", 0, 0, NONE, AT(http.tls_client_ca),
     "authorities of the certificates that peers must show (PEM)"},
    {"trusted_proxies", T_RANGES, "", 0, 0, NONE, AT(http.trusted_proxies),
     "proxies whose X-Forwarded-For is believed"},
    {"peer_addresses", T_RANGES, "", 0, 0, NONE, AT(http.peer_addresses),
     "address ranges of peers, which may hold more connections than strangers"},
    {"http_threads", T_COUNT, "0", 0, 256, NONE, AT(http.threads),
     "threads that read requests; 0 is one per core"},
    {"http_connections", T_COUNT, "4096", 16, 1000000, LIMIT, AT(http.connections_max),
     "connections in all"},
    {"http_connections_per_address", T_COUNT, "32", 1, 1000000, LIMIT,
     AT(http.connections_per_address), "connections from one address"},
    {"http_connections_per_peer", T_COUNT, "128", 1, 1000000, LIMIT, AT(http.connections_per_peer),
     "connections from one address of peer_addresses"},
    {"http_header_timeout", T_TIME, "10 s", SECOND, 10 * MINUTE, LIMIT, AT(http.header_timeout_ms),
     "time for the headers of a request to be complete"},
    {"http_request_timeout", T_TIME, "30 s", SECOND, HOUR, LIMIT, AT(http.request_timeout_ms),
     "time for a whole request to be complete"},
    {"http_idle_timeout", T_TIME, "15 s", SECOND, HOUR, LIMIT, AT(http.idle_timeout_ms),
     "life of an idle connection"},
    {"http_min_rate", T_SIZE, "1 KiB", 0, MIB, NONE, AT(http.rate_min_bytes),
     "bytes per second a request body must come with"},

    {"activity_max", T_SIZE, "1 MiB", 4 * KIB, 64 * MIB, LIMIT, AT(limits.activity_max_bytes),
     "size of an activity sent to an inbox"},
    {"document_max", T_SIZE, "1 MiB", 4 * KIB, 64 * MIB, LIMIT, AT(limits.document_max_bytes),
     "size of a fetched document"},
    {"upload_max", T_SIZE, "100 MiB", MIB, GIB, LIMIT, AT(limits.upload_max_bytes),
     "size of a picture, film or sound that is uploaded"},
    {"media_cache", T_SIZE, "2 GiB", 0, 16 * TIB, NONE, AT(limits.media_cache_bytes),
     "disk for pictures of other nodes that were looked at; the least used go first"},
    {"signature_window", T_TIME, "1 h", MINUTE, 13 * HOUR, LIMIT, AT(limits.signature_window_ms),
     "how far the date of a signature may be from now, either way"},

    {"tls_ca", T_PATH, "", 0, 0, NONE, AT(fetch.tls_ca),
     "further certificate authorities for outgoing requests (PEM)"},
    {"client_cert", T_PATH, "", 0, 0, NONE, AT(fetch.client_cert),
     "certificate shown to peers that ask for one (PEM)"},
    {"client_key", T_PATH, "", 0, 0, NONE, AT(fetch.client_key),
     "private key of client_cert (PEM)"},
    {"connect_timeout", T_TIME, "5 s", 100, MINUTE, LIMIT, AT(fetch.connect_timeout_ms),
     "time for an outgoing connection to open"},
    {"transfer_timeout", T_TIME, "15 s", SECOND, 10 * MINUTE, LIMIT, AT(fetch.transfer_timeout_ms),
     "time for a whole outgoing request"},
    {"preview_hosts", T_HOSTS, "", 0, 0, NONE, AT(fetch.preview_hosts),
     "hosts whose pages are looked at, to show what a link in a post of ours leads to"},
    {"fetch_parallel", T_COUNT, "16", 1, 1024, NONE, AT(fetch.parallel),
     "fetches under way at a time"},

    {"delivery_per_peer", T_COUNT, "8", 1, 64, NONE, AT(delivery.per_peer),
     "deliveries to one peer under way at a time"},
    {"delivery_parallel", T_COUNT, "64", 1, 4096, NONE, AT(delivery.parallel),
     "deliveries under way at a time"},
    {"delivery_backoff", T_TIMES, "1 m, 5 m, 15 m, 1 h, 3 h", 100, DAY, NONE, AT(delivery.backoff),
     "waits between attempts to reach a peer; the last one repeats"},
    {"delivery_life", T_TIME, "30 d", 15 * DAY, 365 * DAY, NONE, AT(delivery.life_ms),
     "how long delivery is tried before it expires"},
    {"delivery_patience", T_TIME, "48 h", 0, 30 * DAY, NONE, AT(delivery.patience_ms),
     "how long 401, 403 and 404 are retried before they count as refused"},
    {"delivery_late_notice", T_TIME, "4 h", MINUTE, 30 * DAY, NONE, AT(delivery.late_notice_ms),
     "an author is told when a post was not delivered for this long"},
    {"object_proofs", T_BOOL, "true", 0, 0, NONE, AT(delivery.has_proofs),
     "what is sent carries a proof of who made it, that others can pass on"},

    {"workers", T_COUNT, "0", 0, 256, NONE, AT(workers.threads),
     "threads that verify and parse; 0 is one per core"},
    {"workers_queue", T_COUNT, "1024", 1, 65536, LIMIT, AT(workers.queue),
     "tasks that may wait for a worker before requests are answered 503"},
    {"public_api", T_BOOL, "false", 0, 0, SWITCH, AT(api.is_public),
     "apps may read what is public without signing in"},
    {"api_threads", T_COUNT, "0", 0, 256, NONE, AT(api.threads),
     "threads that answer apps; 0 is two per core"},
    {"post_max_characters", T_COUNT, "5000", 100, 20000, NONE, AT(api.post_max_characters),
     "length of a post that apps may write"},
    {"api_requests", T_COUNT, "3000", 300, 1000000, NONE, AT(api.requests),
     "requests of apps in five minutes, for one account or, without one, one address"},
    {"push_content", T_CHOICE, "none", 0, 0, NONE, AT(push.content),
     "what of a post's text is told through push services, which are outside", "none|full"},
    {"title", T_TEXT, "", 0, 0, NONE, AT(about.title),
     "what the node is called; without it, its host"},
    {"description", T_TEXT, "", 0, 0, NONE, AT(about.description), "what the node is for"},
    {"contact_email", T_TEXT, "", 0, 0, NONE, AT(about.contact_email),
     "address of those who run the node"},
    {"contact_account", T_TEXT, "", 0, 0, NONE, AT(about.contact_account),
     "name of the account of those who run the node"},
    {"rule", T_LINES, "", 0, 0, NONE, AT(about.rules),
     "a rule of the node; the line may be repeated"},
    {"languages", T_LANGUAGES, "en", 0, 0, NONE, AT(about.languages),
     "languages people write in here, the first one first"},
    {"stream_clients", T_COUNT, "2000", 2, 100000, LIMIT, AT(stream.clients_max),
     "streams that may be open at a time"},
    {"stream_clients_per_account", T_COUNT, "50", 1, 10000, LIMIT, AT(stream.per_account_max),
     "the same of one account"},
    {"store_max", T_SIZE, "64 GiB", 16 * MIB, 16 * TIB, NONE, AT(store.map_bytes),
     "size the database can grow to; costs address space, not disk"},
    {"stop_timeout", T_TIME, "10 s", 100, 10 * MINUTE, NONE, AT(stop_timeout_ms),
     "time for requests under way to finish when the daemon stops"},

    {"log_level", T_CHOICE, "info", 0, 0, NONE, AT(log.level),
     "least important event that is written", "debug|info|warn|error"},
    {"log_format", T_CHOICE, "text", 0, 0, NONE, AT(log.format), "form of a log line", "text|json"},
};

static bool is_list(enum type type)
{
    return type == T_ADDRESSES || type == T_RANGES || type == T_TIMES || type == T_LINES ||
           type == T_LANGUAGES || type == T_HOSTS;
}

/* ---- one value into its place ------------------------------------------------------------- */

/* Letters, digits and inner hyphens, at most 63 (RFC 1123 §2.1); lower case. */
static bool is_label(const char *p, size_t n)
{
    if (n == 0 || n > 63 || p[0] == '-' || p[n - 1] == '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!(p[i] >= 'a' && p[i] <= 'z') && !(p[i] >= '0' && p[i] <= '9') && p[i] != '-')
            return false;
    return true;
}

enum err config_host_check(const char *host, struct why *why)
{
    size_t whole = strcspn(host, ":");
    const char *port = host[whole] ? host + whole + 1 : "1";
    struct why unused;
    int64_t v = 0;

    if (config_value_count(port, &v, &unused) || v < 1 || v > 65535)
        return why_set(why, ERR_INVALID, "\"%.80s\": the port must be 1 to 65535", host);
    if (!strcmp(port, "443"))
        return why_set(why, ERR_INVALID, "\"%.80s\": leave :443 out, it is the default", host);
    bool is_good = whole <= 253;
    for (size_t at = 0, n; is_good && at <= whole; at += n + 1) {
        n = strcspn(host + at, ".:");
        is_good = is_label(host + at, n);
    }
    if (!is_good)
        return why_set(why, ERR_INVALID,
                       "\"%.80s\" is no host name; write it in lower case, international names as "
                       "xn--..., for example ward.st-marys.example",
                       host);
    return OK;
}

static enum err set_choice(const struct row *row, const char *text, int64_t *out, struct why *why)
{
    int64_t i = 0;
    for (const char *p = row->choices; p; i++) {
        size_t n = strcspn(p, "|");
        if (strlen(text) == n && !strncmp(p, text, n)) {
            *out = i;
            return OK;
        }
        p = p[n] ? p + n + 1 : NULL;
    }
    return why_set(why, ERR_INVALID, "\"%.40s\" is none of %s", text, row->choices);
}

static enum err check_range(const struct row *row, int64_t v, struct why *why)
{
    char low[CONFIG_VALUE_BYTES], high[CONFIG_VALUE_BYTES];
    if (v >= row->minimum && v <= row->maximum)
        return OK;
    if (row->type == T_SIZE) {
        config_value_format_size(row->minimum, low);
        config_value_format_size(row->maximum, high);
    } else if (row->type == T_COUNT) {
        snprintf(low, sizeof low, "%" PRId64, row->minimum);
        snprintf(high, sizeof high, "%" PRId64, row->maximum);
    } else {
        config_value_format_time(row->minimum, low);
        config_value_format_time(row->maximum, high);
    }
    return why_set(why, ERR_INVALID, "out of range; the least is %s, the most %s", low, high);
}

static enum err set_number(const struct row *row, const char *text, int64_t *out, struct why *why)
{
    enum err e = row->type == T_COUNT  ? config_value_count(text, out, why)
                 : row->type == T_SIZE ? config_value_size(text, out, why)
                                       : config_value_time(text, out, why);
    return e ? e : check_range(row, *out, why);
}

/* Lists are kept at their largest size: they are few and small. */
static enum err list_grow(struct arena *arena, void *address_of_items, size_t *n, size_t most,
                          size_t size, struct why *why)
{
    void *items;
    memcpy(&items, address_of_items, sizeof items);
    if (*n == most)
        return why_set(why, ERR_INVALID, "more than %zu values", most);
    if (!items)
        items = arena_calloc(arena, most, size);
    memcpy(address_of_items, &items, sizeof items);
    ++*n;
    return OK;
}

static enum err add_text(const char *text, struct config_texts *texts, struct arena *arena,
                         struct why *why)
{
    enum err e = utf8_check(bytes_of(text)) ? OK : why_set(why, ERR_INVALID, "is not UTF-8");
    if (!e)
        e = list_grow(arena, &texts->item, &texts->n, CONFIG_LIST_MAX, sizeof *texts->item, why);
    if (!e)
        texts->item[texts->n - 1] = text;
    return e;
}

/* BCP 47, as far as its letters go. */
static enum err add_language(const char *text, struct config_texts *languages, struct arena *arena,
                             struct why *why)
{
    size_t letters = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    if (letters < 2 || letters > 3 || (text[letters] && text[letters] != '-') ||
        strlen(text) > LANGUAGE_MAX_BYTES)
        return why_set(why, ERR_INVALID, "\"%.40s\" is no language; write for example de", text);
    return add_text(text, languages, arena, why);
}

static enum err add_item(const struct row *row, const char *text, void *at, struct arena *arena,
                         struct why *why)
{
    struct config_addresses *addresses = at;
    struct config_ranges *ranges = at;
    struct config_times *times = at;
    enum err e;

    if (row->type == T_ADDRESSES) {
        e = list_grow(arena, &addresses->item, &addresses->n, CONFIG_LISTEN_MAX,
                      sizeof *addresses->item, why);
        if (e)
            return e;
        addresses->item[addresses->n - 1].text = text;
        return config_value_address(text, &addresses->item[addresses->n - 1], why);
    }
    if (row->type == T_RANGES) {
        e = list_grow(arena, &ranges->item, &ranges->n, CONFIG_LIST_MAX, sizeof *ranges->item, why);
        if (e)
            return e;
        ranges->item[ranges->n - 1].text = text;
        return config_value_range(text, &ranges->item[ranges->n - 1], why);
    }
    if (row->type == T_LANGUAGES)
        return add_language(text, at, arena, why);
    if (row->type == T_HOSTS)
        return config_host_check(text, why) ? ERR_INVALID : add_text(text, at, arena, why);
    e = list_grow(arena, &times->item_ms, &times->n, CONFIG_TIMES_MAX, sizeof *times->item_ms, why);
    return e ? e : set_number(row, text, &times->item_ms[times->n - 1], why);
}

static enum err add_items(const struct row *row, char *text, void *at, struct arena *arena,
                          struct why *why)
{
    char *rest = NULL;
    for (char *item = strtok_r(text, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
        while (*item == ' ' || *item == '\t')
            item++;
        for (char *end = item + strlen(item); end > item && (end[-1] == ' ' || end[-1] == '\t');)
            *--end = '\0';
        enum err e = add_item(row, item, at, arena, why);
        if (e)
            return e;
    }
    return OK;
}

static enum err set_value(const struct row *row, const char *text, struct config *config,
                          struct why *why)
{
    void *at = (char *)config + row->offset;
    struct arena *arena = &config->memory->arena;
    char *copy = arena_strdup(arena, text);
    if (!copy)
        return why_set(why, ERR_INVALID, "the file is too large");

    switch (row->type) {
    case T_HOST:
    case T_PATH:
        if (row->type == T_HOST && config_host_check(text, why))
            return ERR_INVALID;
        if (row->type == T_PATH && text[0] != '/')
            return why_set(why, ERR_INVALID, "\"%.80s\" must be a path that begins with /", text);
        *(const char **)at = copy;
        return OK;
    case T_BOOL:
        return config_value_bool(text, at, why);
    case T_TEXT:
        *(const char **)at = copy;
        return utf8_check(bytes_of(copy)) ? OK : why_set(why, ERR_INVALID, "is not UTF-8");
    case T_LINES:
        return add_text(copy, at, arena, why);
    case T_CHOICE:
        return set_choice(row, text, at, why);
    case T_ADDRESSES:
    case T_RANGES:
    case T_TIMES:
    case T_LANGUAGES:
    case T_HOSTS:
        return add_items(row, copy, at, arena, why);
    default:
        return set_number(row, text, at, why);
    }
}

/* ---- the file ------------------------------------------------------------------------------- */

struct reading {
    struct config *config;
    struct why *why;
    FILE *stream;
    int line;
    enum err failed;
    bool is_given[COUNT(table)];
};

static enum err complain(struct reading *r, const char *name, const char *text)
{
    if (!r->failed)
        r->failed = why_set(r->why, ERR_INVALID, "%s:%d: %s%s%s", r->config->file, r->line, name,
                            *name ? ": " : "", text);
    return r->failed;
}

/* inih hands lines over one by one: counted here, because its handler is not told. */
static char *read_line(char *line, int room, void *context)
{
    struct reading *r = context;
    if (r->failed || !fgets(line, room, r->stream))
        return NULL;
    r->line++;
    size_t n = strlen(line);
    if (n + 1 == (size_t)room && line[n - 1] != '\n' && !feof(r->stream)) {
        char text[80];
        snprintf(text, sizeof text, "longer than %d bytes; a list may take several lines",
                 room - 2);
        complain(r, "", text);
        return NULL;
    }
    return line;
}

static void complain_unknown(struct reading *r, const char *name)
{
    const char *names[COUNT(table) + 1] = {0};
    for (size_t i = 0; i < COUNT(table); i++)
        names[i] = table[i].name;
    const char *like = text_suggest(name, names);
    char text[160];
    if (like)
        snprintf(text, sizeof text, "unknown option; did you mean \"%s\"?", like);
    else
        snprintf(text, sizeof text, "unknown option; \"ward help options\" lists them");
    char shown[48];
    snprintf(shown, sizeof shown, "%.40s", name);
    complain(r, shown, text);
}

static int on_line(void *context, const char *section, const char *name, const char *value)
{
    struct reading *r = context;
    struct why why;
    if (r->failed)
        return 0;
    if (*section) {
        complain(r, "", "[sections] are not used; write the options one below the other");
        return 0;
    }
    size_t i = 0;
    while (i < COUNT(table) && strcmp(table[i].name, name))
        i++;
    if (i == COUNT(table)) {
        complain_unknown(r, name);
        return 0;
    }
    if (r->is_given[i] && !is_list(table[i].type)) {
        complain(r, name, "given twice; keep one of them");
        return 0;
    }
    r->is_given[i] = true;
    if (!*value) {
        complain(r, name, "has no value; write name = value, or take the line out");
        return 0;
    }
    if (set_value(&table[i], value, r->config, &why))
        complain(r, name, why.text);
    return !r->failed;
}

static void set_defaults(struct reading *r)
{
    for (size_t i = 0; i < COUNT(table); i++) {
        if (r->is_given[i] || !*table[i].standard)
            continue;
        enum err e = set_value(&table[i], table[i].standard, r->config, NULL);
        assert(e == OK); /* the table's own defaults are right */
    }
}

static enum err check_whole(const struct config *c, struct why *why)
{
    if (!c->node.host)
        return why_set(why, ERR_INVALID, "%s: host is missing; write host = ward.example", c->file);
    if (!c->http.tls_cert != !c->http.tls_key)
        return why_set(why, ERR_INVALID, "%s: tls_cert and tls_key go together; %s is missing",
                       c->file, c->http.tls_cert ? "tls_key" : "tls_cert");
    if (!c->fetch.client_cert != !c->fetch.client_key)
        return why_set(why, ERR_INVALID,
                       "%s: client_cert and client_key go together; %s is missing", c->file,
                       c->fetch.client_cert ? "client_key" : "client_cert");
    if (c->http.tls_client_ca && !c->http.tls_cert)
        return why_set(why, ERR_INVALID,
                       "%s: tls_client_ca needs tls_cert: behind a proxy it cannot be checked here",
                       c->file);
    return OK;
}

static enum err open_file(const char *file, FILE **out, struct why *why)
{
    FILE *f = fopen(file, "re");
    if (!f && errno == ENOENT)
        return why_set(why, ERR_NOTFOUND,
                       "%s: no such file; run \"ward init\", or name yours with --config", file);
    if (!f)
        return why_set(why, ERR_DENIED, "%s: %s", file, strerror(errno));
    *out = f;
    return OK;
}

enum err config_load(const char *file, struct config **out, struct why *why)
{
    FILE *stream = NULL;
    enum err e = open_file(file, &stream, why);
    if (e)
        return e;
    AUTO(config_free) struct config *config = xcalloc(1, sizeof *config);
    config->memory = xcalloc(1, sizeof *config->memory);
    config->memory->arena = (struct arena)ARENA_INIT(CONFIG_MEMORY_MAX_BYTES);
    config->file = arena_strdup(&config->memory->arena, file);

    struct reading r = {.config = config, .why = why, .stream = stream};
    int line = ini_parse_stream(read_line, &r, on_line, &r);
    fclose(stream);
    if (line > 0 && !r.failed) {
        r.line = line;
        complain(&r, "", "not a line of the form name = value");
    }
    if (r.failed)
        return r.failed;
    set_defaults(&r);
    e = check_whole(config, why);
    if (e)
        return e;
    *out = config;
    config = NULL;
    return OK;
}

void config_free(struct config **config)
{
    if (!*config)
        return;
    arena_clear(&(*config)->memory->arena);
    xfree(&(*config)->memory);
    xfree(config);
}

/* ---- about the table ------------------------------------------------------------------------ */

static bool is_raised(const struct row *row, const struct config *config)
{
    int64_t standard = 0;
    struct why why;
    if (set_number(row, row->standard, &standard, &why))
        return false;
    int64_t v;
    memcpy(&v, (const char *)config + row->offset, sizeof v);
    return v > standard;
}

static bool is_switched(const struct row *row, const struct config *config)
{
    const void *at = (const char *)config + row->offset;
    if (row->type == T_BOOL)
        return *(const bool *)at;
    if (row->type == T_CHOICE)
        return *(const int64_t *)at != 0;
    return ((const struct config_ranges *)at)->n > 0;
}

void config_judge(const struct config *config, config_warn *warn, void *context)
{
    for (size_t i = 0; i < COUNT(table); i++) {
        char text[160];
        if (table[i].caution == SWITCH && is_switched(&table[i], config)) {
            snprintf(text, sizeof text, "lowers the guard: %s", table[i].text);
            warn(context, table[i].name, text);
        } else if (table[i].caution == LIMIT && is_raised(&table[i], config)) {
            snprintf(text, sizeof text, "is above its default of %s", table[i].standard);
            warn(context, table[i].name, text);
        }
    }
}

static const char *type_name(const struct row *row)
{
    static const char *const name[] = {
        [T_HOST] = "host[:port]",
        [T_PATH] = "path",
        [T_BOOL] = "true|false",
        [T_COUNT] = "number",
        [T_SIZE] = "size",
        [T_TIME] = "time",
        [T_ADDRESSES] = "list of address:port",
        [T_RANGES] = "list of address ranges",
        [T_TIMES] = "list of times",
        [T_TEXT] = "text",
        [T_LINES] = "text, one a line",
        [T_LANGUAGES] = "list of languages",
        [T_HOSTS] = "list of host[:port]",
    };
    return row->type == T_CHOICE ? row->choices : name[row->type];
}

bool config_option_get(size_t i, struct config_option *out)
{
    static _Thread_local char low[CONFIG_VALUE_BYTES], high[CONFIG_VALUE_BYTES];
    if (i >= COUNT(table))
        return false;
    const struct row *row = &table[i];
    low[0] = high[0] = '\0';
    if (row->type == T_SIZE) {
        config_value_format_size(row->minimum, low);
        config_value_format_size(row->maximum, high);
    } else if (row->type == T_TIME || row->type == T_TIMES) {
        config_value_format_time(row->minimum, low);
        config_value_format_time(row->maximum, high);
    } else if (row->type == T_COUNT) {
        snprintf(low, sizeof low, "%" PRId64, row->minimum);
        snprintf(high, sizeof high, "%" PRId64, row->maximum);
    }
    *out = (struct config_option){.name = row->name,
                                  .type = type_name(row),
                                  .standard = row->standard,
                                  .minimum = low,
                                  .maximum = high,
                                  .text = row->text};
    return true;
}
