#include "node/http/head.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define REFUSE(code, text) ((struct head_refusal){.status = (code), .why = (text)})
#define PASS ((struct head_refusal){0})

/* Fields that mean something to us and mean two things when sent twice. */
static const char *const single_fields[] = {
    "authorization",
    "connection",
    "content-digest",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "digest",
    "expect",
    "host",
    "origin",
    "sec-websocket-key",
    "signature",
    "signature-input",
    "transfer-encoding",
    "upgrade",
};

static bool is_token_byte(uint8_t c)
{
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
        return true;
    return c && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

bool head_is_token(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!is_token_byte(text.p[i]))
            return false;
    return text.n > 0;
}

bool head_name_is(struct bytes name, const char *other)
{
    return name.n == strlen(other) && strncasecmp((const char *)name.p, other, name.n) == 0;
}

static struct bytes trimmed(struct bytes in)
{
    while (in.n && (in.p[0] == ' ' || in.p[0] == '\t')) {
        in.p++;
        in.n--;
    }
    while (in.n && (in.p[in.n - 1] == ' ' || in.p[in.n - 1] == '\t'))
        in.n--;
    return in;
}

/* Cuts `*rest` at the first `at`; the whole of it when there is none. */
static struct bytes cut(struct bytes *rest, uint8_t at)
{
    const uint8_t *end = rest->n ? memchr(rest->p, at, rest->n) : NULL;
    struct bytes piece = {rest->p, end ? (size_t)(end - rest->p) : rest->n};
    size_t used = piece.n + (end ? 1 : 0);
    if (used) {
        rest->p += used;
        rest->n -= used;
    }
    return piece;
}

bool head_list_has(struct bytes list, const char *word)
{
    while (list.n)
        if (head_name_is(trimmed(cut(&list, ',')), word))
            return true;
    return false;
}

