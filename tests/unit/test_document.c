#include "federation/document/document.h"

#include "federation/document/thread.h"

#include "federation/as2.h"
#include "federation/document/json.h"
#include "storage/actor.h"
#include "storage/edge.h"
#include "storage/post.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"
#include "tests/support/vectors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BASE "https://ward.example"
#define ANN BASE "/users/ann"
#define POST ANN "/posts/17"
#define TEXT(literal) ((char *)(uintptr_t)(literal))

/* ---- samples with every field set ---- */

static Actor sample_actor(void)
{
    static ActorKey rsa = ACTOR_KEY__INIT, ed = ACTOR_KEY__INIT, *keys[] = {&rsa, &ed};
    static ActorField field = ACTOR_FIELD__INIT, *fields[] = {&field};
    static char *aliases[] = {TEXT("https://old.example/users/ann")};
    Actor a = ACTOR__INIT;
    rsa.id = TEXT(ANN "#main-key");
    rsa.pem = TEXT("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    ed.id = TEXT(ANN "#ed25519-key");
    ed.multibase = TEXT("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2");
    field.name = TEXT("Ward");
    field.value_html = TEXT("<p>7 \"west\"</p>");
    a.id = 5;
    a.uri = TEXT(ANN);
    a.type = ACTOR_TYPE__SERVICE;
    a.username = TEXT("ann");
    a.display_name = TEXT("Dr. \"Ann\" \\ \n\x01");
    a.summary_html = TEXT("<p>é</p>");
    a.url = TEXT(BASE "/@ann");
    a.inbox = TEXT(ANN "/inbox");
    a.shared_inbox = TEXT(BASE "/inbox");
    a.outbox = TEXT(ANN "/outbox");
    a.followers = TEXT(ANN "/followers");
    a.following = TEXT(ANN "/following");
    a.featured = TEXT(ANN "/featured");
    a.keys = keys;
    a.n_keys = 2;
    a.fields = fields;
    a.n_fields = 1;
    a.icon_url = TEXT(BASE "/media/1");
    a.image_url = TEXT(BASE "/media/2");
    a.is_locked = a.is_discoverable = a.is_indexable = true;
    a.also_known_as = aliases;
    a.n_also_known_as = 1;
    a.moved_to = TEXT("https://new.example/users/ann");
    a.created_ms = 1700000000000;
    a.updated_ms = 1700000001000;
    return a;
}

static Post sample_post(void)
{
    static Mention bob = MENTION__INIT, eve = MENTION__INIT, *mentions[] = {&bob, &eve};
    static Emoji emoji = EMOJI__INIT, *emojis[] = {&emoji};
    static Attachment file = ATTACHMENT__INIT, *files[] = {&file};
    static char *to[] = {TEXT(AS2_PUBLIC)}, *tags[] = {TEXT("ward"), TEXT("ärzte")};
    static char *cc[] = {TEXT(ANN "/followers"), TEXT("https://b.example/users/bob")};
    Post p = POST__INIT;
    bob.uri = TEXT("https://b.example/users/bob");
    bob.handle = TEXT("bob@b.example");
    eve.uri = TEXT(BASE "/users/eve");
    eve.handle = TEXT("eve");
    emoji.shortcode = TEXT("pill");
    emoji.url = TEXT(BASE "/emoji/pill.png");
    file.url = TEXT(BASE "/media/3");
    file.media_type = TEXT("image/png");
    file.description = TEXT("a scan");
    file.blurhash = TEXT("LEHV6nWB2yk8");
    file.width = 640;
    file.height = 480;
    file.focus_x = 0.25F;
    file.focus_y = -0.5F;
    p.id = 17;
    p.uri = TEXT(POST);
    p.url = TEXT(BASE "/@ann/17");
    p.author = 5;
    p.type = TEXT("Note");
    p.content_html = TEXT("<p>\"quoted\" \\ line\nnext \x7f é 👩</p>");
    p.summary = TEXT("warning");
    p.is_sensitive = true;
    p.language = TEXT("de");
    p.in_reply_to_uri = TEXT("https://b.example/posts/1");
    p.context = TEXT(BASE "/contexts/17");
    p.quote_uri = TEXT("https://b.example/posts/2");
    p.to = to;
    p.n_to = 1;
    p.cc = cc;
    p.n_cc = 2;
    p.mentions = mentions;
    p.n_mentions = 2;
    p.tags = tags;
    p.n_tags = 2;
    p.emoji = emojis;
    p.n_emoji = 1;
    p.attachments = files;
    p.n_attachments = 1;
    p.published_ms = 1700000000000;
    p.updated_ms = 1700000005000;
    p.is_local = true;
    return p;
}

static json_t *json_of(const struct buf *out)
{
    json_error_t at;
    json_t *doc = json_loadb(buf_text(out), out->n, JSON_REJECT_DUPLICATES, &at);
    if (!doc)
        fail_msg("%s at %d in %s", at.text, at.position, buf_text(out));
    return doc;
}

/* ---- what we write, we read back ---- */

static void an_actor_comes_back(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    Actor a = sample_actor();
    struct as2_document doc;
    assert_int_equal(document_actor(&a, &out), OK);
    assert_int_equal(as2_decode_document(buf_bytes(&out), &arena, &doc, NULL), OK);
    assert_int_equal(doc.kind, AS2_DOCUMENT_ACTOR);
    const struct as2_actor *b = &doc.actor;
    assert_string_equal(b->id, a.uri);
    assert_int_equal(b->type, a.type);
    assert_string_equal(b->username, a.username);
    assert_string_equal(b->name, a.display_name);
    assert_string_equal(b->summary, a.summary_html);
    assert_string_equal(b->url, a.url);
    assert_string_equal(b->inbox, a.inbox);
    assert_string_equal(b->shared_inbox, a.shared_inbox);
    assert_string_equal(b->outbox, a.outbox);
    assert_string_equal(b->followers, a.followers);
    assert_string_equal(b->following, a.following);
    assert_string_equal(b->featured, a.featured);
    assert_string_equal(b->icon, a.icon_url);
    assert_string_equal(b->image, a.image_url);
    assert_string_equal(b->moved_to, a.moved_to);
    assert_int_equal(b->also_known_as.n, 1);
    assert_string_equal(b->also_known_as.item[0], a.also_known_as[0]);
    assert_int_equal(b->key_count, 2);
    assert_string_equal(b->keys[0].id, a.keys[0]->id);
    assert_string_equal(b->keys[0].owner, a.uri);
    assert_string_equal(b->keys[0].pem, a.keys[0]->pem);
    assert_string_equal(b->keys[1].id, a.keys[1]->id);
    assert_string_equal(b->keys[1].multibase, a.keys[1]->multibase);
    assert_int_equal(b->field_count, 1);
    assert_string_equal(b->fields[0].name, "Ward");
    assert_string_equal(b->fields[0].value, a.fields[0]->value_html);
    assert_true(b->is_locked && b->is_discoverable && b->is_indexable && !b->is_suspended);
    assert_true(b->published_ms == a.created_ms);

    assert_true(b->knows_rfc9421 && b->knows_ed25519);

    json_auto_t *json = json_of(&out);
    const json_t *generator = json_object_get(json, "generator");
    assert_string_equal(vectors_text(generator, "id"), BASE "/actor");
    assert_string_equal(vectors_text(generator, "type"), "Application");
    assert_string_equal(vectors_text(json, "webfinger"), "ann@ward.example");
    assert_string_equal(vectors_text(json, "type"), "Service");
}

static void the_instance_actor_says_itself_what_it_understands(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    Actor a = sample_actor();
    struct as2_document doc;
    a.is_instance = true;
    assert_int_equal(document_actor(&a, &out), OK);
    assert_int_equal(as2_decode_document(buf_bytes(&out), &arena, &doc, NULL), OK);
    assert_true(doc.actor.knows_rfc9421 && doc.actor.knows_ed25519);
    json_auto_t *json = json_of(&out);
    assert_null(json_object_get(json, "generator"));
}

static void every_actor_type_comes_back(void **state)
{
    (void)state;
    for (int type = ACTOR_TYPE__PERSON; type <= ACTOR_TYPE__GROUP; type++) {
        AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        Actor a = ACTOR__INIT;
        a.uri = TEXT(ANN);
        a.username = TEXT("ann");
        a.type = (ActorType)type;
        struct as2_document doc;
        assert_int_equal(document_actor(&a, &out), OK);
        assert_int_equal(as2_decode_document(buf_bytes(&out), &arena, &doc, NULL), OK);
        assert_int_equal(doc.actor.type, type);
        assert_string_equal(doc.actor.name, "ann");
        assert_null(doc.actor.inbox);
    }
}

/* For servers that know no quotes. */
#define RE_LINK                                                                                    \
    "<p class=\"quote-inline\">RE: <a "                                                            \
    "href=\"https://b.example/posts/2\">https://b.example/posts/2</a></p>"

static void check_note(const struct as2_note *n, const Post *p)
{
    assert_string_equal(n->id, p->uri);
    assert_string_equal(n->type, "Note");
    assert_string_equal(n->attributed_to, ANN);
    assert_string_equal(n->content, RE_LINK "<p>\"quoted\" \\ line\nnext \x7f é 👩</p>");
    assert_string_equal(n->language, p->language);
    assert_string_equal(n->summary, p->summary);
    assert_string_equal(n->url, p->url);
    assert_string_equal(n->in_reply_to, p->in_reply_to_uri);
    assert_string_equal(n->context, p->context);
    assert_string_equal(n->quote, p->quote_uri);
    assert_true(n->is_sensitive && !n->is_cut);
    assert_true(n->published_ms == p->published_ms && n->updated_ms == p->updated_ms);
    assert_int_equal(n->to.n, 1);
    assert_string_equal(n->to.item[0], AS2_PUBLIC);
    assert_int_equal(n->cc.n, 2);
    assert_string_equal(n->cc.item[1], p->cc[1]);
}

static void check_parts(const struct as2_note *n)
{
    static const struct as2_tag tags[] = {
        {AS2_MENTION, "@bob@b.example", "https://b.example/users/bob"},
        {AS2_MENTION, "@eve@ward.example", BASE "/users/eve"},
        {AS2_HASHTAG, "#ward", BASE "/tags/ward"},
        {AS2_HASHTAG, "#ärzte", BASE "/tags/%C3%A4rzte"},
        {AS2_EMOJI, ":pill:", BASE "/emoji/pill.png"},
    };
    assert_int_equal(n->tag_count, COUNT(tags));
    for (size_t i = 0; i < COUNT(tags); i++) {
        assert_int_equal(n->tags[i].kind, tags[i].kind);
        assert_string_equal(n->tags[i].name, tags[i].name);
        assert_string_equal(n->tags[i].href, tags[i].href);
    }
    assert_int_equal(n->attachment_count, 1);
    assert_string_equal(n->attachments[0].url, BASE "/media/3");
    assert_string_equal(n->attachments[0].media_type, "image/png");
    assert_string_equal(n->attachments[0].description, "a scan");
    assert_string_equal(n->attachments[0].blurhash, "LEHV6nWB2yk8");
    assert_int_equal(n->attachments[0].width, 640);
    assert_int_equal(n->attachments[0].height, 480);
    assert_true(fabsf(n->attachments[0].focus_x - 0.25F) < 0.001F);
    assert_true(fabsf(n->attachments[0].focus_y + 0.5F) < 0.001F);
}

static void a_note_comes_back(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    Actor a = sample_actor();
    Post p = sample_post();
    struct as2_document doc;
    assert_int_equal(document_note(&p, &a, &out), OK);
    assert_int_equal(as2_decode_document(buf_bytes(&out), &arena, &doc, NULL), OK);
    assert_int_equal(doc.kind, AS2_DOCUMENT_NOTE);
    check_note(&doc.note, &p);
    check_parts(&doc.note);
    json_auto_t *json = json_of(&out);
    assert_string_equal(vectors_text(json, "replies"), POST "/replies");
}

static void an_empty_note_comes_back(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    Actor a = ACTOR__INIT;
    Post p = POST__INIT;
    struct as2_document doc;
    a.uri = TEXT(ANN);
    p.uri = TEXT(POST);
    assert_int_equal(document_note(&p, &a, &out), OK);
    assert_int_equal(as2_decode_document(buf_bytes(&out), &arena, &doc, NULL), OK);
    assert_string_equal(doc.note.type, "Note");
    assert_null(doc.note.content);
    assert_int_equal(doc.note.tag_count, 0);
}

static void create_and_update_carry_the_note(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf create = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(buf_clear) struct buf update = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    Actor a = sample_actor();
    Post p = sample_post();
    struct as2_activity act;
    assert_int_equal(document_create(&p, &a, &create), OK);
    assert_int_equal(as2_decode_activity(buf_bytes(&create), &arena, &act, NULL), OK);
    assert_string_equal(act.id, POST "/activity");
    assert_string_equal(act.type, "Create");
    assert_string_equal(act.actor, ANN);
    assert_int_equal(act.object_kind, AS2_OBJECT_NOTE);
    assert_string_equal(act.object_id, POST);
    assert_true(as2_list_has(&act.to, AS2_PUBLIC) && act.cc.n == 2);
    check_note(act.note, &p);
    check_parts(act.note);

    assert_int_equal(document_update(&p, &a, &update), OK);
    assert_int_equal(as2_decode_activity(buf_bytes(&update), &arena, &act, NULL), OK);
    assert_string_equal(act.id, POST "#updates/1700000005000");
    assert_string_equal(act.type, "Update");
    check_note(act.note, &p);
}

static void delete_announce_and_profile_updates_come_back(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    Actor a = sample_actor();
    Post p = sample_post();
    struct as2_activity act;
    assert_int_equal(document_delete(&p, &a, &out), OK);
    assert_int_equal(as2_decode_activity(buf_bytes(&out), &arena, &act, NULL), OK);
    assert_string_equal(act.type, "Delete");
    assert_string_equal(act.id, POST "#delete");
    assert_int_equal(act.object_kind, AS2_OBJECT_TOMBSTONE);
    assert_string_equal(act.object_id, POST);
    assert_int_equal(act.cc.n, 2);

    buf_reset(&out);
    assert_int_equal(document_announce(&p, &a, "https://b.example/posts/9", &out), OK);
    assert_int_equal(as2_decode_activity(buf_bytes(&out), &arena, &act, NULL), OK);
    assert_string_equal(act.type, "Announce");
    assert_string_equal(act.id, POST);
    assert_string_equal(act.object_id, "https://b.example/posts/9");
    assert_true(act.published_ms == p.published_ms);

    buf_reset(&out);
    assert_int_equal(document_update_actor(&a, 1700000009000, &out), OK);
    assert_int_equal(as2_decode_activity(buf_bytes(&out), &arena, &act, NULL), OK);
    assert_string_equal(act.id, ANN "#updates/1700000009000");
    assert_int_equal(act.object_kind, AS2_OBJECT_ACTOR);
    assert_int_equal(act.person->key_count, 2);
    assert_true(as2_list_has(&act.to, AS2_PUBLIC));
}

static void plain_activities_come_back(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    const struct plain_activity follow = {.id = ANN "#follows/1",
                                          .type = "Follow",
                                          .actor = ANN,
                                          .object = "https://b.example/users/bob",
                                          .to = "https://b.example/users/bob"};
    const struct plain_activity undo = {
        .id = ANN "#undo/1", .type = "Undo", .actor = ANN, .inner = &follow};
    struct as2_activity act;
    assert_int_equal(document_plain(&follow, &out), OK);
    assert_int_equal(as2_decode_activity(buf_bytes(&out), &arena, &act, NULL), OK);
    assert_string_equal(act.type, "Follow");
    assert_string_equal(act.object_id, follow.object);
    assert_true(as2_list_has(&act.to, follow.to));

    buf_reset(&out);
    assert_int_equal(document_plain(&undo, &out), OK);
    assert_int_equal(as2_decode_activity(buf_bytes(&out), &arena, &act, NULL), OK);
    assert_int_equal(act.object_kind, AS2_OBJECT_ACTIVITY);
    assert_string_equal(act.inner->id, follow.id);
    assert_string_equal(act.inner->actor, ANN);
    assert_string_equal(act.inner->object_id, follow.object);
    assert_int_equal(act.to.n, 0);
}

static void a_tombstone_comes_back(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    Tombstone t = TOMBSTONE__INIT;
    struct as2_document doc;
    t.uri = TEXT(POST);
    t.deleted_ms = 1700000000000;
    assert_int_equal(document_tombstone(&t, &out), OK);
    assert_int_equal(as2_decode_document(buf_bytes(&out), &arena, &doc, NULL), OK);
    assert_int_equal(doc.kind, AS2_DOCUMENT_TOMBSTONE);
    assert_string_equal(doc.id, POST);
}

/* ---- contexts ---- */

static bool is_defined(const json_t *contexts, const char *term)
{
    size_t i;
    const json_t *entry;
    json_array_foreach(contexts, i, entry) if (json_object_get(entry, term)) return true;
    return false;
}

static void every_extension_term_in_use_is_defined(void **state)
{
    (void)state;
    static const char *const of_note[] = {"sensitive", "Hashtag",    "quoteUrl", "toot",
                                          "Emoji",     "focalPoint", "blurhash"};
    static const char *const of_actor[] = {"manuallyApprovesFollowers",
                                           "featured",
                                           "discoverable",
                                           "indexable",
                                           "movedTo",
                                           "alsoKnownAs",
                                           "PropertyValue",
                                           "value",
                                           "webfinger",
                                           "assertionMethod"};
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
    Actor a = sample_actor();
    Post p = sample_post(), bare = POST__INIT;
    assert_int_equal(document_create(&p, &a, &out), OK);
    json_auto_t *note = json_of(&out);
    for (size_t i = 0; i < COUNT(of_note); i++)
        assert_true(is_defined(json_object_get(note, "@context"), of_note[i]));
    /* a text, as everybody has it: Fedify refuses what quotes by an @id */
    assert_non_null(strstr(buf_text(&out), "\"quoteUrl\":\"as:quoteUrl\""));

    buf_reset(&out);
    assert_int_equal(document_actor(&a, &out), OK);
    json_auto_t *actor = json_of(&out);
    for (size_t i = 0; i < COUNT(of_actor); i++)
        assert_true(is_defined(json_object_get(actor, "@context"), of_actor[i]));

    buf_reset(&out);
    assert_int_equal(document_note(&bare, &a, &out), OK); /* and none that is not */
    json_auto_t *small = json_of(&out);
    for (size_t i = 1; i < COUNT(of_note); i++)
        assert_false(is_defined(json_object_get(small, "@context"), of_note[i]));
}

static void a_full_buf_is_said(void **state)
{
    (void)state;
    Actor a = sample_actor();
    Post p = sample_post();
    AUTO(buf_clear) struct buf out = BUF_INIT(100), other = BUF_INIT(100);
    assert_int_equal(document_actor(&a, &out), ERR_LIMIT);
    assert_int_equal(document_create(&p, &a, &other), ERR_LIMIT);
}

static void json_is_escaped(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(1000);
    struct jw w = {.buf = &out};
    jw_object(&w, NULL);
    jw_text(&w, "a\"b", "\"\\\b\f\n\r\t\x01\x7f/é");
    jw_list(&w, "l");
    jw_fraction(&w, NULL, -0.5F);
    jw_fraction(&w, NULL, 0);
    jw_fraction(&w, NULL, (float)NAN);
    jw_null(&w, NULL);
    jw_number(&w, NULL, INT64_MIN);
    jw_bool(&w, NULL, true);
    jw_list_end(&w);
    jw_object(&w, "o");
    jw_object_end(&w);
    jw_object_end(&w);
    assert_int_equal(jw_finish(&w), OK);
    assert_string_equal(buf_text(&out),
                        "{\"a\\\"b\":\"\\\"\\\\\\u0008\\u000c\\n\\u000d\\u0009\\u0001\\u007f/é\","
                        "\"l\":[-0.5000,0.0000,0.0000,null,-9223372036854775808,true],\"o\":{}}");
    json_decref(json_of(&out));
}

/* ---- WebFinger, NodeInfo ---- */

static void webfinger_comes_back(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES), xrd = BUF_INIT(4096);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    Actor a = sample_actor();
    const char *subject, *self;
    assert_int_equal(document_webfinger(&a, "ward.example", &out), OK);
    assert_int_equal(as2_decode_webfinger(buf_bytes(&out), &arena, &subject, &self, NULL), OK);
    assert_string_equal(subject, "acct:ann@ward.example");
    assert_string_equal(self, ANN);
    assert_non_null(strstr(buf_text(&out), "http://webfinger.net/rel/profile-page"));
    assert_int_equal(document_host_meta(BASE, &xrd), OK);
    assert_non_null(strstr(buf_text(&xrd), BASE "/.well-known/webfinger?resource={uri}"));
}

