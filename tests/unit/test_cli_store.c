#include "node/cli/cli.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A node in a folder of its own, and the last command that was run on it. */
struct node {
    char dir[64], config[96], data[96];
    int status;
    char *out, *err;
};

static void forget(struct node *node)
{
    free(node->out);
    free(node->err);
    node->out = node->err = NULL;
}

#define WORDS_MAX 32
static int run(struct node *node, ...)
{
    const char *argv[WORDS_MAX] = {"ward", "--config", node->config};
    int argc = 3;
    size_t n;
    va_list words;
    va_start(words, node);
    while ((argv[argc] = va_arg(words, const char *)) && argc + 1 < WORDS_MAX)
        argc++;
    va_end(words);
    forget(node);
    FILE *out = open_memstream(&node->out, &n), *err = open_memstream(&node->err, &n);
    node->status = cli_run(argc, argv, out, err);
    fclose(out);
    fclose(err);
    return node->status;
}
#define RUN(node, ...) run(node, __VA_ARGS__, NULL)

static void expect(const struct node *node, const char *text)
{
    if (!strstr(node->out, text))
        fail_msg("\"%s\" lacks \"%s\" (%s)", node->out, text, node->err);
}

static int setup(void **state)
{
    struct node *node = xcalloc(1, sizeof *node);
    snprintf(node->dir, sizeof node->dir, "/tmp/ward-test-cli-XXXXXX");
    assert_non_null(mkdtemp(node->dir));
    snprintf(node->config, sizeof node->config, "%s/ward.conf", node->dir);
    snprintf(node->data, sizeof node->data, "%s/data", node->dir);
    umask(077);
    if (RUN(node, "init", "--host", "a.example", "--data", node->data))
        fail_msg("%s", node->err);
    *state = node;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    struct node *node = *state;
    nftw(node->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    forget(node);
    free(node);
    return 0;
}

static void init_makes_private_files_and_overwrites_nothing(void **state)
{
    struct node *node = *state;
    struct stat st;
    assert_int_equal(stat(node->config, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(node->data, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(RUN(node, "init", "--host", "b.example", "--data", node->data), 1);
    unlink(node->config); /* the database alone is reason enough */
    assert_int_equal(RUN(node, "init", "--host", "b.example", "--data", node->data), 1);
    assert_non_null(strstr(node->err, "holds a database"));
    assert_int_not_equal(access(node->config, F_OK), 0);
}

static void init_refuses_a_host_that_is_none(void **state)
{
    struct node *node = *state;
    unlink(node->config);
    assert_int_equal(RUN(node, "init", "--host", "A.Example/x", "--data", "/tmp/x"), 2);
    assert_int_equal(RUN(node, "init", "--data", "/tmp/x"), 2);
}

static void replace_config(const struct node *node, const char *text)
{
    FILE *f = fopen(node->config, "w");
    assert_non_null(f);
    fprintf(f, "data = %s\n%s\n", node->data, text);
    fclose(f);
}

static void a_node_cannot_change_its_name_or_scheme(void **state)
{
    struct node *node = *state;
    replace_config(node, "host = b.example");
    assert_int_equal(RUN(node, "account", "list"), 2);
    assert_non_null(strstr(node->err, "was made for a.example"));
    replace_config(node, "host = a.example\ninsecure_http = true");
    assert_int_equal(RUN(node, "account", "list"), 2);
    assert_non_null(strstr(node->err, "insecure_http must be false"));
}

static int give_to_nobody(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return lchown(path, 65534, 65534);
}

/* Only root can try the first; anybody else proves that the owner stays what it is. */
static void root_becomes_the_owner_of_the_store(void **state)
{
    struct node *node = *state;
    bool is_root = geteuid() == 0;
    uid_t owner = is_root ? 65534 : geteuid();
    int status = -1;
    if (is_root) {
        assert_int_equal(nftw(node->data, give_to_nobody, 16, FTW_PHYS), 0);
        assert_int_equal(chmod(node->dir, 0755), 0);
    }
    pid_t child = fork();
    if (child == 0) {
        int answer = RUN(node, "account", "create", "ann");
        fputs(node->err, stderr);
        bool is_owner = getuid() == owner && geteuid() == owner;
        _exit(answer == 0 && is_owner && (!is_root || seteuid(0) != 0) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    struct stat st;
    char file[128];
    snprintf(file, sizeof file, "%s/data.mdb", node->data);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_uid, owner);
}

static void a_dry_run_checks_and_changes_nothing(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "account", "create", "ann", "--dry-run"), 0);
    assert_int_equal(RUN(node, "account", "show", "ann"), 1);
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "account", "create", "ann", "--dry-run"), 1);
    assert_int_equal(RUN(node, "peer", "allow", "b.example", "--dry-run"), 0);
    assert_int_equal(RUN(node, "peer", "list", "--json"), 0);
    assert_string_equal(node->out, "");
}

static void peers_are_allowed_on_terms_and_blocked_on_confirmation(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "peer", "allow", "B.example:443", "--agreement", "17", "--scope",
                         "public", "--expires", "2999-12-31"),
                     0);
    assert_int_equal(RUN(node, "peer", "show", "b.example", "--json"), 0);
    expect(node, "\"state\":\"allowed\"");
    expect(node, "\"scope\":\"public\"");
    expect(node, "\"agreement\":\"17\"");
    expect(node, "\"expires\":\"2999-12-31T23:59:59.000Z\"");
    assert_int_equal(RUN(node, "peer", "block", "b.example"), 1); /* no terminal here */
    assert_non_null(strstr(node->err, "--yes"));
    assert_int_equal(RUN(node, "peer", "block", "b.example", "--yes"), 0);
    assert_int_equal(RUN(node, "peer", "list", "--json"), 0);
    expect(node, "\"state\":\"blocked\"");
    assert_int_equal(RUN(node, "peer", "allow", "b.example", "--expires", "2001-01-01"), 2);
    assert_int_equal(RUN(node, "peer", "allow", "a.example"), 2); /* ourselves */
    assert_int_equal(RUN(node, "peer", "show", "c.example"), 1);
}

