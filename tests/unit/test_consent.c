/* Who says that a quote, a reply, a boost or a like is wanted, and who cannot. */
#include "federation/consent.h"

#include "federation/audience.h"
#include "federation/resolve.h"
#include "storage/parked.h"
#include "tests/support/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HERE "https://" STORE_HOST
#define ANN HERE "/users/ann"
#define BOB "https://peer.example/users/bob"
#define MAL "https://peer.example/users/mal"
#define DAN "https://second.example/users/dan"
#define TARGET "https://peer.example/notes/1"  /* bob's */
#define OTHER "https://peer.example/notes/2"   /* bob's too */
#define QUOTE "https://second.example/notes/3" /* dan's, of TARGET */
#define STAMP "https://peer.example/stamps/1"
#define PUBLIC "as:Public"

static const struct by by = {.who = "test"};

/* ann and cleo are here, bob and mal at one peer, dan at another. */
struct scene {
    struct node node;
    actor_id ann, cleo;
    struct remote bob, mal, dan;
    unsigned sent;
};

static int open_scene(void **state)
{
    struct scene *s = xcalloc(1, sizeof *s);
    node_open(&s->node);
    s->ann = node_account(&s->node, "ann");
    s->cleo = node_account(&s->node, "cleo");
    node_allow(&s->node, "peer.example");
    node_allow(&s->node, "second.example");
    remote_create(&s->node, &s->bob, "peer.example", "bob");
    remote_create(&s->node, &s->mal, "peer.example", "mal");
    remote_create(&s->node, &s->dan, "second.example", "dan");
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    node_check(&s->node);
    remote_clear(&s->bob);
    remote_clear(&s->mal);
    remote_clear(&s->dan);
    node_close(&s->node);
    xfree(state);
    return 0;
}

/* ---- what happens ---- */

/* A note of `from`; `more`: members, each with a comma before it. */
static void says(struct scene *s, const struct remote *from, const char *id, const char *more)
{
    assert_int_equal(node_receive_act(&s->node, from,
                                      "\"type\":\"Create\",\"id\":\"%s/create\",\"object\":{"
                                      "\"type\":\"Note\",\"id\":\"%s\",\"attributedTo\":\"%s\","
                                      "\"content\":\"x\",\"to\":\"" PUBLIC "\"%s}",
                                      id, id, from->uri, more),
                     202);
}

static void bob_writes(struct scene *s)
{
    says(s, &s->bob, TARGET, "");
    says(s, &s->bob, OTHER, "");
}

static void dan_quotes(struct scene *s)
{
    says(s, &s->dan, QUOTE, ",\"quote\":\"" TARGET "\",\"quoteAuthorization\":\"" STAMP "\"");
}

struct stamp {
    const char *id, *type, *from, *object, *target;
};
static const struct stamp good = {STAMP, "QuoteAuthorization", BOB, QUOTE, TARGET};

/* The fetcher brought it for STAMP. */
static void serves(struct scene *s, const struct stamp *stamp)
{
    AUTO(xfree)
    char *json =
        json_format("{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"id\":\"%s\","
                    "\"type\":\"%s\",\"attributedTo\":\"%s\",\"interactingObject\":\"%s\","
                    "\"interactionTarget\":\"%s\"}",
                    stamp->id, stamp->type, stamp->from, stamp->object, stamp->target);
    struct fetched document = {.status = 200, .uri = STAMP, .body = bytes_of(json)};
    resolve_fetched(&s->node.fed, STAMP, WANT_KIND__OBJECT_DOCUMENT, OK, &document, NULL);
}

static int takes_back(struct scene *s, const struct remote *from)
{
    return node_receive_act(&s->node, from,
                            "\"type\":\"Delete\",\"id\":\"https://%s/deletes/%u\",\"to\":\"" PUBLIC
                            "\",\"object\":\"" STAMP "\"",
                            from->host, ++s->sent);
}

static Post *stored(struct scene *s, const char *uri, struct arena *arena)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    Post *post;
    assert_int_equal(post_get(txn, node_find_post(&s->node, uri), arena, &post), OK);
    return post;
}

static void assert_quote(struct scene *s, const char *uri, Approval state)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    Post *post = stored(s, uri, &arena);
    assert_int_equal(post->quote_approval, state);
    assert_int_equal(consent_has_quote(post), state == APPROVAL__APPROVED);
}

