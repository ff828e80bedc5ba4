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
        buf_printf(&json, "{'id':'https://a.example/1','type':%s}", rows[i].json);
        if (document_decode(buf_text(&json), &arena, &doc) || doc.kind != AS2_DOCUMENT_NOTE)
            fail_msg("%s: not read as a note", rows[i].quirk);
        note_show(&shown, &doc.note);
        assert_shown(&rows[i], &shown);
    }
}

static void check_activities(const struct as2_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        AUTO(buf_clear) struct buf json = BUF_INIT(65536), shown = BUF_INIT(1 << 20);
        struct as2_activity activity;
        buf_printf(&json, "{'actor':'https://a.example/u','type':%s}", rows[i].json);
        if (activity_decode(buf_text(&json), &arena, &activity))
            fail_msg("%s: refused", rows[i].quirk);
        activity_show(&shown, &activity);
        assert_shown(&rows[i], &shown);
    }
}

static void polls_are_read(void **state)
{
    (void)state;
#define OPTION(name, votes)                                                                        \
    "{'type':'Note','name':'" name "','replies':{'type':'Collection','totalItems':" votes "}}"
    static const struct as2_row rows[] = {
        {"one of several",
         "'Question','oneOf':[" OPTION("yes", "3") "," OPTION("no", "0") "],'votersCount':3,"
                                                                         "'endTime':"
                                                                         "'1970-01-01T00:00:09Z'",
         "poll(one,yes:3,no:0) ends=9000 closed=0 voters=3"},
        {"any of several", "'Question','anyOf':[" OPTION("a", "1") "," OPTION("b", "2") "]",
         "poll(any,a:1,b:2) ends=0 closed=0 voters=0"},
        {"both: Pleroma sends the other one empty",
         "'Question','oneOf':[],'anyOf':[" OPTION("a", "1") "]", "poll(any,a:1)"},
        {"closed at a time",
         "'Question','oneOf':" OPTION("a", "1") ",'closed':'1970-01-01T00:00:01Z'", "closed=1000"},
        {"closed, merely",
         "'Question','oneOf':" OPTION("a", "1") ",'closed':true,'endTime':'1970-01-01T00:00:09Z'",
         "ends=9000 closed=9000"},
        {"closed, and nobody says when", "'Question','oneOf':" OPTION("a", "1") ",'closed':true",
         "ends=0 closed=1 "},
        {"not closed", "'Question','oneOf':" OPTION("a", "1") ",'closed':false", "closed=0"},
        {"not closed yet", "'Question','oneOf':" OPTION("a", "1") ",'closed':null", "closed=0"},
        {"counts that are none",
         "'Question','oneOf':[" OPTION("a", "-1") "," OPTION("b", "'7'") "," OPTION(
             "c", "1e9") "," OPTION("d", "99999999999") "]",
         "poll(one,a:0,b:0,c:0,d:0)"},
        {"options without count or name, and twice",
         "'Question','oneOf':[{'name':'a'},{'type':'Note'},3,null,{'name':'a'},{'name':'b',"
         "'replies':'https://a.example/r'}]",
         "poll(one,a:0,b:0)"},
        {"voters with a prefix", "'Question','oneOf':{'name':'a'},'toot:votersCount':5",
         "voters=5"},
        {"a question without answers", "'Question','oneOf':[],'anyOf':null", "audience=[] from"},
        {"a note has no poll", "'Note','oneOf':{'name':'a'}", "audience=[] from"},
    };
    check_notes(rows, COUNT(rows));
}

static void a_poll_has_twenty_options_at_most(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    AUTO(buf_clear) struct buf json = BUF_INIT(65536);
    struct as2_document doc;
    buf_str(&json, "{'id':'https://a.example/1','type':'Question','oneOf':[{'name':'x'}");
    for (int i = 0; i < 30; i++)
        buf_printf(&json, ",{'name':'%d'}", i);
    buf_str(&json, "]}");
    assert_int_equal(document_decode(buf_text(&json), &arena, &doc), OK);
    assert_int_equal(doc.note.poll->option_count, AS2_OPTIONS_MAX);
    assert_true(doc.note.is_cut);
}

