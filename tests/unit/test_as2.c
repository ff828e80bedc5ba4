#include "federation/as2.h"

#include "federation/uri.h"
#include "storage/base/buf.h"

#include <dirent.h>
#include <inttypes.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BODY_MAX_BYTES (1024 * 1024)
#define HEAP_MAX_BYTES (16 * 1024 * 1024)

/* ---- small JSON, written with ' for " ---- */

static struct bytes json_of(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);
    assert_non_null(copy);
    for (char *p = copy; *p; p++)
        if (*p == '\'')
            *p = '"';
    return bytes_of(copy);
}

static enum err decode(const char *text, struct arena *arena, struct as2_activity *out)
{
    struct why why = {""};
    enum err e = as2_decode_activity(json_of(arena, text), arena, out, &why);
    assert_true(!e == !why.text[0]); /* who refuses says why */
    return e;
}

static enum err decode_document(const char *text, struct arena *arena, struct as2_document *out)
{
    struct why why = {""};
    enum err e = as2_decode_document(json_of(arena, text), arena, out, &why);
    assert_true(!e == !why.text[0]);
    return e;
}

/* ---- structs as text, so that a table can say what is expected ---- */

static void add(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, " %s=%s", name, text ? text : "-");
}

static void add_list(struct buf *out, const char *name, const struct as2_list *list)
{
    buf_printf(out, " %s=[", name);
    for (size_t i = 0; i < list->n; i++) {
        bool is_public = strcmp(list->item[i], AS2_PUBLIC) == 0;
        buf_printf(out, "%s%s", i ? " " : "", is_public ? "PUBLIC" : list->item[i]);
    }
    buf_char(out, ']');
}

static void show_note(struct buf *out, const struct as2_note *n)
{
    static const char *const kinds[] = {"mention", "hashtag", "emoji"};
    add(out, "id", n->id);
    add(out, "type", n->type);
    add(out, "by", n->attributed_to);
    add(out, "content", n->content);
    add(out, "language", n->language);
    add(out, "media", n->content_type);
    add(out, "summary", n->summary);
    add(out, "name", n->name);
    add(out, "url", n->url);
    add(out, "reply", n->in_reply_to);
    add(out, "context", n->context);
    add(out, "quote", n->quote);
    add_list(out, "to", &n->to);
    add_list(out, "cc", &n->cc);
    for (size_t i = 0; i < n->tag_count; i++)
        buf_printf(out, " %s(%s,%s)", kinds[n->tags[i].kind],
                   n->tags[i].name ? n->tags[i].name : "-",
                   n->tags[i].href ? n->tags[i].href : "-");
    for (size_t i = 0; i < n->attachment_count; i++) {
        const struct as2_attachment *a = &n->attachments[i];
        buf_printf(out, " file(%s,%s,%s,%" PRIu32 "x%" PRIu32 ",%.1f,%.1f)", a->url,
                   a->media_type ? a->media_type : "-", a->description ? a->description : "-",
                   a->width, a->height, (double)a->focus_x, (double)a->focus_y);
    }
    buf_printf(out, " sensitive=%d published=%" PRId64 ";", n->is_sensitive, n->published_ms);
}

static void show_actor(struct buf *out, const struct as2_actor *a)
{
    add(out, "id", a->id);
    buf_printf(out, " type=%d", (int)a->type);
    add(out, "username", a->username);
    add(out, "name", a->name);
    add(out, "url", a->url);
    add(out, "inbox", a->inbox);
    add(out, "shared", a->shared_inbox);
    add(out, "featured", a->featured);
    add(out, "icon", a->icon);
    add_list(out, "aka", &a->also_known_as);
    for (size_t i = 0; i < a->key_count; i++)
        buf_printf(out, " key(%s,%s,%s)", a->keys[i].id, a->keys[i].pem ? a->keys[i].pem : "-",
                   a->keys[i].multibase ? a->keys[i].multibase : "-");
    for (size_t i = 0; i < a->field_count; i++)
        buf_printf(out, " field(%s,%s)", a->fields[i].name, a->fields[i].value);
    buf_printf(out, " locked=%d discoverable=%d;", a->is_locked, a->is_discoverable);
}

static void show_activity(struct buf *out, const struct as2_activity *a)
{
    static const char *const kinds[] = {"none",     "id",        "note", "actor",
                                        "activity", "tombstone", "other"};
    add(out, "id", a->id);
    add(out, "type", a->type);
    add(out, "actor", a->actor);
    add_list(out, "to", &a->to);
    add(out, "kind", kinds[a->object_kind]);
    add(out, "object", a->object_id);
    add(out, "otype", a->object_type);
    if (a->inner)
        buf_printf(out, " inner(%s,%s,%s)", a->inner->type, a->inner->actor ? a->inner->actor : "-",
                   a->inner->object_id ? a->inner->object_id : "-");
    buf_str(out, ";");
}