/* The URI a command printed, without the line's end. */
static char *take_uri(struct node *node)
{
    node->out[strcspn(node->out, "\n")] = '\0';
    return xstrdup(node->out);
}

static void a_post_is_written_read_changed_and_deleted(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "account", "create", "bob"), 0);
    assert_int_equal(RUN(node, "follow", "bob", "ann"), 0);
    assert_int_equal(RUN(node, "follow", "bob", "ann"), 0);
    assert_int_equal(RUN(node, "post", "ann", "Beds are *short* #icu"), 0);
    char *uri = take_uri(node);
    assert_int_equal(RUN(node, "timeline", "bob", "--json"), 0);
    expect(node, uri);
    expect(node, "\"author\":\"ann\"");
    expect(node, "\"text\":\"Beds are short #icu\"");
    assert_int_equal(RUN(node, "timeline", "bob", "--tag", "ICU", "--json"), 0);
    expect(node, uri);
    assert_int_equal(RUN(node, "like", "bob", uri), 0);
    assert_int_equal(RUN(node, "boost", "bob", uri), 0);
    assert_int_equal(RUN(node, "boost", "bob", uri), 0); /* already so is done */
    assert_int_equal(RUN(node, "edit", uri, "Beds are free"), 0);
    assert_int_equal(RUN(node, "thread", uri, "--json"), 0);
    expect(node, "\"likes\":1,\"boosts\":1");
    expect(node, "Beds are free");
    assert_int_equal(RUN(node, "unlike", "bob", uri), 0);
    assert_int_equal(RUN(node, "unboost", "bob", uri), 0);
    assert_int_equal(RUN(node, "thread", uri, "--json"), 0);
    expect(node, "\"likes\":0,\"boosts\":0");
    assert_int_equal(RUN(node, "delete", uri), 1);
    assert_int_equal(RUN(node, "delete", uri, "--yes"), 0);
    assert_int_equal(RUN(node, "thread", uri), 1);
    assert_int_equal(RUN(node, "check"), 0);
    free(uri);
}

