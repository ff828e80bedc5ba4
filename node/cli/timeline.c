#include "federation/markup.h"
#include "federation/resolve.h"
#include "federation/sanitize.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "storage/actor.h"
#include "storage/edge.h"
#include "storage/post.h"
#include "storage/stream.h"

#include <string.h>

#define LIMIT_STANDARD 20
#define LIMIT_MAX 200

/* One entry, copied out of its snapshot. */
struct entry {
    uint64_t id; /* of the boost, when it is one */
    Post *post;  /* what it shows */
    const char *author, *boosted_by, *reply_to;
    uint64_t likes, boosts, replies;
};

static const char *visibility_name(Visibility visibility)
{
    static const char *const name[] = {"public", "unlisted", "followers", "direct", "local"};
    return (size_t)visibility < COUNT(name) ? name[visibility] : "?";
}

static enum err handle_of(struct txn *txn, uint64_t id, struct arena *arena, const char **out)
{
    Actor *actor;
    enum err e = actor_get(txn, (actor_id){id}, arena, &actor);
    if (!e)
        *out = actor_handle(actor, arena);
    return e;
}

static enum err read_entry(struct txn *txn, post_id id, struct arena *arena, struct entry *out)
{
    *out = (struct entry){.id = id.v};
    enum err e = post_get(txn, id, arena, &out->post);
    if (!e && out->post->boost_of) {
        e = handle_of(txn, out->post->author, arena, &out->boosted_by);
        if (!e)
            e = post_get(txn, (post_id){out->post->boost_of}, arena, &out->post);
    }
    if (!e)
        e = handle_of(txn, out->post->author, arena, &out->author);
    if (e)
        return e;
    out->likes = counter_get(txn, COUNTER_LIKES, out->post->id);
    out->boosts = counter_get(txn, COUNTER_BOOSTS, out->post->id);
    out->replies = counter_get(txn, COUNTER_REPLIES, out->post->id);
    return OK;
}

static enum err read_stream(struct txn *txn, struct stream *stream, struct arena *arena,
                            struct entry *entry, size_t *n)
{
    post_id id;
    enum err e = OK;
    while (*n < LIMIT_MAX && (e = stream_next(stream, &id)) == OK) {
        e = read_entry(txn, id, arena, &entry[*n]);
        if (e == ERR_NOTFOUND) /* deleted between two lines of this snapshot: never */
            return ERR_CORRUPT;
        if (e)
            return e;
        ++*n;
    }
    return *n == LIMIT_MAX || e == ERR_NOTFOUND ? OK : e;
}

