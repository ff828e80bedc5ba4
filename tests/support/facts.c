#include "tests/support/corpus.h"

#include "federation/sanitize.h"
#include "storage/base/buf.h"
#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/post.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FACTS_MAX 8192

struct teller {
    const struct world *world;
    struct txn *txn;
    struct arena *arena;
    struct facts facts;
};

/* ---- names for what has an id here and another there ---- */

static const char *short_name(const struct world *world, const char *uri)
{
    static char text[8][128];
    static unsigned turn;
    for (size_t i = 0; i < world->word_count; i++) {
        if (strcmp(world->word[i].text, uri) != 0)
            continue;
        char *out = text[turn++ % COUNT(text)];
        snprintf(out, sizeof text[0], "$%s", world->word[i].name);
        return out;
    }
    return uri;
}

static const char *actor_name(struct teller *t, uint64_t id)
{
    Actor *actor;
    if (!id)
        return "nobody";
    if (actor_get(t->txn, (actor_id){id}, t->arena, &actor))
        return "somebody gone";
    return short_name(t->world, actor->uri);
}

static const char *post_name(struct teller *t, uint64_t id)
{
    Post *post;
    if (!id)
        return "nothing";
    if (post_get(t->txn, (post_id){id}, t->arena, &post))
        return "something gone";
    return short_name(t->world, post->uri);
}

PRINTF_LIKE(2, 3) static void tell(struct teller *t, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    assert_true(vasprintf(&text, fmt, args) >= 0);
    va_end(args);
    for (char *p = text; *p; p++)
        if (*p == '\n')
            *p = ' ';
    assert_true(t->facts.n < FACTS_MAX);
    t->facts.line[t->facts.n++] = arena_strdup(t->arena, text);
    free(text);
}

/* A time that was sent; what happened here happened now. */
static const char *time_name(int64_t ms)
{
    static char text[8][CLOCK_RFC3339_BYTES];
    static unsigned turn;
    char *out = text[turn++ % COUNT(text)];
    if (ms >= clock_ms() && ms < clock_ms() + 3600 * 1000)
        return "now";
    clock_format_rfc3339(ms, out);
    return out;
}

/* ---- posts ---- */

static void tell_text(struct teller *t, const char *name, const char *what, const char *html)
{
    AUTO(buf_clear) struct buf text = BUF_INIT(1 << 20);
    assert_int_equal(sanitize_to_text(html, &text), OK);
    if (text.n)
        tell(t, "post %s %s %.300s", name, what, buf_text(&text));
}

static void tell_line(struct teller *t, const char *name, const char *what, const char *text)
{
    if (*text)
        tell(t, "post %s %s %s", name, what, text);
}

static void tell_poll(struct teller *t, const char *name, const Poll *poll)
{
    tell(t, "post %s poll %s%s%s voters %" PRIu64, name, poll->is_multiple ? "any" : "one",
         poll->ends_ms ? " until " : "", poll->ends_ms ? time_name(poll->ends_ms) : "",
         poll->voters);
    if (poll->closed_ms)
        tell(t, "post %s closed", name);
    for (size_t i = 0; i < poll->n_options; i++)
        tell(t, "post %s option %s %" PRIu64, name, poll->options[i]->name,
             poll->options[i]->votes);
}

static void tell_interaction(struct teller *t, const char *name, const char *what,
                             const Interaction *interaction)
{
    if (interaction)
        tell(t, "post %s may-%s %" PRIu32 " asked %" PRIu32, name, what, interaction->automatic,
             interaction->manual);
}

static void tell_lists(struct teller *t, const char *name, const Post *post)
{
    for (size_t i = 0; i < post->n_mentions; i++)
        tell(t, "post %s mentions %s", name, short_name(t->world, post->mentions[i]->uri));
    for (size_t i = 0; i < post->n_tags; i++)
        tell(t, "post %s tag %s", name, post->tags[i]);
    for (size_t i = 0; i < post->n_emoji; i++)
        tell(t, "post %s emoji %s", name, post->emoji[i]->shortcode);
    for (size_t i = 0; i < post->n_attachments; i++)
        tell(t, "post %s attachment %s %s %s", name, post->attachments[i]->url,
             post->attachments[i]->media_type, post->attachments[i]->description);
    for (size_t i = 0; i < post->n_translations; i++)
        tell_text(t, name, arena_printf(t->arena, "in-%s", post->translations[i]->language),
                  post->translations[i]->content_html);
    if (post->policy) {
        tell_interaction(t, name, "reply", post->policy->reply);
        tell_interaction(t, name, "boost", post->policy->boost);
        tell_interaction(t, name, "quote", post->policy->quote);
        tell_interaction(t, name, "like", post->policy->like);
    }
}

