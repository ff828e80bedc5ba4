#include "federation/guard.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct federation_config nothing_listed = {.host = "our.example"};

static enum err ask(const struct federation_config *config, const char *text, struct why *why)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return guard_address(config, (const struct sockaddr *)&v4, why);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return guard_address(config, (const struct sockaddr *)&v6, why);
}

static void t49_no_socket_to_what_is_not_global_unicast(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
        "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
        "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255",
        "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255",
        /* IPv6, and IPv4 inside it in every known disguise */
        "::", "::1", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::ffff:10.1.2.3",
        "::ffff:169.254.169.254", "::127.0.0.1", "::8.8.8.8", "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8", "::ffff:0:127.0.0.1",
        "2002:7f00:1::", "2002:808:808::1", "2001::1", "2001:0:7f00:1::", "2001:10::1",
        "2001:20::1", "2001:2::1", "2001:db8::1", "3ffe::1", "3fff::1", "100::1", "5f00::1",
        "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "ff0e::1", "4000::1",
        "::ffff:255.255.255.255"};
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct why why = {{0}};
        if (ask(&nothing_listed, refused[i], &why) != ERR_DENIED)
            fail_msg("%s was let through", refused[i]);
        assert_non_null(strstr(why.text, "not public"));
    }
}

static void t49_global_unicast_passes(void **state)
{
    (void)state;
    static const char *const good[] = {
        "1.1.1.1",         "9.255.255.255",   "11.0.0.0",         "100.63.255.255",
        "100.128.0.0",     "126.255.255.255", "128.0.0.1",        "169.253.255.255",
        "169.255.0.0",     "172.15.255.255",  "172.32.0.0",       "192.0.1.1",
        "192.167.255.255", "192.169.0.0",     "198.17.255.255",   "198.20.0.0",
        "223.255.255.255", "::ffff:1.1.1.1",  "64:ff9b::1.1.1.1", "2001:200::1",
        "2001:4860::8888", "2003::1",         "2606:4700::1111",  "2a00:1450::1",
        "2000::1",         "3ffd:ffff::1"};
    for (size_t i = 0; i < COUNT(good); i++)
        if (ask(&nothing_listed, good[i], NULL) != OK)
            fail_msg("%s was refused", good[i]);
}

static void t49_only_ip_is_spoken(void **state)
{
    (void)state;
    struct sockaddr local = {.sa_family = AF_UNIX};
    assert_int_equal(guard_address(&nothing_listed, &local, NULL), ERR_DENIED);
}

static void t49_listed_ranges_and_nothing_beside_them(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4096);
    struct federation_config config = {.host = "our.example"};
    assert_int_equal(guard_parse_ranges("127.0.0.0/8, ::1/128 10.1.2.0/23,10.9.9.9", &arena,
                                        &config.allow_addresses, &config.allow_address_count, NULL),
                     OK);
    assert_int_equal(config.allow_address_count, 4);
    static const char *const good[] = {"127.0.0.1", "127.9.9.9",         "::1",
                                       "10.1.2.1",  "10.1.3.9",          "::ffff:127.0.0.1",
                                       "10.9.9.9",  "64:ff9b::127.0.0.1"};
    static const char *const bad[] = {"10.1.4.0", "10.1.1.255", "::2", "10.9.9.8", "0.0.0.0"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(ask(&config, good[i], NULL), OK);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(ask(&config, bad[i], NULL), ERR_DENIED);
}

static void all_of_ipv6_is_not_all_of_ipv4(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4096);
    struct federation_config config = {.host = "our.example"};
    assert_int_equal(guard_parse_ranges("::/0", &arena, &config.allow_addresses,
                                        &config.allow_address_count, NULL),
                     OK);
    assert_int_equal(ask(&config, "fd00::1", NULL), OK);
    assert_int_equal(ask(&config, "127.0.0.1", NULL), ERR_DENIED);
    assert_int_equal(ask(&config, "::ffff:127.0.0.1", NULL), ERR_DENIED);
}

static void ranges_that_are_none_are_named(void **state)
{
    (void)state;
    static const char *const bad[] = {"10.0.0.0/33", "10.0.0/8",   "::1/129",       "10.0.0.0/",
                                      "10.0.0.0/+8", "10.0.0.1/8", "host",          "127.1",
                                      "fd00::1/8",   "::/96x",     "::ffff:0:0/64", "1.1.1.1//8"};
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    const struct network_range *ranges;
    size_t n;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct why why = {{0}};
        assert_int_equal(guard_parse_ranges(bad[i], &arena, &ranges, &n, &why), ERR_INVALID);
        assert_non_null(strstr(why.text, bad[i]));
    }
    assert_int_equal(guard_parse_ranges("", &arena, &ranges, &n, NULL), OK);
    assert_int_equal(n, 0);
    assert_int_equal(guard_parse_ranges(NULL, &arena, &ranges, &n, NULL), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t49_no_socket_to_what_is_not_global_unicast),
        cmocka_unit_test(t49_global_unicast_passes),
        cmocka_unit_test(t49_only_ip_is_spoken),
        cmocka_unit_test(t49_listed_ranges_and_nothing_beside_them),
        cmocka_unit_test(all_of_ipv6_is_not_all_of_ipv4),
        cmocka_unit_test(ranges_that_are_none_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