struct row {
    const char *quirk;
    const char *json;
    const char *expected; /* in the text of the struct */
};

static void assert_shown(const struct row *row, struct buf *shown)
{
    if (!strstr(buf_text(shown), row->expected))
        fail_msg("%s: \"%s\" is not in:%s", row->quirk, row->expected, buf_text(shown));
}

static void check_notes(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        AUTO(buf_clear) struct buf json = BUF_INIT(65536), shown = BUF_INIT(1 << 20);
        struct as2_document doc;
        buf_printf(&json, "{'id':'https://a.example/1','type':'Note',%s}", rows[i].json);
        if (strstr(rows[i].json, "'type':") == rows[i].json) {
            buf_reset(&json);
            buf_printf(&json, "{'id':'https://a.example/1',%s}", rows[i].json);
        }
        if (decode_document(buf_text(&json), &arena, &doc) || doc.kind != AS2_DOCUMENT_NOTE)
            fail_msg("%s: not read as a note", rows[i].quirk);
        show_note(&shown, &doc.note);
        assert_shown(&rows[i], &shown);
    }
}

static const struct row note_quirks[] = {
    {"to is a string", "'to':'https://b.example/u'", "to=[https://b.example/u] cc=[]"},
    {"to is null", "'to':null", "to=[]"},
    {"to has objects and others", "'to':[{'id':'https://b.example/u'},3,null,{},[],'x']",
     "to=[https://b.example/u]"},
    {"to twice the same", "'to':['https://b.example/u','https://b.example/u']",
     "to=[https://b.example/u]"},
    {"public, full", "'to':['" AS2_PUBLIC "']", "to=[PUBLIC]"},
    {"public, as:", "'to':'as:Public'", "to=[PUBLIC]"},
    {"public, bare", "'cc':['Public']", "cc=[PUBLIC]"},
    {"public, as an object", "'cc':{'id':'as:Public'}", "cc=[PUBLIC]"},
    {"public, two spellings", "'to':['Public','as:Public']", "to=[PUBLIC]"},
    {"bto and bcc", "'bto':'https://b.example/u','bcc':'https://b.example/v'", "to=[] cc=[]"},
    {"author is an object", "'attributedTo':{'id':'https://a.example/u','type':'Person'}",
     "by=https://a.example/u"},
    {"authors: PeerTube",
     "'attributedTo':[{'type':'Group','id':'https://a.example/g'},"
     "{'type':'Person','id':'https://a.example/u'}]",
     "by=https://a.example/u"},
    {"authors: ids", "'attributedTo':['https://a.example/u','https://a.example/g']",
     "by=https://a.example/u"},
    {"authors: nonsense", "'attributedTo':[3,null,{}]", "by=-"},
    {"type is a list", "'type':['x:Thing','Article']", "type=Article"},
    {"type with a prefix", "'type':'as:Note'", "type=Note"},
    {"converted: Video", "'type':'Video','name':'t'", "type=Video"},
    {"Question", "'type':'Question','oneOf':[{'name':'a'}],'votersCount':'x'", "type=Question"},
    {"poll vote", "'name':'yes','inReplyTo':'https://b.example/q'", "content=- "},
    {"content is null", "'content':null", "content=- "},
    {"content is a number", "'content':42", "content=- "},
    {"content only as map", "'contentMap':{'de':'Hallo'}", "content=Hallo language=de"},
    {"content and map", "'content':'b','contentMap':{'de':'a','en':'b'}", "content=b language=en"},
    {"map of another text", "'content':'b','contentMap':{'de':'a'}", "content=b language=-"},
    {"map with und", "'contentMap':{'und':'a'}", "content=a language=-"},
    {"map with nonsense", "'contentMap':{'de':3,'en':'a'}", "content=a language=en"},
    {"map is a string", "'contentMap':'a'", "content=- language=-"},
    {"summaryMap, nameMap", "'summaryMap':{'en':'s'},'nameMap':{'en':'n'}", "summary=s name=n"},
    {"Markdown", "'content':'*a*','mediaType':'text/markdown'", "media=text/markdown"},
    {"url is a Link", "'url':{'type':'Link','href':'https://a.example/h'}",
     "url=https://a.example/h"},
    {"url is a list: text/html first",
     "'url':[{'type':'Link','mediaType':'video/mp4','href':'https://a.example/v'},"
     "{'type':'Link','mediaType':'text/html','href':'https://a.example/h'}]",
     "url=https://a.example/h"},
    {"url is a list: no page", "'url':['https://a.example/x','https://a.example/y']",
     "url=https://a.example/x"},
    {"url missing", "'url':null", "url=https://a.example/1"},
    {"url relative", "'url':'/x'", "url=https://a.example/1"},
    {"url is a script", "'url':'javascript:alert(1)'", "url=https://a.example/1"},
    {"one tag", "'tag':{'type':'Hashtag','name':'#x'}", "hashtag(#x,-)"},
    {"tag is null", "'tag':null", "cc=[] sensitive"},
    {"mention without name", "'tag':[{'type':'Mention','href':'https://b.example/u'}]",
     "mention(-,https://b.example/u)"},
    {"mention without href", "'tag':[{'type':'Mention','name':'@b'}]", "cc=[] sensitive"},
    {"hashtag without #", "'tag':[{'type':'Hashtag','name':'x'}]", "hashtag(x,-)"},
    {"hashtag without name", "'tag':[{'type':'Hashtag','href':'https://a.example/tags/x'}]",
     "hashtag(x,https://a.example/tags/x)"},
    {"emoji without id",
     "'tag':[{'type':'Emoji','id':null,'name':':x:','icon':[{'url':'https://a.example/e'}]}]",
     "emoji(:x:,https://a.example/e)"},
    {"emoji without icon", "'tag':[{'type':'Emoji','name':':x:'}]", "cc=[] sensitive"},
    {"tags are nonsense", "'tag':[3,null,[],{},'x',{'type':7}]", "cc=[] sensitive"},
    {"mentions in the text only", "'content':'@bob #x'", "cc=[] sensitive"},
    {"one attachment",
     "'attachment':{'type':'Image','url':'https://a.example/i','mediaType':'image/png',"
     "'name':'alt','width':4,'height':3,'focalPoint':[0.5,-0.5]}",
     "file(https://a.example/i,image/png,alt,4x3,0.5,-0.5)"},
    {"attachment is a Link", "'attachment':[{'type':'Link','href':'https://a.example/l'}]",
     "file(https://a.example/l,-,-,0x0"},
    {"attachment without type, url a list",
     "'attachment':[{'url':[{'href':'https://a.example/l','mediaType':'image/png'}]}]",
     "file(https://a.example/l,image/png"},
    {"attachments are nonsense",
     "'attachment':[{},3,null,{'url':'ftp://x/'},{'url':{'url':{'url':3}}}]", "cc=[] sensitive"},
    {"absurd sizes", "'attachment':{'url':'https://a.example/i','width':-1,'height':1e9}", ",0x0,"},
    {"absurd focus", "'attachment':{'url':'https://a.example/i','focalPoint':[7,-1e300]}",
     ",1.0,-1.0)"},
    {"reply is null", "'inReplyTo':null", "reply=-"},
    {"reply is an object", "'inReplyTo':{'id':'https://b.example/1'}", "reply=https://b.example/1"},
    {"reply is a list", "'inReplyTo':['https://b.example/1','https://b.example/2']",
     "reply=https://b.example/1"},
    {"date with offset", "'published':'2023-11-14T23:13:20+01:00'", "published=1700000000000"},
    {"date with microseconds", "'published':'2023-11-14T22:13:20.000001Z'",
     "published=1700000000000"},
    {"date without zone", "'published':'2023-11-14T22:13:20'", "published=1700000000000"},
    {"year 0", "'published':'0000-01-01T00:00:00Z'", "published=0"},
    {"year 10000", "'published':'10000-01-01T00:00:00Z'", "published=0"},
    {"date is a number", "'published':1700000000", "published=0"},
    {"boolean as text", "'sensitive':'true'", "sensitive=1"},
    {"boolean with a prefix", "'as:sensitive':true", "sensitive=1"},
    {"boolean is an object", "'sensitive':{}", "sensitive=0"},
    {"quote, Misskey", "'_misskey_quote':'https://b.example/1'", "quote=https://b.example/1"},
    {"quoteUrl", "'quoteUrl':'https://b.example/1'", "quote=https://b.example/1"},
    {"conversation", "'conversation':'tag:a.example,2026:1'", "context=tag:a.example,2026:1"},
    {"context", "'context':'https://a.example/c','conversation':'x'",
     "context=https://a.example/c"},
    {"replies embedded", "'replies':{'type':'Collection','totalItems':1e9}", "cc=[]"},
    {"@context is a number", "'@context':3", "cc=[]"},
    {"@context is private", "'@context':['https://a.example/private',{'x':'https://x/'}]", "cc=[]"},
};

