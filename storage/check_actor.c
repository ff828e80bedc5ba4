#include "storage/check_rows.h"

#include "storage/account.h"
#include "storage/actor.h"
#include "storage/actor_word.h"
#include "storage/edge.h"

#include <string.h>
#include <strings.h>

enum err check_actor(struct check *check)
{
    Actor *actor;
    actor_id found = {0};
    if (!check_decode(check, &actor__descriptor, &actor))
        return OK;
    if (actor->id != check_key_u64(check, 0))
        check_wrong(check, "the record has another id");
    if (check_trouble(actor_find(check->txn, actor->uri, &found)) || found.v != actor->id)
        check_wrong(check, "actor_uri does not name it: %s", actor->uri);
    for (size_t i = 0; i < actor->n_keys; i++) {
        found.v = 0;
        if (check_trouble(actor_find_key(check->txn, actor->keys[i]->id, &found)) ||
            found.v != actor->id)
            check_wrong(check, "key_uri does not name it: %s", actor->keys[i]->id);
    }
    struct words words;
    if (actor_word_list(actor, &check->arena, &words))
        return ERR_LIMIT;
    for (size_t i = 0; i < words.n; i++)
        if (!check_has(check, TABLE_ACTOR_WORD, actor_word_key(actor, words.item[i])))
            check_wrong(check, "is not found by the word %s: %s", words.item[i], actor->uri);
    return OK;
}

enum err check_actor_word(struct check *check)
{
    uint64_t id = check_key_u64(check, check->key.n < 8 ? check->key.n : check->key.n - 8);
    Actor *actor = check_record(check, TABLE_ACTOR, id, &actor__descriptor);
    struct words words = {0};
    bool is_its = false;
    if (actor && actor_word_list(actor, &check->arena, &words))
        return ERR_LIMIT;
    for (size_t i = 0; i < words.n; i++) {
        struct key key = actor_word_key(actor, words.item[i]);
        is_its = is_its || bytes_equal(key_bytes(&key), check->key);
    }
    if (!is_its)
        check_wrong(check, "names an actor without that word");
    return OK;
}

/* The actor a text+id row names; NULL, and said, when there is none. */
static Actor *named_actor(struct check *check, const char **out_text)
{
    uint64_t id;
    *out_text = check_text(check, &id);
    if (!*out_text)
        return NULL;
    Actor *actor = check_record(check, TABLE_ACTOR, id, &actor__descriptor);
    if (!actor)
        check_wrong(check, "names an actor that does not exist: %s", *out_text);
    return actor;
}

enum err check_actor_uri(struct check *check)
{
    const char *uri;
    Actor *actor = named_actor(check, &uri);
    if (actor && strcmp(actor->uri, uri) != 0)
        check_wrong(check, "names an actor with another URI: %s", uri);
    return OK;
}

enum err check_actor_handle(struct check *check)
{
    const char *handle;
    Actor *actor = named_actor(check, &handle);
    if (!actor)
        return OK;
    const char *own = actor_handle(actor, &check->arena);
    if (!own || strcasecmp(own, handle) != 0)
        check_wrong(check, "names an actor with another handle: %s", handle);
    return OK;
}

enum err check_key_uri(struct check *check)
{
    const char *uri;
    Actor *actor = named_actor(check, &uri);
    bool listed = !actor;
    for (size_t i = 0; !listed && i < actor->n_keys; i++)
        listed = strcmp(actor->keys[i]->id, uri) == 0;
    if (!listed)
        check_wrong(check, "names an actor without that key: %s", uri);
    return OK;
}

enum err check_account(struct check *check)
{
    Account *account;
    actor_id found = {0};
    if (!check_decode(check, &account__descriptor, &account))
        return OK;
    uint64_t id = check_key_u64(check, 0);
    if (account->actor != id)
        check_wrong(check, "the record has another id");
    if (!check_has(check, TABLE_ACTOR, key_id(id)))
        check_wrong(check, "has no actor: %s", account->name);
    if (!check_has(check, TABLE_PRIVATE_KEY, key_id(id)))
        check_wrong(check, "has no private keys: %s", account->name);
    if (check_trouble(actor_find_handle(check->txn, account->name, &found)) || found.v != id)
        check_wrong(check, "actor_handle does not name it: %s", account->name);
    return OK;
}

enum err check_private_key(struct check *check)
{
    PrivateKeys *keys;
    if (check_decode(check, &private_keys__descriptor, &keys) &&
        !check_has(check, TABLE_ACTOR, key_id(check_key_u64(check, 0))))
        check_wrong(check, "belongs to no actor");
    return OK;
}
