#include "federation/sfv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "federation/multibase.h"

#define INTEGER_MAX_DIGITS 15
#define DECIMAL_MAX_WHOLE_DIGITS 12
#define DECIMAL_MAX_FRACTION_DIGITS 3
#define THOUSAND 1000

/* A reader over the text. Characters, not locale: everything here is ASCII by definition. */
struct scan {
    const uint8_t *p, *end;
    struct arena *arena;
};

static int peek(const struct scan *s)
{
    return s->p < s->end ? *s->p : -1;
}

static bool eat(struct scan *s, char c)
{
    if (peek(s) != (uint8_t)c)
        return false;
    s->p++;
    return true;
}

static void skip_sp(struct scan *s)
{
    while (eat(s, ' '))
        ;
}

static void skip_ows(struct scan *s)
{
    while (eat(s, ' ') || eat(s, '\t'))
        ;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(int c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_alpha(int c)
{
    return is_lower(c | 0x20) && c > 0;
}

static bool is_key_char(int c)
{
    return is_lower(c) || is_digit(c) || (c > 0 && strchr("_-.*", c));
}

/* RFC 9110 tchar, and what RFC 9651 adds for tokens. */
static bool is_token_char(int c)
{
    return is_alpha(c) || is_digit(c) || (c > 0 && strchr("!#$%&'*+-.^_`|~:/", c));
}

/* Grows an arena array by doubling; what is left behind is bounded by the array itself. */
static enum err grow(struct arena *arena, void **array, size_t n, size_t size)
{
    if (n >= SFV_MAX_MEMBERS)
        return ERR_LIMIT;
    if (n && (n < 4 || (n & (n - 1))))
        return OK;
    void *bigger = arena_calloc(arena, n ? 2 * n : 4, size);
    if (!bigger)
        return ERR_LIMIT;
    if (n)
        memcpy(bigger, *array, n * size);
    *array = bigger;
    return OK;
}

static enum err parse_key(struct scan *s, const char **out)
{
    const uint8_t *start = s->p;
    if (!is_lower(peek(s)) && peek(s) != '*')
        return ERR_INVALID;
    while (is_key_char(peek(s)))
        s->p++;
    *out = arena_strndup(s->arena, start, (size_t)(s->p - start));
    return *out ? OK : ERR_LIMIT;
}

static enum err parse_number(struct scan *s, struct sfv_value *out)
{
    bool negative = eat(s, '-');
    int64_t n = 0;
    int whole = 0, fraction = 0;
    for (; is_digit(peek(s)); s->p++) {
        if (++whole > INTEGER_MAX_DIGITS)
            return ERR_INVALID;
        n = n * 10 + (*s->p - '0');
    }
    if (whole == 0)
        return ERR_INVALID;
    out->type = SFV_INTEGER;
    if (eat(s, '.')) {
        out->type = SFV_DECIMAL;
        for (; is_digit(peek(s)); s->p++) {
            if (++fraction > DECIMAL_MAX_FRACTION_DIGITS)
                return ERR_INVALID;
            n = n * 10 + (*s->p - '0');
        }
        if (whole > DECIMAL_MAX_WHOLE_DIGITS || fraction == 0)
            return ERR_INVALID;
        for (; fraction < DECIMAL_MAX_FRACTION_DIGITS; fraction++)
            n *= 10;
    }
    out->number = negative ? -n : n;
    return OK;
}

static enum err parse_string(struct scan *s, struct sfv_value *out)
{
    s->p++; /* the quote */
    char *text = arena_alloc(s->arena, (size_t)(s->end - s->p) + 1);
    if (!text)
        return ERR_LIMIT;
    size_t n = 0;
    while (s->p < s->end) {
        uint8_t c = *s->p++;
        if (c == '"') {
            out->type = SFV_STRING;
            out->bytes = (struct bytes){(const uint8_t *)text, n};
            return OK;
        }
        if (c == '\\') {
            if (peek(s) != '"' && peek(s) != '\\')
                return ERR_INVALID;
            c = *s->p++;
        } else if (c < 0x20 || c > 0x7e) {
            return ERR_INVALID;
        }
        text[n++] = (char)c;
    }
    return ERR_INVALID;
}

static enum err parse_token(struct scan *s, struct sfv_value *out)
{
    const uint8_t *start = s->p;
    while (is_token_char(peek(s)))
        s->p++;
    size_t n = (size_t)(s->p - start);
    const char *text = arena_strndup(s->arena, start, n);
    if (!text)
        return ERR_LIMIT;
    out->type = SFV_TOKEN;
    out->bytes = (struct bytes){(const uint8_t *)text, n};
    return OK;
}

static enum err parse_bytes(struct scan *s, struct sfv_value *out)
{
    s->p++; /* the colon */
    const uint8_t *close = memchr(s->p, ':', (size_t)(s->end - s->p));
    if (!close)
        return ERR_INVALID;
    out->type = SFV_BYTES;
    struct bytes text = {s->p, (size_t)(close - s->p)};
    s->p = close + 1;
    return base64_decode(text, s->arena, &out->bytes);
}

static enum err parse_boolean(struct scan *s, struct sfv_value *out)
{
    s->p++; /* the question mark */
    out->type = SFV_BOOLEAN;
    out->number = peek(s) == '1';
    return eat(s, '0') || eat(s, '1') ? OK : ERR_INVALID;
}

static enum err parse_date(struct scan *s, struct sfv_value *out)
{
    s->p++; /* the at sign */
    enum err e = parse_number(s, out);
    if (e)
        return e;
    if (out->type != SFV_INTEGER)
        return ERR_INVALID;
    out->type = SFV_DATE;
    return OK;
}

static enum err parse_value(struct scan *s, struct sfv_value *out)
{
    int c = peek(s);
    *out = (struct sfv_value){0};
    if (c == '-' || is_digit(c))
        return parse_number(s, out);
    if (c == '"')
        return parse_string(s, out);
    if (c == '*' || is_alpha(c))
        return parse_token(s, out);
    if (c == ':')
        return parse_bytes(s, out);
    if (c == '?')
        return parse_boolean(s, out);
    if (c == '@')
        return parse_date(s, out);
    return ERR_INVALID;
}

static const struct sfv_value TRUE_VALUE = {.type = SFV_BOOLEAN, .number = 1};

/* A key that comes again overwrites the value and keeps the first place. */
static enum err param_put(struct scan *s, struct sfv_params *out, struct sfv_param param)
{
    for (size_t i = 0; i < out->n; i++) {
        if (strcmp(out->p[i].key, param.key) == 0) {
            out->p[i] = param;
            return OK;
        }
    }
    enum err e = grow(s->arena, (void **)&out->p, out->n, sizeof *out->p);
    if (e)
        return e;
    out->p[out->n++] = param;
    return OK;
}

static enum err parse_params(struct scan *s, struct sfv_params *out)
{
    while (eat(s, ';')) {
        skip_sp(s);
        struct sfv_param param = {.value = TRUE_VALUE};
        enum err e = parse_key(s, &param.key);
        if (!e && eat(s, '='))
            e = parse_value(s, &param.value);
        if (!e)
            e = param_put(s, out, param);
        if (e)
            return e;
    }
    return OK;
}

static enum err parse_item(struct scan *s, struct sfv_item *out)
{
    *out = (struct sfv_item){0};
    enum err e = parse_value(s, &out->value);
    return e ? e : parse_params(s, &out->params);
}

static enum err parse_inner_list(struct scan *s, struct sfv_member *out)
{
    s->p++; /* the parenthesis */
    out->is_list = true;
    for (;;) {
        skip_sp(s);
        if (eat(s, ')'))
            return parse_params(s, &out->params);
        enum err e = grow(s->arena, (void **)&out->items, out->item_count, sizeof *out->items);
        if (!e)
            e = parse_item(s, &out->items[out->item_count]);
        if (e)
            return e;
        out->item_count++;
        if (peek(s) != ' ' && peek(s) != ')')
            return ERR_INVALID;
    }
}

static enum err one_item(struct scan *s, struct sfv_member *out)
{
    out->items = arena_alloc(s->arena, sizeof *out->items);
    out->item_count = 1;
    return out->items ? OK : ERR_LIMIT;
}

static enum err parse_member_value(struct scan *s, struct sfv_member *out)
{
    if (peek(s) == '(')
        return parse_inner_list(s, out);
    enum err e = one_item(s, out);
    return e ? e : parse_item(s, out->items);
}

static enum err parse_dictionary_member(struct scan *s, struct sfv_member *out)
{
    enum err e = parse_key(s, &out->key);
    if (e)
        return e;
    if (eat(s, '='))
        return parse_member_value(s, out);
    e = one_item(s, out);
    if (e)
        return e;
    out->items[0].value = TRUE_VALUE;
    return parse_params(s, &out->items[0].params);
}

static enum err member_put(struct scan *s, struct sfv_field *out, struct sfv_member member)
{
    for (size_t i = 0; member.key && i < out->n; i++) {
        if (strcmp(out->p[i].key, member.key) == 0) {
            out->p[i] = member;
            return OK;
        }
    }
    enum err e = grow(s->arena, (void **)&out->p, out->n, sizeof *out->p);
    if (e)
        return e;
    out->p[out->n++] = member;
    return OK;
}

static struct scan scan_of(struct bytes text, struct arena *arena)
{
    struct scan s = {text.p, text.p + text.n, arena};
    skip_sp(&s);
    while (s.end > s.p && s.end[-1] == ' ')
        s.end--;
    return s;
}

static enum err parse_field(struct bytes text, struct arena *arena, bool is_dictionary,
                            struct sfv_field *out)
{
    static const uint8_t nothing = 0;
    struct scan s = scan_of(text.p ? text : (struct bytes){&nothing, 0}, arena);
    struct sfv_field field = {0};
    while (s.p < s.end) {
        struct sfv_member member = {0};
        enum err e =
            is_dictionary ? parse_dictionary_member(&s, &member) : parse_member_value(&s, &member);
        if (!e)
            e = member_put(&s, &field, member);
        if (e)
            return e;
        skip_ows(&s);
        if (s.p == s.end)
            break;
        if (!eat(&s, ','))
            return ERR_INVALID;
        skip_ows(&s);
        if (s.p == s.end)
            return ERR_INVALID; /* a comma at the end */
    }
    *out = field;
    return OK;
}

enum err sfv_parse_dictionary(struct bytes text, struct arena *arena, struct sfv_field *out)
{
    return parse_field(text, arena, true, out);
}

enum err sfv_parse_list(struct bytes text, struct arena *arena, struct sfv_field *out)
{
    return parse_field(text, arena, false, out);
}

enum err sfv_parse_item(struct bytes text, struct arena *arena, struct sfv_item *out)
{
    static const uint8_t nothing = 0;
    struct scan s = scan_of(text.p ? text : (struct bytes){&nothing, 0}, arena);
    struct sfv_item item;
    enum err e = parse_item(&s, &item);
    if (e)
        return e;
    if (s.p < s.end)
        return ERR_INVALID;
    *out = item;
    return OK;
}

const struct sfv_member *sfv_find(const struct sfv_field *field, const char *key)
{
    for (size_t i = 0; i < field->n; i++) {
        if (field->p[i].key && strcmp(field->p[i].key, key) == 0)
            return &field->p[i];
    }
    return NULL;
}

const struct sfv_value *sfv_param_find(const struct sfv_params *params, const char *key)
{
    for (size_t i = 0; i < params->n; i++) {
        if (strcmp(params->p[i].key, key) == 0)
            return &params->p[i].value;
    }
    return NULL;
}

/* ---- writing ---- */

static void write_decimal(struct buf *out, int64_t thousandths)
{
    uint64_t n = (uint64_t)(thousandths < 0 ? -thousandths : thousandths);
    char fraction[8];
    int digits = snprintf(fraction, sizeof fraction, "%03u", (unsigned)(n % THOUSAND));
    while (digits > 1 && fraction[digits - 1] == '0')
        digits--;
    buf_printf(out, "%s%" PRIu64 ".%.*s", thousandths < 0 ? "-" : "", n / THOUSAND, digits,
               fraction);
}

static void write_string(struct buf *out, struct bytes text)
{
    buf_char(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\')
            buf_char(out, '\\');
        buf_char(out, (char)text.p[i]);
    }
    buf_char(out, '"');
}

static void write_bytes(struct buf *out, struct bytes in)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * in.n + 64);
    const char *text = base64_encode(in, &arena);
    buf_char(out, ':');
    buf_str(out, text ? text : "");
    buf_char(out, ':');
}