static void assert_reply(struct scene *s, const char *uri, Approval state)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    Post *post = stored(s, uri, &arena);
    bool is_shown = state == APPROVAL__NOT_NEEDED || state == APPROVAL__APPROVED;
    assert_int_equal(post->reply_approval, state);
    assert_int_equal(audience_may_read(txn, post, s->cleo), is_shown);
    assert_int_equal(audience_may_read(txn, post, (actor_id){0}), is_shown);
}

static bool is_wanted(struct scene *s, const char *uri)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    Want *want;
    return want_get(txn, uri, &arena, &want) == OK && !want->failed_ms;
}

/* ---- an authorization ---- */

static void an_authorization_is_believed_as_its_origin_serves_it(void **state)
{
    struct scene *s = *state;
    bob_writes(s);
    dan_quotes(s);
    assert_quote(s, QUOTE, APPROVAL__ASKED);
    assert_true(is_wanted(s, STAMP));
    serves(s, &good);
    assert_quote(s, QUOTE, APPROVAL__APPROVED);
    serves(s, &good);
    assert_quote(s, QUOTE, APPROVAL__APPROVED);
    assert_false(is_wanted(s, STAMP));
}

static void t43_an_authorization_that_fits_not_quite_is_none(void **state)
{
    struct scene *s = *state;
    static const struct stamp bad[] = {
        {STAMP, "QuoteAuthorization", MAL, QUOTE, TARGET}, /* another of the right host */
        {STAMP, "QuoteAuthorization", DAN, QUOTE, TARGET}, /* who wants it */
        {STAMP, "QuoteAuthorization", ANN, QUOTE, TARGET},
        {STAMP, "QuoteAuthorization", BOB, "https://second.example/notes/4", TARGET},
        {STAMP, "QuoteAuthorization", BOB, QUOTE, OTHER},
        {STAMP, "QuoteAuthorization", BOB, QUOTE, "https://peer.example/notes/none"},
        {STAMP, "QuoteAuthorization", BOB, TARGET, QUOTE},
        {STAMP, "ReplyAuthorization", BOB, QUOTE, TARGET},
        {STAMP, "Note", BOB, QUOTE, TARGET},
        {"https://peer.example/stamps/2", "QuoteAuthorization", BOB, QUOTE, TARGET},
        {"https://second.example/stamps/1", "QuoteAuthorization", BOB, QUOTE, TARGET},
    };
    bob_writes(s);
    dan_quotes(s);
    for (size_t i = 0; i < COUNT(bad); i++) {
        serves(s, &bad[i]);
        assert_quote(s, QUOTE, APPROVAL__ASKED);
    }
    serves(s, &good);
    assert_quote(s, QUOTE, APPROVAL__APPROVED);
}

static void t43_nobody_authorizes_from_a_host_that_is_not_the_authors(void **state)
{
    struct scene *s = *state;
    const char *own = "https://second.example/stamps/1";
    AUTO(xfree)
    char *json =
        json_format("{\"id\":\"%s\",\"type\":\"QuoteAuthorization\",\"attributedTo\":\"" BOB
                    "\",\"interactingObject\":\"" QUOTE "\",\"interactionTarget\":\"" TARGET "\"}",
                    own);
    struct fetched document = {.status = 200, .uri = own, .body = bytes_of(json)};
    bob_writes(s);
    says(s, &s->dan, QUOTE,
         ",\"quote\":\"" TARGET "\",\"quoteAuthorization\":\"https://second.example/stamps/1\"");
    resolve_fetched(&s->node.fed, own, WANT_KIND__OBJECT_DOCUMENT, OK, &document, NULL);
    assert_quote(s, QUOTE, APPROVAL__ASKED);
}

static void it_may_come_before_and_after_what_it_is_for(void **state)
{
    struct scene *s = *state;
    serves(s, &good); /* nobody waits for it: forgotten, and asked for anew */
    dan_quotes(s);
    assert_quote(s, QUOTE, APPROVAL__ASKED);
    assert_true(is_wanted(s, TARGET));
    serves(s, &good); /* whose post is it? */
    assert_quote(s, QUOTE, APPROVAL__ASKED);
    bob_writes(s);
    assert_quote(s, QUOTE, APPROVAL__ASKED);
    assert_true(is_wanted(s, STAMP));
    serves(s, &good);
    assert_quote(s, QUOTE, APPROVAL__APPROVED);
}

