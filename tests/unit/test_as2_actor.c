#include "federation/as2.h"

#include "tests/support/as2_text.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void quirks_of_actors(void **state)
{
    (void)state;
    static const struct as2_row rows[] = {
        {"name is null", "'name':null", "username=u name=u"},
        {"name is blank", "'name':'  '", "username=u name=u"},
        {"shared inbox", "'endpoints':{'sharedInbox':'https://a.example/in'}",
         "shared=https://a.example/in"},
        {"shared inbox at top level", "'sharedInbox':'https://a.example/in'",
         "shared=https://a.example/in"},
        {"endpoints is a string", "'endpoints':'https://a.example/e'", "shared=-"},
        {"icon is a list", "'icon':[{'url':'https://a.example/i'}]", "icon=https://a.example/i"},
        {"icon is a string", "'icon':'https://a.example/i'", "icon=https://a.example/i"},
        {"icon's url is an object", "'icon':{'url':{'href':'https://a.example/i'}}",
         "icon=https://a.example/i"},
        {"alias is a string", "'alsoKnownAs':'https://b.example/u'", "aka=[https://b.example/u]"},
        {"aliases are no URLs", "'alsoKnownAs':['acct:x','https://b.example/u']",
         "aka=[https://b.example/u]"},
        {"booleans as text", "'discoverable':'true'", "discoverable=1"},
        {"booleans with a prefix", "'toot:discoverable':true,'as:manuallyApprovesFollowers':true",
         "locked=1 discoverable=1"},
        {"key without owner and type",
         "'publicKey':{'id':'https://a.example/u#k','publicKeyPem':'P'}",
         "key(https://a.example/u#k,P,-)"},
        {"keys are a list",
         "'publicKey':[{'id':'https://a.example/u#k','publicKeyPem':'P'},"
         "{'id':'https://a.example/u#l','publicKeyPem':'Q'}]",
         "key(https://a.example/u#k,P,-) key(https://a.example/u#l,Q,-)"},
        {"key is an id", "'publicKey':'https://a.example/u#k'", "aka=[] locked"},
        {"Multikey",
         "'assertionMethod':[{'id':'https://a.example/u#e','type':'Multikey',"
         "'controller':'https://a.example/u','publicKeyMultibase':'z6Mk'}]",
         "key(https://a.example/u#e,-,z6Mk)"},
        {"t19: key of another host",
         "'publicKey':{'id':'https://b.example/u#k','publicKeyPem':'P'}", "aka=[] locked"},
        {"t18: key of another owner",
         "'publicKey':{'id':'https://a.example/v#k','owner':'https://a.example/v',"
         "'publicKeyPem':'P'}",
         "aka=[] locked"},
        {"fields",
         "'attachment':[{'type':'PropertyValue','name':'n','value':'v'},{'type':'Image'},3,"
         "{'type':'schema:PropertyValue','name':'m','schema:value':'w'}]",
         "field(n,v) field(m,w)"},
        {"inbox is nonsense", "'inbox':3", "inbox=-"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        AUTO(buf_clear) struct buf json = BUF_INIT(65536), shown = BUF_INIT(1 << 20);
        struct as2_document doc;
        buf_printf(&json, "{'id':'https://a.example/u','type':'Person','preferredUsername':'u',%s}",
                   rows[i].json);
        if (document_decode(buf_text(&json), &arena, &doc) || doc.kind != AS2_DOCUMENT_ACTOR)
            fail_msg("%s: not read as an actor", rows[i].quirk);
        actor_show(&shown, &doc.actor);
        assert_shown(&rows[i], &shown);
    }
}

static void t33_endpoints_elsewhere_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "'inbox':'https://b.example/in'",      "'outbox':'https://b.example/o'",
        "'followers':'https://b.example/f'",   "'following':'https://b.example/f'",
        "'sharedInbox':'https://b.example/i'", "'endpoints':{'sharedInbox':'https://b.example/i'}",
        "'inbox':'https://a.example:8443/in'", "'inbox':'https://a.example@b.example/in'",
        "'inbox':'http://a.example/in'",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        struct as2_document doc;
        struct as2_activity a;
        char json[512];
        snprintf(json, sizeof json, "{'id':'https://a.example/u','type':'Person',%s}", bad[i]);
        if (document_decode(json, &arena, &doc) != ERR_INVALID)
            fail_msg("taken: %s", bad[i]);
        snprintf(json, sizeof json,
                 "{'type':'Update','actor':'https://a.example/u',"
                 "'object':{'id':'https://a.example/u','type':'Person',%s}}",
                 bad[i]);
        assert_int_equal(activity_decode(json, &arena, &a), ERR_INVALID);
    }
}