static bool has_type(const json_t *value, const char *type)
{
    return !type || (!strcmp(type, "object") && json_is_object(value)) ||
           (!strcmp(type, "array") && json_is_array(value)) ||
           (!strcmp(type, "string") && json_is_string(value)) ||
           (!strcmp(type, "boolean") && json_is_boolean(value)) ||
           (!strcmp(type, "integer") && json_is_integer(value));
}

/* As much of JSON Schema as the schemas of NodeInfo use; "pattern" is checked by hand below. */
static void validate(json_t *schema, json_t *value, const char *where)
{
    const char *key;
    json_t *child, *rule;
    size_t i;
    if (!has_type(value, json_string_value(json_object_get(schema, "type"))))
        fail_msg("%s: wrong type", where);
    json_t *list = json_object_get(schema, "enum");
    bool is_listed = !list;
    json_array_foreach(list, i, rule) is_listed |= json_equal(rule, value) != 0;
    if (!is_listed)
        fail_msg("%s: not in the enum", where);
    json_array_foreach(json_object_get(schema, "required"), i,
                       rule) if (!json_object_get(value, json_string_value(rule)))
        fail_msg("%s: %s is missing", where, json_string_value(rule));
    json_object_foreach(value, key, child)
    {
        rule = json_object_get(json_object_get(schema, "properties"), key);
        if (rule)
            validate(rule, child, key);
        else if (json_is_false(json_object_get(schema, "additionalProperties")))
            fail_msg("%s: %s is not allowed", where, key);
    }
    json_array_foreach(value, i, child) validate(json_object_get(schema, "items"), child, where);
    if (json_is_array(value))
        assert_true((json_int_t)json_array_size(value) >=
                    json_integer_value(json_object_get(schema, "minItems")));
    if (json_object_get(schema, "minimum"))
        assert_true(json_integer_value(value) >= 0);
}