static void quirks_of_notes(void **state)
{
    (void)state;
    check_notes(note_quirks, COUNT(note_quirks));
}

static void quirks_of_ids(void **state)
{
    (void)state;
    static const char *const kept[] = {
        "https://a.example/u#likes/2", "https://a.example/?c=148", "https://a.example",
        "https://a.example/@u/~x:y/",  "https://a.example/%C3%A9", "https://a.example/é",
        "http://a.example/x",          "HTTPS://A.example/x",
    };
    static const char *const dropped[] = {
        "3",
        "null",
        "true",
        "[]",
        "{}",
        "''",
        "'x'",
        "'/1'",
        "'urn:x:1'",
        "'https://a.example/ x'",
        "'https://a.example/\\u0001'",
        "'https://a.example/\\n'",
    };
    for (size_t i = 0; i < COUNT(kept); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        struct as2_document doc;
        char json[256];
        snprintf(json, sizeof json, "{'type':'Note','id':'%s'}", kept[i]);
        assert_int_equal(decode_document(json, &arena, &doc), OK);
        assert_string_equal(doc.note.id, kept[i]); /* byte for byte */
    }
    for (size_t i = 0; i < COUNT(dropped); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        struct as2_activity a;
        char json[256];
        snprintf(json, sizeof json, "{'type':'Like','id':%s,'actor':'https://a.example/u'}",
                 dropped[i]);
        assert_int_equal(decode(json, &arena, &a), OK);
        assert_null(a.id);
    }
}