static void tell_relations(struct teller *t, const char *name, const Post *post)
{
    static const char *const approval[] = {"not needed", "asked", "approved", "declined"};
    if (*post->in_reply_to_uri)
        tell(t, "post %s answers %s%s", name, short_name(t->world, post->in_reply_to_uri),
             post->in_reply_to ? "" : " (not here)");
    if (post->thread_root != post->id)
        tell(t, "post %s thread %s", name, post_name(t, post->thread_root));
    if (*post->quote_uri)
        tell(t, "post %s quotes %s%s", name, short_name(t->world, post->quote_uri),
             post->quote_of ? "" : " (not here)");
    if (post->quote_approval)
        tell(t, "post %s quote is %s", name, approval[post->quote_approval]);
    if (post->reply_approval)
        tell(t, "post %s reply is %s", name, approval[post->reply_approval]);
    if (post->group)
        tell(t, "post %s group %s", name, actor_name(t, post->group));
    if (post->audience_of)
        tell(t, "post %s audience %s", name, actor_name(t, post->audience_of));
}

static void tell_counts(struct teller *t, const char *name, uint64_t id)
{
    static const struct {
        enum counter_kind kind;
        const char *name;
    } counts[] = {{COUNTER_LIKES, "likes"},
                  {COUNTER_BOOSTS, "boosts"},
                  {COUNTER_REPLIES, "replies"},
                  {COUNTER_REACTIONS, "reactions"}};
    for (size_t i = 0; i < COUNT(counts); i++) {
        uint64_t n = counter_get(t->txn, counts[i].kind, id);
        if (n)
            tell(t, "post %s %s %" PRIu64, name, counts[i].name, n);
    }
}

static void tell_post(struct teller *t, const Post *post)
{
    static const char *const visibility[] = {"public", "unlisted", "followers", "direct", "local"};
    const char *name = arena_strdup(t->arena, short_name(t->world, post->uri));
    if (post->boost_of) {
        tell(t, "boost %s by %s of %s", post->uri, actor_name(t, post->author),
             post_name(t, post->boost_of));
        return;
    }
    tell(t, "post %s is %s %s by %s", name, visibility[post->visibility], post->type,
         actor_name(t, post->author));
    tell_line(t, name, "title", post->name);
    tell_line(t, name, "cw", post->summary);
    tell_line(t, name, "language", post->language);
    tell_line(t, name, "at", post->location);
    if (strcmp(post->url, post->uri) != 0)
        tell_line(t, name, "link", post->url);
    tell_text(t, name, "says", post->content_html);
    if (post->starts_ms)
        tell(t, "post %s starts %s", name, time_name(post->starts_ms));
    if (post->ends_ms)
        tell(t, "post %s ends %s", name, time_name(post->ends_ms));
    if (post->updated_ms)
        tell(t, "post %s edited %s", name, time_name(post->updated_ms));
    if (!post->is_local)
        tell(t, "post %s published %s", name, time_name(post->published_ms));
    if (post->is_sensitive)
        tell(t, "post %s sensitive", name);
    if (post->is_cut)
        tell(t, "post %s cut", name);
    if (post->poll)
        tell_poll(t, name, post->poll);
    tell_lists(t, name, post);
    tell_relations(t, name, post);
    tell_counts(t, name, post->id);
}

/* ---- the rest ---- */

static void tell_actor(struct teller *t, const Actor *actor)
{
    static const char *const types[] = {"Person", "Service", "Application", "Organization",
                                        "Group"};
    const char *name = arena_strdup(t->arena, short_name(t->world, actor->uri));
    tell(t, "actor %s is %s %s@%s", name, types[actor->type], actor->username, actor->host);
    tell(t, "actor %s is called %s", name, actor->display_name);
    tell(t, "actor %s keys %zu", name, actor->n_keys);
    if (*actor->shared_inbox)
        tell(t, "actor %s shares %s", name, actor->shared_inbox);
    if (*actor->moved_to)
        tell(t, "actor %s moved to %s", name, short_name(t->world, actor->moved_to));
    if (*actor->icon_url)
        tell(t, "actor %s icon %s", name, actor->icon_url);
    if (*actor->moderators)
        tell(t, "actor %s moderators %s", name, actor->moderators);
    for (size_t i = 0; i < actor->n_also_known_as; i++)
        tell(t, "actor %s was %s", name, short_name(t->world, actor->also_known_as[i]));
    for (size_t i = 0; i < actor->n_emoji; i++)
        tell(t, "actor %s emoji %s", name, actor->emoji[i]->shortcode);
    if (actor->deleted_ms)
        tell(t, "actor %s gone", name);
    if (actor->is_locked)
        tell(t, "actor %s locked", name);
}

static bool is_about_a_post(enum edge_kind kind)
{
    return kind == EDGE_LIKE || kind == EDGE_BOOST || kind == EDGE_BOOKMARK || kind == EDGE_PIN ||
           kind == EDGE_REACTION || kind == EDGE_VOTE;
}

