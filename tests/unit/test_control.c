#include "node/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int poked;

static void on_queues(void *context, struct buf *answer)
{
    (void)answer;
    ++*(int *)context;
}

static void on_status(void *context, struct buf *answer)
{
    (void)context;
    buf_str(answer, "{\"up\":1}");
}

static const struct control_word words[] = {{"queues", on_queues}, {"status", on_status}, {0}};

static void a_word_runs_and_is_answered(void **state)
{
    (void)state;
    char dir[] = "/tmp/ward-test-control-XXXXXX", path[64];
    struct control *control = NULL;
    struct why why;
    struct stat st;
    AUTO(buf_clear) struct buf answer = BUF_INIT(CONTROL_ANSWER_BYTES);

    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/control", dir);
    assert_int_equal(control_ask(dir, "queues", &answer), ERR_NOTFOUND);
    control_poke(dir, "queues"); /* no daemon: silence */

    assert_int_equal(control_start(dir, words, &poked, &control, &why), OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    control_poke(dir, "queues");
    assert_int_equal(control_ask(dir, "queues", &answer), OK);
    assert_string_equal(buf_text(&answer), "ok");
    buf_reset(&answer);
    assert_int_equal(control_ask(dir, "status", &answer), OK);
    assert_string_equal(buf_text(&answer), "{\"up\":1}");
    buf_reset(&answer);
    assert_int_equal(control_ask(dir, "nonsense", &answer), OK);
    assert_string_equal(buf_text(&answer), "unknown");
    control_stop(&control);
    assert_int_equal(poked, 2);
    assert_int_not_equal(access(path, F_OK), 0);
    rmdir(dir);
}

static void a_socket_left_by_a_killed_daemon_is_replaced(void **state)
{
    (void)state;
    char dir[] = "/tmp/ward-test-control-XXXXXX", path[64];
    struct control *control = NULL;
    AUTO(buf_clear) struct buf answer = BUF_INIT(CONTROL_ANSWER_BYTES);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/control", dir);
    fclose(fopen(path, "w"));
    assert_int_equal(control_start(dir, words, &poked, &control, NULL), OK);
    assert_int_equal(control_ask(dir, "status", &answer), OK);
    control_stop(&control);
    rmdir(dir);
}

static void a_word_without_end_is_dropped(void **state)
{
    (void)state;
    char dir[] = "/tmp/ward-test-control-XXXXXX", word[300];
    struct control *control = NULL;
    AUTO(buf_clear) struct buf answer = BUF_INIT(CONTROL_ANSWER_BYTES);
    memset(word, 'x', sizeof word);
    word[sizeof word - 1] = '\0';
    assert_non_null(mkdtemp(dir));
    assert_int_equal(control_start(dir, words, &poked, &control, NULL), OK);
    assert_int_equal(control_ask(dir, word, &answer), ERR_LATER);
    assert_int_equal(control_ask(dir, "status", &answer), OK);
    control_stop(&control);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_runs_and_is_answered),
        cmocka_unit_test(a_socket_left_by_a_killed_daemon_is_replaced),
        cmocka_unit_test(a_word_without_end_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