static void quirks_of_activities(void **state)
{
    (void)state;
#define ACT(type, object)                                                                          \
    "{'id':'https://a.example/1','type':'" type "','actor':'https://a.example/u','object':" object \
    "}"
    static const struct row rows[] = {
        {"actor is an object", "{'type':'Like','actor':{'id':'https://a.example/u','type':'X'}}",
         "actor=https://a.example/u"},
        {"actor is a list", "{'type':'Like','actor':['https://a.example/u','https://b.example/v']}",
         "actor=https://a.example/u"},
        {"object is an id", ACT("Like", "'https://b.example/1'"),
         "kind=id object=https://b.example/1"},
        {"object is a list", ACT("Flag", "[null,'https://b.example/1','https://b.example/2']"),
         "kind=id object=https://b.example/1"},
        {"object is null", ACT("Like", "null"), "kind=none object=-"},
        {"object is a number", ACT("Like", "23"), "kind=none object=-"},
        {"object is empty", ACT("Create", "{}"), "kind=none object=-"},
        {"object without type", ACT("Undo", "{'id':'https://a.example/2'}"),
         "kind=id object=https://a.example/2"},
        {"object is a note", ACT("Create", "{'type':'Note','id':'https://a.example/n'}"),
         "kind=note object=https://a.example/n otype=Note"},
        {"object is an actor", ACT("Update", "{'type':'Person','id':'https://a.example/u'}"),
         "kind=actor object=https://a.example/u"},
        {"object is a tombstone", ACT("Delete", "{'type':'Tombstone','id':'https://a.example/n'}"),
         "kind=tombstone object=https://a.example/n"},
        {"ChatMessage is no post",
         ACT("Create", "{'type':'ChatMessage','id':'https://a.example/n'}"),
         "kind=other object=https://a.example/n otype=ChatMessage"},
        {"Undo with the activity",
         ACT("Undo", "{'type':'Follow','id':'https://a.example/f','actor':'https://a.example/u',"
                     "'object':'https://b.example/v'}"),
         "kind=activity object=https://a.example/f otype=Follow "
         "inner(Follow,https://a.example/u,https://b.example/v)"},
        {"Accept of a Follow without id or actor",
         ACT("Accept", "{'type':'Follow','object':{'id':'https://b.example/v','type':'Person'}}"),
         "kind=activity object=- otype=Follow inner(Follow,-,https://b.example/v)"},
        {"Announce of an activity",
         ACT("Announce", "{'type':'Create','id':'https://a.example/c',"
                         "'object':{'type':'Note','id':'https://a.example/n'}}"),
         "inner(Create,-,https://a.example/n)"},
        {"unknown type", ACT("Lock", "'https://a.example/1'"), "type=Lock"},
        {"first known type", "{'type':['x','Follow','Like'],'actor':'https://a.example/u'}",
         "type=Follow"},
        {"id with a bad type", "{'type':'Like','id':{'a':1},'actor':'https://a.example/u'}",
         "id=- type=Like"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        AUTO(buf_clear) struct buf shown = BUF_INIT(1 << 20);
        struct as2_activity a;
        if (decode(rows[i].json, &arena, &a))
            fail_msg("%s: refused", rows[i].quirk);
        show_activity(&shown, &a);
        assert_shown(&rows[i], &shown);
    }
}

static void an_author_who_is_the_actor_is_preferred(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    struct as2_activity a;
    assert_int_equal(decode(ACT("Create", "{'type':'Video','attributedTo':["
                                          "{'type':'Person','id':'https://a.example/p'},"
                                          "{'type':'Group','id':'https://a.example/u'}]}"),
                            &arena, &a),
                     OK);
    assert_string_equal(a.note->attributed_to, "https://a.example/u");
}

static void t48_without_type_or_actor_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{'actor':'https://a.example/u'}",
        "{'type':[],'actor':'https://a.example/u'}",
        "{'type':3,'actor':'https://a.example/u'}",
        "{'type':'','actor':'https://a.example/u'}",
        "{'type':'Like'}",
        "{'type':'Like','actor':90}",
        "{'type':'Like','actor':{}}",
        "{'type':'Like','actor':[]}",
        "{}",
        "[]",
        "3",
        "'x'",
        "null",
        "",
        "{",
        "{'a':1}x",
        "{'type':'Like','type':'Like','actor':'https://a.example/u'}", /* twice the same key */
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        struct as2_activity a;
        if (decode(bad[i], &arena, &a) != ERR_INVALID)
            fail_msg("taken: %s", bad[i]);
    }
}