static void nodeinfo_keeps_to_the_schemas(void **state)
{
    (void)state;
    static const char *const versions[] = {"2.0", "2.1"};
    const struct nodeinfo_facts facts = {.version = "0.1.0", .users = 3, .posts = 7};
    for (size_t i = 0; i < COUNT(versions); i++) {
        AUTO(buf_clear) struct buf out = BUF_INIT(65536);
        char path[64];
        snprintf(path, sizeof path, "nodeinfo/%s-schema.json", versions[i]);
        json_auto_t *schema = vectors_load(path);
        assert_int_equal(document_nodeinfo(&facts, versions[i], &out), OK);
        json_auto_t *info = json_of(&out);
        validate(schema, info, "nodeinfo");
        const char *name = vectors_text(json_object_get(info, "software"), "name");
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(name));
        json_t *usage = json_object_get(info, "usage");
        assert_int_equal(json_integer_value(json_object_get(usage, "localPosts")), 7);

        snprintf(path, sizeof path, "nodeinfo/%s-example.json", versions[i]);
        json_auto_t *example = vectors_load(path);
        validate(schema, example, "example"); /* the checker itself takes a good one */
    }
    AUTO(buf_clear) struct buf index = BUF_INIT(65536);
    assert_int_equal(document_nodeinfo_index(BASE, &index), OK);
    json_auto_t *links = json_of(&index);
    assert_int_equal(json_array_size(json_object_get(links, "links")), 2);
    assert_non_null(strstr(buf_text(&index), BASE "/nodeinfo/2.1"));
}