static void t34_webfinger_names_one_actor(void **state)
{
    (void)state;
#define SELF(type, href) "{'rel':'self','type':'" type "','href':'" href "'}"
#define JRD(links) "{'subject':'acct:u@a.example','links':[" links "]}"
#define LD "application/ld+json; profile=\\\"https://www.w3.org/ns/activitystreams\\\""
    static const struct {
        const char *json, *self;
    } rows[] = {
        {JRD(SELF("application/activity+json", "https://a.example/u")), "https://a.example/u"},
        {JRD(SELF(LD, "https://a.example/u")), "https://a.example/u"},
        {JRD("{'rel':'x'},3,null," SELF(LD, "https://a.example/u") "," SELF(
             "application/activity+json", "https://a.example/u")),
         "https://a.example/u"},
        {JRD(SELF("text/html", "https://a.example/h") "," SELF("application/activity+json",
                                                               "https://a.example/u")),
         "https://a.example/u"},
        {JRD(SELF(LD, "https://a.example/u") "," SELF("application/activity+json",
                                                      "https://a.example/v")),
         NULL},
        {JRD(SELF("text/html", "https://a.example/h")), NULL},
        {JRD(SELF("application/activity+json", "javascript:x")), NULL},
        {JRD("{'rel':'self','href':'https://a.example/u'}"), NULL},
        {"{'links':[" SELF("application/activity+json", "https://a.example/u") "]}", NULL},
        {"{'subject':3,'links':[" SELF("application/activity+json", "https://a.example/u") "]}",
         NULL},
        {"{'subject':'acct:u@a.example','links':3}", NULL},
        {"{'subject':'acct:u@a.example'}", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
        const char *subject = NULL, *self = NULL;
        enum err e =
            as2_decode_webfinger(json_of(&arena, rows[i].json), &arena, &subject, &self, NULL);
        assert_int_equal(e, rows[i].self ? OK : ERR_INVALID);
        if (!e) {
            assert_string_equal(self, rows[i].self);
            assert_string_equal(subject, "acct:u@a.example");
        }
    }
}

static void t35_what_expands_differently_is_refused(void **state)
{
    (void)state;
#define WITH(more) "{'type':'Note','id':'https://a.example/1'," more "}"
    static const char *const bad[] = {
        WITH("'@graph':[]"),
        WITH("'@included':[]"),
        WITH("'@reverse':{}"),
        WITH("'tag':[{'x':{'@reverse':{}}}]"),
        WITH("'@context':{'actor':'https://x.example/actor'}"),
        WITH("'@context':{'actor':'as:object'}"),
        WITH("'@context':{'to':'ex:to'}"),
        WITH("'@context':['https://www.w3.org/ns/activitystreams',{'to':'as:cc'}]"),
        WITH("'@context':[[{'content':{'@id':'as:summary'}}]]"),
        WITH("'@context':{'content':null}"),
        WITH("'@context':{'content':{'@type':'xsd:string'}}"),
        WITH("'@context':{'id':'as:url'}"),
        WITH("'@context':{'as':'https://x.example/#'}"),
        WITH("'@context':{'x':'@graph'}"),
        WITH("'@context':{'x':{'@id':'@included'}}"),
        WITH("'@context':{'x':{'@reverse':'as:object'}}"),
        WITH("'@context':{'x':{'@id':'as:x','@context':{'to':'as:cc'}}}"),
        WITH("'@context':{'publicKey':'https://x.example/#other'}"),
        WITH("'tag':{'@context':{'href':'as:name'}}"),
        WITH("'@context':{'oneOf':'as:anyOf'}"),
        WITH("'@context':{'canReply':'gts:canLike'}"),
    };
    static const char *const good[] = {
        WITH("'@context':'https://evil.example/context'"),
        WITH("'@context':['https://www.w3.org/ns/activitystreams',{'sensitive':'as:sensitive',"
             "'toot':'http://joinmastodon.org/ns#','featured':{'@id':'toot:featured','@type':"
             "'@id'},'discoverable':'toot:discoverable','Hashtag':'as:Hashtag',"
             "'movedTo':{'@id':'as:movedTo','@type':'@id'},'focalPoint':{'@container':'@list',"
             "'@id':'toot:focalPoint'},'@language':'und'}]"),
        WITH("'@context':{'inbox':{'@id':'ldp:inbox'},'id':'@id','type':'@type',"
             "'contentMap':{'@id':'as:content','@container':'@language'},"
             "'as':'https://www.w3.org/ns/activitystreams#',"
             "'name':'https://www.w3.org/ns/activitystreams#name'}"),
        WITH("'@context':{'canReply':{'@id':'gts:canReply','@type':'@id'},'quote':{'@id':"
             "'https://w3id.org/fep/044f#quote'},'votersCount':'toot:votersCount',"
             "'location':{'@id':'sc:location','@type':'sc:Place'}}"),
        WITH("'signature':{'type':'RsaSignature2017','creator':'https://b.example/u#k',"
             "'signatureValue':'x'}"),
    };
    struct as2_document doc;
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        if (document_decode(bad[i], &arena, &doc) != ERR_INVALID)
            fail_msg("taken: %s", bad[i]);
    }
    for (size_t i = 0; i < COUNT(good); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        if (document_decode(good[i], &arena, &doc) || doc.kind != AS2_DOCUMENT_NOTE)
            fail_msg("refused: %s", good[i]);
    }
}

