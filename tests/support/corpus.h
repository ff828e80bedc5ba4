/*
 * corpus - what other servers send, written down in tests/corpus/, and a node it is sent to.
 *
 * A file holds the documents of one server. Each begins with a line "== NAME", then fields, then
 * facts, then its JSON:
 *
 *     actor: NAME         an actor document, known before anything is sent
 *     get: URI            a document that is served when it is fetched
 *     from: NAME          an activity that this actor sends
 *     sign: HOW           cavage (the default), rfc9421, hs2019, authorization
 *     quirks: TAG...      of tests/corpus/quirks.txt
 *     expect: STATUS WORDS   how the inbox answers (WORDS: the outcome, or why), sent in order
 *     open: STATUS WORDS     the same on an open node, when it differs
 *     + FACT              true in the end; - FACT  not true; - "post URI" alone: nothing about it
 *
 * In all of it $NAME is the URI of an actor or of a post of ours, $pem an RSA key.
 *
 * Whatever fails fails the test.
 */
#ifndef WARD_TESTS_SUPPORT_CORPUS_H
#define WARD_TESTS_SUPPORT_CORPUS_H

#include "storage/base/arena.h"
#include "tests/support/remote.h"

#define CORPUS_DOCUMENTS_MAX 512
#define CORPUS_FACTS_MAX 16

enum corpus_kind { CORPUS_ACTOR, CORPUS_GET, CORPUS_SENT };

struct corpus_document {
    enum corpus_kind kind;
    const char *file, *name, *who; /* who: actor or sender by name; GET: the URI */
    const char *sign, *quirks, *expect, *open;
    const char *facts[CORPUS_FACTS_MAX]; /* with their sign */
    size_t fact_count;
    const char *json;
};

struct corpus {
    struct arena arena;
    struct corpus_document *document;
    size_t n;
};

void corpus_read(struct corpus *corpus);
void corpus_clear(struct corpus *corpus);
/* The text of a file of tests/corpus/, in the arena. */
const char *corpus_text(struct arena *arena, const char *name);

struct world {
    struct node node;
    struct arena arena;
    const struct corpus *corpus;
    struct private_key *key; /* everybody's */
    struct {
        const char *name, *text;
    } word[128]; /* what $NAME stands for */
    size_t word_count;
    struct remote sender[128];
    const char *sender_name[128];
    size_t sender_count;
};

/* A node with accounts and posts of ours, which knows the actors of the corpus. */
void world_open(struct world *world, const struct corpus *corpus, enum federation_mode mode);
void world_close(struct world *world);
/* What the inbox says to it: "202 stored". In the world's arena. */
const char *world_send(struct world *world, const struct corpus_document *document);
/* Everything that is wanted is fetched from the corpus, or is not there; until nothing is due. */
void world_fetch(struct world *world);

/* What is so, one line each, sorted; of what differs between stores (ids, times) nothing. */
struct facts {
    const char **line;
    size_t n;
};
struct facts world_facts(struct world *world, struct arena *arena);
bool facts_have(const struct facts *facts, const char *line);
/* The bytes of every table but `seen` and what was learnt about peers. */
uint64_t world_digest(struct world *world);
/* `text` with every $NAME said. */
const char *world_say(const struct world *world, const char *text, struct arena *arena);

#endif
