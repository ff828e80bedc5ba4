/* What lies beside the store and nobody names is removed, and nothing else. */
#include "node/media/media_file.h"
#include "node/media/media_sweep.h"
#include "storage/base/clock.h"
#include "storage/media.h"
#include "tests/support/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define OWNER 7
#define POST 99
#define SECOND_MS 1000

static uint64_t file_add(struct store *s)
{
    uint64_t id;
    int fd;
    assert_int_equal(media_file_create(s->dir, &id, &fd, NULL), OK);
    close(fd);
    return id;
}

static bool file_is_there(struct store *s, uint64_t id)
{
    uint64_t size;
    int fd;
    if (media_open(s->dir, id, &fd, &size))
        return false;
    close(fd);
    return true;
}

static bool is_described(struct store *s, uint64_t id)
{
    AUTO(txn_end) struct txn *txn = store_read(s);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    Media *media;
    return media_get(txn, id, &arena, &media) == OK;
}

static void describe(struct store *s, uint64_t id, MediaUse use, uint64_t post, uint64_t preview)
{
    struct txn *txn = store_write(s);
    Media media = MEDIA__INIT;
    media.id = id;
    media.owner = OWNER;
    media.use = use;
    media.post = post;
    media.preview = preview;
    media.media_type = (char *)"image/png";
    media.created_ms = clock_ms();
    media.state = MEDIA_STATE__MEDIA_READY;
    assert_int_equal(media_put(txn, &media), OK);
    store_commit(&txn);
}

static void sweep_after(struct store *s, int64_t ms)
{
    media_sweep(s->dir, s->engine, s->writer, clock_ms() + ms);
}

static void a_file_without_a_record_is_left_alone_while_it_is_young(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    uint64_t id = file_add(&store);
    sweep_after(&store, MEDIA_ORPHAN_MS - 60 * SECOND_MS);
    assert_true(file_is_there(&store, id));
    sweep_after(&store, MEDIA_ORPHAN_MS + 60 * SECOND_MS);
    assert_false(file_is_there(&store, id));
}

static void an_upload_waits_for_a_post_for_a_day_then_goes_with_its_preview(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    uint64_t id = file_add(&store), preview = file_add(&store);
    describe(&store, id, MEDIA_USE__ATTACHMENT_OF_POST, 0, preview);
    describe(&store, preview, MEDIA_USE__PREVIEW, id, 0);
    sweep_after(&store, MEDIA_WAIT_MS - 60 * SECOND_MS);
    assert_true(file_is_there(&store, id) && file_is_there(&store, preview));
    sweep_after(&store, MEDIA_WAIT_MS + 60 * SECOND_MS);
    sweep_after(&store, MEDIA_WAIT_MS + 60 * SECOND_MS); /* it may have looked at it before */
    assert_false(is_described(&store, id) || is_described(&store, preview));
    assert_false(file_is_there(&store, id) || file_is_there(&store, preview));
}

static void what_a_post_or_a_profile_shows_stays(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    uint64_t shown = file_add(&store), preview = file_add(&store), avatar = file_add(&store);
    describe(&store, shown, MEDIA_USE__ATTACHMENT_OF_POST, POST, preview);
    describe(&store, preview, MEDIA_USE__PREVIEW, shown, 0);
    describe(&store, avatar, MEDIA_USE__AVATAR, 0, 0);
    sweep_after(&store, 400 * MEDIA_WAIT_MS);
    assert_true(file_is_there(&store, shown) && is_described(&store, shown));
    assert_true(file_is_there(&store, preview) && file_is_there(&store, avatar));
}

static void a_file_of_another_name_is_not_ours_to_remove(void **state)
{
    static const char *const names[] = {"notes", "00000000000000zz", "00000000000000001"};
    char path[128];
    (void)state;
    AUTO(store_close) struct store store = store_open();
    file_add(&store); /* makes the folder */
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/media/%s", store.dir, names[i]);
        int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        close(fd);
    }
    sweep_after(&store, 2 * MEDIA_ORPHAN_MS);
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/media/%s", store.dir, names[i]);
        assert_int_equal(access(path, F_OK), 0);
    }
}

static void without_a_folder_there_is_nothing_to_do(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    sweep_after(&store, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_without_a_record_is_left_alone_while_it_is_young),
        cmocka_unit_test(an_upload_waits_for_a_post_for_a_day_then_goes_with_its_preview),
        cmocka_unit_test(what_a_post_or_a_profile_shows_stays),
        cmocka_unit_test(a_file_of_another_name_is_not_ours_to_remove),
        cmocka_unit_test(without_a_folder_there_is_nothing_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