static void what_was_taken_back_before_it_came_is_gone(void **state)
{
    struct scene *s = *state;
    bob_writes(s);
    assert_int_equal(takes_back(s, &s->bob), 202);
    dan_quotes(s);
    serves(s, &good);
    assert_quote(s, QUOTE, APPROVAL__DECLINED);
}

static void what_is_taken_back_later_is_gone_too(void **state)
{
    struct scene *s = *state;
    bob_writes(s);
    dan_quotes(s);
    serves(s, &good);
    assert_int_equal(takes_back(s, &s->bob), 202);
    assert_quote(s, QUOTE, APPROVAL__DECLINED);
    assert_int_equal(takes_back(s, &s->bob), 202);
    serves(s, &good); /* an old answer */
    assert_quote(s, QUOTE, APPROVAL__DECLINED);
}

static void t40_nobody_else_takes_it_back(void **state)
{
    struct scene *s = *state;
    bob_writes(s);
    assert_int_equal(takes_back(s, &s->dan), 202); /* before */
    assert_int_equal(takes_back(s, &s->mal), 202);
    dan_quotes(s);
    assert_quote(s, QUOTE, APPROVAL__ASKED);
    assert_int_equal(takes_back(s, &s->mal), 202);
    serves(s, &good);
    assert_quote(s, QUOTE, APPROVAL__APPROVED);
    assert_int_equal(takes_back(s, &s->mal), 202); /* after */
    assert_int_equal(takes_back(s, &s->dan), 202);
    assert_quote(s, QUOTE, APPROVAL__APPROVED);
    assert_int_equal(takes_back(s, &s->bob), 202);
    assert_quote(s, QUOTE, APPROVAL__DECLINED);
}

/* ---- their answer to us ---- */

struct ours {
    post_id id;
    char uri[128];
};

static struct ours ann_writes(struct scene *s, const struct post_draft *with)
{
    struct post_draft draft = *with;
    struct ours post;
    struct why why = {""};
    draft.author = s->ann;
    draft.source = "words";
    if (act_post_local(&s->node.fed, &draft, NULL, &by, &post.id, &why))
        fail_msg("%s", why.text);
    snprintf(post.uri, sizeof post.uri, ANN "/posts/%llu", (unsigned long long)post.id.v);
    return post;
}

static struct ours ann_quotes(struct scene *s)
{
    bob_writes(s);
    return ann_writes(s, &(struct post_draft){.quote_of = node_find_post(&s->node, TARGET)});
}

static int answers(struct scene *s, const struct remote *from, const char *type,
                   const struct ours *about, const char *result)
{
    return node_receive_act(
        &s->node, from,
        "\"type\":\"%s\",\"id\":\"https://%s/answers/%u\",\"object\":{\"type\":\"QuoteRequest\","
        "\"id\":\"%s#quote-request\",\"actor\":\"" ANN "\",\"object\":\"" TARGET
        "\",\"instrument\":\"%s\"}%s",
        type, from->host, ++s->sent, about->uri, about->uri, result);
}

#define RESULT ",\"result\":\"" STAMP "\""

static void t43_an_accept_is_believed_of_whom_was_asked(void **state)
{
    struct scene *s = *state;
    struct ours quote = ann_quotes(s);
    assert_int_equal(node_queued(&s->node, "QuoteRequest"), 1);
    assert_int_equal(answers(s, &s->mal, "Accept", &quote, RESULT), 202);
    assert_int_equal(
        answers(s, &s->dan, "Accept", &quote, ",\"result\":\"https://second.example/stamps/1\""),
        202);
    assert_int_equal(answers(s, &s->mal, "Reject", &quote, ""), 202);
    assert_int_equal(answers(s, &s->dan, "Reject", &quote, ""), 202);
    assert_false(is_wanted(s, STAMP));
    assert_quote(s, quote.uri, APPROVAL__ASKED);
    assert_int_equal(node_notified(&s->node, s->ann, NOTIFICATION_TYPE__APPROVAL_ANSWERED), 0);
}