static void an_account_says_who_may_do_what_with_its_posts(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "account", "create", "bea"), 0);
    assert_int_equal(RUN(node, "account", "show", "ann", "--json"), 0);
    expect(node, "\"reply_policy\":\"everyone\",\"boost_policy\":\"everyone\"");
    assert_int_equal(RUN(node, "account", "edit", "ann"), 2);
    assert_int_equal(RUN(node, "account", "edit", "ann", "--boost-policy", "friends"), 2);
    assert_int_equal(RUN(node, "account", "edit", "ann", "--quote-policy", "nobody", "--dry-run"),
                     0);
    assert_int_equal(RUN(node, "account", "edit", "ann", "--boost-policy", "nobody"), 0);
    assert_int_equal(RUN(node, "account", "edit", "ann", "--reply-policy", "ask", "--json"), 0);
    expect(node, "\"reply_policy\":\"ask\",\"boost_policy\":\"nobody\",\"quote_policy\":"
                 "\"everyone\"");
    assert_int_equal(RUN(node, "post", "ann", "Beds are short", "--reply", "everyone"), 0);
    char *uri = take_uri(node);
    assert_int_equal(RUN(node, "boost", "bea", uri), 1); /* that is still said */
    assert_int_equal(RUN(node, "check"), 0);
    free(uri);
}

static void a_quote_is_shown_to_who_may_read_it(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "account", "create", "bea"), 0);
    assert_int_equal(RUN(node, "post", "ann", "Beds are short", "--quote-policy", "ask"), 0);
    char *uri = take_uri(node);
    assert_int_equal(RUN(node, "post", "bea", "Look", "--quote", uri), 0);
    assert_int_equal(RUN(node, "timeline", "bea"), 0);
    expect(node, "(waiting for approval)");
    assert_int_equal(RUN(node, "timeline", "bea", "--json"), 0);
    expect(node, "\"state\":\"asked\",\"author\":null");
    assert_int_equal(RUN(node, "post", "ann", "Once more", "--quote", uri), 0);
    assert_int_equal(RUN(node, "timeline", "ann"), 0);
    expect(node, "quotes ann");
    expect(node, ": Beds are short (");
    free(uri);
}

static void a_report_is_made_listed_and_resolved(void **state)
{
    struct node *node = *state;
    char id[32] = "";
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "account", "create", "bea"), 0);
    assert_int_equal(RUN(node, "report", "create", "ann", "bea", "insults", "--dry-run"), 0);
    assert_int_equal(RUN(node, "report", "create", "ann", "bea", "insults", "--json"), 0);
    assert_int_equal(sscanf(node->out, "{\"report\":\"%20[0-9]\"", id), 1);
    assert_int_equal(RUN(node, "report", "create", "ann", "bea", "insults"), 1);
    assert_int_equal(RUN(node, "report", "list", "--json"), 0);
    expect(node, "\"about\":\"bea\",\"by\":\"ann\"");
    assert_int_equal(RUN(node, "report", "resolve", id), 0);
    assert_int_equal(RUN(node, "report", "list", "--json"), 0);
    assert_string_equal(node->out, "");
    assert_int_equal(RUN(node, "report", "list", "--all", "--json"), 0);
    expect(node, "resolved");
    assert_int_equal(RUN(node, "report", "reopen", id), 0);
    assert_int_equal(RUN(node, "report", "show", id), 0);
    expect(node, "insults");
    assert_int_equal(RUN(node, "report", "show", "x"), 2);
}

static void a_relay_is_another_server_and_a_peer(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "relay", "add", "ann"), 2);
    assert_int_equal(RUN(node, "relay", "add", "https://relay.example/inbox"), 1); /* no peer */
    assert_int_equal(RUN(node, "relay", "add", "ann", "--style", "fido"), 2);
    assert_int_equal(RUN(node, "relay", "list", "--json"), 0);
    assert_string_equal(node->out, "");
    assert_int_equal(RUN(node, "relay", "remove", "ann"), 1);
}

static void a_post_for_a_peer_has_a_line_in_its_ledger(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "peer", "allow", "b.example"), 0);
    assert_int_equal(RUN(node, "post", "ann", "nobody follows me"), 0);
    char *uri = take_uri(node);
    assert_int_equal(RUN(node, "delivery", uri, "--json"), 0);
    assert_string_equal(node->out, "");
    assert_int_equal(RUN(node, "queue", "list", "--json"), 0);
    assert_string_equal(node->out, "");
    assert_int_equal(RUN(node, "queue", "retry", "b.example"), 0);
    assert_int_equal(RUN(node, "queue", "drop", "b.example", "--yes"), 0);
    expect(node, "dropped: 0");
    free(uri);
}