static void write_value(struct buf *out, const struct sfv_value *value)
{
    switch (value->type) {
    case SFV_INTEGER:
        buf_printf(out, "%" PRId64, value->number);
        return;
    case SFV_DECIMAL:
        write_decimal(out, value->number);
        return;
    case SFV_STRING:
        write_string(out, value->bytes);
        return;
    case SFV_TOKEN:
        buf_add(out, value->bytes.p, value->bytes.n);
        return;
    case SFV_BYTES:
        write_bytes(out, value->bytes);
        return;
    case SFV_BOOLEAN:
        buf_str(out, value->number ? "?1" : "?0");
        return;
    case SFV_DATE:
        buf_printf(out, "@%" PRId64, value->number);
        return;
    }
}

static bool is_true(const struct sfv_value *value)
{
    return value->type == SFV_BOOLEAN && value->number;
}

static void write_params(struct buf *out, const struct sfv_params *params)
{
    for (size_t i = 0; i < params->n; i++) {
        buf_printf(out, ";%s", params->p[i].key);
        if (is_true(&params->p[i].value))
            continue;
        buf_char(out, '=');
        write_value(out, &params->p[i].value);
    }
}

void sfv_write_item(struct buf *out, const struct sfv_item *item)
{
    write_value(out, &item->value);
    write_params(out, &item->params);
}

void sfv_write_member(struct buf *out, const struct sfv_member *member)
{
    if (!member->is_list) {
        sfv_write_item(out, &member->items[0]);
        return;
    }
    buf_char(out, '(');
    for (size_t i = 0; i < member->item_count; i++) {
        if (i)
            buf_char(out, ' ');
        sfv_write_item(out, &member->items[i]);
    }
    buf_char(out, ')');
    write_params(out, &member->params);
}

void sfv_write_list(struct buf *out, const struct sfv_field *field)
{
    for (size_t i = 0; i < field->n; i++) {
        if (i)
            buf_str(out, ", ");
        sfv_write_member(out, &field->p[i]);
    }
}

void sfv_write_dictionary(struct buf *out, const struct sfv_field *field)
{
    for (size_t i = 0; i < field->n; i++) {
        const struct sfv_member *m = &field->p[i];
        if (i)
            buf_str(out, ", ");
        buf_str(out, m->key);
        if (!m->is_list && is_true(&m->items[0].value)) {
            write_params(out, &m->items[0].params);
            continue;
        }
        buf_char(out, '=');
        sfv_write_member(out, m);
    }
}
