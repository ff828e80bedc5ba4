#include "node/http/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct address address(const char *text)
{
    struct address out = {{0}};
    assert_int_equal(address_parse(bytes_of(text), &out), OK);
    return out;
}

static struct address_block range(const char *text)
{
    struct address_block out = {.bits = 0};
    assert_int_equal(address_block_parse(text, &out), OK);
    return out;
}

static void addresses_are_read_and_written(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"192.0.2.7", "192.0.2.7"},     {"192.0.2.7:99", "192.0.2.7"},
        {"2001:db8::1", "2001:db8::1"}, {"[2001:db8::1]", "2001:db8::1"},
        {"[::1]:443", "::1"},           {"::ffff:1.2.3.4", "1.2.3.4"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[ADDRESS_TEXT_BYTES];
        address_format(address(rows[i][0]), text);
        assert_string_equal(text, rows[i][1]);
    }
    static const char *const bad[] = {"",       "x",        "1.2.3",   "1.2.3.4.5", "[::1",
                                      "[::1]x", "::1%eth0", "unknown", "0x7f.1",    "127.1"};
    struct address out;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(address_parse(bytes_of(bad[i]), &out), ERR_INVALID);
}

static void ranges_hold_their_addresses(void **state)
{
    (void)state;
    struct address_block all[] = {range("10.0.0.0/9"), range("2001:db8::/33"), range("192.0.2.7")};
    struct address_ranges ranges = {all, COUNT(all)};
    static const char *const in[] = {"10.0.0.1", "10.127.255.255", "2001:db8:7fff::1", "192.0.2.7"};
    static const char *const out[] = {"10.128.0.1", "11.0.0.1", "2001:db8:8000::1", "192.0.2.8",
                                      "::10.0.0.1"};
    for (size_t i = 0; i < COUNT(in); i++)
        assert_true(address_ranges_contain(&ranges, address(in[i])));
    for (size_t i = 0; i < COUNT(out); i++)
        assert_false(address_ranges_contain(&ranges, address(out[i])));
    static const char *const bad[] = {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1",
                                      "::/129",      "x/8",       "10.0.0.0/8x"};
    struct address_block r;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(address_block_parse(bad[i], &r), ERR_INVALID);
}

static void t79_a_client_cannot_choose_its_address(void **state)
{
    (void)state;
    struct address_block proxy = range("10.0.0.0/8");
    struct address_ranges proxies = {&proxy, 1};
    static const struct {
        const char *peer, *forwarded, *client;
    } rows[] = {
        {"192.0.2.1", "1.2.3.4", "192.0.2.1"}, /* no proxy of ours: ignored */
        {"10.0.0.1", "1.2.3.4", "1.2.3.4"},
        {"10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"},
        {"10.0.0.1", "6.6.6.6, 1.2.3.4 , 10.0.0.2", "1.2.3.4"},
        {"10.0.0.1", "6.6.6.6, junk", "10.0.0.1"},
        {"10.0.0.1", "junk, 10.0.0.2", "10.0.0.2"},
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", " , ,", "10.0.0.1"},
        {"10.0.0.1", "[2001:db8::5]:1234", "2001:db8::5"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct address client =
            address_of_client(address(rows[i].peer), bytes_of(rows[i].forwarded), &proxies);
        char text[ADDRESS_TEXT_BYTES];
        address_format(client, text);
        assert_string_equal(text, rows[i].client);
    }
}

static void connections_are_counted_per_address_and_in_all(void **state)
{
    (void)state;
    struct address_counts *counts = address_counts_create(4);
    struct address a = address("192.0.2.1"), b = address("192.0.2.2");
    assert_int_equal(address_counts_enter(counts, a, 2), OK);
    assert_int_equal(address_counts_enter(counts, a, 2), OK);
    assert_int_equal(address_counts_enter(counts, a, 2), ERR_LIMIT);
    assert_int_equal(address_counts_enter(counts, b, 9), OK);
    assert_int_equal(address_counts_enter(counts, b, 9), OK);
    assert_int_equal(address_counts_enter(counts, b, 9), ERR_LATER);
    address_counts_leave(counts, a);
    assert_int_equal(address_counts_enter(counts, b, 9), OK);
    for (int i = 0; i < 3; i++)
        address_counts_leave(counts, b);
    address_counts_leave(counts, a);
    assert_int_equal(address_counts_all(counts), 0);
    address_counts_free(&counts);
}

static void an_ipv6_network_counts_as_one(void **state)
{
    (void)state;
    struct address_counts *counts = address_counts_create(10);
    assert_int_equal(address_counts_enter(counts, address("2001:db8::1"), 1), OK);
    assert_int_equal(address_counts_enter(counts, address("2001:db8::ffff:2"), 1), ERR_LIMIT);
    assert_int_equal(address_counts_enter(counts, address("2001:db8:0:1::1"), 1), OK);
    address_counts_leave(counts, address("2001:db8::3"));
    address_counts_leave(counts, address("2001:db8:0:1::1"));
    address_counts_free(&counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_written),
        cmocka_unit_test(ranges_hold_their_addresses),
        cmocka_unit_test(t79_a_client_cannot_choose_its_address),
        cmocka_unit_test(connections_are_counted_per_address_and_in_all),
        cmocka_unit_test(an_ipv6_network_counts_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