static void whom_one_blocks_and_mutes_is_listed(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "account", "create", "bea"), 0);
    assert_int_equal(RUN(node, "follow", "bea", "ann"), 0);
    assert_int_equal(RUN(node, "block", "ann", "bea", "--dry-run"), 0);
    assert_int_equal(RUN(node, "block", "ann", "--json"), 0);
    assert_string_equal(node->out, "");
    assert_int_equal(RUN(node, "block", "ann", "bea"), 0);
    assert_int_equal(RUN(node, "block", "ann", "--json"), 0);
    expect(node, "\"account\":\"bea\"");
    assert_int_equal(RUN(node, "follow", "bea", "ann"), 1);
    assert_int_equal(RUN(node, "unblock", "ann", "bea"), 0);
    assert_int_equal(RUN(node, "unblock", "ann", "bea"), 1);
    assert_int_equal(RUN(node, "mute", "ann", "bea"), 0);
    assert_int_equal(RUN(node, "mute", "ann", "--json"), 0);
    expect(node, "\"account\":\"bea\"");
    assert_int_equal(RUN(node, "unmute", "ann", "bea"), 0);
}

static void a_group_lets_in_and_removes(void **state)
{
    struct node *node = *state;
    RUN(node, "account", "create", "ann");
    assert_int_equal(RUN(node, "group", "create", "icu", "--members-only", "--json"), 0);
    expect(node, "\"members_only\":true,\"approve\":true");
    assert_int_equal(RUN(node, "group", "show", "ann"), 1); /* a person is none */
    assert_int_equal(RUN(node, "follow", "ann", "icu"), 0);
    expect(node, "requested");
    RUN(node, "group", "requests", "icu");
    expect(node, "ann");
    assert_int_equal(RUN(node, "group", "approve", "icu", "ann"), 0);
    RUN(node, "group", "members", "icu");
    expect(node, "ann");
    assert_int_equal(RUN(node, "group", "moderator", "add", "icu", "ann"), 0);
    assert_int_equal(RUN(node, "group", "moderator", "praise", "icu", "ann"), 2);
    RUN(node, "group", "moderators", "icu");
    expect(node, "ann");
    assert_int_equal(RUN(node, "group", "remove", "icu", "ann"), 0);
    RUN(node, "group", "show", "icu", "--json");
    expect(node, "\"members\":0");
    expect(node, "\"moderators\":0,\"removed\":1");
    assert_int_equal(RUN(node, "follow", "ann", "icu"), 1);
    assert_non_null(strstr(node->err, "ward group unban"));
    assert_int_equal(RUN(node, "group", "unban", "icu", "ann"), 0);
    assert_int_equal(RUN(node, "follow", "ann", "icu"), 0);
    RUN(node, "group", "list");
    expect(node, "icu");
}

static void an_account_moves_where_it_is_named_and_is_followed_on(void **state)
{
    struct node *node = *state;
    static const char *const names[] = {"old", "new", "bea"};
    for (size_t i = 0; i < COUNT(names); i++)
        assert_int_equal(RUN(node, "account", "create", names[i]), 0);
    assert_int_equal(RUN(node, "follow", "bea", "old"), 0);
    assert_int_equal(RUN(node, "account", "move", "old", "new", "--yes"), 1);
    assert_int_equal(RUN(node, "account", "alias", "new", "old"), 0);
    assert_int_equal(RUN(node, "account", "move", "old"), 2);
    assert_int_equal(RUN(node, "account", "move", "old", "new"), 1); /* not confirmed */
    assert_int_equal(RUN(node, "account", "move", "old", "new", "--yes"), 0);
    assert_int_equal(RUN(node, "post", "old", "one more thing"), 1);
    assert_int_equal(RUN(node, "moved", "list", "bea", "--json"), 0);
    expect(node, "\"account\":\"old\"");
    assert_int_equal(RUN(node, "moved", "accept", "bea"), 2);
    assert_int_equal(RUN(node, "moved", "accept", "bea", "--all", "--json"), 0);
    expect(node, "\"state\":\"accepted\"");
    assert_int_equal(RUN(node, "moved", "dismiss", "bea", "old"), 1);
    assert_int_equal(RUN(node, "account", "show", "new", "--json"), 0);
    expect(node, "\"followers\":1");
    assert_int_equal(RUN(node, "account", "show", "old", "--json"), 0);
    expect(node, "\"followers\":0");
    assert_int_equal(RUN(node, "account", "move", "old", "--undo"), 0);
    assert_int_equal(RUN(node, "account", "alias", "new", "old", "--remove"), 0);
}