/* ---- collections ---- */

static Actor outbox_owner(actor_id id)
{
    Actor a = sample_actor();
    a.id = id.v;
    return a;
}

static void add_posts(struct txn *txn, actor_id who, int count)
{
    for (int i = 0; i < count; i++) {
        char uri[128];
        snprintf(uri, sizeof uri, ANN "/posts/%d", i);
        (void)build_post(txn, &(struct build_post){.uri = uri,
                                                   .author = who,
                                                   .visibility = i % 2 ? VISIBILITY__FOLLOWERS
                                                                       : VISIBILITY__PUBLIC,
                                                   .published_ms = BUILD_NOW_MS - 100000 + i});
    }
}

static void decode_collection(struct buf *json, struct arena *arena, struct as2_document *out)
{
    assert_int_equal(as2_decode_document(buf_bytes(json), arena, out, NULL), OK);
    assert_int_equal(out->kind, AS2_DOCUMENT_COLLECTION);
    buf_reset(json);
}

static void t66_the_outbox_has_and_counts_what_is_for_everyone(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    struct txn *txn = store_write(&store);
    actor_id ann = build_actor(txn, "ann", "");
    add_posts(txn, ann, 100);
    store_commit(&txn);

    Actor a = outbox_owner(ann);
    AUTO(txn_end) struct txn *read = store_read(&store);
    struct collection_page page = {.is_page = false};
    struct as2_document doc;
    assert_int_equal(document_outbox(read, &a, &page, &out), OK);
    decode_collection(&out, &arena, &doc);
    assert_string_equal(doc.first, ANN "/outbox?page=true");
    assert_true(doc.total_items == 50); /* how much is written in private is nobody's business */

    page.is_page = true;
    assert_int_equal(document_outbox(read, &a, &page, &out), OK);
    decode_collection(&out, &arena, &doc);
    assert_int_equal(doc.items.n, 40);
    assert_string_equal(doc.items.item[0], ANN "/posts/98/activity");
    const char *before = strstr(doc.next, "before=");
    assert_int_equal(id_parse(before + strlen("before="), &page.before), OK);
    assert_int_equal(document_outbox(read, &a, &page, &out), OK);
    decode_collection(&out, &arena, &doc);
    assert_int_equal(doc.items.n, 10);
    assert_string_equal(doc.items.item[9], ANN "/posts/0/activity");
    assert_null(doc.next);
}

