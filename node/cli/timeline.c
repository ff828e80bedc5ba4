#include "federation/timeline.h"
#include "federation/audience.h"
#include "federation/backfill.h"
#include "federation/markup.h"
#include "federation/resolve.h"
#include "node/cli/nouns.h"
#include "node/cli/shown.h"
#include "node/cli/store.h"
#include "storage/account.h"
#include "storage/actor.h"
#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/post.h"

#include <poll.h>
#include <string.h>
#include <strings.h>

#define LIMIT_STANDARD 20
#define LIMIT_MAX 200
#define THREAD_MAX 1000           /* posts of one conversation; of more: the newest */
#define FETCH_WAIT_MS (90 * 1000) /* --fetch: what comes later is shown next time */
#define FETCH_LOOK_MS 100

/* One entry, copied out of its snapshot. */
struct entry {
    uint64_t id;      /* of the boost, when it is one */
    const Post *post; /* what it shows */
    const char *author, *boosted_by;
    struct shown_quote quote;
    uint64_t likes, boosts, replies, reactions;
};

static const char *visibility_name(Visibility visibility)
{
    static const char *const name[] = {"public", "unlisted", "followers", "direct", "local"};
    return (size_t)visibility < COUNT(name) ? name[visibility] : "?";
}

static void count_entry(struct txn *txn, struct entry *entry)
{
    entry->likes = counter_get(txn, COUNTER_LIKES, entry->post->id);
    entry->boosts = counter_get(txn, COUNTER_BOOSTS, entry->post->id);
    entry->replies = counter_get(txn, COUNTER_REPLIES, entry->post->id);
    entry->reactions = counter_get(txn, COUNTER_REACTIONS, entry->post->id);
}

/* The first n bytes of `range`, or when narrower ones will do, what begins with them. */
static bool is_language(const char *tag, const char *range, size_t n, bool may_be_narrower)
{
    return strncasecmp(tag, range, n) == 0 && (!tag[n] || (may_be_narrower && tag[n] == '-'));
}

/* The two change places: what the author wrote is a translation to this reader. */
static void swap_text(Post *post, LanguageText *text)
{
    LanguageText original = *text;
    original.language = *post->language ? post->language : (char *)"und"; /* RFC 5646 #4.1 */
    original.content_html = post->content_html;
    post->language = text->language;
    post->content_html = text->content_html;
    *text = original;
}

static bool take_language(Post *post, const char *range, size_t n, bool may_be_narrower)
{
    if (is_language(post->language, range, n, may_be_narrower))
        return true;
    for (size_t i = 0; i < post->n_translations; i++) {
        LanguageText *text = post->translations[i];
        if (!is_language(text->language, range, n, may_be_narrower))
            continue;
        swap_text(post, text);
        return true;
    }
    return false;
}

/* Without the last subtag, and without the single letter that then is the last. */
static size_t shorten(const char *range, size_t n)
{
    while (n && range[n - 1] != '-')
        n--;
    n -= n > 0;
    return n > 2 && range[n - 2] == '-' ? n - 2 : n;
}

/* The reader's own language, when the post comes in it (RFC 4647 #3.4), else a narrower one: de-CH
 * reads de, and de reads de-CH. The record is this reading's. */
static void prefer_language(Post *post, const char *range)
{
    for (size_t n = strlen(range); n; n = shorten(range, n))
        if (take_language(post, range, n, false) || take_language(post, range, n, true))
            return;
}

static const char *language_of(struct txn *txn, actor_id reader, struct arena *arena)
{
    Account *account;
    return reader.v && account_get(txn, reader, arena, &account) == OK ? account->language : "";
}

