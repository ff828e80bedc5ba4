/*
 * signature_scheme - what the two schemes share with signature.c. Nobody else includes this.
 *
 * parse   the header field(s) to a struct signature
 * base    the bytes that were signed
 * sign    the lines that carry a signature, after those of the fields it covers
 *
 * Contracts as in signature.h.
 */
#ifndef WARD_FEDERATION_SIGNATURE_SCHEME_H
#define WARD_FEDERATION_SIGNATURE_SCHEME_H

#include "federation/http_message.h"
#include "federation/signature.h"
#include "storage/base/arena.h"
#include "storage/base/base.h"

#define SIGNATURE_KEY_ID_MAX_BYTES 2048
#define SIGNATURE_VALUE_MAX_BYTES 1024
#define SIGNATURE_BASE_MAX_BYTES (64 * 1024)

enum target_form { TARGET_AS_RECEIVED, TARGET_WITHOUT_QUERY };

/* `field` is the list of parameters, after any "Signature " of an Authorization field. */
MUST_CHECK enum err cavage_parse(const char *field, struct arena *arena, struct signature *out,
                                 struct why *why);
MUST_CHECK enum err cavage_base(const struct http_message *msg, const struct signature *sig,
                                enum target_form form, struct arena *arena, struct bytes *out,
                                struct why *why);
/* Does it cover at least what signature.h asks for? Method, target and host; not the body. */
MUST_CHECK enum err cavage_coverage(const struct signature *sig, struct why *why);

MUST_CHECK enum err rfc9421_parse(const char *input, const char *signature, struct arena *arena,
                                  struct signature *out, struct why *why);
MUST_CHECK enum err rfc9421_base(const struct http_message *msg, const struct signature *sig,
                                 struct arena *arena, struct bytes *out, struct why *why);
MUST_CHECK enum err rfc9421_coverage(const struct http_message *msg, const struct signature *sig,
                                     struct why *why);

/* Checks that hold for both: key id and value there and not too long. */
MUST_CHECK enum err signature_sane(const struct signature *sig, struct why *why);

/* Adds a "Name: value" line. ERR_LIMIT when the arena is full. */
MUST_CHECK enum err lines_add(struct signature_lines *lines, struct arena *arena, const char *name,
                              const char *value);

/* `msg` is the request to be sent, its fields those already in `lines`. */
MUST_CHECK enum err cavage_sign(const struct signature_request *request,
                                const struct http_message *msg, struct arena *arena,
                                struct signature_lines *lines, struct why *why);
MUST_CHECK enum err rfc9421_sign(const struct signature_request *request,
                                 const struct http_message *msg, struct arena *arena,
                                 struct signature_lines *lines, struct why *why);

#endif
