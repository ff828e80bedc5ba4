#include "storage/event.h"

#include "storage/meta.h"

#define EVENT_ARENA_BYTES ((size_t)256 * 1024)

/* ---- writing -------------------------------------------------------------------------------- */

static enum err end_seq(struct txn *txn, enum range_direction direction, uint64_t *out)
{
    AUTO(range_close) struct range range = {0};
    struct bytes none = {0}, key;
    size_t at = 0;
    enum err e = range_open(txn, TABLE_EVENT, none, none, direction, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    if (e == ERR_NOTFOUND)
        *out = 0;
    else if (!e)
        e = key_read_u64(key, &at, out);
    return e == ERR_NOTFOUND ? OK : e;
}

enum err event_last(struct txn *txn, uint64_t *out_seq)
{
    return end_seq(txn, RANGE_DOWN, out_seq);
}

enum err event_add(struct txn *txn, Event *event, int64_t now_ms)
{
    uint64_t last;
    enum err e = event_last(txn, &last);
    if (e)
        return e;
    event->seq = last + 1;
    event->at_ms = now_ms;
    struct key key = key_id(event->seq);
    return record_put(txn, TABLE_EVENT, key_bytes(&key), &event->base);
}

/* What streams a post stood in, and for whom: nothing that it said. */
static Post outline(const Post *post)
{
    static Attachment some = ATTACHMENT__INIT, *has_some[] = {&some};
    Post out = POST__INIT;
    out.n_attachments = post->n_attachments ? 1 : 0, out.attachments = has_some;
    out.id = post->id;
    out.author = post->author;
    out.visibility = post->visibility;
    out.n_mentions = post->n_mentions, out.mentions = post->mentions;
    out.n_tags = post->n_tags, out.tags = post->tags;
    out.is_local = post->is_local;
    out.in_reply_to = post->in_reply_to;
    out.boost_of = post->boost_of;
    out.audience_of = post->audience_of;
    out.n_audience_also = post->n_audience_also, out.audience_also = post->audience_also;
    out.group = post->group;
    out.quote_of = post->quote_of;
    out.reply_approval = post->reply_approval;
    return out;
}

enum err event_add_post(struct txn *txn, EventKind kind, const Post *post, int64_t now_ms)
{
    Event event = EVENT__INIT;
    Post gone;
    event.kind = kind;
    event.post = post->id;
    if (kind == EVENT_KIND__EVENT_POST_DELETED) {
        gone = outline(post);
        event.gone = &gone;
    }
    return event_add(txn, &event, now_ms);
}

enum err event_add_for(struct txn *txn, EventKind kind, actor_id owner, uint64_t subject,
                       int64_t now_ms)
{
    Event event = EVENT__INIT;
    event.kind = kind;
    event.owner = owner.v;
    event.subject = subject;
    return event_add(txn, &event, now_ms);
}

/* ---- reading -------------------------------------------------------------------------------- */

enum err event_next(struct txn *txn, uint64_t after_seq, struct arena *arena, Event **out)
{
    if (after_seq == UINT64_MAX)
        return ERR_NOTFOUND;
    AUTO(range_close) struct range range = {0};
    struct key lo = key_id(after_seq + 1);
    struct bytes key, value;
    enum err e = range_open(txn, TABLE_EVENT, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    return e ? e : record_decode(&event__descriptor, value, arena, out);
}

static const char *const place_name[] = {[EVENT_READER_PUSH] = "events_read_push"};

enum err event_place_get(struct txn *txn, enum event_reader reader, uint64_t *out_seq)
{
    return meta_get_u64(txn, place_name[reader], out_seq);
}

enum err event_place_put(struct txn *txn, enum event_reader reader, uint64_t seq)
{
    return meta_put_u64(txn, place_name[reader], seq);
}

/* ---- forgetting ----------------------------------------------------------------------------- */

/* Up to here every reader with a place has read. */
static enum err read_by_all(struct txn *txn, uint64_t *out)
{
    *out = UINT64_MAX;
    for (enum event_reader reader = 0; reader < COUNT(place_name); reader++) {
        uint64_t place;
        enum err e = event_place_get(txn, reader, &place);
        if (e && e != ERR_NOTFOUND)
            return e;
        if (!e && place < *out)
            *out = place;
    }
    return OK;
}

static enum err may_go(struct txn *txn, uint64_t seq, uint64_t up_to, int64_t before_ms, bool *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(EVENT_ARENA_BYTES);
    Event *event;
    *out = seq <= up_to;
    if (*out)
        return OK;
    enum err e = event_next(txn, seq - 1, &arena, &event);
    *out = !e && event->at_ms < before_ms;
    return e;
}

enum err event_trim(struct txn *txn, unsigned max, int64_t now_ms)
{
    uint64_t first, last, read;
    enum err e = end_seq(txn, RANGE_UP, &first);
    if (!e)
        e = event_last(txn, &last);
    if (!e)
        e = read_by_all(txn, &read);
    if (e)
        return e;
    uint64_t up_to = last > EVENT_ROWS_MAX ? last - EVENT_ROWS_MAX : 0;
    if (up_to > read)
        up_to = read;
    for (unsigned i = 0; i < max; i++, first++) {
        struct key key = key_id(first);
        bool goes = false;
        if (first >= last) /* the last one stays: the numbers go on from it */
            return ERR_NOTFOUND;
        if ((e = may_go(txn, first, up_to, now_ms - EVENT_LIFE_MS, &goes)))
            return e;
        if (!goes)
            return ERR_NOTFOUND;
        if ((e = engine_del(txn, TABLE_EVENT, key_bytes(&key))))
            return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    }
    return OK;
}
