/*
 * wish - what one reader wants to see of whom: follows, blocks, mutes, and how we stand with the
 * host, looked up once for each actor of a page.
 *
 * Memory   what wish_of gives lives until wishes_trim or wishes_close
 * Threads  the txn's
 * Errors   as the store; ERR_NOTFOUND: no such actor
 */
#ifndef WARD_FEDERATION_WISH_H
#define WARD_FEDERATION_WISH_H

#include "storage/record.h"

struct wish {
    const Actor *actor;
    PeerState shows;    /* policy_shows */
    bool is_gone;       /* deleted or suspended */
    bool is_self;       /* then nothing below is so */
    bool is_blocked;    /* either way, or their host by the reader */
    bool is_muted;      /* now */
    const Edge *follow; /* the reader's; NULL: none */
};

#define WISHES_SLOTS 256
struct wishes {
    struct txn *txn;
    actor_id reader; /* 0: nobody in particular, who wishes nothing */
    int64_t now_ms;
    struct arena arena;
    struct wish *slot[WISHES_SLOTS];
};

/* To be closed by wishes_close; a struct of zeros may be closed too. */
void wishes_open(struct txn *txn, actor_id reader, int64_t now_ms, struct wishes *out);
void wishes_close(struct wishes *wishes);
/* Forgets everything when that is much. */
void wishes_trim(struct wishes *wishes);
MUST_CHECK enum err wish_of(struct wishes *wishes, uint64_t actor, const struct wish **out);

/* Does the reader follow them, or is it themselves? */
bool wish_is_near(const struct wish *wish);
/* The follow wants posts in this language (BCP 47; "" is unknown, and wanted). */
bool wish_has_language(const struct wish *wish, const char *language);

#endif