static void an_accept_counts_once_its_result_was_fetched(void **state)
{
    struct scene *s = *state;
    struct ours quote = ann_quotes(s);
    struct stamp stamp = {STAMP, "QuoteAuthorization", BOB, quote.uri, TARGET};
    assert_int_equal(answers(s, &s->bob, "Accept", &quote, ""), 202); /* names none */
    assert_quote(s, quote.uri, APPROVAL__ASKED);
    assert_int_equal(
        answers(s, &s->bob, "Accept", &quote, ",\"result\":\"https://second.example/stamps/1\""),
        202);
    assert_false(is_wanted(s, "https://second.example/stamps/1"));
    assert_int_equal(answers(s, &s->bob, "Accept", &quote, RESULT), 202);
    assert_int_equal(answers(s, &s->bob, "Accept", &quote, RESULT), 202);
    assert_quote(s, quote.uri, APPROVAL__ASKED);
    assert_true(is_wanted(s, STAMP));
    serves(s, &stamp);
    serves(s, &stamp);
    assert_quote(s, quote.uri, APPROVAL__APPROVED);
    assert_int_equal(node_notified(&s->node, s->ann, NOTIFICATION_TYPE__APPROVAL_ANSWERED), 1);
    assert_int_equal(takes_back(s, &s->dan), 202);
    assert_quote(s, quote.uri, APPROVAL__APPROVED);
    assert_int_equal(takes_back(s, &s->bob), 202);
    assert_quote(s, quote.uri, APPROVAL__DECLINED);
}

static void a_result_that_cannot_be_had_is_no_approval(void **state)
{
    struct scene *s = *state;
    struct ours quote = ann_quotes(s);
    struct why why = {"404"};
    assert_int_equal(answers(s, &s->bob, "Accept", &quote, RESULT), 202);
    resolve_fetched(&s->node.fed, STAMP, WANT_KIND__OBJECT_DOCUMENT, ERR_NOTFOUND, NULL, &why);
    assert_quote(s, quote.uri, APPROVAL__ASKED);
    assert_int_equal(node_notified(&s->node, s->ann, NOTIFICATION_TYPE__APPROVAL_ANSWERED), 0);
    assert_int_equal(answers(s, &s->bob, "Reject", &quote, ""), 202);
    assert_quote(s, quote.uri, APPROVAL__DECLINED);
}

/* ---- what we are asked ---- */

static Interaction only_asked(void)
{
    Interaction said = INTERACTION__INIT;
    said.manual = CONSENT_EVERYONE;
    return said;
}

/* ann's post, about which everybody has to ask. */
static struct ours ann_wants_to_be_asked(struct scene *s)
{
    Interaction ask = only_asked();
    InteractionPolicy policy = INTERACTION_POLICY__INIT;
    policy.reply = policy.boost = policy.quote = policy.like = &ask;
    return ann_writes(s, &(struct post_draft){.policy = &policy});
}

static int asks(struct scene *s, const struct remote *from, const char *type, const char *about,
                const char *instrument)
{
    return node_receive_act(&s->node, from,
                            "\"type\":\"%s\",\"id\":\"https://%s/requests/%u\",\"object\":\"%s\","
                            "\"instrument\":%s",
                            type, from->host, ++s->sent, about, instrument);
}

static size_t asked(struct scene *s)
{
    return node_notified(&s->node, s->ann, NOTIFICATION_TYPE__APPROVAL_ASKED);
}

static const char *const requests[] = {"QuoteRequest", "ReplyRequest", "LikeRequest",
                                       "AnnounceRequest"};

static void each_request_asks_once(void **state)
{
    struct scene *s = *state;
    struct ours post = ann_wants_to_be_asked(s);
    for (size_t i = 0; i < COUNT(requests); i++) {
        AUTO(xfree) char *what = json_format("\"https://peer.example/w/%zu\"", i);
        for (int n = 0; n < 2; n++)
            assert_int_equal(asks(s, &s->bob, requests[i], post.uri, what), 202);
        assert_int_equal(node_rows(&s->node, TABLE_CONSENT), i + 1);
    }
    assert_int_equal(node_queued(&s->node, "Accept"), 0);
    assert_int_equal(node_queued(&s->node, "Reject"), 0);
    assert_true(asked(s) >= 1);
}