static enum err read_entries(struct cli_store *store, struct txn *txn,
                             const struct timeline_query *query, struct entry *entry, size_t room,
                             size_t *n)
{
    AUTO(timeline_close) struct timeline timeline = {0};
    struct timeline_entry shown;
    const char *language = language_of(txn, query->reader, &store->arena);
    enum err e = timeline_open(txn, query, &timeline);
    while (!e && *n < room && !(e = timeline_next(&timeline, &store->arena, &shown))) {
        entry[*n] = (struct entry){.id = shown.id.v,
                                   .post = shown.post,
                                   .author = actor_handle(shown.author, &store->arena)};
        if (shown.booster)
            entry[*n].boosted_by = actor_handle(shown.booster, &store->arena);
        count_entry(txn, &entry[*n]);
        prefer_language((Post *)shown.post, language);
        e = shown_quote_get(txn, shown.post, query->reader, &store->arena, &entry[*n].quote);
        ++*n;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err print_entry(struct output *out, const struct entry *entry)
{
    const Post *post = entry->post;
    output_row(out);
    output_id(out, "id", entry->id);
    output_time(out, "published", post->published_ms);
    output_str(out, "author", entry->author);
    if (out->is_json) {
        output_str(out, "uri", post->uri);
        output_str(out, "in_reply_to", *post->in_reply_to_uri ? post->in_reply_to_uri : NULL);
        output_str(out, "visibility", visibility_name(post->visibility));
        output_time(out, "edited", post->updated_ms);
        output_str(out, "boosted_by", entry->boosted_by);
        output_texts(out, "tags", post->tags, post->n_tags);
        output_int(out, "likes", (int64_t)entry->likes);
        output_int(out, "boosts", (int64_t)entry->boosts);
        output_int(out, "replies", (int64_t)entry->replies);
        output_int(out, "reactions", (int64_t)entry->reactions);
    } else {
        output_str(out, "boosted_by", entry->boosted_by);
        output_str(out, "visibility", visibility_name(post->visibility));
    }
    return shown_post(out, post, &entry->quote);
}

static enum err print_entries(struct cli *cli, const struct entry *entry, size_t n, struct why *why)
{
    output_begin(&cli->output, OUTPUT_LIST);
    for (size_t i = 0; i < n; i++) {
        enum err e = print_entry(&cli->output, &entry[i]);
        if (e)
            return cli_failed(e, entry[i].post->uri, why);
    }
    output_end(&cli->output);
    return OK;
}

/* ---- timeline ------------------------------------------------------------------------------- */

static enum err choose(struct cli *cli, struct cli_store *store, struct timeline_query *query)
{
    const char *tag = cli_option(cli, "tag");
    if (query->of.v)
        query->kind = TIMELINE_GROUP;
    else if (cli_option(cli, "local"))
        query->kind = TIMELINE_LOCAL;
    else if (cli_option(cli, "public"))
        query->kind = TIMELINE_PUBLIC;
    else if (cli_option(cli, "mentions"))
        query->kind = TIMELINE_MENTIONS;
    else if (tag)
        query->kind = TIMELINE_TAG;
    else
        query->kind = TIMELINE_HOME;
    if (tag)
        query->tag = tag_fold(tag[0] == '#' ? tag + 1 : tag, &store->arena);
    return tag && !query->tag ? ERR_INVALID : OK;
}

/* What the reader's filters hide there, as in apps; what they warn of is shown. */
static enum err choose_filters(struct cli_store *store, struct txn *txn,
                               struct timeline_query *query)
{
    static const unsigned contexts[] = {
        [TIMELINE_HOME] = FILTER_HOME,     [TIMELINE_LOCAL] = FILTER_PUBLIC,
        [TIMELINE_PUBLIC] = FILTER_PUBLIC, [TIMELINE_MENTIONS] = FILTER_NOTIFICATIONS,
        [TIMELINE_TAG] = FILTER_PUBLIC,    [TIMELINE_GROUP] = FILTER_ACCOUNT};
    struct filters *filters;
    enum err e = filters_load(txn, query->reader, clock_ms(), &store->arena, &filters);
    if (e)
        return e;
    query->filters = filters;
    query->filter_contexts = contexts[query->kind];
    return OK;
}

static enum err read_timeline(struct cli *cli, struct cli_store *store, actor_id who,
                              actor_id group, struct page page, struct entry *entry, size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct timeline_query query = {.reader = who, .of = group, .page = page};
    enum err e = choose(cli, store, &query);
    if (!e)
        e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = choose_filters(store, txn, &query);
    return e ? e : read_entries(store, txn, &query, entry, LIMIT_MAX, n);
}

static enum err check_one_kind(const struct cli *cli, struct why *why)
{
    static const char *const kinds[] = {"home", "local", "public", "tag", "mentions", "group"};
    int given = 0;
    for (size_t i = 0; i < COUNT(kinds); i++)
        given += cli_option(cli, kinds[i]) != NULL;
    if (given > 1)
        return why_set(why, ERR_INVALID,
                       "choose one of --home, --local, --public, --tag, --mentions, --group");
    return OK;
}

static enum err cli_timeline(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct entry entry[LIMIT_MAX];
    size_t n = 0;
    actor_id who, group = {0};
    struct page page = {0};
    int64_t limit = LIMIT_STANDARD;
    const char *before = cli_option(cli, "before"), *of = cli_option(cli, "group");

    enum err e = check_one_kind(cli, why);
    if (!e)
        e = cli_option_number(cli, "limit", 1, LIMIT_MAX, &limit, why);
    if (!e && before && id_parse(before, &page.before))
        e = why_set(why, ERR_INVALID, "--before \"%.40s\" is no id", before);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    if (!e && of)
        e = resolve_actor(&store.fed, of, &group, why);
    if (e)
        return e;
    page.limit = (unsigned)limit;
    e = read_timeline(cli, &store, who, group, page, entry, &n);
    return e ? cli_failed(e, "timeline", why) : print_entries(cli, entry, n, why);
}

/* ---- thread --------------------------------------------------------------------------------- */

struct conversation {
    struct entry *entry; /* oldest first once read */
    size_t n;
    Backfill *backfill; /* NULL: nothing was looked for */
};

static enum err read_thread(struct cli_store *store, post_id id, actor_id reader,
                            struct conversation *out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct timeline_query query = {
        .kind = TIMELINE_THREAD, .reader = reader, .page = {.limit = THREAD_MAX}};
    Post *post;
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = post_get(txn, id, &store->arena, &post);
    if (!e && !audience_may_read(txn, post, reader))
        e = ERR_NOTFOUND;
    if (e)
        return e;
    query.root = (post_id){post->thread_root ? post->thread_root : post->id};
    e = backfill_find(txn, query.root, &store->arena, &out->backfill);
    if (e == ERR_NOTFOUND)
        out->backfill = NULL;
    else if (e)
        return e;
    out->entry = arena_calloc(&store->arena, THREAD_MAX, sizeof *out->entry);
    e = out->entry ? read_entries(store, txn, &query, out->entry, THREAD_MAX, &out->n) : ERR_LIMIT;
    for (size_t i = 0; i < out->n / 2; i++) { /* a conversation is read from its beginning */
        struct entry newer = out->entry[i];
        out->entry[i] = out->entry[out->n - 1 - i];
        out->entry[out->n - 1 - i] = newer;
    }
    return e;
}

static const char *reason_name(BackfillReason reason)
{
    static const char *const name[] = {"no peer",     "not allowed to read", "gone",
                                       "unreachable", "limit reached",       "not understood"};
    return (size_t)reason < COUNT(name) ? name[reason] : "?";
}

/* "3 replies could not be fetched: 2 from x.example (no peer), 1 from y.example (gone)" */
static void say_missing(const struct conversation *c, struct buf *text)
{
    uint64_t posts = 0, lists = 0;
    for (size_t i = 0; i < c->backfill->n_missing; i++) {
        posts += c->backfill->missing[i]->posts;
        lists += c->backfill->missing[i]->collections;
    }
    if (posts)
        buf_printf(text, "%llu %s could not be fetched:", (unsigned long long)posts,
                   posts == 1 ? "post" : "posts");
    const char *between = " ";
    for (size_t i = 0; posts && i < c->backfill->n_missing; i++) {
        const BackfillMissing *m = c->backfill->missing[i];
        if (!m->posts)
            continue;
        buf_printf(text, "%s%u from %s (%s)", between, m->posts, m->host, reason_name(m->reason));
        between = ", ";
    }
    if (lists)
        buf_printf(text, "%s%llu %s of replies could not be read: there may be more",
                   posts ? "; " : "", (unsigned long long)lists, lists == 1 ? "list" : "lists");
    if (!c->backfill->ended_ms)
        buf_printf(text, "%sstill looking for more", posts || lists ? "; " : "");
}

static void json_missing(const struct conversation *c, struct buf *json)
{
    const char *between = "";
    buf_str(json, "[");
    for (size_t i = 0; c->backfill && i < c->backfill->n_missing; i++) {
        const BackfillMissing *m = c->backfill->missing[i];
        buf_printf(json, "%s{\"host\":\"%s\",\"reason\":\"%s\",\"posts\":%u,\"lists\":%u}", between,
                   m->host, reason_name(m->reason), m->posts, m->collections);
        between = ",";
    }
    buf_str(json, "]");
}

/* Where something should stand that is not here, and (in the first row's JSON) what is missing. */
static enum err print_conversation(struct cli *cli, const struct conversation *c, struct why *why)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(65536), text = BUF_INIT(65536);
    struct output *out = &cli->output;
    json_missing(c, &json);
    output_begin(out, OUTPUT_LIST);
    for (size_t i = 0; i < c->n; i++) {
        const Post *post = c->entry[i].post;
        enum err e = print_entry(out, &c->entry[i]);
        if (e)
            return cli_failed(e, post->uri, why);
        bool is_gap = post->in_reply_to_uri[0] && !post->in_reply_to;
        if (out->is_json) {
            output_bool(out, "parent_missing", is_gap);
            output_json(out, "missing", i == 0 ? buf_text(&json) : "null");
            output_str(out, "backfill",
                       !c->backfill            ? "none"
                       : c->backfill->ended_ms ? "ended"
                                               : "running");
        } else {
            output_str(out, "above", is_gap ? post->in_reply_to_uri : NULL);
        }
    }
    output_end(out);
    if (c->backfill && !out->is_json)
        say_missing(c, &text);
    if (buf_text(&text)[0])
        fprintf(out->file, "%s\n", buf_text(&text));
    return OK;
}

/* Until it has ended, or for as long as somebody will look at a screen. The daemon does the work.
 */
static enum err await_backfill(struct cli_store *store, post_id id, struct why *why)
{
    enum err e = backfill_start(&store->fed, id, why);
    cli_store_poke(store);
    for (int64_t until = clock_mono_ms() + FETCH_WAIT_MS; !e && clock_mono_ms() < until;) {
        AUTO(txn_end) struct txn *txn = NULL;
        AUTO(arena_clear) struct arena arena = ARENA_INIT(8 * 1024 * 1024);
        Backfill *backfill;
        Post *post;
        if (engine_read_begin(store->engine, &txn) || post_get(txn, id, &arena, &post) ||
            backfill_find(txn, (post_id){post->thread_root}, &arena, &backfill) ||
            backfill->ended_ms)
            break;
        txn_end(&txn);
        (void)poll(NULL, 0, FETCH_LOOK_MS); /* the daemon does not tell */
    }
    return e;
}

static enum err cli_thread(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct conversation conversation = {NULL, 0, NULL};
    const char *as = cli_option(cli, "as");
    actor_id reader = {0};
    post_id id;
    enum err e = cli_store_open(cli, &store, why);
    if (!e && as)
        e = cli_find_account(&store, as, &reader, why);
    if (!e && cli_option(cli, "fetch"))
        e = resolve_post(&store.fed, cli->argument[0], &id, why);
    else if (!e)
        e = cli_find_post(&store, cli->argument[0], &id, why);
    if (!e && cli_option(cli, "fetch"))
        e = await_backfill(&store, id, why);
    if (e)
        return e;
    e = read_thread(&store, id, reader, &conversation);
    return e ? cli_failed(e, cli->argument[0], why) : print_conversation(cli, &conversation, why);
}

/* ---- lookup --------------------------------------------------------------------------------- */

#define PINS_SHOWN 20

/* The URIs of what somebody shows first. */
static size_t read_pins(struct txn *txn, actor_id who, struct arena *arena, char *uri[PINS_SHOWN])
{
    struct edge_key key = {EDGE_PIN, who.v, 0};
    size_t n = 0;
    Post *post;
    while (n < PINS_SHOWN && edge_next(txn, &key) == OK)
        if (post_get(txn, (post_id){key.whom}, arena, &post) == OK)
            uri[n++] = post->uri;
    return n;
}

static enum err show_actor(struct cli *cli, struct cli_store *store, actor_id id, struct why *why)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = actor_get(txn, id, &store->arena, &actor);
    if (e)
        return cli_failed(e, cli->argument[0], why);
    uint64_t followers = counter_get(txn, COUNTER_FOLLOWERS, id.v);
    char *pin[PINS_SHOWN];
    size_t pins = read_pins(txn, id, &store->arena, pin);
    txn_end(&txn);
    struct output *out = &cli->output;
    output_begin(out, OUTPUT_THING);
    output_str(out, "kind", "actor");
    output_id(out, "id", actor->id);
    output_str(out, "handle", actor_handle(actor, &store->arena));
    output_str(out, "uri", actor->uri);
    output_str(out, "display_name", actor->display_name);
    output_str(out, "inbox", actor->inbox);
    output_str(out, "shared_inbox", actor->shared_inbox);
    output_int(out, "keys", (int64_t)actor->n_keys);
    output_int(out, "followers_here", (int64_t)followers);
    output_bool(out, "locked", actor->is_locked);
    output_texts(out, "pinned", pin, pins);
    output_time(out, "fetched", actor->fetched_ms);
    output_end(out);
    return OK;
}

