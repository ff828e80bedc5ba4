#include "federation/canonical.h"

#include "federation/as2.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 17 /* of a double: so many always read back as the same one */

/* ---- numbers ---- */

struct decimal { /* 0.d1d2d3... times ten to the power of `point` */
    char digits[DIGITS_MAX + 1];
    int count, point;
};

/* d.ddde+XX as printf wrote it (whatever the locale's point), without its trailing zeros. */
static void read_digits(const char *text, struct decimal *out)
{
    *out = (struct decimal){0};
    const char *e = strchr(text, 'e');
    for (const char *p = text; p < e; p++)
        if (*p >= '0' && *p <= '9')
            out->digits[out->count++] = *p;
    while (out->count > 1 && out->digits[out->count - 1] == '0')
        out->digits[--out->count] = '\0';
    out->point = (int)strtol(e + 1, NULL, 10) + 1;
}

/* One more in the last digit. False: it is a nine, and the neighbour has fewer digits. */
static bool last_digit_up(char *text)
{
    char *last = strchr(text, 'e') - 1;
    if (*last == '9')
        return false;
    ++*last;
    return true;
}

/*
 * The fewest digits that read back as `number`, a positive one. At a power of two the doubles below
 * lie closer than those above: then the decimal nearest to the number may read back as the double
 * below it, while the next decimal up still belongs to the number.
 */
static void shortest(double number, struct decimal *out)
{
    char text[DIGITS_MAX + 16];
    for (int digits = 1; digits <= DIGITS_MAX; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, number);
        double back = strtod(text, NULL);
        if (back < number && last_digit_up(text))
            back = strtod(text, NULL);
        if (!(back < number) && !(back > number))
            break;
    }
    read_digits(text, out);
}

/* ECMAScript's Number::toString, whose k is `count` and whose n is `point`. */
void canonical_number(double number, char out[CANONICAL_NUMBER_BYTES])
{
    const char *sign = number < 0 ? "-" : "";
    struct decimal d;
    out[0] = '\0';
    if (!isfinite(number))
        return;
    if (fpclassify(number) == FP_ZERO) { /* minus zero too */
        snprintf(out, CANONICAL_NUMBER_BYTES, "0");
        return;
    }
    shortest(fabs(number), &d);
    if (d.count <= d.point && d.point <= 21)
        snprintf(out, CANONICAL_NUMBER_BYTES, "%s%s%.*s", sign, d.digits, d.point - d.count,
                 "00000000000000000000");
    else if (0 < d.point && d.point <= 21)
        snprintf(out, CANONICAL_NUMBER_BYTES, "%s%.*s.%s", sign, d.point, d.digits,
                 d.digits + d.point);
    else if (-6 < d.point && d.point <= 0)
        snprintf(out, CANONICAL_NUMBER_BYTES, "%s0.%.*s%s", sign, -d.point, "000000", d.digits);
    else
        snprintf(out, CANONICAL_NUMBER_BYTES, "%s%c%s%se%+d", sign, d.digits[0],
                 d.count > 1 ? "." : "", d.digits + 1, d.point - 1);
}

static void add_number(const json_t *value, struct buf *out)
{
    char text[CANONICAL_NUMBER_BYTES];
    canonical_number(json_number_value(value), text);
    buf_str(out, text);
}

/* ---- strings and names ---- */

static void add_character(unsigned char c, struct buf *out)
{
    static const char *const short_form[] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n",  ['\f'] = "\\f",
        ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\",
    };
    if (c < COUNT(short_form) && short_form[c])
        buf_str(out, short_form[c]);
    else
        buf_printf(out, "\\u%04x", c);
}

static void add_string(const char *text, size_t n, struct buf *out)
{
    size_t start = 0;
    buf_char(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(out, text + start, i - start);
        add_character(c, out);
        start = i + 1;
    }
    buf_add(out, text + start, n - start);
    buf_char(out, '"');
}

/*
 * The order of UTF-16 code units, told from UTF-8: it is the order of the bytes, but for what lies
 * beyond 16 bits (first byte F0 and up): its surrogates come before U+E000 to U+FFFF (EE, EF).
 */
static int compare_names(const void *left, const void *right)
{
    const unsigned char *a = *(const unsigned char *const *)left;
    const unsigned char *b = *(const unsigned char *const *)right;
    while (*a && *a == *b) {
        a++;
        b++;
    }
    if (*a >= 0xEE && *b >= 0xEE && (*a >= 0xF0) != (*b >= 0xF0))
        return *a >= 0xF0 ? -1 : 1;
    return *a < *b ? -1 : *a > *b;
}

/* ---- values ---- */

static void add_value(const json_t *value, struct buf *out);

static void add_object(const json_t *object, struct buf *out)
{
    size_t n = 0;
    AUTO(xfree) const char **names = xcalloc(json_object_size(object) + 1, sizeof *names);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value) names[n++] = name;
    qsort(names, n, sizeof *names, compare_names);
    buf_char(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_char(out, ',');
        add_string(names[i], strlen(names[i]), out);
        buf_char(out, ':');
        add_value(json_object_get(object, names[i]), out);
    }
    buf_char(out, '}');
}

static void add_array(const json_t *array, struct buf *out)
{
    buf_char(out, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i)
            buf_char(out, ',');
        add_value(json_array_get(array, i), out);
    }
    buf_char(out, ']');
}

static void add_value(const json_t *value, struct buf *out)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        add_object(value, out);
        break;
    case JSON_ARRAY:
        add_array(value, out);
        break;
    case JSON_STRING:
        add_string(json_string_value(value), json_string_length(value), out);
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        add_number(value, out);
        break;
    case JSON_TRUE:
        buf_str(out, "true");
        break;
    case JSON_FALSE:
        buf_str(out, "false");
        break;
    default:
        buf_str(out, "null");
    }
}

enum err canonical_tree(const json_t *value, struct buf *out)
{
    add_value(value, out);
    return out->is_full ? ERR_LIMIT : OK;
}

enum err canonical_json(struct bytes json, struct buf *out, struct why *why)
{
    json_error_t at;
    enum err e = as2_prescan(json, why);
    if (e)
        return e;
    json_auto_t *value =
        json_loadb(json.p ? (const char *)json.p : "", json.n,
                   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &at);
    if (!value)
        return why_set(why, ERR_INVALID, "not JSON (line %d)", at.line);
    e = canonical_tree(value, out);
    return e ? why_set(why, e, "its canonical form is too large") : OK;
}