static void followers_are_shown_to_those_who_may(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    struct txn *txn = store_write(&store);
    actor_id ann = build_actor(txn, "ann", "");
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "u%d", i);
        Edge edge = EDGE__INIT;
        struct edge_key key = {EDGE_FOLLOW, build_actor(txn, name, "b.example").v, ann.v};
        assert_int_equal(edge_add(txn, key, &edge), OK);
    }
    store_commit(&txn);

    Actor a = outbox_owner(ann);
    AUTO(txn_end) struct txn *read = store_read(&store);
    struct collection_page page = {.is_page = true};
    struct as2_document doc;
    assert_int_equal(document_followers(read, &a, false, &page, &out), OK);
    decode_collection(&out, &arena, &doc);
    assert_true(doc.items.n == 0 && !doc.first && doc.total_items == 50);
    assert_int_equal(document_followers(read, &a, true, &page, &out), OK);
    decode_collection(&out, &arena, &doc);
    assert_int_equal(doc.items.n, 40);
    assert_int_equal(id_parse(strstr(doc.next, "before=") + 7, &page.before), OK);
    assert_int_equal(document_followers(read, &a, true, &page, &out), OK);
    decode_collection(&out, &arena, &doc);
    assert_int_equal(doc.items.n, 10);
    assert_null(doc.next);
    page.before = 0;
    assert_int_equal(document_following(read, &a, true, &page, &out), OK);
    decode_collection(&out, &arena, &doc);
    assert_int_equal(doc.items.n, 0);
}

