#include "federation/policy.h"

#include "storage/audit.h"
#include "storage/base/clock.h"
#include "storage/outqueue.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NOW BUILD_NOW_MS
#define HOUR ((int64_t)3600 * 1000)

static const struct federation_config allowlist = {.host = STORE_HOST};
static const struct federation_config open_to_all = {.host = STORE_HOST, .mode = FEDERATION_OPEN};
static const struct by root = {.who = "unix:root", .reason = "agreed in May"};
static const struct peer_terms as_they_are = {.expires_ms = -1, .scope = -1};

static struct federation federation_of(struct store *store, const struct federation_config *config)
{
    return (struct federation){.config = config, .engine = store->engine, .writer = store->writer};
}

static enum err admit(struct store *store, const struct federation_config *config, const char *host,
                      int64_t now_ms)
{
    AUTO(txn_end) struct txn *txn = store_read(store);
    peer_id peer;
    return policy_admit(txn, config, host, now_ms, &peer, NULL);
}

static void t85_a_stranger_is_not_admitted(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct federation fed = federation_of(&store, &allowlist);
    assert_int_equal(policy_allow_peer(&fed, "One.Example.", &as_they_are, &root, NULL), OK);
    assert_int_equal(admit(&store, &allowlist, "one.example", NOW), OK);
    static const char *const strangers[] = {"two.example", "sub.one.example", "example",
                                            "one.example:8443", STORE_HOST};
    for (size_t i = 0; i < COUNT(strangers); i++)
        assert_int_equal(admit(&store, &allowlist, strangers[i], NOW), ERR_DENIED);
    assert_int_equal(admit(&store, &open_to_all, "two.example", NOW), OK);
    assert_int_equal(admit(&store, &open_to_all, STORE_HOST, NOW), ERR_DENIED);
}

static void t16_a_host_that_was_only_heard_of_is_a_stranger(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct txn *txn = store_write(&store);
    build_peer(txn, "heard.example");
    store_commit(&txn);
    struct federation fed = federation_of(&store, &allowlist);
    assert_int_equal(policy_set_peer(&fed, "heard.example", PEER_STATE__UNKNOWN, &root, NULL), OK);
    assert_int_equal(admit(&store, &allowlist, "heard.example", NOW), ERR_DENIED);
    assert_int_equal(admit(&store, &open_to_all, "heard.example", NOW), OK);
}

static void t86_the_blocked_are_blocked_in_every_mode(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct federation fed = federation_of(&store, &allowlist);
    assert_int_equal(policy_set_peer(&fed, "spam.example", PEER_STATE__BLOCKED, &root, NULL), OK);
    assert_int_equal(admit(&store, &allowlist, "spam.example", NOW), ERR_DENIED);
    assert_int_equal(admit(&store, &open_to_all, "spam.example", NOW), ERR_DENIED);
    assert_int_equal(policy_set_peer(&fed, "spam.example", PEER_STATE__LIMITED, &root, NULL), OK);
    assert_int_equal(admit(&store, &allowlist, "spam.example", NOW), OK);
}

static void an_agreement_ends_when_it_says(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct federation fed = federation_of(&store, &allowlist);
    const struct peer_terms until = {.agreement = "A-7", .expires_ms = NOW + HOUR, .scope = -1};
    assert_int_equal(policy_allow_peer(&fed, "one.example", &until, &root, NULL), OK);
    assert_int_equal(admit(&store, &allowlist, "one.example", NOW + HOUR - 1), OK);
    assert_int_equal(admit(&store, &allowlist, "one.example", NOW + HOUR), ERR_DENIED);
    const struct peer_terms never = {.expires_ms = 0, .scope = -1};
    assert_int_equal(policy_allow_peer(&fed, "one.example", &never, &root, NULL), OK);
    assert_int_equal(admit(&store, &allowlist, "one.example", NOW + HOUR), OK);
}

