/*
 * as2_text - what as2 decoded, as text, so that a table of a test can say what is expected.
 *
 * JSON is written with ' for ". Whatever fails fails the test.
 */
#ifndef WARD_TESTS_SUPPORT_AS2_TEXT_H
#define WARD_TESTS_SUPPORT_AS2_TEXT_H

#include "federation/as2.h"
#include "storage/base/buf.h"

struct as2_row {
    const char *quirk;
    const char *json;
    const char *expected; /* in the text of the struct */
};

struct bytes json_of(struct arena *arena, const char *text);
/* as2_decode_*: who refuses says why. */
enum err activity_decode(const char *text, struct arena *arena, struct as2_activity *out);
enum err document_decode(const char *text, struct arena *arena, struct as2_document *out);

void list_show(struct buf *out, const char *name, const struct as2_list *list);
void note_show(struct buf *out, const struct as2_note *note);
void actor_show(struct buf *out, const struct as2_actor *actor);
void activity_show(struct buf *out, const struct as2_activity *activity);
void assert_shown(const struct as2_row *row, struct buf *shown);

#endif
