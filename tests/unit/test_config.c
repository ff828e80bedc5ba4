#include "node/config.h"
#include "node/config_value.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char file[] = "/tmp/ward-test-config-XXXXXX";

static enum err load(const char *text, struct config **out, struct why *why)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return config_load(file, out, why);
}

static void refuse(const char *text, const char *expected)
{
    struct config *config = NULL;
    struct why why = {""};
    assert_int_equal(load(text, &config, &why), ERR_INVALID);
    assert_null(config);
    assert_memory_equal(why.text, file, strlen(file));
    if (!strstr(why.text, expected))
        fail_msg("\"%s\" lacks \"%s\"", why.text, expected);
}

static void defaults_are_those_of_the_table(void **state)
{
    (void)state;
    AUTO(config_free) struct config *c = NULL;
    assert_int_equal(load("host = ward.example\n", &c, NULL), OK);
    assert_string_equal(c->node.host, "ward.example");
    assert_int_equal(c->node.federation, FEDERATION_ALLOWLIST);
    assert_false(c->node.is_insecure_http);
    assert_int_equal(c->node.allow_addresses.n, 0);
    assert_int_equal(c->http.listen.n, 1);
    assert_int_equal(c->http.connections_max, 4096);
    assert_int_equal(c->limits.activity_max_bytes, 1 << 20);
    assert_int_equal(c->delivery.backoff.n, 5);
    assert_int_equal(c->delivery.backoff.item_ms[4], 3 * 3600 * 1000);
    assert_true(c->delivery.life_ms == 30LL * 86400 * 1000);
    assert_int_equal(c->log.level, LOG_INFO);
    assert_null(c->http.tls_cert);
}

static void values_are_read_with_their_units(void **state)
{
    (void)state;
    AUTO(config_free) struct config *c = NULL;
    assert_int_equal(load("# a comment\n"
                          "host = st-marys.localhost:8443\n"
                          "federation = open\n"
                          "insecure_http = true\n"
                          "allow_addresses = 127.0.0.0/8, ::1\n"
                          "allow_addresses = 10.0.0.0/8 ; our network\n"
                          "listen = 127.0.0.1:80, [::1]:8443, :443\n"
                          "activity_max = 512KiB\n"
                          "http_idle_timeout = 2 m\n"
                          "delivery_backoff = 500 ms, 2s\n"
                          "log_level = debug\nlog_format = json\n",
                          &c, NULL),
                     OK);
    assert_int_equal(c->node.federation, FEDERATION_OPEN);
    assert_true(c->node.is_insecure_http);
    assert_int_equal(c->node.allow_addresses.n, 3);
    assert_int_equal(c->node.allow_addresses.item[0].prefix_bits, 8);
    assert_int_equal(c->node.allow_addresses.item[1].family, AF_INET6);
    assert_int_equal(c->node.allow_addresses.item[1].prefix_bits, 128);
    assert_string_equal(c->node.allow_addresses.item[2].text, "10.0.0.0/8");
    assert_int_equal(c->http.listen.n, 3);
    assert_int_equal(c->http.listen.item[1].socket.ss_family, AF_INET6);
    assert_int_equal(c->limits.activity_max_bytes, 512 << 10);
    assert_int_equal(c->http.idle_timeout_ms, 120000);
    assert_int_equal(c->delivery.backoff.n, 2);
    assert_int_equal(c->delivery.backoff.item_ms[0], 500);
    assert_int_equal(c->log.format, LOG_FORMAT_JSON);
}

static void mistakes_are_named_with_file_line_and_remedy(void **state)
{
    (void)state;
    refuse("", "host is missing; write host =");
    refuse("host = a.example\nlisten_on = :80\n", ":2: listen_on: unknown option");
    refuse("hots = a.example\n", "did you mean \"host\"");
    refuse("host = a.example\nhost = b.example\n", ":2: host: given twice");
    refuse("host = a.example\n\n[http]\nlisten = :80\n", ":4: [sections] are not used");
    refuse("host = a.example\nactivity_max = lots\n", "is no size; write for example");
    refuse("host = a.example\nactivity_max = 1 KiB\n", "the least is 4 KiB, the most 64 MiB");
    refuse("host = a.example\nhttp_idle_timeout = 30\n", "is no length of time");
    refuse("host = a.example\ndelivery_life = 14 d\n", "the least is 15 d");
    refuse("host = a.example\ninsecure_http = yes\n", "neither true nor false");
    refuse("host = a.example\nfederation = all\n", "is none of allowlist|open");
    refuse("host = a.example\nlisten = localhost:80\n", "is no address");
    refuse("host = a.example\nallow_addresses = 10.0.0.1/8\n", "beyond its prefix");
    refuse("host = a.example\ndata = var/lib\n", "must be a path that begins with /");
    refuse("host = a.example\ntls_cert = /c.pem\n", "tls_key is missing");
    refuse("host = a.example\nworkers =\n", "has no value");
    refuse("host = a.example\nnonsense\n", ":2: not a line of the form");
}