static void t66_who_is_in_a_closed_group_is_not_told(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    struct txn *txn = store_write(&store);
    actor_id ann = build_actor(txn, "ann", "");
    const char *names[] = {"ben", "ward12", "open"};
    for (size_t i = 0; i < COUNT(names); i++) {
        Edge edge = EDGE__INIT;
        Actor *whom;
        actor_id id = build_actor(txn, names[i], "b.example");
        assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, ann.v, id.v}, &edge), OK);
        assert_int_equal(actor_get(txn, id, &arena, &whom), OK);
        whom->type = i ? ACTOR_TYPE__GROUP : ACTOR_TYPE__PERSON;
        whom->is_locked = i == 1;
        assert_int_equal(actor_put(txn, whom, 1), OK);
    }
    store_commit(&txn);

    Actor a = outbox_owner(ann);
    AUTO(txn_end) struct txn *read = store_read(&store);
    struct collection_page page = {.is_page = true};
    assert_int_equal(document_following(read, &a, true, &page, &out), OK);
    assert_non_null(strstr(buf_text(&out), "ben"));
    assert_non_null(strstr(buf_text(&out), "open"));
    assert_null(strstr(buf_text(&out), "ward12"));
}

static void t66_replies_and_pins_are_uris_of_public_posts(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    struct txn *txn = store_write(&store);
    actor_id ann = build_actor(txn, "ann", "");
    add_posts(txn, ann, 2); /* 0 public, 1 for followers */
    post_id root, hidden;
    assert_int_equal(post_find(txn, ANN "/posts/0", &root), OK);
    assert_int_equal(post_find(txn, ANN "/posts/1", &hidden), OK);
    (void)build_post(txn, &(struct build_post){
                              .uri = ANN "/posts/r", .author = ann, .in_reply_to = ANN "/posts/0"});
    (void)build_post(txn, &(struct build_post){.uri = ANN "/posts/d",
                                               .author = ann,
                                               .in_reply_to = ANN "/posts/0",
                                               .visibility = VISIBILITY__DIRECT});
    Edge edge = EDGE__INIT;
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_PIN, ann.v, root.v}, &edge), OK);
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_PIN, ann.v, hidden.v}, &edge), OK);
    store_commit(&txn);

    Actor a = outbox_owner(ann);
    Post p = POST__INIT;
    p.id = root.v;
    p.uri = TEXT(ANN "/posts/0");
    AUTO(txn_end) struct txn *read = store_read(&store);
    struct collection_page page = {.is_page = true};
    struct as2_document doc;
    assert_int_equal(document_replies(read, &p, &page, &out), OK);
    decode_collection(&out, &arena, &doc);
    assert_int_equal(doc.items.n, 1);
    assert_string_equal(doc.items.item[0], ANN "/posts/r");
    page.is_page = false;
    assert_int_equal(document_replies(read, &p, &page, &out), OK);
    decode_collection(&out, &arena, &doc);
    assert_true(doc.total_items == 1);
    assert_int_equal(document_featured(read, &a, &out), OK);
    decode_collection(&out, &arena, &doc);
    assert_int_equal(doc.items.n, 1);
    assert_string_equal(doc.items.item[0], ANN "/posts/0");
}