static void quirks_of_actors(void **state)
{
    (void)state;
    static const struct row rows[] = {
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
        if (decode_document(buf_text(&json), &arena, &doc) || doc.kind != AS2_DOCUMENT_ACTOR)
            fail_msg("%s: not read as an actor", rows[i].quirk);
        show_actor(&shown, &doc.actor);
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
        if (decode_document(json, &arena, &doc) != ERR_INVALID)
            fail_msg("taken: %s", bad[i]);
        snprintf(json, sizeof json,
                 "{'type':'Update','actor':'https://a.example/u',"
                 "'object':{'id':'https://a.example/u','type':'Person',%s}}",
                 bad[i]);
        assert_int_equal(decode(json, &arena, &a), ERR_INVALID);
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
        WITH("'signature':{'type':'RsaSignature2017','creator':'https://b.example/u#k',"
             "'signatureValue':'x'}"),
    };
    struct as2_document doc;
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        if (decode_document(bad[i], &arena, &doc) != ERR_INVALID)
            fail_msg("taken: %s", bad[i]);
    }
    for (size_t i = 0; i < COUNT(good); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        if (decode_document(good[i], &arena, &doc) || doc.kind != AS2_DOCUMENT_NOTE)
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
        assert_int_equal(decode_document(rows[i].json, &arena, &doc), OK);
        assert_int_equal(doc.kind, AS2_DOCUMENT_COLLECTION);
        add_list(&shown, "items", &doc.items);
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
    assert_int_equal(decode_document("{'id':'https://a.example/k','controller':"
                                     "'https://a.example/u','publicKeyPem':'P'}",
                                     &arena, &doc),
                     OK);
    assert_int_equal(doc.kind, AS2_DOCUMENT_KEY);
    assert_string_equal(doc.key.owner, "https://a.example/u");
    assert_string_equal(doc.key.pem, "P");
}

/* ---- limits ---- */

static void t55_depth_is_bounded_before_parsing(void **state)
{
    (void)state;
    static const struct {
        size_t depth;
        enum err e;
    } rows[] = {{64, OK}, {65, ERR_LIMIT}, {2000, ERR_LIMIT}, {100000, ERR_LIMIT}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf json = BUF_INIT(BODY_MAX_BYTES);
        for (size_t k = 0; k < rows[i].depth; k++)
            buf_str(&json, "[");
        for (size_t k = 0; k < rows[i].depth; k++)
            buf_str(&json, "]");
        assert_int_equal(as2_prescan(buf_bytes(&json), NULL), rows[i].e);
        buf_reset(&json);
        for (size_t k = 0; k + 1 < rows[i].depth; k++)
            buf_str(&json, "{\"a\":");
        buf_str(&json, "{}");
        for (size_t k = 0; k + 1 < rows[i].depth; k++)
            buf_str(&json, "}");
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        struct as2_document doc;
        assert_int_equal(as2_decode_document(buf_bytes(&json), &arena, &doc, NULL), rows[i].e);
    }
    /* brackets in strings are text */
    AUTO(buf_clear) struct buf text = BUF_INIT(BODY_MAX_BYTES);
    buf_str(&text, "{\"a\":\"\\\"");
    for (int k = 0; k < 60000; k++)
        buf_str(&text, "[,");
    buf_str(&text, "\\\\\"}");
    assert_int_equal(as2_prescan(buf_bytes(&text), NULL), OK);
}

