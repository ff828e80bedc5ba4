#include "federation/act/act.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "node/config_value.h"
#include "node/setup.h"
#include "storage/meta.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What was asked for; paths are absolute, because the daemon may start anywhere. */
struct plan {
    const char *host, *listen, *config;
    bool is_insecure_http;
    char data[PATH_MAX], tls_cert[PATH_MAX], tls_key[PATH_MAX];
    char draft[PATH_MAX]; /* the configuration until all is done */
};

static enum err absolute(const char *path, char out[PATH_MAX], struct why *why)
{
    char here[PATH_MAX];
    int n;
    if (path[0] == '/')
        n = snprintf(out, PATH_MAX, "%s", path);
    else if (getcwd(here, sizeof here))
        n = snprintf(out, PATH_MAX, "%s/%s", here, path);
    else
        return why_set(why, ERR_STORE, "the working directory: %s", strerror(errno));
    if (n >= PATH_MAX || strpbrk(out, "\n\r;"))
        return why_set(why, ERR_INVALID, "\"%.80s\" cannot be written into the configuration",
                       path);
    return OK;
}

static enum err check_readable(const char *path, struct why *why)
{
    if (access(path, R_OK))
        return why_set(why, ERR_NOTFOUND, "%s: %s", path, strerror(errno));
    return OK;
}

static enum err plan_tls(struct cli *cli, struct plan *plan, struct why *why)
{
    const char *cert = cli_option(cli, "tls-cert"), *key = cli_option(cli, "tls-key");
    if (!cert != !key)
        return why_set(why, ERR_INVALID, "--tls-cert and --tls-key go together");
    if (!cert)
        return OK;
    enum err e = absolute(cert, plan->tls_cert, why);
    if (!e)
        e = check_readable(plan->tls_cert, why);
    if (!e)
        e = absolute(key, plan->tls_key, why);
    return e ? e : check_readable(plan->tls_key, why);
}

static enum err plan_make(struct cli *cli, struct plan *plan, struct why *why)
{
    struct config_address address;
    const char *data = cli_option(cli, "data");
    plan->host = cli_option(cli, "host");
    plan->config = cli->config_file;
    plan->is_insecure_http = cli_option(cli, "insecure-http");
    plan->listen = cli_option_or(cli, "listen", "127.0.0.1:8080");
    if (!plan->host || !data)
        return why_set(why, ERR_INVALID,
                       "--host and --data are needed: ward init --host ward.example --data DIR");
    enum err e = config_host_check(plan->host, why);
    if (!e)
        e = config_value_address(plan->listen, &address, why);
    if (!e)
        e = absolute(data, plan->data, why);
    if (!e)
        e = plan_tls(cli, plan, why);
    if (e)
        return e;
    if (!access(plan->config, F_OK))
        return why_set(why, ERR_EXISTS, "%s is there already; it is not overwritten", plan->config);
    if (snprintf(plan->draft, sizeof plan->draft, "%s.new", plan->config) >= PATH_MAX)
        return why_set(why, ERR_INVALID, "the name of the configuration file is too long");
    return OK;
}

static void write_lines(const struct plan *plan, FILE *f)
{
    fprintf(f,
            "# Ward: ward.conf(5) describes every option, \"ward help options\" lists them.\n"
            "# After a change: systemctl restart ward (certificates alone: reload).\n\n"
            "# The name in every id this node gives out. It cannot be changed later.\n"
            "host = %s\n\n"
            "data = %s\n"
            "listen = %s\n",
            plan->host, plan->data, plan->listen);
    if (*plan->tls_cert)
        fprintf(f, "tls_cert = %s\ntls_key = %s\n", plan->tls_cert, plan->tls_key);
    else
        fputs(
            "# No tls_cert and tls_key: requests come by plain http from a proxy that has them.\n",
            f);
    fputs("\n# Health and metrics, for this machine only.\n"
          "# admin_listen = 127.0.0.1:8081\n\n"
          "# Whom to talk to: only peers that \"ward peer allow\" named.\n"
          "federation = allowlist\n",
          f);
    if (plan->is_insecure_http)
        fputs("\n# Everything can be read and changed on the way. Part of every id: stays.\n"
              "insecure_http = true\n",
              f);
}