static void a_request_is_about_what_is_its_senders_and_ours(void **state)
{
    struct scene *s = *state;
    struct ours post = ann_wants_to_be_asked(s);
    struct ours closed = ann_writes(s, &(struct post_draft){.visibility = VISIBILITY__FOLLOWERS});
    bob_writes(s);
    for (size_t i = 0; i < COUNT(requests); i++) {
        const char *type = requests[i], *own = "\"https://peer.example/w/1\"";
        assert_int_equal(asks(s, &s->bob, type, post.uri, "\"" QUOTE "\""), 403);
        assert_int_equal(
            asks(s, &s->bob, type, post.uri, "{\"type\":\"Note\",\"id\":\"" QUOTE "\"}"), 403);
        assert_int_equal(asks(s, &s->bob, type, post.uri, "null"), 400);
        assert_int_equal(asks(s, &s->bob, type, closed.uri, own), 202);
        assert_int_equal(asks(s, &s->dan, type, TARGET, "\"" QUOTE "\""), 202);
        assert_int_equal(asks(s, &s->bob, type, ANN "/posts/1", own), 202);
        assert_int_equal(asks(s, &s->mal, type, post.uri, "\"" TARGET "\""), 202); /* bob's */
    }
    assert_int_equal(node_rows(&s->node, TABLE_CONSENT), 0);
    assert_int_equal(asked(s), 0);
}

static void a_forged_reply_within_a_request_is_not_stored(void **state)
{
    struct scene *s = *state;
    struct ours post = ann_wants_to_be_asked(s);
    static const char *const by_whom[] = {MAL, DAN, ANN};
    for (size_t i = 0; i < COUNT(by_whom); i++) {
        AUTO(xfree)
        char *note =
            json_format("{\"type\":\"Note\",\"id\":\"https://peer.example/w/%zu\",\"attributedTo\":"
                        "\"%s\",\"inReplyTo\":\"%s\",\"content\":\"x\",\"to\":\"" PUBLIC "\"}",
                        i, by_whom[i], post.uri);
        AUTO(xfree) char *id = json_format("https://peer.example/w/%zu", i);
        assert_int_equal(asks(s, &s->bob, "ReplyRequest", post.uri, note), 202);
        assert_false(node_has_post(&s->node, id));
    }
    AUTO(xfree)
    char *note = json_format(
        "{\"type\":\"Note\",\"id\":\"https://peer.example/w/9\",\"attributedTo\":"
        "\"" BOB "\",\"inReplyTo\":\"" TARGET "\",\"content\":\"x\",\"to\":\"" PUBLIC "\"}");
    assert_int_equal(asks(s, &s->bob, "ReplyRequest", post.uri, note), 202);
    assert_false(node_has_post(&s->node, "https://peer.example/w/9"));
}

static uint64_t only_consent(struct scene *s)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    Consent *consent;
    assert_int_equal(consent_next(txn, s->ann, UINT64_MAX, &arena, &consent), OK);
    return consent->id;
}

#define REPLY "https://peer.example/w/1"

static void bob_replies(struct scene *s, const struct remote *from, const struct ours *post)
{
    AUTO(xfree) char *more = json_format(",\"inReplyTo\":\"%s\"", post->uri);
    says(s, from, REPLY, more);
}

static void a_reply_that_was_approved_can_be_taken_back(void **state)
{
    struct scene *s = *state;
    struct ours post = ann_wants_to_be_asked(s);
    struct why why;
    bob_replies(s, &s->bob, &post);
    assert_reply(s, REPLY, APPROVAL__ASKED);
    assert_int_equal(act_approve_local(&s->node.fed, s->ann, only_consent(s), &by, &why), OK);
    assert_reply(s, REPLY, APPROVAL__APPROVED);
    assert_int_equal(asks(s, &s->bob, "ReplyRequest", post.uri, "\"" REPLY "\""), 202);
    assert_reply(s, REPLY, APPROVAL__APPROVED);
    assert_int_equal(act_decline_local(&s->node.fed, s->ann, only_consent(s), &by, &why), OK);
    assert_reply(s, REPLY, APPROVAL__DECLINED);
}

static void t43_an_approval_is_for_who_asked(void **state)
{
    struct scene *s = *state;
    struct ours post = ann_wants_to_be_asked(s);
    struct why why;
    assert_int_equal(asks(s, &s->mal, "ReplyRequest", post.uri, "\"" REPLY "\""), 202);
    assert_int_equal(act_approve_local(&s->node.fed, s->ann, only_consent(s), &by, &why), OK);
    bob_replies(s, &s->bob, &post); /* it is bob's, and mal had asked */
    assert_reply(s, REPLY, APPROVAL__ASKED);
    assert_int_equal(asked(s), 2);
    assert_int_equal(asks(s, &s->mal, "ReplyRequest", post.uri, "\"" REPLY "\""), 202);
    assert_reply(s, REPLY, APPROVAL__ASKED);
    assert_int_equal(act_approve_local(&s->node.fed, s->ann, only_consent(s), &by, &why), OK);
    assert_reply(s, REPLY, APPROVAL__APPROVED);
}

