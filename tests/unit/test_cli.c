#include "node/cli/cli.h"
#include "node/cli/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Runs one command line and keeps what it wrote. */
struct ran {
    int status;
    char *out, *err;
};

static void run(struct ran *ran, const char *const *argv)
{
    size_t n;
    int argc = 0;
    while (argv[argc])
        argc++;
    FILE *out = open_memstream(&ran->out, &n), *err = open_memstream(&ran->err, &n);
    ran->status = cli_run(argc, argv, out, err);
    fclose(out);
    fclose(err);
}

static void ran_clear(struct ran *ran)
{
    free(ran->out);
    free(ran->err);
}

#define RUN(...)                                                                                   \
    AUTO(ran_clear) struct ran ran = {0};                                                          \
    run(&ran, (const char *[]){"ward", __VA_ARGS__ __VA_OPT__(, ) NULL})

static void help_lists_every_noun(void **state)
{
    (void)state;
    RUN("help");
    assert_int_equal(ran.status, 0);
    for (size_t i = 0; cli_nouns[i]; i++)
        assert_non_null(strstr(ran.out, cli_nouns[i]->name));
    assert_string_equal(ran.err, "");
}

static void an_unknown_command_is_bad_usage_with_a_suggestion(void **state)
{
    (void)state;
    RUN("hlep");
    assert_int_equal(ran.status, 2);
    assert_string_equal(ran.out, "");
    assert_string_equal(ran.err, "ward: unknown command \"hlep\"; did you mean \"help\"?\n");
}

static void no_command_is_bad_usage(void **state)
{
    (void)state;
    RUN();
    assert_int_equal(ran.status, 2);
    assert_non_null(strstr(ran.err, "ward help"));
}

static void an_unknown_option_is_bad_usage_with_a_suggestion(void **state)
{
    (void)state;
    RUN("help", "--jsn");
    assert_int_equal(ran.status, 2);
    assert_string_equal(ran.err, "ward: unknown option --jsn; did you mean --json?\n");
}

static void a_topic_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    RUN("help", "nonsense");
    assert_int_equal(ran.status, 1);
}

static void an_option_takes_its_value_from_the_next_word_or_after_an_equals_sign(void **state)
{
    (void)state;
    struct cli cli = {0};
    assert_int_equal(
        cli_parse(&cli, 4, (const char *[]){"ward", "--config", "/a", "help", NULL}, NULL), OK);
    assert_string_equal(cli.config_file, "/a");
    cli = (struct cli){0};
    assert_int_equal(
        cli_parse(&cli, 3, (const char *[]){"ward", "help", "--config=/b", NULL}, NULL), OK);
    assert_string_equal(cli.config_file, "/b");
    cli = (struct cli){0};
    assert_int_equal(cli_parse(&cli, 3, (const char *[]){"ward", "help", "--config", NULL}, NULL),
                     ERR_INVALID);
    cli = (struct cli){0};
    assert_int_equal(cli_parse(&cli, 3, (const char *[]){"ward", "help", "--json=1", NULL}, NULL),
                     ERR_INVALID);
    cli = (struct cli){0};
    assert_int_equal(
        cli_parse(&cli, 4, (const char *[]){"ward", "help", "--json", "--json", NULL}, NULL),
        ERR_INVALID);
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    struct cli cli = {0};
    assert_int_equal(
        cli_parse(&cli, 4, (const char *[]){"ward", "help", "--", "--json", NULL}, NULL), OK);
    assert_false(cli.is_json);
    assert_string_equal(cli.argument[0], "--json");
}

static void the_environment_names_the_configuration(void **state)
{
    (void)state;
    struct cli cli = {0};
    setenv("WARD_CONFIG", "/env.conf", 1);
    assert_int_equal(cli_parse(&cli, 2, (const char *[]){"ward", "help", NULL}, NULL), OK);
    assert_string_equal(cli.config_file, "/env.conf");
    unsetenv("WARD_CONFIG");
    cli = (struct cli){0};
    assert_int_equal(cli_parse(&cli, 2, (const char *[]){"ward", "help", NULL}, NULL), OK);
    assert_string_equal(cli.config_file, CONFIG_DEFAULT_FILE);
}