static size_t heap_now, heap_peak;

static void *count_alloc(size_t n)
{
    void *p = malloc(n);
    heap_now += malloc_usable_size(p);
    heap_peak = heap_now > heap_peak ? heap_now : heap_peak;
    return p;
}

static void count_free(void *p)
{
    heap_now -= malloc_usable_size(p);
    free(p);
}

/* What jansson and the arena take at most for a body. */
static enum err decode_counted(struct bytes body, size_t *out_heap)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    struct as2_document doc;
    heap_now = heap_peak = 0;
    json_set_alloc_funcs(count_alloc, count_free);
    enum err e = as2_decode_document(body, &arena, &doc, NULL);
    json_set_alloc_funcs(malloc, free);
    assert_true(heap_now == 0);
    *out_heap = heap_peak + arena.used_bytes;
    return e;
}

static void fill(struct buf *body, const char *head, const char *piece, size_t count,
                 const char *tail)
{
    buf_reset(body);
    buf_str(body, head);
    for (size_t i = 0; i < count && body->n + strlen(piece) + strlen(tail) < BODY_MAX_BYTES; i++)
        buf_str(body, piece);
    buf_str(body, tail);
}

static void t56_a_body_takes_bounded_memory(void **state)
{
    (void)state;
    static const struct {
        const char *head, *piece, *tail;
        size_t count;
        enum err e;
    } rows[] = {
        {"{\"a\":[", "{},", "{}]}", SIZE_MAX, ERR_LIMIT},
        {"{\"a\":[", "1,", "1]}", SIZE_MAX, ERR_LIMIT},
        {"{\"a\":[", "1,", "1]}", 49998, ERR_LIMIT}, /* one over: { : [ and the commas */
        {"{\"a\":[", "1,", "1]}", 49997, OK},
        {"{\"a\":[", "{},", "{}]}", 24998, OK},
        {"{\"a\":[", "[],", "[]]}", 24998, OK},
        {"{\"a\":[", "{\"b\":1},", "{}]}", 16665, OK},
        {"{\"type\":\"Note\",\"content\":\"", "x", "\"}", SIZE_MAX, OK},
        {"{\"type\":\"Note\",\"content\":\"", "\\u00e9", "\"}", SIZE_MAX, OK},
        {"{\"type\":\"Note\",\"to\":[", "\"https://b.example/0123456789/0123456789/0123\",",
         "\"\"]}", SIZE_MAX, OK},
    };
    AUTO(buf_clear) struct buf body = BUF_INIT(BODY_MAX_BYTES + 64);
    size_t heap;
    for (size_t i = 0; i < COUNT(rows); i++) {
        fill(&body, rows[i].head, rows[i].piece, rows[i].count, rows[i].tail);
        enum err e = decode_counted(buf_bytes(&body), &heap);
        if (e != rows[i].e || heap + body.n > HEAP_MAX_BYTES)
            fail_msg("row %zu: %s, %zu bytes", i, err_name(e), heap);
    }
    buf_reset(&body);
    for (int i = 0; i < 10000; i++)
        buf_printf(&body, "%s\"k%d\":{}", i ? "," : "{", i);
    buf_str(&body, "}");
    assert_int_equal(decode_counted(buf_bytes(&body), &heap), OK);
    assert_true(heap + body.n < HEAP_MAX_BYTES);
}

