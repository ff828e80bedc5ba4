#include "node/setup.h"

#include "storage/actor.h"
#include "storage/meta.h"
#include "storage/migrate.h"
#include "storage/writer.h"

#include <assert.h>
#include <string.h>

#define V4_MAPPED_BITS 96

static struct network_range range_of(const struct config_range *in)
{
    struct network_range out = {.prefix_bits = in->prefix_bits};
    if (in->family == AF_INET) {
        out.address.s6_addr[10] = out.address.s6_addr[11] = 0xFF;
        memcpy(out.address.s6_addr + 12, in->address, 4);
        out.prefix_bits += V4_MAPPED_BITS;
    } else {
        memcpy(out.address.s6_addr, in->address, 16);
    }
    return out;
}

static const struct network_range *ranges_of(const struct config_ranges *in, struct arena *arena)
{
    struct network_range *out = arena_calloc(arena, in->n + 1, sizeof *out);
    assert(out); /* the file bounds the list */
    for (size_t i = 0; i < in->n; i++)
        out[i] = range_of(&in->item[i]);
    return out;
}

void setup_federation(const struct config *config, struct arena *arena,
                      struct federation_config *out)
{
    *out = (struct federation_config){
        .host = config->node.host,
        .insecure_http = config->node.is_insecure_http,
        .mode = (enum federation_mode)config->node.federation,
        .allow_addresses = ranges_of(&config->node.allow_addresses, arena),
        .allow_address_count = config->node.allow_addresses.n,
        .tls_ca = config->fetch.tls_ca,
        .client_cert = config->fetch.client_cert,
        .client_key = config->fetch.client_key,
        .needs_client_cert = config->http.tls_client_ca != NULL,
        .object_proofs = config->delivery.has_proofs,
        .data_dir = config->node.data,
        .connect_timeout_ms = config->fetch.connect_timeout_ms,
        .transfer_timeout_ms = config->fetch.transfer_timeout_ms,
        .document_max_bytes = (size_t)config->limits.document_max_bytes,
        .preview_hosts = config->fetch.preview_hosts.item,
        .preview_host_count = config->fetch.preview_hosts.n,
        .fetch_parallel = (unsigned)config->fetch.parallel,
        .delivery_parallel = (unsigned)config->delivery.parallel,
        .delivery_per_peer = (unsigned)config->delivery.per_peer,
        .queue_life_ms = config->delivery.life_ms,
        .late_notice_ms = config->delivery.late_notice_ms,
        .refusal_patience_ms = config->delivery.patience_ms,
        .back_off_count = config->delivery.backoff.n,
        .signature_window_ms = config->limits.signature_window_ms,
    };
    assert(out->back_off_count <= COUNT(out->back_off_ms));
    for (size_t i = 0; i < out->back_off_count; i++)
        out->back_off_ms[i] = config->delivery.backoff.item_ms[i];
}

/* The scheme of our ids, as those that exist have it. */
static enum err check_scheme(struct txn *txn, const struct config *config, struct arena *arena,
                             struct why *why)
{
    actor_id id;
    Actor *actor;
    enum err e = actor_instance(txn, &id);
    if (!e)
        e = actor_get(txn, id, arena, &actor);
    if (e == ERR_NOTFOUND)
        return why_set(why, ERR_CORRUPT, "%s: has no instance actor; \"ward init\" was cut short",
                       config->node.data);
    if (e)
        return why_set(why, e, "%s: cannot be read", config->node.data);
    bool is_http = strncmp(actor->uri, "http://", 7) == 0;
    if (is_http != config->node.is_insecure_http)
        return why_set(why, ERR_INVALID,
                       "%s: insecure_http must be %s: the ids of this node were made so by \"ward "
                       "init\"",
                       config->file, is_http ? "true" : "false");
    return OK;
}

/* Ids are made from the host: a store that changes it would disown all it ever said. */
static enum err check_host(struct engine *engine, const struct config *config, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 << 10);
    AUTO(txn_end) struct txn *txn = NULL;
    const char *host;
    enum err e = engine_read_begin(engine, &txn);
    if (!e)
        e = meta_host(txn, &arena, &host);
    if (e)
        return why_set(why, e, "%s: cannot be read", config->node.data);
    if (strcmp(host, config->node.host))
        return why_set(why, ERR_INVALID,
                       "%s: host is %s, but the store in %s was made for %s; the name of a node "
                       "cannot change",
                       config->file, config->node.host, config->node.data, host);
    return check_scheme(txn, config, &arena, why);
}

struct migration {
    struct mutation mutation;
    struct why *why;
};

static enum err migration_apply(struct txn *txn, struct mutation *m)
{
    return migrate_store(txn, container_of(m, struct migration, mutation)->why);
}

/* Before any thread looks at the store. */
static enum err migrate(struct engine *engine, struct why *why)
{
    AUTO(writer_stop) struct writer *writer = writer_create_direct(engine);
    struct migration migration = {.mutation.apply = migration_apply, .why = why};
    return writer_run(writer, &migration.mutation);
}

enum err setup_engine(const struct config *config, enum setup_user user, struct engine **out,
                      struct why *why)
{
    AUTO(engine_close) struct engine *engine = NULL;
    struct engine_config engine_config = {
        .dir = config->node.data,
        .map_bytes = (uint64_t)config->store.map_bytes,
        .exclusive = user == SETUP_DAEMON,
    };
    enum err e = engine_open(&engine_config, &engine, why);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "%s: no database; \"ward init\" makes one", config->node.data);
    if (!e && user == SETUP_DAEMON)
        e = migrate(engine, why);
    if (!e)
        e = check_host(engine, config, why);
    if (e)
        return e;
    *out = engine;
    engine = NULL;
    return OK;
}