static enum err print_entry(struct output *out, const struct entry *entry)
{
    const Post *post = entry->post;
    AUTO(buf_clear) struct buf text = BUF_INIT(SANITIZE_IN_MAX_BYTES);
    enum err e = sanitize_to_text(post->content_html, &text);
    if (e)
        return e;
    output_row(out);
    output_id(out, "id", entry->id);
    output_time(out, "published", post->published_ms);
    output_str(out, "author", entry->author);
    if (out->is_json) {
        output_str(out, "uri", post->uri);
        output_str(out, "in_reply_to", *post->in_reply_to_uri ? post->in_reply_to_uri : NULL);
        output_str(out, "visibility", visibility_name(post->visibility));
        output_str(out, "cw", *post->summary ? post->summary : NULL);
        output_time(out, "edited", post->updated_ms);
        output_str(out, "boosted_by", entry->boosted_by);
        output_texts(out, "tags", post->tags, post->n_tags);
        output_int(out, "likes", (int64_t)entry->likes);
        output_int(out, "boosts", (int64_t)entry->boosts);
        output_int(out, "replies", (int64_t)entry->replies);
        output_str(out, "text", buf_text(&text));
        return OK;
    }
    output_str(out, "boosted_by", entry->boosted_by);
    output_str(out, "visibility", visibility_name(post->visibility));
    output_str(out, "text", *post->summary ? post->summary : buf_text(&text));
    return OK;
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

static enum err open_stream(struct cli *cli, struct cli_store *store, struct txn *txn, actor_id who,
                            struct page page, struct stream *out)
{
    struct stream_key key = {0};
    const char *tag = cli_option(cli, "tag");
    if (cli_option(cli, "local"))
        key.kind = STREAM_LOCAL;
    else if (cli_option(cli, "public"))
        key.kind = STREAM_PUBLIC;
    else if (cli_option(cli, "mentions"))
        key = (struct stream_key){STREAM_MENTION, who.v};
    else if (tag)
        key.kind = STREAM_TAG;
    else
        return stream_open_home(txn, who, page, out);
    if (tag) {
        const char *folded = tag_fold(tag[0] == '#' ? tag + 1 : tag, &store->arena);
        if (!folded)
            return ERR_INVALID;
        key.owner = tag_owner(txn, folded);
    }
    return stream_open(txn, &key, 1, page, out);
}

static enum err read_timeline(struct cli *cli, struct cli_store *store, actor_id who,
                              struct page page, struct entry *entry, size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    AUTO(stream_close) struct stream stream = {0};
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = open_stream(cli, store, txn, who, page, &stream);
    return e ? e : read_stream(txn, &stream, &store->arena, entry, n);
}

static enum err check_one_kind(const struct cli *cli, struct why *why)
{
    static const char *const kinds[] = {"home", "local", "public", "tag", "mentions"};
    int given = 0;
    for (size_t i = 0; i < COUNT(kinds); i++)
        given += cli_option(cli, kinds[i]) != NULL;
    if (given > 1)
        return why_set(why, ERR_INVALID,
                       "choose one of --home, --local, --public, --tag, --mentions");
    return OK;
}

static enum err cli_timeline(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct entry entry[LIMIT_MAX];
    size_t n = 0;
    actor_id who;
    struct page page = {0};
    int64_t limit = LIMIT_STANDARD;
    const char *before = cli_option(cli, "before");

    enum err e = check_one_kind(cli, why);
    if (!e)
        e = cli_option_number(cli, "limit", 1, LIMIT_MAX, &limit, why);
    if (!e && before && id_parse(before, &page.before))
        e = why_set(why, ERR_INVALID, "--before \"%.40s\" is no id", before);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    if (e)
        return e;
    page.limit = (unsigned)limit;
    e = read_timeline(cli, &store, who, page, entry, &n);
    return e ? cli_failed(e, "timeline", why) : print_entries(cli, entry, n, why);
}

/* ---- thread --------------------------------------------------------------------------------- */

static enum err read_thread(struct cli_store *store, post_id id, struct entry *entry, size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    AUTO(stream_close) struct stream stream = {0};
    Post *post;
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = post_get(txn, id, &store->arena, &post);
    if (e)
        return e;
    struct stream_key key = {STREAM_THREAD, post->thread_root ? post->thread_root : post->id};
    e = stream_open(txn, &key, 1, (struct page){.limit = LIMIT_MAX}, &stream);
    return e ? e : read_stream(txn, &stream, &store->arena, entry, n);
}

static enum err cli_thread(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct entry entry[LIMIT_MAX];
    size_t n = 0;
    post_id id;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_post(&store, cli->argument[0], &id, why);
    if (e)
        return e;
    e = read_thread(&store, id, entry, &n);
    if (e)
        return cli_failed(e, cli->argument[0], why);
    for (size_t i = 0; i < n / 2; i++) { /* a conversation is read from its beginning */
        struct entry newer = entry[i];
        entry[i] = entry[n - 1 - i];
        entry[n - 1 - i] = newer;
    }
    return print_entries(cli, entry, n, why);
}

/* ---- lookup --------------------------------------------------------------------------------- */

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
    output_time(out, "fetched", actor->fetched_ms);
    output_end(out);
    return OK;
}

static enum err show_post(struct cli *cli, struct cli_store *store, post_id id, struct why *why)
{
    AUTO(txn_end) struct txn *txn = NULL;
    AUTO(buf_clear) struct buf text = BUF_INIT(SANITIZE_IN_MAX_BYTES);
    struct entry entry;
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = read_entry(txn, id, &store->arena, &entry);
    txn_end(&txn);
    if (!e)
        e = sanitize_to_text(entry.post->content_html, &text);
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
    output_str(out, "cw", entry.post->summary);
    output_int(out, "likes", (int64_t)entry.likes);
    output_int(out, "boosts", (int64_t)entry.boosts);
    output_int(out, "replies", (int64_t)entry.replies);
    output_str(out, "text", buf_text(&text));
    output_end(out);
    return OK;
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
    {"limit", "N", "how many, 1 to 200 (20)"},
    {"before", "ID", "only older ones: the next page"},
    {0}};
static const struct cli_command timeline_commands[] = {
    {NULL, "NAME", "what NAME sees, newest first", timeline_options, 0, cli_timeline}, {0}};
const struct cli_noun cli_timeline_noun = {"timeline", "what someone sees", timeline_commands};

static const struct cli_command thread_commands[] = {
    {NULL, "POST", "the conversation a post belongs to, from its beginning", NULL, 0, cli_thread},
    {0}};
const struct cli_noun cli_thread_noun = {"thread", "show a conversation", thread_commands};

static const struct cli_command lookup_commands[] = {
    {NULL, "ACCT|URI",
     "find an account or post, here or at its node; says what was found or why not", NULL, 0,
     cli_lookup},
    {0}};
const struct cli_noun cli_lookup_noun = {"lookup", "find an account or a post", lookup_commands};