const struct bytes *head_find(const struct head *head, const char *name)
{
    for (size_t i = 0; i < head->n_fields; i++)
        if (head_name_is(head->fields[i].name, name))
            return &head->fields[i].value;
    return NULL;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte at `*i` with one level of percent-encoding removed; -1 for a broken escape. */
static int decoded_byte(struct bytes text, size_t *i)
{
    uint8_t c = text.p[(*i)++];
    if (c != '%')
        return c;
    if (*i + 2 > text.n)
        return -1;
    int high = hex_digit(text.p[*i]), low = hex_digit(text.p[*i + 1]);
    *i += 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* No byte, written out or escaped, may end a line or a string further in. */
static struct head_refusal check_target_bytes(struct bytes target)
{
    for (size_t i = 0; i < target.n;) {
        uint8_t raw = target.p[i];
        if (raw <= ' ' || raw >= 0x7f || raw == '\\' || raw == '#')
            return REFUSE(400, "the request target holds a byte that is not allowed");
        int c = decoded_byte(target, &i);
        if (c < 0)
            return REFUSE(400, "the request target holds a broken percent-escape");
        if (c == 0 || c == '\r' || c == '\n')
            return REFUSE(400, "the request target holds an escaped control byte");
    }
    return PASS;
}

/* One segment between slashes: no control byte or backslash however written, and not a dot name. */
static bool segment_is_clean(struct bytes segment)
{
    size_t n = 0, dots = 0;
    for (size_t i = 0; i < segment.n; n++) {
        int c = decoded_byte(segment, &i);
        if (c < ' ' || c == 0x7f || c == '\\')
            return false;
        dots += c == '.';
    }
    return !(n == dots && (n == 1 || n == 2));
}

struct head_refusal head_check_target(struct bytes target)
{
    if (target.n > HEAD_TARGET_MAX_BYTES)
        return REFUSE(414, "the request target is too long");
    if (target.n == 0 || target.p[0] != '/')
        return REFUSE(400, "the request target is not a path");
    struct head_refusal no = check_target_bytes(target);
    if (no.status)
        return no;

    struct bytes query = target;
    struct bytes path = cut(&query, '?');
    cut(&path, '/'); /* what is before the first slash: nothing */
    while (path.n) {
        struct bytes segment = cut(&path, '/');
        if (segment.n == 0)
            return REFUSE(400, "the path has an empty segment");
        if (!segment_is_clean(segment))
            return REFUSE(400, "the path has a dot segment or a control byte");
    }
    return PASS;
}

/* host[:port] in the characters a name, an IPv4 or a bracketed IPv6 address can have. */
static bool host_is_wellformed(struct bytes host)
{
    if (host.n == 0 || host.n > 255 + 6)
        return false;
    for (size_t i = 0; i < host.n; i++) {
        uint8_t c = host.p[i];
        bool is_alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!is_alnum && (!c || !strchr("-._:[]", c)))
            return false;
    }
    return true;
}

static bool ends_with(struct bytes text, const char *end)
{
    size_t n = strlen(end);
    return text.n > n && memcmp(text.p + text.n - n, end, n) == 0;
}

bool head_hosts_contain(const struct head_hosts *hosts, struct bytes host)
{
    if (!hosts || hosts->n == 0)
        return true;
    struct bytes bare = host; /* a default port may be written out (RFC 9110 §4.2.3) */
    if (ends_with(host, ":443"))
        bare.n -= 4;
    else if (ends_with(host, ":80"))
        bare.n -= 3;
    for (size_t i = 0; i < hosts->n; i++)
        if (head_name_is(host, hosts->names[i]) || head_name_is(bare, hosts->names[i]))
            return true;
    return false;
}

/* Looks at the bytes that are new: a head that can only be refused is refused at once. */
static struct head_refusal scan(struct bytes in, size_t *scanned, size_t *out_end)
{
    *out_end = 0;
    for (size_t i = *scanned; i < in.n; i++) {
        uint8_t c = in.p[i];
        if (c == '\r') {
            if (i + 1 == in.n) {
                *scanned = i;
                return PASS;
            }
            if (in.p[i + 1] != '\n')
                return REFUSE(400, "a carriage return stands alone");
        } else if (c == '\n') {
            if (i == 0 || in.p[i - 1] != '\r')
                return REFUSE(400, "a line ends without a carriage return");
            if (i >= 3 && in.p[i - 2] == '\n') {
                *out_end = i + 1;
                return PASS;
            }
            if (i == 1)
                return REFUSE(400, "the request line is empty");
        } else if ((c < ' ' && c != '\t') || c == 0x7f) {
            return REFUSE(400, "the head holds a control byte");
        }
    }
    *scanned = in.n;
    return PASS;
}

static bool version_is_known(struct bytes version, struct head *out)
{
    if (version.n != 8 || memcmp(version.p, "HTTP/1.", 7) != 0)
        return false;
    out->minor = version.p[7] - '0';
    return out->minor == 0 || out->minor == 1;
}

static bool version_is_wellformed(struct bytes version)
{
    return version.n == 8 && memcmp(version.p, "HTTP/", 5) == 0 && version.p[5] >= '0' &&
           version.p[5] <= '9' && version.p[6] == '.' && version.p[7] >= '0' && version.p[7] <= '9';
}

static struct head_refusal parse_request_line(struct bytes line, struct head *out)
{
    out->method = cut(&line, ' ');
    out->target = cut(&line, ' ');
    if (!head_is_token(out->method))
        return REFUSE(400, "the method is not a token");
    if (!version_is_wellformed(line))
        return out->target.n > HEAD_TARGET_MAX_BYTES ? REFUSE(414, "the request target is too long")
                                                     : REFUSE(400, "the request line is malformed");
    if (!version_is_known(line, out))
        return REFUSE(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    if (out->method.n > HEAD_METHOD_MAX_BYTES)
        out->method.n = HEAD_METHOD_MAX_BYTES;
    return head_check_target(out->target);
}

static struct head_refusal parse_field(struct bytes line, struct head *out)
{
    if (out->n_fields == HEAD_FIELDS_MAX)
        return REFUSE(431, "there are too many header fields");
    if (line.p[0] == ' ' || line.p[0] == '\t')
        return REFUSE(400, "a header field is folded");
    struct bytes value = line;
    struct bytes name = cut(&value, ':');
    if (name.n == line.n)
        return REFUSE(400, "a header field has no colon");
    if (!head_is_token(name))
        return REFUSE(400, "a header field's name is not a token");
    out->fields[out->n_fields++] = (struct head_field){name, trimmed(value)};
    return PASS;
}

static struct head_refusal check_repeats(const struct head *head)
{
    for (size_t k = 0; k < COUNT(single_fields); k++) {
        size_t seen = 0;
        for (size_t i = 0; i < head->n_fields; i++)
            seen += head_name_is(head->fields[i].name, single_fields[k]);
        if (seen > 1)
            return REFUSE(400, "a header field that must be single is repeated");
    }
    return PASS;
}

static struct head_refusal check_host(const struct head_hosts *hosts, struct head *out)
{
    const struct bytes *host = head_find(out, "host");
    if (!host)
        return REFUSE(400, "Host is missing");
    if (!host_is_wellformed(*host))
        return REFUSE(400, "Host is malformed");
    if (!head_hosts_contain(hosts, *host))
        return REFUSE(421, "this is not the host you are looking for");
    out->host = *host;
    return PASS;
}

/* RFC 9112 §6: which framing the body has. Anything that could be read in two ways is refused. */
static struct head_refusal check_framing(struct head *out)
{
    const struct bytes *coding = head_find(out, "transfer-encoding");
    const struct bytes *length = head_find(out, "content-length");
    if (coding && (length || out->minor == 0))
        return REFUSE(400, "the length of the body is ambiguous");
    if (coding && !head_name_is(*coding, "chunked"))
        return REFUSE(501, "the only transfer coding known here is chunked");
    out->is_chunked = coding != NULL;
    if (!length)
        return PASS;
    if (length->n == 0 || length->n > HEAD_LENGTH_MAX_DIGITS)
        return REFUSE(400, "Content-Length is not a length");
    for (size_t i = 0; i < length->n; i++) {
        if (length->p[i] < '0' || length->p[i] > '9')
            return REFUSE(400, "Content-Length is not a length");
        out->length = out->length * 10 + (uint64_t)(length->p[i] - '0');
    }
    out->has_length = true;
    return PASS;
}

static struct head_refusal check_wishes(struct head *out)
{
    const struct bytes *encoding = head_find(out, "content-encoding");
    if (encoding && !head_name_is(*encoding, "identity"))
        return REFUSE(415, "encoded bodies are not taken");
    const struct bytes *expect = head_find(out, "expect");
    if (expect && !head_name_is(*expect, "100-continue"))
        return REFUSE(417, "that expectation cannot be met");
    out->wants_continue = expect && out->minor == 1;

    const struct bytes *connection = head_find(out, "connection");
    const struct bytes *upgrade = head_find(out, "upgrade");
    out->wants_close = out->minor == 0 || (connection && head_list_has(*connection, "close"));
    out->wants_upgrade = connection && upgrade && out->minor == 1 &&
                         head_list_has(*connection, "upgrade") &&
                         head_name_is(*upgrade, "websocket") && head_name_is(out->method, "GET") &&
                         !out->is_chunked && out->length == 0;
    return PASS;
}

static struct bytes next_line(struct bytes *rest)
{
    struct bytes line = cut(rest, '\n');
    line.n--; /* scan() saw to it that a CR is there */
    return line;
}

/* `in` is a whole head, line ends proven. */
static struct head_refusal parse_whole(struct bytes in, const struct head_hosts *hosts,
                                       struct head *out)
{
    struct bytes rest = {in.p, in.n - 2};
    struct head_refusal no = parse_request_line(next_line(&rest), out);
    while (!no.status && rest.n)
        no = parse_field(next_line(&rest), out);
    if (!no.status)
        no = check_repeats(out);
    if (!no.status)
        no = check_framing(out);
    if (!no.status)
        no = check_host(hosts, out);
    if (!no.status)
        no = check_wishes(out);
    return no;
}

enum err head_parse(struct bytes in, const struct head_hosts *hosts, size_t *scanned,
                    struct head *out, struct head_refusal *refusal)
{
    assert(*scanned <= in.n);
    if (in.n > HEAD_MAX_BYTES)
        in.n = HEAD_MAX_BYTES;
    size_t end;
    *refusal = scan(in, scanned, &end);
    if (refusal->status)
        return ERR_INVALID;
    if (end == 0) {
        if (in.n >= HEAD_TARGET_MAX_BYTES + HEAD_METHOD_MAX_BYTES + 16 && !memchr(in.p, '\n', in.n))
            *refusal = REFUSE(414, "the request line is too long");
        else if (in.n == HEAD_MAX_BYTES)
            *refusal = REFUSE(431, "the head is too large");
        return refusal->status ? ERR_INVALID : ERR_LATER;
    }
    *out = (struct head){.n_bytes = end};
    *refusal = parse_whole((struct bytes){in.p, end}, hosts, out);
    return refusal->status ? ERR_INVALID : OK;
}