static void translations_are_what_was_not_chosen(void **state)
{
    (void)state;
    static const struct as2_row rows[] = {
        {"two languages", "'Note','content':'a','contentMap':{'en':'a','de':'b','fr':'c'}",
         "text(de,b) text(fr,c)"},
        {"the map alone", "'Note','contentMap':{'de':'b','en':'a'}", "text(en,a)"},
        {"no language, no text, the same again",
         "'Note','content':'a','contentMap':{'en':'a','und':'x','!':'y','fr':'','es':3,'en-GB':'a',"
         "'nl':'z'}",
         "audience=[] text(nl,z) from"},
        {"one language", "'Note','content':'a','contentMap':{'en':'a'}", "audience=[] from"},
    };
    check_notes(rows, COUNT(rows));
}

static void policies_come_in_two_spellings(void **state)
{
    (void)state;
#define POLICY(text) "'Note','interactionPolicy':{" text "}"
    static const struct as2_row rows[] = {
        {"today's",
         POLICY("'canReply':{'automaticApproval':['as:Public'],'manualApproval':"
                "['https://a.example/u/followers']}"),
         "may-reply: at-once=[PUBLIC] asked=[https://a.example/u/followers]"},
        {"older", POLICY("'canAnnounce':{'always':'https://a.example/u','approvalRequired':[]}"),
         "may-boost: at-once=[https://a.example/u] asked=[]"},
        {"oldest", POLICY("'canLike':{'with_approval':['Public']}"),
         "may-like: at-once=[] asked=[PUBLIC]"},
        {"with a prefix",
         "'Note','gts:interactionPolicy':3,'interactionPolicy':{'canQuote':"
         "{'automaticApproval':['https://www.w3.org/ns/activitystreams#Public']}}",
         "may-quote: at-once=[PUBLIC] asked=[]"},
        {"nothing said", POLICY("'canReply':{},'canLike':null,'canQuote':'x'"),
         "audience=[] from="},
        {"nonsense", "'Note','interactionPolicy':['x']", "audience=[] from="},
    };
    check_notes(rows, COUNT(rows));
}

static void quotes_and_approvals_are_read(void **state)
{
    (void)state;
#define LINK(rel) "'Note','tag':{'type':'Link','href':'https://b.example/q'," rel "}"
    static const struct as2_row rows[] = {
        {"FEP-e232", LINK("'rel':'https://misskey-hub.net/ns#_misskey_quote'"),
         "quote=https://b.example/q"},
        {"FEP-e232, several relations", LINK("'rel':['x','https://w3id.org/fep/044f#quote']"),
         "quote=https://b.example/q"},
        {"a link that is no quote", LINK("'rel':'license'"), "quote=-"},
        {"a link without relation", LINK("'name':'RE'"), "quote=-"},
        {"a property comes first",
         "'Note','quoteUri':'https://b.example/r','tag':[{'type':'Link','rel':'quote','href':"
         "'https://b.example/q'}]",
         "quote=https://b.example/r"},
        {"its approval", "'Note','quoteAuthorization':'https://b.example/a'",
         "quote-ok=https://b.example/a"},
        {"a reply's approval", "'Note','replyAuthorization':'https://b.example/a'",
         "reply-ok=https://b.example/a"},
        {"as it was spelled before", "'Note','approvedBy':'https://b.example/a'",
         "reply-ok=https://b.example/a"},
        {"replies by id", "'Note','replies':'https://a.example/1/replies'",
         "replies=https://a.example/1/replies"},
        {"replies embedded",
         "'Note','replies':{'id':'https://a.example/1/replies','type':'Collection','first':{}}",
         "replies=https://a.example/1/replies"},
        {"a group", "'Page','audience':'https://b.example/c/ward'",
         "audience=[https://b.example/c/ward]"},
        {"groups", "'Page','audience':['https://b.example/c/ward',3,{'id':'as:Public'}]",
         "audience=[https://b.example/c/ward PUBLIC]"},
    };
    check_notes(rows, COUNT(rows));
}