static void each_error_has_its_exit_status(void **state)
{
    (void)state;
    static const struct {
        enum err e;
        int status;
    } row[] = {{OK, 0},        {ERR_NOTFOUND, 1}, {ERR_EXISTS, 1},  {ERR_DENIED, 1}, {ERR_LIMIT, 1},
               {ERR_LATER, 1}, {ERR_INVALID, 2},  {ERR_CORRUPT, 3}, {ERR_STORE, 3}};
    for (size_t i = 0; i < COUNT(row); i++)
        assert_int_equal(cli_exit_status(row[i].e), row[i].status);
}

/* Every table row can be reached, has a text, and can be counted. */
static void every_command_explains_itself(void **state)
{
    (void)state;
    for (size_t i = 0; cli_nouns[i]; i++)
        for (const struct cli_command *c = cli_nouns[i]->commands; c->run; c++) {
            assert_non_null(c->arguments);
            assert_true(strlen(c->text) > 5);
            AUTO(ran_clear) struct ran ran = {0};
            const char *argv[] = {"ward", cli_nouns[i]->name, c->verb, "--help", NULL};
            if (!c->verb) {
                argv[2] = argv[3];
                argv[3] = NULL;
            }
            run(&ran, argv);
            assert_int_equal(ran.status, 0);
            assert_non_null(strstr(ran.out, c->text));
            assert_non_null(strstr(ran.out, "--json"));
            assert_true(!(c->flags & CLI_CHANGES) == !strstr(ran.out, "--dry-run"));
            assert_true(!(c->flags & CLI_DESTROYS) == !strstr(ran.out, "--yes"));
        }
}

static void completion_offers_what_may_follow(void **state)
{
    (void)state;
    {
        RUN("help", "--", "complete", "he");
        assert_string_equal(ran.out, "help\n");
    }
    {
        RUN("help", "--", "complete", "help", "--j");
        assert_string_equal(ran.out, "--json\n");
    }
}

static void a_list_is_a_table_or_one_object_a_line(void **state)
{
    (void)state;
    for (int is_json = 0; is_json < 2; is_json++) {
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);
        struct output out;
        output_init(&out, f, is_json);
        output_begin(&out, OUTPUT_LIST);
        for (int i = 0; i < 2; i++) {
            output_row(&out);
            output_str(&out, "host", i ? "b.example" : "a");
            output_id(&out, "last_id", 17);
            output_bool(&out, "ok", i);
        }
        output_end(&out);
        output_clear(&out);
        fclose(f);
        assert_string_equal(text, is_json
                                      ? "{\"host\":\"a\",\"last_id\":\"17\",\"ok\":false}\n"
                                        "{\"host\":\"b.example\",\"last_id\":\"17\",\"ok\":true}\n"
                                      : "HOST       LAST ID  OK\n"
                                        "a          17       no\n"
                                        "b.example  17       yes\n");
        free(text);
    }
}

static void t83_a_row_stays_one_line(void **state)
{
    (void)state;
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    struct output out;
    output_init(&out, f, false);
    output_begin(&out, OUTPUT_THING);
    output_str(&out, "name", "x\n\x1b[2J\xE2\x80\xAEroot");
    output_size(&out, "disk", 4 << 20);
    output_time(&out, "expires", 0);
    output_end(&out);
    output_clear(&out);
    fclose(f);
    assert_string_equal(text, "name:    x\\n\\x1b[2J\\u{202e}root\ndisk:    4.0 MiB\nexpires: -\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_lists_every_noun),
        cmocka_unit_test(an_unknown_command_is_bad_usage_with_a_suggestion),
        cmocka_unit_test(no_command_is_bad_usage),
        cmocka_unit_test(an_unknown_option_is_bad_usage_with_a_suggestion),
        cmocka_unit_test(a_topic_that_is_not_there_is_not_found),
        cmocka_unit_test(an_option_takes_its_value_from_the_next_word_or_after_an_equals_sign),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(the_environment_names_the_configuration),
        cmocka_unit_test(each_error_has_its_exit_status),
        cmocka_unit_test(every_command_explains_itself),
        cmocka_unit_test(completion_offers_what_may_follow),
        cmocka_unit_test(a_list_is_a_table_or_one_object_a_line),
        cmocka_unit_test(t83_a_row_stays_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
