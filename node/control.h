/*
 * control - the Unix socket through which commands tell the running daemon to look again.
 *
 * It lies in the data directory (mode 0600) and answers only to root and the user the
 * daemon runs as. A command sends one word and reads the answer to its end. Nothing depends
 * on it: what must be done is on disk, a poke only makes it happen now.
 *
 *     "queues"   deliveries and wants were added        "ok"
 *     "policy"   peers were changed                     "ok"
 *     "reload"   read certificates again, like SIGHUP   "ok"
 *     "status"   how the daemon fares                   a line of JSON
 *
 * Bounds    CONTROL_WORD_BYTES in, CONTROL_ANSWER_BYTES out, one connection at a time, one
 *           second each
 * Threads   start, stop: the owner; words run on the control thread. poke, ask: any
 */
#ifndef WARD_NODE_CONTROL_H
#define WARD_NODE_CONTROL_H

#include "storage/base/buf.h"

#define CONTROL_WORD_BYTES 64
#define CONTROL_ANSWER_BYTES 4096

/* Leave `answer` empty to say "ok". */
struct control_word {
    const char *word; /* NULL ends the table */
    void (*run)(void *context, struct buf *answer);
};

struct control;
MUST_CHECK enum err control_start(const char *data_dir, const struct control_word *words,
                                  void *context, struct control **out, struct why *why);
void control_stop(struct control **control);

/* The command's side. No daemon: nothing happens. */
void control_poke(const char *data_dir, const char *word);
/* ERR_NOTFOUND: no daemon runs there; ERR_LATER: it did not answer in time. */
MUST_CHECK enum err control_ask(const char *data_dir, const char *word, struct buf *answer);

#endif