static void events_have_time_and_place(void **state)
{
    (void)state;
    static const struct as2_row rows[] = {
        {"Mobilizon",
         "'Event','startTime':'1970-01-01T00:00:01Z','endTime':'1970-01-01T00:00:02Z','location':"
         "{'type':'Place','name':'Hall','address':{'type':'PostalAddress','streetAddress':'x'}}",
         "from=1000 until=2000 at=Hall"},
        {"a place without name",
         "'Event','location':{'type':'Place','address':{'addressLocality':'Town'}}",
         "from=0 until=0 at=Town"},
        {"an address that is text", "'Event','location':[{'address':'Road 1'}]", "at=Road 1"},
        {"a place that is text", "'Event','location':'Town'", "at=Town"},
        {"a place that is none", "'Event','location':[7]", "at=-"},
    };
    check_notes(rows, COUNT(rows));
}

static void actors_say_what_they_can(void **state)
{
    (void)state;
#define RFC9421 "https://datatracker.ietf.org/doc/html/rfc9421"
    static const struct as2_row rows[] = {
        {"FEP-844e",
         "'Person','generator':{'type':'Application','implements':[{'href':'" RFC9421 "'}]}",
         "rfc9421=1 ed25519=0"},
        {"as strings, on the application itself",
         "'Application','implements':['" RFC9421 "#name-eddsa-using-curve-edwards25']",
         "rfc9421=1 ed25519=1"},
        {"something else", "'Person','generator':{'implements':[3,{},'" RFC9421 "#section-1']}",
         "rfc9421=0 ed25519=0"},
        {"a generator by id", "'Person','generator':'https://a.example/actor'",
         "rfc9421=0 ed25519=0"},
        {"emoji",
         "'Person','tag':[{'type':'Mention','href':'https://a.example/v'},{'type':'Emoji','name':"
         "':x:','icon':{'url':'https://a.example/x.png'}},{'type':'Emoji','name':':y:'}]",
         "discoverable=0 emoji(:x:,https://a.example/x.png) moderators"},
        {"Lemmy", "'Group','attributedTo':'https://a.example/c/x/moderators'",
         "moderators=https://a.example/c/x/moderators"},
        {"PeerTube", "'Group','attributedTo':[{'type':'Person','id':'https://a.example/p'}]",
         "moderators=-"},
        {"elsewhere", "'Group','attributedTo':'https://b.example/c/x/moderators'", "moderators=-"},
        {"a person's", "'Person','attributedTo':'https://a.example/c'", "moderators=-"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
        AUTO(buf_clear) struct buf json = BUF_INIT(65536), shown = BUF_INIT(1 << 20);
        struct as2_document doc;
        buf_printf(&json, "{'id':'https://a.example/u','type':%s}", rows[i].json);
        if (document_decode(buf_text(&json), &arena, &doc) || doc.kind != AS2_DOCUMENT_ACTOR)
            fail_msg("%s: not read as an actor", rows[i].quirk);
        actor_show(&shown, &doc.actor);
        assert_shown(&rows[i], &shown);
    }
}

static void activities_say_more(void **state)
{
    (void)state;
#define EMOJI(name) "{'type':'Emoji','name':'" name "','icon':{'url':'https://a.example/" name "'}}"
    static const struct as2_row rows[] = {
        {"a report names several", "'Flag','object':['https://b.example/u','https://b.example/1']",
         "object=https://b.example/u otype=- content=- icon=- instrument=- result=- "
         "objects=[https://b.example/u https://b.example/1]"},
        {"a reaction", "'EmojiReact','content':':b:','tag':[" EMOJI(":a:") "," EMOJI(":b:") "]",
         "content=:b: icon=https://a.example/:b:"},
        {"a reaction whose name is not quite the same",
         "'Like','content':':b@.:','tag':[" EMOJI(":a:") "]", "icon=https://a.example/:a:"},
        {"Misskey's word for it", "'Like','_misskey_reaction':'x'", "content=x icon=-"},
        {"QuoteRequest",
         "'QuoteRequest','object':'https://b.example/1','instrument':{'type':'Note','id':"
         "'https://a.example/2'}",
         "type=QuoteRequest actor=https://a.example/u to=[] kind=id object=https://b.example/1 "
         "otype=- content=- icon=- instrument=https://a.example/2"},
        {"ReplyRequest, the reply in it",
         "'ReplyRequest','object':'https://b.example/1','instrument':{'type':'Note','id':"
         "'https://a.example/2','inReplyTo':'https://b.example/1','attributedTo':"
         "'https://a.example/u'}",
         "type=ReplyRequest actor=https://a.example/u to=[] kind=id object=https://b.example/1 "
         "otype=- content=- icon=- instrument=https://a.example/2"},
        {"LikeRequest",
         "'LikeRequest','object':'https://b.example/1','instrument':{'type':'Like','id':"
         "'https://a.example/l','object':'https://b.example/1'}",
         "type=LikeRequest actor=https://a.example/u to=[] kind=id object=https://b.example/1 "
         "otype=- content=- icon=- instrument=https://a.example/l"},
        {"AnnounceRequest, by id",
         "'AnnounceRequest','object':'https://b.example/1','instrument':'https://a.example/a'",
         "type=AnnounceRequest actor=https://a.example/u to=[] kind=id object=https://b.example/1 "
         "otype=- content=- icon=- instrument=https://a.example/a"},
        {"a request without what it is for", "'LikeRequest','object':'https://b.example/1'",
         "instrument=-"},
        {"Accept of a QuoteRequest",
         "'Accept','result':'https://a.example/stamp','object':{'type':'QuoteRequest','object':"
         "'https://a.example/1','instrument':'https://b.example/2'}",
         "inner(QuoteRequest,-,https://a.example/1) content=- icon=- instrument=- "
         "result=https://a.example/stamp objects=[] notes=0 proof=0 of=- "
         "instrument=https://b.example/2"},
        {"FEP-1b12: the note inside",
         "'Announce','object':{'type':'Create','actor':'https://b.example/v','object':{'type':"
         "'Page','id':'https://b.example/1','attributedTo':'https://b.example/v','name':'x'}}",
         "proof=0 of=Page instrument=- "
         "id=https://b.example/1 type=Page by=https://b.example/v"},
        {"a proof of its own", "'Like','proof':{}", "proof=1"},
        {"a proof within is kept as it was sent",
         "'Announce','object':{'type':'Like','object':'https://b.example/1','n':1.50,'proof':{'a':"
         "[true,null]}}",
         "json={\"type\":\"Like\",\"object\":\"https://b.example/1\",\"n\":1.5,\"proof\":{\"a\":"
         "[true,null]}}"},
        {"no proof within", "'Announce','object':{'type':'Like'}",
         "inner(Like,-,-) content=- icon=- instrument=- result=- objects=[] notes=0 proof=0 of=-"},
        {"several votes",
         "'Create','object':[{'type':'Note','name':'a'},{'type':'Note','name':'b'},3]",
         "kind=note object=- otype=Note content=- icon=- instrument=- result=- objects=[] notes=2"},
        {"one note", "'Create','object':{'type':'Note'}", "notes=1"},
    };
    check_activities(rows, COUNT(rows));
}

static void authorizations_are_other_documents(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    struct as2_document doc;
    assert_int_equal(
        document_decode("{'id':'https://a.example/s','type':'QuoteAuthorization','attributedTo':"
                        "'https://a.example/u','interactingObject':'https://b.example/2',"
                        "'gts:interactionTarget':3,'interactionTarget':'https://a.example/1'}",
                        &arena, &doc),
        OK);
    assert_int_equal(doc.kind, AS2_DOCUMENT_OTHER);
    assert_string_equal(doc.type, "QuoteAuthorization");
    assert_string_equal(doc.attributed_to, "https://a.example/u");
    assert_string_equal(doc.interacting_object, "https://b.example/2");
    assert_string_equal(doc.interaction_target, "https://a.example/1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polls_are_read),
        cmocka_unit_test(a_poll_has_twenty_options_at_most),
        cmocka_unit_test(translations_are_what_was_not_chosen),
        cmocka_unit_test(policies_come_in_two_spellings),
        cmocka_unit_test(quotes_and_approvals_are_read),
        cmocka_unit_test(events_have_time_and_place),
        cmocka_unit_test(actors_say_what_they_can),
        cmocka_unit_test(activities_say_more),
        cmocka_unit_test(authorizations_are_other_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