static void t43_who_asked_for_anothers_quote_does_not_get_it(void **state)
{
    struct scene *s = *state;
    struct ours post = ann_wants_to_be_asked(s);
    AUTO(xfree) char *more = json_format(",\"quote\":\"%s\"", post.uri);
    struct why why;
    assert_int_equal(asks(s, &s->mal, "QuoteRequest", post.uri, "\"" REPLY "\""), 202);
    assert_int_equal(act_approve_local(&s->node.fed, s->ann, only_consent(s), &by, &why), OK);
    says(s, &s->bob, REPLY, more);
    assert_quote(s, REPLY, APPROVAL__ASKED);
    assert_int_equal(asks(s, &s->bob, "QuoteRequest", post.uri, "\"" REPLY "\""), 202);
    assert_quote(s, REPLY, APPROVAL__ASKED);
    assert_int_equal(act_approve_local(&s->node.fed, s->ann, only_consent(s), &by, &why), OK);
    assert_quote(s, REPLY, APPROVAL__APPROVED);
}

static void what_answers_a_waiting_reply_waits_with_it(void **state)
{
    struct scene *s = *state;
    struct ours post = ann_wants_to_be_asked(s);
    const char *second = "https://second.example/notes/5", *third = "https://peer.example/w/6";
    struct why why;
    bob_replies(s, &s->bob, &post);
    says(s, &s->dan, second, ",\"inReplyTo\":\"" REPLY "\"");
    says(s, &s->mal, third, ",\"inReplyTo\":\"https://second.example/notes/5\"");
    assert_reply(s, second, APPROVAL__ASKED);
    assert_reply(s, third, APPROVAL__ASKED);
    assert_int_equal(node_rows(&s->node, TABLE_CONSENT), 1);
    struct post_draft draft = {.author = s->ann, .source = "no"};
    draft.in_reply_to = node_find_post(&s->node, REPLY);
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &post.id, &why), ERR_DENIED);
    assert_int_equal(act_approve_local(&s->node.fed, s->ann, only_consent(s), &by, &why), OK);
    assert_reply(s, second, APPROVAL__NOT_NEEDED);
    assert_reply(s, third, APPROVAL__NOT_NEEDED);
    assert_int_equal(act_decline_local(&s->node.fed, s->ann, only_consent(s), &by, &why), OK);
    assert_reply(s, second, APPROVAL__ASKED);
    assert_reply(s, third, APPROVAL__ASKED);
}

static void so_it_does_when_it_came_before(void **state)
{
    struct scene *s = *state;
    struct ours post = ann_wants_to_be_asked(s);
    const char *second = "https://second.example/notes/5", *third = "https://peer.example/w/6";
    says(s, &s->mal, third, ",\"inReplyTo\":\"https://second.example/notes/5\"");
    says(s, &s->dan, second, ",\"inReplyTo\":\"" REPLY "\"");
    bob_replies(s, &s->bob, &post);
    assert_reply(s, second, APPROVAL__ASKED);
    assert_reply(s, third, APPROVAL__ASKED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        TEST(an_authorization_is_believed_as_its_origin_serves_it),
        TEST(t43_an_authorization_that_fits_not_quite_is_none),
        TEST(t43_nobody_authorizes_from_a_host_that_is_not_the_authors),
        TEST(it_may_come_before_and_after_what_it_is_for),
        TEST(what_was_taken_back_before_it_came_is_gone),
        TEST(what_is_taken_back_later_is_gone_too),
        TEST(t40_nobody_else_takes_it_back),
        TEST(t43_an_accept_is_believed_of_whom_was_asked),
        TEST(an_accept_counts_once_its_result_was_fetched),
        TEST(a_result_that_cannot_be_had_is_no_approval),
        TEST(each_request_asks_once),
        TEST(a_request_is_about_what_is_its_senders_and_ours),
        TEST(a_forged_reply_within_a_request_is_not_stored),
        TEST(a_reply_that_was_approved_can_be_taken_back),
        TEST(t43_an_approval_is_for_who_asked),
        TEST(what_answers_a_waiting_reply_waits_with_it),
        TEST(so_it_does_when_it_came_before),
        TEST(t43_who_asked_for_anothers_quote_does_not_get_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