static enum err show_post(struct cli *cli, struct cli_store *store, post_id id, struct why *why)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct entry entry = {.id = id.v};
    bool is_readable = false;
    Post *post;
    Actor *author;
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = post_get(txn, id, &store->arena, &post);
    if (!e)
        e = actor_get(txn, (actor_id){post->author}, &store->arena, &author);
    if (!e) {
        entry.post = post;
        entry.author = actor_handle(author, &store->arena);
        count_entry(txn, &entry);
        is_readable = audience_may_read(txn, post, (actor_id){0});
        e = shown_quote_get(txn, post, (actor_id){0}, &store->arena, &entry.quote);
    }
    txn_end(&txn);
    if (e)
        return cli_failed(e, cli->argument[0], why);
    struct output *out = &cli->output;
    output_begin(out, OUTPUT_THING);
    output_str(out, "kind", "post");
    output_id(out, "id", entry.id);
    output_str(out, "uri", entry.post->uri);
    output_str(out, "author", entry.author);
    output_str(out, "visibility", visibility_name(entry.post->visibility));
    output_str(out, "in_reply_to", entry.post->in_reply_to_uri);
    output_time(out, "published", entry.post->published_ms);
    output_time(out, "edited", entry.post->updated_ms);
    output_int(out, "likes", (int64_t)entry.likes);
    output_int(out, "boosts", (int64_t)entry.boosts);
    output_int(out, "replies", (int64_t)entry.replies);
    output_int(out, "reactions", (int64_t)entry.reactions);
    if (is_readable)
        e = shown_post(out, entry.post, &entry.quote);
    else
        output_str(out, "text", "(not for everyone: ward thread POST --as NAME)");
    output_end(out);
    return e ? cli_failed(e, cli->argument[0], why) : OK;
}