static enum err write_draft(const struct plan *plan, struct why *why)
{
    FILE *f = fopen(plan->draft, "wxe"); /* 0600: main set the umask */
    if (!f)
        return why_set(why, errno == EEXIST ? ERR_EXISTS : ERR_STORE, "%s: %s", plan->draft,
                       strerror(errno));
    write_lines(plan, f);
    int failed = fflush(f) || fsync(fileno(f));
    if (fclose(f) || failed) {
        unlink(plan->draft);
        return why_set(why, ERR_STORE, "%s: %s", plan->draft, strerror(errno));
    }
    return OK;
}

/* ---- the store ------------------------------------------------------------------------------ */

struct create {
    struct mutation mutation;
    const char *host;
};

static enum err create_apply(struct txn *txn, struct mutation *m)
{
    return meta_create(txn, container_of(m, struct create, mutation)->host);
}

static enum err fill_store(struct cli *cli, struct engine *engine, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    AUTO(writer_stop) struct writer *writer = writer_create_direct(engine);
    struct federation_config federation_config;
    struct federation fed = {.config = &federation_config, .engine = engine, .writer = writer};
    struct create create = {{.apply = create_apply}, cli->config->node.host};
    char who[CLI_WHO_BYTES];

    setup_federation(cli->config, &arena, &federation_config);
    cli_who(who);
    enum err e = writer_run(writer, &create.mutation);
    if (e)
        return cli_failed(e, cli->config->node.data, why);
    return act_instance_create(&fed, &(struct by){who, cli->reason}, why);
}

static enum err make_store(struct cli *cli, struct why *why)
{
    AUTO(engine_close) struct engine *engine = NULL;
    const char *dir = cli->config->node.data;
    struct engine_config engine_config = {.dir = dir,
                                          .map_bytes = (uint64_t)cli->config->store.map_bytes,
                                          .create = true,
                                          .exclusive = true};
    if (mkdir(dir, 0700) && errno != EEXIST)
        return why_set(why, ERR_STORE, "%s: %s", dir, strerror(errno));
    enum err e = engine_open(&engine_config, &engine, why);
    if (e == ERR_EXISTS)
        return why_set(why, e, "%s holds a database already; it is not overwritten", dir);
    return e ? e : fill_store(cli, engine, why);
}

/* A new name in a directory is on disk when the directory is. */
static enum err publish(const struct plan *plan, struct why *why)
{
    if (link(plan->draft, plan->config)) /* unlike rename, never replaces */
        return why_set(why, errno == EEXIST ? ERR_EXISTS : ERR_STORE, "%s: %s", plan->config,
                       strerror(errno));
    return OK;
}

static enum err make_all(struct cli *cli, const struct plan *plan, struct why *why)
{
    enum err e = write_draft(plan, why);
    if (e)
        return e;
    e = config_load(plan->draft, &cli->config, why);
    if (!e)
        e = make_store(cli, why);
    if (!e)
        e = publish(plan, why);
    unlink(plan->draft);
    return e;
}

static enum err cli_init(struct cli *cli, struct why *why)
{
    struct plan plan = {0};
    enum err e = plan_make(cli, &plan, why);
    if (!e && !cli->is_dry_run)
        e = make_all(cli, &plan, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "host", plan.host);
    output_str(&cli->output, "config", plan.config);
    output_str(&cli->output, "data", plan.data);
    output_str(&cli->output, "listen", plan.listen);
    output_bool(&cli->output, "tls", *plan.tls_cert);
    output_end(&cli->output);
    return OK;
}

static const struct cli_option init_options[] = {
    {"host", "HOST[:PORT]", "public name of this node; it can never be changed"},
    {"data", "DIR", "directory for the database"},
    {"listen", "ADDR:PORT", "address to accept requests on (127.0.0.1:8080)"},
    {"insecure-http", NULL, "ids by plain http, for ever: for tests and sealed networks only"},
    {"tls-cert", "FILE", "certificate chain (PEM)"},
    {"tls-key", "FILE", "its private key (PEM)"},
    {0}};
static const struct cli_command init_commands[] = {
    {NULL, "", "make configuration, database and keys; overwrites nothing", init_options,
     CLI_CHANGES, cli_init},
    {0}};
const struct cli_noun cli_init_noun = {"init", "make a new node", init_commands};
