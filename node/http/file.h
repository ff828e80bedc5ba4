/*
 * file - an open file as an answer: whole, or the part that was asked for.
 *
 * What strangers gave us is shown only as what it is: nosniff (as every answer), a policy that lets
 * nothing in it run, readable by apps of other sites.
 *
 * Threads  any
 * Source   RFC 9110 §14 (one range; more are answered whole), threat T75
 */
#ifndef WARD_NODE_HTTP_FILE_H
#define WARD_NODE_HTTP_FILE_H

#include "node/http/request.h"

struct file_answer {
    const char *type;
    int fd;              /* taken over */
    uint64_t from, size; /* which bytes of it are the file */
};

/* 200, 206, or 416 for a range that is not in it. Caching is the caller's to say. */
struct response *file_answer(const struct request *request, const struct file_answer *file);

#endif