static void t57_absurd_numbers_are_dropped_or_refused(void **state)
{
    (void)state;
    static const char *const numbers[] = {"1e400", "9223372036854775808", "-1",
                                          "1e300", "9223372036854775807", "-9223372036854775808",
                                          "0.5"};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        struct as2_document doc;
        char json[512];
        snprintf(json, sizeof json, "{'type':'Collection','totalItems':%s}", numbers[i]);
        enum err e = decode_document(json, &arena, &doc);
        assert_true(e == ERR_INVALID || doc.total_items == -1 || doc.total_items == INT64_MAX);
        snprintf(json, sizeof json,
                 "{'type':'Note','published':%s,'attachment':{'url':'https://a.example/i',"
                 "'width':%s,'height':%s,'focalPoint':[%s,%s]}}",
                 numbers[i], numbers[i], numbers[i], numbers[i], numbers[i]);
        e = decode_document(json, &arena, &doc);
        if (e == OK) {
            assert_true(doc.note.published_ms == 0);
            assert_true(doc.note.attachments[0].width == 0);
            assert_true(doc.note.attachments[0].focus_x <= 1);
        }
    }
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    char json[600] = "{'type':'Collection','totalItems':", *end = json + strlen(json);
    memset(end, '9', 400);
    memcpy(end + 400, "}", 2);
    struct as2_document doc;
    assert_int_equal(decode_document(json, &arena, &doc), ERR_INVALID);
}

static void add_numbered(struct buf *json, const char *name, const char *format, int count)
{
    buf_printf(json, ",\"%s\":[", name);
    for (int i = 0; i < count; i++) {
        AUTO(buf_clear) struct buf number = BUF_INIT(16);
        buf_printf(&number, "%d", i);
        buf_str(json, i ? "," : "");
        for (const char *p = format; *p; p++) {
            if (*p == '?')
                buf_str(json, buf_text(&number));
            else
                buf_char(json, *p == '\'' ? '"' : *p);
        }
    }
    buf_char(json, ']');
}

static void t58_what_is_over_a_limit_is_cut(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf json = BUF_INIT(BODY_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    struct as2_document doc;
    buf_str(&json, "{\"type\":\"Note\"");
    add_numbered(&json, "to", "'https://b.example/?'", 200);
    add_numbered(&json, "cc", "'https://c.example/?'", 200);
    add_numbered(&json, "tag", "{'type':'Hashtag','name':'#t?'}", 100);
    add_numbered(&json, "attachment", "{'url':'https://a.example/?'}", 100);
    buf_str(&json, "}");
    assert_int_equal(as2_decode_document(buf_bytes(&json), &arena, &doc, NULL), OK);
    assert_int_equal(doc.note.to.n + doc.note.cc.n, AS2_RECIPIENTS_MAX);
    assert_int_equal(doc.note.tag_count, AS2_TAGS_MAX);
    assert_int_equal(doc.note.attachment_count, AS2_ATTACHMENTS_MAX);
    assert_true(doc.note.is_cut);

    buf_reset(&json);
    buf_str(&json, "{\"type\":\"Note\",\"content\":\"");
    for (int i = 0; i < AS2_STRING_MAX; i++)
        buf_str(&json, "é");
    buf_str(&json, "\"}");
    assert_int_equal(as2_decode_document(buf_bytes(&json), &arena, &doc, NULL), OK);
    assert_int_equal(strlen(doc.note.content), AS2_STRING_MAX);
    assert_true(utf8_check(bytes_of(doc.note.content)));
    assert_true(doc.note.is_cut);
}

static void t89_ids_have_a_length(void **state)
{
    (void)state;
    static const struct {
        size_t length;
        enum err e;
    } rows[] = {{511, OK}, {512, OK}, {URI_MAX_BYTES, OK}, {URI_MAX_BYTES + 1, ERR_INVALID}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        char id[URI_MAX_BYTES + 2], json[8192];
        memset(id, 'x', sizeof id);
        memcpy(id, "https://a.example/", 18);
        id[rows[i].length] = '\0';
        struct as2_activity a;
        struct as2_document doc;
        snprintf(json, sizeof json, "{'type':'Like','id':'%s','actor':'https://a.example/u'}", id);
        assert_int_equal(decode(json, &arena, &a), rows[i].e);
        if (rows[i].e == OK)
            assert_string_equal(a.id, id);
        snprintf(json, sizeof json, "{'type':'Like','actor':'%s'}", id);
        assert_int_equal(decode(json, &arena, &a), rows[i].e);
        snprintf(json, sizeof json,
                 "{'type':'Create','actor':'https://a.example/u','object':{'type':'Note',"
                 "'id':'%s'}}",
                 id);
        assert_int_equal(decode(json, &arena, &a), rows[i].e);
        snprintf(json, sizeof json, "{'type':'Person','id':'%s'}", id);
        assert_int_equal(decode_document(json, &arena, &doc), rows[i].e);
    }
}

static void a_full_arena_is_a_limit(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena room = ARENA_INIT(65536), small = ARENA_INIT(128);
    struct as2_document doc;
    struct bytes json = json_of(&room, "{'type':'Note','id':'https://a.example/1','content':'"
                                       "0123456789012345678901234567890123456789','tag':[{},{}],"
                                       "'to':['https://a.example/u'],'name':'x','summary':'y'}");
    assert_int_equal(as2_decode_document(json, &small, &doc, NULL), ERR_LIMIT);
}

/* ---- published documents ---- */

/* Not JSON: it has line breaks inside a string. RFC 8259 and jansson refuse it, and so do we. */
static const char *const not_json[] = {"vocabulary-ex196-jsonld.json"};

static struct bytes read_file(const char *path, struct arena *arena)
{
    FILE *f = fopen(path, "rb");
    char *text = arena_alloc(arena, BODY_MAX_BYTES);
    assert_non_null(f);
    assert_non_null(text);
    size_t n = fread(text, 1, BODY_MAX_BYTES, f);
    fclose(f);
    return (struct bytes){(uint8_t *)text, n};
}

typedef void check_file(const char *name, enum err e, const struct as2_document *doc);

static unsigned each_file(const char *folder, check_file *check)
{
    const char *root = getenv("WARD_VECTORS");
    char path[4096];
    unsigned count = 0;
    snprintf(path, sizeof path, "%s/%s", root ? root : "tests/vectors", folder);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!strstr(entry->d_name, ".json"))
            continue;
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        AUTO(arena_clear) struct arena file = ARENA_INIT(2 * BODY_MAX_BYTES);
        char name[8192];
        struct as2_document doc;
        struct as2_activity activity;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        struct bytes body = read_file(name, &file);
        check(entry->d_name, as2_decode_document(body, &arena, &doc, NULL), &doc);
        if (as2_decode_activity(body, &arena, &activity, NULL) == OK)
            assert_non_null(activity.actor);
        count++;
    }
    closedir(dir);
    return count;
}