/* Ann's thread: 150 replies by Ann, every second direct to bob@b.example. */
static void t66_a_thread_is_listed_by_pages_of_what_a_host_may_read(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(buf_clear) struct buf out = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    struct txn *txn = store_write(&store);
    actor_id ann = build_actor(txn, "ann", ""), bob = build_actor(txn, "bob", "b.example");
    post_id id = build_post(txn, &(struct build_post){.uri = ANN "/posts/0", .author = ann});
    for (int i = 1; i <= 150; i++) {
        char uri[64];
        snprintf(uri, sizeof uri, ANN "/posts/%d", i);
        (void)build_post(txn, &(struct build_post){.uri = uri,
                                                   .author = ann,
                                                   .in_reply_to = ANN "/posts/0",
                                                   .published_ms = BUILD_NOW_MS + i,
                                                   .mentions = {bob},
                                                   .visibility = i % 2 ? VISIBILITY__DIRECT
                                                                       : VISIBILITY__PUBLIC});
    }
    store_commit(&txn);
    Actor a = outbox_owner(ann);
    Post *root;
    AUTO(txn_end) struct txn *read = store_read(&store);
    assert_int_equal(post_get(read, id, &arena, &root), OK);
    assert_false(document_has_thread(root));
    root->context = TEXT(ANN "/posts/0/context");
    assert_true(document_has_thread(root));

    struct thread_page page = {.is_page = false};
    struct as2_document doc;
    assert_int_equal(document_thread(read, root, &a, "c.example", &page, &out), OK);
    assert_non_null(strstr(buf_text(&out), "\"attributedTo\":\"" ANN "\""));
    decode_collection(&out, &arena, &doc);
    assert_string_equal(doc.id, ANN "/posts/0/context");
    assert_true(doc.total_items == 76);
    page.is_page = true;
    assert_int_equal(document_thread(read, root, &a, "c.example", &page, &out), OK);
    decode_collection(&out, &arena, &doc);
    assert_int_equal(doc.items.n, 76);
    assert_string_equal(doc.items.item[0], ANN "/posts/0");
    assert_null(doc.next);
    assert_int_equal(document_thread(read, root, &a, "b.example", &page, &out), OK);
    decode_collection(&out, &arena, &doc);
    assert_int_equal(doc.items.n, 100);
    assert_int_equal(id_parse(strstr(doc.next, "after=") + 6, &page.after), OK);
    assert_int_equal(document_thread(read, root, &a, "b.example", &page, &out), OK);
    decode_collection(&out, &arena, &doc);
    assert_int_equal(doc.items.n, 51);
    assert_string_equal(doc.items.item[50], ANN "/posts/150");
    assert_null(doc.next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t66_a_thread_is_listed_by_pages_of_what_a_host_may_read),
        cmocka_unit_test(an_actor_comes_back),
        cmocka_unit_test(the_instance_actor_says_itself_what_it_understands),
        cmocka_unit_test(every_actor_type_comes_back),
        cmocka_unit_test(a_note_comes_back),
        cmocka_unit_test(an_empty_note_comes_back),
        cmocka_unit_test(create_and_update_carry_the_note),
        cmocka_unit_test(delete_announce_and_profile_updates_come_back),
        cmocka_unit_test(plain_activities_come_back),
        cmocka_unit_test(a_tombstone_comes_back),
        cmocka_unit_test(every_extension_term_in_use_is_defined),
        cmocka_unit_test(a_full_buf_is_said),
        cmocka_unit_test(json_is_escaped),
        cmocka_unit_test(webfinger_comes_back),
        cmocka_unit_test(nodeinfo_keeps_to_the_schemas),
        cmocka_unit_test(t66_the_outbox_has_and_counts_what_is_for_everyone),
        cmocka_unit_test(followers_are_shown_to_those_who_may),
        cmocka_unit_test(t66_who_is_in_a_closed_group_is_not_told),
        cmocka_unit_test(t66_replies_and_pins_are_uris_of_public_posts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