static void t88_nothing_wider_than_the_scope_is_sent(void **state)
{
    (void)state;
    static const bool may[3][5] = {
        [PEER_SCOPE__ALL] = {true, true, true, true, false},
        [PEER_SCOPE__UP_TO_FOLLOWERS] = {true, true, true, false, false},
        [PEER_SCOPE__ONLY_PUBLIC] = {true, true, false, false, false},
    };
    AUTO(store_close) struct store store = store_open();
    struct federation fed = federation_of(&store, &allowlist);
    for (int scope = 0; scope < 3; scope++) {
        const struct peer_terms terms = {.expires_ms = -1, .scope = scope};
        assert_int_equal(policy_allow_peer(&fed, "one.example", &terms, &root, NULL), OK);
        AUTO(txn_end) struct txn *txn = store_read(&store);
        peer_id peer;
        assert_int_equal(peer_find(txn, "one.example", &peer), OK);
        for (int v = VISIBILITY__PUBLIC; v <= VISIBILITY__LOCAL; v++)
            assert_int_equal(policy_may_send(txn, &allowlist, peer, (Visibility)v, NOW, NULL),
                             may[scope][v] ? OK : ERR_DENIED);
    }
}

static void nonsense_is_no_peer(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct federation fed = federation_of(&store, &allowlist);
    const struct peer_terms bad_pin = {.expires_ms = -1, .scope = -1, .pin_sha256 = "abc"};
    const struct peer_terms bad_scope = {.expires_ms = -1, .scope = 7};
    struct why why;
    assert_int_equal(policy_allow_peer(&fed, "not a host", &as_they_are, &root, &why), ERR_INVALID);
    assert_int_equal(policy_allow_peer(&fed, STORE_HOST, &as_they_are, &root, &why), ERR_INVALID);
    assert_int_equal(policy_allow_peer(&fed, "one.example", &bad_pin, &root, &why), ERR_INVALID);
    assert_int_equal(policy_allow_peer(&fed, "one.example", &bad_scope, &root, &why), ERR_INVALID);
    assert_int_equal(policy_forget_peer(&fed, "never.example", &root, &why), ERR_NOTFOUND);
}

static void a_peer_with_mail_is_not_forgotten(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct federation fed = federation_of(&store, &allowlist);
    struct txn *txn = store_write(&store);
    peer_id peer = build_peer(txn, "one.example");
    uint64_t seq = build_job(txn, peer, 0);
    store_commit(&txn);
    assert_int_equal(policy_forget_peer(&fed, "one.example", &root, NULL), ERR_INVALID);
    txn = store_write(&store);
    assert_int_equal(outqueue_end(txn, peer, seq, DELIVERY_STATE__CANCELLED, 0, "", BUILD_NOW_MS),
                     OK);
    store_commit(&txn);
    assert_int_equal(policy_forget_peer(&fed, "one.example", &root, NULL), OK);
}

static void each_decision_is_in_the_audit_log_once(void **state)
{
    (void)state;
    static const char *const acts[] = {"peer.allow", "peer.block", "peer.forget"};
    AUTO(store_close) struct store store = store_open();
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    struct federation fed = federation_of(&store, &allowlist);
    assert_int_equal(policy_allow_peer(&fed, "one.example", &as_they_are, &root, NULL), OK);
    assert_int_equal(policy_set_peer(&fed, "one.example", PEER_STATE__BLOCKED, &root, NULL), OK);
    assert_int_equal(policy_forget_peer(&fed, "one.example", &root, NULL), OK);
    assert_int_equal(policy_forget_peer(&fed, "one.example", &root, NULL), ERR_NOTFOUND);

    AUTO(txn_end) struct txn *txn = store_read(&store);
    uint64_t seq = 0;
    for (size_t i = 0; i < COUNT(acts); i++) {
        AuditRecord *record;
        assert_int_equal(audit_next(txn, seq, &arena, &record), OK);
        assert_string_equal(record->act, acts[i]);
        assert_string_equal(record->object, "one.example");
        assert_string_equal(record->who, "unix:root");
        assert_string_equal(record->reason, "agreed in May");
        seq = record->seq;
    }
    AuditRecord *none;
    assert_int_equal(audit_next(txn, seq, &arena, &none), ERR_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t85_a_stranger_is_not_admitted),
        cmocka_unit_test(t16_a_host_that_was_only_heard_of_is_a_stranger),
        cmocka_unit_test(t86_the_blocked_are_blocked_in_every_mode),
        cmocka_unit_test(an_agreement_ends_when_it_says),
        cmocka_unit_test(t88_nothing_wider_than_the_scope_is_sent),
        cmocka_unit_test(nonsense_is_no_peer),
        cmocka_unit_test(a_peer_with_mail_is_not_forgotten),
        cmocka_unit_test(each_decision_is_in_the_audit_log_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