static void tell_edge(struct teller *t, const struct edge_key *key)
{
    static const char *const kinds[] = {
        "",      "follows", "asks to follow", "blocks",   "mutes", "likes",     "boosts",
        "keeps", "pins",    "reacts to",      "votes in", "leads", "is out of", "relays"};
    Edge *edge;
    assert_int_equal(edge_get(t->txn, *key, t->arena, &edge), OK);
    const char *who = arena_strdup(t->arena, actor_name(t, key->who));
    const char *whom =
        is_about_a_post(key->kind) ? post_name(t, key->whom) : actor_name(t, key->whom);
    tell(t, "edge %s %s %s%s%s", who, kinds[key->kind], whom, *edge->content ? " with " : "",
         edge->content);
    for (size_t i = 0; i < edge->n_choices; i++)
        tell(t, "edge %s chose %" PRIu32 " of %s", who, edge->choices[i], whom);
}

static void tell_notification(struct teller *t, uint64_t owner, const Notification *n)
{
    const ProtobufCEnumValue *type =
        protobuf_c_enum_descriptor_get_value(&notification_type__descriptor, (int)n->type);
    const char *who = arena_strdup(t->arena, actor_name(t, owner));
    const char *from = arena_strdup(t->arena, actor_name(t, n->from));
    tell(t, "told %s %s by %s about %s", who, type ? type->name : "?", from, post_name(t, n->post));
}

static void tell_row(struct teller *t, enum table table, struct bytes key, struct bytes value)
{
    void *record;
    size_t at = table == TABLE_EDGE ? 1 : 0;
    uint64_t first = 0, second = 0;
    if (key.n >= at + 8)
        assert_int_equal(key_read_u64(key, &at, &first), OK);
    if (key.n >= at + 8)
        assert_int_equal(key_read_u64(key, &at, &second), OK);
    const ProtobufCMessageDescriptor *type = table == TABLE_POST        ? &post__descriptor
                                             : table == TABLE_ACTOR     ? &actor__descriptor
                                             : table == TABLE_TOMBSTONE ? &tombstone__descriptor
                                             : table == TABLE_PARKED    ? &parked__descriptor
                                             : table == TABLE_EDGE      ? &edge__descriptor
                                             : table == TABLE_OUTQUEUE  ? &out_job__descriptor
                                                                        : &notification__descriptor;
    assert_int_equal(record_decode(type, value, t->arena, &record), OK);
    if (table == TABLE_POST)
        tell_post(t, record);
    else if (table == TABLE_ACTOR)
        tell_actor(t, record);
    else if (table == TABLE_TOMBSTONE)
        tell(t, "gone %s", ((Tombstone *)record)->uri);
    else if (table == TABLE_PARKED)
        tell(t, "waits for %s", ((Parked *)record)->needs);
    else if (table == TABLE_EDGE)
        tell_edge(t, &(struct edge_key){key.p[0], first, second});
    else if (table == TABLE_OUTQUEUE)
        tell(t, "sends %s to %s", ((OutJob *)record)->activity_type, ((OutJob *)record)->inbox);
    else
        tell_notification(t, first, record);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct facts world_facts(struct world *world, struct arena *arena)
{
    static const enum table tables[] = {TABLE_POST, TABLE_ACTOR,    TABLE_TOMBSTONE,   TABLE_PARKED,
                                        TABLE_EDGE, TABLE_OUTQUEUE, TABLE_NOTIFICATION};
    AUTO(txn_end) struct txn *txn = store_read(&world->node.store);
    struct teller t = {.world = world, .txn = txn, .arena = arena};
    t.facts.line = arena_calloc(arena, FACTS_MAX, sizeof *t.facts.line);
    for (size_t i = 0; i < COUNT(tables); i++) {
        AUTO(range_close) struct range range = {0};
        struct bytes none = {NULL, 0}, key, value;
        assert_int_equal(range_open(txn, tables[i], none, none, RANGE_UP, &range), OK);
        while (range_next(&range, &key, &value) == OK)
            tell_row(&t, tables[i], arena_bytes(arena, key), arena_bytes(arena, value));
    }
    assert_false(arena->is_full);
    qsort(t.facts.line, t.facts.n, sizeof *t.facts.line, by_text);
    return t.facts;
}

bool facts_have(const struct facts *facts, const char *line)
{
    return bsearch(&line, facts->line, facts->n, sizeof *facts->line, by_text) != NULL;
}

uint64_t world_digest(struct world *world)
{
    AUTO(txn_end) struct txn *txn = store_read(&world->node.store);
    uint64_t sum = 14695981039346656037u; /* FNV-1a */
    for (int table = 0; table < TABLE_COUNT; table++) {
        AUTO(range_close) struct range range = {0};
        struct bytes none = {NULL, 0}, part[2];
        if (table == TABLE_SEEN || table == TABLE_PEER_HEALTH)
            continue;
        assert_int_equal(range_open(txn, (enum table)table, none, none, RANGE_UP, &range), OK);
        while (range_next(&range, &part[0], &part[1]) == OK)
            for (int k = 0; k < 2; k++)
                for (size_t i = 0; i < part[k].n; i++)
                    sum = (sum ^ part[k].p[i]) * 1099511628211u;
    }
    return sum;
}
