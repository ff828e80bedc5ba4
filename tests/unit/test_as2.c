#include "federation/as2.h"

#include "tests/support/as2_text.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check_notes(const struct as2_row *rows, size_t count)
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
        if (document_decode(buf_text(&json), &arena, &doc) || doc.kind != AS2_DOCUMENT_NOTE)
            fail_msg("%s: not read as a note", rows[i].quirk);
        note_show(&shown, &doc.note);
        assert_shown(&rows[i], &shown);
    }
}

static const struct as2_row note_quirks[] = {
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
        assert_int_equal(document_decode(json, &arena, &doc), OK);
        assert_string_equal(doc.note.id, kept[i]); /* byte for byte */
    }
    for (size_t i = 0; i < COUNT(dropped); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        struct as2_activity a;
        char json[256];
        snprintf(json, sizeof json, "{'type':'Like','id':%s,'actor':'https://a.example/u'}",
                 dropped[i]);
        assert_int_equal(activity_decode(json, &arena, &a), OK);
        assert_null(a.id);
    }
}

static void quirks_of_activities(void **state)
{
    (void)state;
#define ACT(type, object)                                                                          \
    "{'id':'https://a.example/1','type':'" type "','actor':'https://a.example/u','object':" object \
    "}"
    static const struct as2_row rows[] = {
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
        if (activity_decode(rows[i].json, &arena, &a))
            fail_msg("%s: refused", rows[i].quirk);
        activity_show(&shown, &a);
        assert_shown(&rows[i], &shown);
    }
}

static void an_author_who_is_the_actor_is_preferred(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    struct as2_activity a;
    assert_int_equal(activity_decode(ACT("Create", "{'type':'Video','attributedTo':["
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
        if (activity_decode(bad[i], &arena, &a) != ERR_INVALID)
            fail_msg("taken: %s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quirks_of_notes),
        cmocka_unit_test(quirks_of_ids),
        cmocka_unit_test(quirks_of_activities),
        cmocka_unit_test(an_author_who_is_the_actor_is_preferred),
        cmocka_unit_test(t48_without_type_or_actor_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