static void check_good(const char *name, enum err e, const struct as2_document *doc)
{
    (void)doc;
    for (size_t i = 0; i < COUNT(not_json); i++)
        if (!strcmp(name, not_json[i])) {
            assert_int_equal(e, ERR_INVALID);
            return;
        }
    if (e)
        fail_msg("%s: %s", name, err_name(e));
}

/* Refused, or what is wrong about it is as if it were not there. */
static void check_bad(const char *name, enum err e, const struct as2_document *doc)
{
    if (e)
        return;
    bool is_ignored = doc->kind == AS2_DOCUMENT_OTHER;
    if (doc->kind == AS2_DOCUMENT_NOTE)
        is_ignored = !doc->note.id || !doc->note.content || !doc->note.language;
    if (doc->kind == AS2_DOCUMENT_NOTE && strstr(name, "relative-uri"))
        is_ignored = !strcmp(doc->note.url, doc->note.id);
    if (doc->kind == AS2_DOCUMENT_COLLECTION)
        is_ignored = !doc->first && !doc->items.n;
    if (doc->kind == AS2_DOCUMENT_ACTIVITY)
        is_ignored = doc->activity.object_kind == AS2_OBJECT_NONE;
    if (!is_ignored)
        fail_msg("%s: taken", name);
}

static void published_documents_are_read(void **state)
{
    (void)state;
    assert_true(each_file("activitystreams2", check_good) >= 200);
}

static void published_bad_documents_are_refused_or_ignored(void **state)
{
    (void)state;
    assert_int_equal(each_file("activitystreams2/fail", check_bad), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quirks_of_notes),
        cmocka_unit_test(quirks_of_ids),
        cmocka_unit_test(quirks_of_activities),
        cmocka_unit_test(an_author_who_is_the_actor_is_preferred),
        cmocka_unit_test(t48_without_type_or_actor_is_refused),
        cmocka_unit_test(quirks_of_actors),
        cmocka_unit_test(t33_endpoints_elsewhere_are_refused),
        cmocka_unit_test(t34_webfinger_names_one_actor),
        cmocka_unit_test(t35_what_expands_differently_is_refused),
        cmocka_unit_test(quirks_of_collections),
        cmocka_unit_test(keys_come_as_documents),
        cmocka_unit_test(t55_depth_is_bounded_before_parsing),
        cmocka_unit_test(t56_a_body_takes_bounded_memory),
        cmocka_unit_test(t57_absurd_numbers_are_dropped_or_refused),
        cmocka_unit_test(t58_what_is_over_a_limit_is_cut),
        cmocka_unit_test(t89_ids_have_a_length),
        cmocka_unit_test(a_full_arena_is_a_limit),
        cmocka_unit_test(published_documents_are_read),
        cmocka_unit_test(published_bad_documents_are_refused_or_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