static void quirks_of_collections(void **state)
{
    (void)state;
    static const struct {
        const char *json, *items, *first;
        int64_t total;
    } rows[] = {
        {"{'type':'OrderedCollection','totalItems':2,'first':'https://a.example/p'}", "items=[]",
         "https://a.example/p", 2},
        {"{'type':'Collection','items':['https://a.example/1',{'id':'https://a.example/2'},{},3]}",
         "items=[https://a.example/1 https://a.example/2]", NULL, -1},
        {"{'type':'OrderedCollection','orderedItems':'https://a.example/1'}",
         "items=[https://a.example/1]", NULL, -1},
        {"{'type':'OrderedCollection','totalItems':-5,'first':{'type':'OrderedCollectionPage',"
         "'id':'https://a.example/p','orderedItems':['https://a.example/1']}}",
         "items=[https://a.example/1]", "https://a.example/p", -1},
        {"{'type':'Collection','totalItems':1.5,'first':{'type':'Create','id':'https://a.example/c'"
         "}}",
         "items=[]", NULL, -1},
        {"{'type':'Collection','totalItems':'7'}", "items=[]", NULL, -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        AUTO(buf_clear) struct buf shown = BUF_INIT(65536);
        struct as2_document doc;
        assert_int_equal(document_decode(rows[i].json, &arena, &doc), OK);
        assert_int_equal(doc.kind, AS2_DOCUMENT_COLLECTION);
        list_show(&shown, "items", &doc.items);
        assert_string_equal(buf_text(&shown) + 1, rows[i].items);
        assert_true(doc.total_items == rows[i].total);
        if (rows[i].first)
            assert_string_equal(doc.first, rows[i].first);
        else
            assert_null(doc.first);
    }
}

static void keys_come_as_documents(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    struct as2_document doc;
    assert_int_equal(document_decode("{'id':'https://a.example/k','controller':"
                                     "'https://a.example/u','publicKeyPem':'P'}",
                                     &arena, &doc),
                     OK);
    assert_int_equal(doc.kind, AS2_DOCUMENT_KEY);
    assert_string_equal(doc.key.owner, "https://a.example/u");
    assert_string_equal(doc.key.pem, "P");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quirks_of_actors),
        cmocka_unit_test(t33_endpoints_elsewhere_are_refused),
        cmocka_unit_test(t34_webfinger_names_one_actor),
        cmocka_unit_test(t35_what_expands_differently_is_refused),
        cmocka_unit_test(quirks_of_collections),
        cmocka_unit_test(keys_come_as_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