static void an_overlong_line_is_refused_not_cut(void **state)
{
    (void)state;
    char text[1024] = "host = a.example\ndata = /";
    memset(text + strlen(text), 'x', 900);
    refuse(text, ":2: longer than");
}

static void a_missing_file_says_what_to_do(void **state)
{
    (void)state;
    struct config *config = NULL;
    struct why why;
    assert_int_equal(config_load("/nonexistent/ward.conf", &config, &why), ERR_NOTFOUND);
    assert_non_null(strstr(why.text, "ward init"));
}

static void a_host_is_a_lower_case_name_with_a_port_at_most(void **state)
{
    (void)state;
    static const char *const good[] = {"a.example",
                                       "localhost:8080",
                                       "st-marys.localhost:8443",
                                       "xn--bcher-kva.example",
                                       "127.0.0.1:80",
                                       "a"};
    static const char *const bad[] = {
        "",          "A.example",     "a..b",       ".a",  "a.",      "-a.b", "a-.b",
        "a_b",       "a b",           "a.example:", "a:0", "a:65536", "a:b",  "a/b",
        "b\xC3\xBC", "a.example:443", "a:80:80"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(config_host_check(good[i], NULL), OK);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (config_host_check(bad[i], NULL) != ERR_INVALID)
            fail_msg("\"%s\" was taken", bad[i]);
}

struct warned {
    int count;
    char last[64];
};

static void on_warn(void *context, const char *option, const char *text)
{
    struct warned *w = context;
    assert_true(strlen(text) > 10);
    snprintf(w->last, sizeof w->last, "%s", option);
    w->count++;
}

static void dangerous_switches_and_raised_limits_are_warned_about(void **state)
{
    (void)state;
    static const char *const risky[] = {"insecure_http = true", "allow_addresses = 127.0.0.0/8",
                                        "federation = open", "activity_max = 2 MiB",
                                        "workers_queue = 1025"};
    for (size_t i = 0; i < COUNT(risky); i++) {
        AUTO(config_free) struct config *c = NULL;
        char text[128];
        struct warned w = {0};
        snprintf(text, sizeof text, "host = a.example\n%s\n", risky[i]);
        assert_int_equal(load(text, &c, NULL), OK);
        config_judge(c, on_warn, &w);
        assert_int_equal(w.count, 1);
        assert_memory_equal(w.last, risky[i], strlen(w.last));
    }
}

static void lowering_a_limit_needs_no_warning(void **state)
{
    (void)state;
    AUTO(config_free) struct config *c = NULL;
    struct warned w = {0};
    assert_int_equal(load("host = a.example\nactivity_max = 64 KiB\nworkers_queue = 3\n", &c, NULL),
                     OK);
    config_judge(c, on_warn, &w);
    assert_int_equal(w.count, 0);
}

static void every_option_has_a_text_and_a_type(void **state)
{
    (void)state;
    struct config_option option;
    size_t i = 0;
    for (; config_option_get(i, &option); i++) {
        assert_true(strlen(option.text) > 10);
        assert_non_null(option.type);
    }
    assert_true(i > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_table),
        cmocka_unit_test(values_are_read_with_their_units),
        cmocka_unit_test(mistakes_are_named_with_file_line_and_remedy),
        cmocka_unit_test(an_overlong_line_is_refused_not_cut),
        cmocka_unit_test(a_missing_file_says_what_to_do),
        cmocka_unit_test(a_host_is_a_lower_case_name_with_a_port_at_most),
        cmocka_unit_test(dangerous_switches_and_raised_limits_are_warned_about),
        cmocka_unit_test(lowering_a_limit_needs_no_warning),
        cmocka_unit_test(every_option_has_a_text_and_a_type),
    };
    close(mkstemp(file));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(file);
    return failed;
}
