#include "storage/audit.h"

#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES (1 << 20)

static uint64_t add(struct txn *txn, const char *act)
{
    AuditRecord record = AUDIT_RECORD__INIT;
    record.who = (char *)"unix:root";
    record.act = (char *)act;
    assert_int_equal(audit_add(txn, &record, BUILD_NOW_MS), OK);
    return record.seq;
}

static void t84_records_are_numbered_and_each_names_the_bytes_before(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    uint8_t hash[AUDIT_HASH_BYTES], head[AUDIT_HASH_BYTES];
    uint64_t last = 0;
    AuditRecord *record;
    assert_int_equal(audit_head(txn, &last, head), ERR_NOTFOUND);
    for (uint64_t seq = 1; seq <= 3; seq++)
        assert_true(add(txn, "peer.allow") == seq);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        struct key key = key_id(seq);
        struct bytes stored;
        assert_int_equal(audit_next(txn, seq - 1, &arena, &record), OK);
        assert_true(record->seq == seq && record->at_ms == BUILD_NOW_MS);
        assert_int_equal(record->previous.len, seq == 1 ? 0 : AUDIT_HASH_BYTES);
        if (seq > 1)
            assert_memory_equal(record->previous.data, hash, AUDIT_HASH_BYTES);
        assert_int_equal(engine_get(txn, TABLE_AUDIT, key_bytes(&key), &stored), OK);
        assert_true(audit_hash(stored, hash));
    }
    assert_int_equal(audit_next(txn, 3, &arena, &record), ERR_NOTFOUND);
    assert_int_equal(audit_head(txn, &last, head), OK);
    assert_true(last == 3);
    assert_memory_equal(head, hash, AUDIT_HASH_BYTES);
}

static void an_aborted_record_leaves_no_gap(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct txn *txn = store_write(&store);
    add(txn, "peer.allow");
    store_commit(&txn);
    txn = store_write(&store);
    assert_true(add(txn, "peer.block") == 2);
    txn_end(&txn);
    txn = store_write(&store);
    assert_true(add(txn, "peer.limit") == 2);
    txn_end(&txn);
}

static void a_removed_head_record_is_not_written_over(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AuditRecord record = AUDIT_RECORD__INIT;
    add(txn, "peer.allow");
    assert_int_equal(engine_del(txn, TABLE_META, bytes_of("audit_head")), OK);
    assert_int_equal(audit_add(txn, &record, BUILD_NOW_MS), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t84_records_are_numbered_and_each_names_the_bytes_before),
        cmocka_unit_test(an_aborted_record_leaves_no_gap),
        cmocka_unit_test(a_removed_head_record_is_not_written_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