static enum err cli_lookup(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    const char *text = cli->argument[0];
    bool is_uri = strstr(text, "://") != NULL;
    struct why unused;
    uint64_t id;
    actor_id actor;
    post_id post;
    enum err e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    if ((is_uri || id_parse(text, &id) == OK) && !cli_find_post(&store, text, &post, &unused))
        return show_post(cli, &store, post, why);
    e = resolve_actor(&store.fed, text, &actor, why);
    if (!e)
        return show_actor(cli, &store, actor, why);
    /* A URI does not say what it names: what is no actor may be a post. */
    if (is_uri && e == ERR_INVALID && !resolve_post(&store.fed, text, &post, why))
        return show_post(cli, &store, post, why);
    return e == ERR_INVALID && is_uri ? ERR_DENIED : e;
}

/* ---- the tables ----------------------------------------------------------------------------- */

static const struct cli_option timeline_options[] = {
    {"home", NULL, "whom NAME follows, and NAME (the default)"},
    {"local", NULL, "public posts of this node"},
    {"public", NULL, "public posts of every node known here"},
    {"tag", "TAG", "public posts with this hashtag"},
    {"mentions", NULL, "posts that address NAME"},
    {"group", "GROUP", "what was posted to a group, here or elsewhere"},
    {"limit", "N", "how many, 1 to 200 (20)"},
    {"before", "ID", "only older ones: the next page"},
    {0}};
static const struct cli_command timeline_commands[] = {
    {NULL, "NAME", "what NAME sees, newest first", timeline_options, 0, cli_timeline}, {0}};
const struct cli_noun cli_timeline_noun = {"timeline", "what someone sees", timeline_commands};

static const struct cli_option thread_options[] = {
    {"as", "NAME", "what NAME may read of it; without: what everyone may"},
    {"fetch", NULL, "first look for what is missing, at the nodes it is on (needs the daemon)"},
    {0}};
static const struct cli_command thread_commands[] = {
    {NULL, "POST", "the conversation a post belongs to, from its beginning", thread_options, 0,
     cli_thread},
    {0}};
const struct cli_noun cli_thread_noun = {"thread", "show a conversation", thread_commands};

static const struct cli_command lookup_commands[] = {
    {NULL, "ACCT|URI",
     "find an account or post, here or at its node; says what was found or why not", NULL, 0,
     cli_lookup},
    {0}};
const struct cli_noun cli_lookup_noun = {"lookup", "find an account or a post", lookup_commands};