static void a_poll_is_asked_and_voted_in(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "account", "create", "bob"), 0);
    assert_int_equal(RUN(node, "post", "ann", "Which?", "--poll", "Tea"), 2);
    assert_int_equal(RUN(node, "post", "ann", "Which?", "--poll-ends", "3d"), 2);
    assert_int_equal(
        RUN(node, "post", "ann", "Which?", "--poll", "Tea", "--poll", "No", "--poll-ends", "x"), 2);
    assert_int_equal(
        RUN(node, "post", "ann", "Which?", "--poll", "Tea", "--poll", "No", "--poll-ends", "3d"),
        0);
    char *uri = take_uri(node);
    assert_int_equal(RUN(node, "vote", "bob", uri, "4"), 2);
    assert_int_equal(RUN(node, "vote", "bob", uri, "1", "--dry-run"), 0);
    assert_int_equal(RUN(node, "vote", "bob", uri, "2"), 0);
    assert_int_equal(RUN(node, "vote", "bob", uri, "1"), 1);
    assert_int_equal(RUN(node, "vote", "ann", uri, "1"), 1);
    assert_int_equal(RUN(node, "lookup", uri, "--json"), 0);
    expect(node, "\"voters\":1,\"options\":[{\"name\":\"Tea\",\"votes\":0},"
                 "{\"name\":\"No\",\"votes\":1}]");
    assert_int_equal(RUN(node, "check"), 0);
    free(uri);
}

static void what_a_post_said_before_is_kept(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "post", "ann", "Beds are short", "--visibility", "followers"), 0);
    char *uri = take_uri(node);
    assert_int_equal(RUN(node, "edit", uri, "Beds are free"), 0);
    assert_int_equal(RUN(node, "history", uri), 1);
    assert_int_equal(RUN(node, "history", uri, "--as", "ann", "--json"), 0);
    expect(node, "\"text\":\"Beds are short\"");
    assert_null(strstr(node->out, "free"));
    free(uri);
}

static void a_text_in_several_languages_is_shown_in_ones_own(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "post", "ann", "free", "--translation", "de"), 2);
    assert_int_equal(RUN(node, "post", "ann", "free", "--translation", "d=frei"), 2);
    assert_int_equal(RUN(node, "post", "ann", "frei", "--lang", "de", "--translation", "de=frei"),
                     2);
    assert_int_equal(RUN(node, "post", "ann", "free", "--lang", "en", "--translation", "de=*frei*",
                         "--translation", "fr=libre"),
                     0);
    char *uri = take_uri(node);
    assert_int_equal(RUN(node, "timeline", "ann", "--json"), 0);
    expect(node, "\"text\":\"free\"");
    static const char *const reads[][2] = {
        {"de", "frei"},  {"de-CH", "frei"},  {"de-x-medical", "frei"}, {"FR-ca", "libre"},
        {"d", NULL},     {"en-GB", "free"},  {"it", "free"},           {"deu", "free"},
        {"pt", "livre"}, {"pt-PT", "livre"},
    };
    assert_int_equal(RUN(node, "edit", uri, "still free"), 0);
    assert_int_equal(RUN(node, "post", "ann", "free", "--lang", "en", "--translation", "de=frei",
                         "--translation", "fr=libre", "--translation", "pt-BR=livre"),
                     0);
    for (size_t i = 0; i < COUNT(reads); i++) {
        AUTO(buf_clear) struct buf text = BUF_INIT(64);
        assert_int_equal(RUN(node, "account", "language", "ann", reads[i][0]), reads[i][1] ? 0 : 2);
        if (!reads[i][1])
            continue;
        buf_printf(&text, "\"text\":\"%s\"", reads[i][1]);
        assert_int_equal(RUN(node, "timeline", "ann", "--limit", "1", "--json"), 0);
        expect(node, buf_text(&text));
    }
    assert_int_equal(RUN(node, "account", "language", "ann", "de"), 0);
    assert_int_equal(RUN(node, "timeline", "ann", "--limit", "1", "--json"), 0);
    expect(node, "\"language\":\"de\"");
    expect(node, "\"translations\":{\"en\":\"free\",\"fr\":\"libre\",\"pt-BR\":\"livre\"}");
    assert_int_equal(RUN(node, "check"), 0);
    free(uri);
}

