/* fuzz_as2 - any body is decoded or refused, as activity, document and WebFinger. */
#include "federation/as2.h"
#include "federation/uri.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_list(const struct as2_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        assert(strlen(list->item[i]) <= URI_MAX_BYTES);
}

static void check_note(const struct as2_note *note)
{
    check_list(&note->to);
    check_list(&note->cc);
    assert(note->to.n + note->cc.n <= AS2_RECIPIENTS_MAX);
    assert(note->tag_count <= AS2_TAGS_MAX && note->attachment_count <= AS2_ATTACHMENTS_MAX);
    assert(!note->id || strlen(note->id) <= URI_MAX_BYTES);
    assert(!note->content || strlen(note->content) <= AS2_STRING_MAX);
    for (size_t i = 0; i < note->attachment_count; i++)
        assert(note->attachments[i].url);
    check_list(&note->audience);
    assert(note->translation_count <= AS2_LANGUAGES_MAX);
    for (size_t i = 0; i < note->translation_count; i++)
        assert(note->translations[i].language && note->translations[i].text);
    assert(!note->poll || note->poll->option_count <= AS2_OPTIONS_MAX);
    for (size_t i = 0; note->poll && i < note->poll->option_count; i++)
        assert(note->poll->options[i].name && note->poll->options[i].votes <= INT32_MAX);
    const struct as2_policy *policy = &note->policy;
    const struct as2_interaction *entries[] = {&policy->reply, &policy->boost, &policy->quote,
                                               &policy->like};
    for (size_t i = 0; i < COUNT(entries); i++)
        assert(entries[i]->automatic.n <= AS2_POLICY_MAX && entries[i]->manual.n <= AS2_POLICY_MAX);
}

static void check_actor(const struct as2_actor *actor)
{
    assert(actor->id);
    assert(!actor->inbox || uri_same_host(actor->id, actor->inbox));
    assert(!actor->shared_inbox || uri_same_host(actor->id, actor->shared_inbox));
    for (size_t i = 0; i < actor->key_count; i++)
        assert(uri_same_host(actor->id, actor->keys[i].id));
}

static void check_activity(const struct as2_activity *activity)
{
    assert(activity->type && *activity->type && activity->actor);
    assert((activity->object_kind == AS2_OBJECT_NOTE) == (activity->note != NULL));
    assert((activity->object_kind == AS2_OBJECT_ACTOR) == (activity->person != NULL));
    assert((activity->object_kind == AS2_OBJECT_ACTIVITY) == (activity->inner != NULL));
    for (size_t i = 0; i < activity->note_count; i++)
        check_note(&activity->notes[i]);
    assert(activity->objects.n <= AS2_OBJECTS_MAX && activity->note_count <= AS2_OPTIONS_MAX);
    if (activity->note)
        check_note(activity->note);
    if (activity->inner && activity->inner->note)
        check_note(activity->inner->note);
    if (activity->person)
        check_actor(activity->person);
    assert(!activity->inner || activity->inner->type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AS2_ARENA_BYTES);
    const struct bytes body = {data, size};
    struct as2_activity activity;
    struct as2_document document;
    const char *subject, *self;
    struct why why = {""};
    if (as2_decode_activity(body, &arena, &activity, &why) == OK)
        check_activity(&activity);
    if (as2_decode_document(body, &arena, &document, &why) == OK) {
        if (document.kind == AS2_DOCUMENT_NOTE)
            check_note(&document.note);
        if (document.kind == AS2_DOCUMENT_ACTOR)
            check_actor(&document.actor);
        assert(document.items.n <= AS2_ITEMS_MAX);
    }
    if (as2_decode_webfinger(body, &arena, &subject, &self, &why) == OK)
        assert(subject && self);
    return 0;
}