static void an_emoji_is_put_under_a_post(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "post", "ann", "Beds are free"), 0);
    char *uri = take_uri(node);
    assert_int_equal(RUN(node, "react", "ann", uri, "no"), 2);
    assert_int_equal(RUN(node, "react", "ann", uri, "👍"), 0);
    assert_int_equal(RUN(node, "react", "ann", uri, "👍"), 0);
    assert_int_equal(RUN(node, "lookup", uri, "--json"), 0);
    expect(node, "\"reactions\":1");
    assert_int_equal(RUN(node, "unreact", "ann", uri), 0);
    assert_int_equal(RUN(node, "unreact", "ann", uri), 1);
    free(uri);
}

static void emoji_of_ones_own_are_listed_and_removed(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "emoji", "list"), 0);
    assert_int_equal(RUN(node, "emoji", "add", "pill", "/nonexistent"), 2);
    assert_int_equal(RUN(node, "emoji", "add", "pill"), 2);
    assert_int_equal(RUN(node, "emoji", "remove", "pill"), 1);
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "post", "ann", "Beds are free"), 0);
    char *uri = take_uri(node);
    assert_int_equal(RUN(node, "react", "ann", uri, ":pill:"), 2);
    free(uri);
}

static void a_token_is_shown_once_and_can_be_revoked(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "account", "create", "ann"), 0);
    assert_int_equal(RUN(node, "token", "create", "ann", "--scopes", "read fly"), 2);
    assert_int_equal(RUN(node, "token", "create", "ann", "--scopes", "read write:statuses"), 0);
    char *secret = take_uri(node);
    assert_true(strlen(secret) >= 43); /* 256 bits in base64url */
    assert_int_equal(RUN(node, "token", "list", "--json"), 0);
    assert_null(strstr(node->out, secret));
    char id[32] = "";
    assert_int_equal(sscanf(node->out, "{\"id\":\"%20[0-9]\"", id), 1);
    assert_int_equal(RUN(node, "token", "revoke", id), 0);
    assert_int_equal(RUN(node, "token", "revoke", id), 1);
    free(secret);
}

static void status_works_without_a_daemon(void **state)
{
    struct node *node = *state;
    assert_int_equal(RUN(node, "status", "--json"), 0);
    expect(node, "\"host\":\"a.example\",\"running\":false");
}

#define STORED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORED(init_makes_private_files_and_overwrites_nothing),
        STORED(init_refuses_a_host_that_is_none),
        STORED(a_node_cannot_change_its_name_or_scheme),
        STORED(a_dry_run_checks_and_changes_nothing),
        STORED(peers_are_allowed_on_terms_and_blocked_on_confirmation),
        STORED(a_post_is_written_read_changed_and_deleted),
        STORED(an_account_says_who_may_do_what_with_its_posts),
        STORED(a_quote_is_shown_to_who_may_read_it),
        STORED(a_report_is_made_listed_and_resolved),
        STORED(a_relay_is_another_server_and_a_peer),
        STORED(a_post_for_a_peer_has_a_line_in_its_ledger),
        STORED(whom_one_blocks_and_mutes_is_listed),
        STORED(a_group_lets_in_and_removes),
        STORED(an_account_moves_where_it_is_named_and_is_followed_on),
        STORED(a_poll_is_asked_and_voted_in),
        STORED(what_a_post_said_before_is_kept),
        STORED(a_text_in_several_languages_is_shown_in_ones_own),
        STORED(an_emoji_is_put_under_a_post),
        STORED(emoji_of_ones_own_are_listed_and_removed),
        STORED(a_token_is_shown_once_and_can_be_revoked),
        STORED(root_becomes_the_owner_of_the_store),
        STORED(status_works_without_a_daemon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
