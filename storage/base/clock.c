#include "storage/base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static _Atomic int64_t set_ms = -1;

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    int64_t set = atomic_load(&set_ms);
    if (set >= 0)
        return set;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_ms(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_set(int64_t ms)
{
    atomic_store(&set_ms, ms < 0 ? -1 : ms);
}

/* Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant's days_from_civil). */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

#define YEAR_0_S (-62167219200LL)
#define YEAR_9999_END_S 253402300799LL

static void split(int64_t ms, struct tm *tm, int *out_ms)
{
    int64_t s = ms / 1000;
    int64_t rest = ms % 1000;
    if (rest < 0) {
        rest += 1000;
        s--;
    }
    if (s < YEAR_0_S)
        s = YEAR_0_S;
    if (s > YEAR_9999_END_S)
        s = YEAR_9999_END_S;
    time_t t = (time_t)s;
    gmtime_r(&t, tm);
    *out_ms = (int)rest;
}

void clock_format_rfc3339(int64_t ms, char out[CLOCK_RFC3339_BYTES])
{
    struct tm tm;
    int rest;
    split(ms, &tm, &rest);
    char text[80]; /* wide enough for any int, which is what the compiler must assume */
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, rest);
    memcpy(out, text, CLOCK_RFC3339_BYTES - 1);
    out[CLOCK_RFC3339_BYTES - 1] = '\0';
}

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void clock_format_http(int64_t ms, char out[CLOCK_HTTP_BYTES])
{
    static const char day_names[] = "SunMonTueWedThuFriSat";
    struct tm tm;
    int rest;
    split(ms, &tm, &rest);
    char text[80];
    snprintf(text, sizeof text, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
             day_names + 3 * tm.tm_wday, tm.tm_mday, month_names + 3 * tm.tm_mon, tm.tm_year + 1900,
             tm.tm_hour, tm.tm_min, tm.tm_sec);
    memcpy(out, text, CLOCK_HTTP_BYTES - 1);
    out[CLOCK_HTTP_BYTES - 1] = '\0';
}

/* Reads exactly `digits` digits. */
static bool number(const char **p, int digits, int64_t *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        *out = *out * 10 + (**p - '0');
    }
    return true;
}

static bool literal(const char **p, const char *any_of)
{
    if (!**p || !strchr(any_of, **p))
        return false;
    (*p)++;
    return true;
}

struct civil {
    int64_t year, month, day, hour, minute, second;
};

static enum err civil_to_ms(const struct civil *c, int64_t *out_ms)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1 ||
        c->day > month_days[c->month - 1] || c->hour > 23 || c->minute > 59 || c->second > 60)
        return ERR_INVALID;
    int64_t days = days_from_civil(c->year, c->month, c->day);
    *out_ms = (((days * 24 + c->hour) * 60 + c->minute) * 60 + c->second) * 1000;
    return OK;
}

/* "+01:00", "-0530", "Z" or nothing; minutes east of UTC. */
static bool offset_minutes(const char **p, int64_t *out)
{
    *out = 0;
    if (**p == '\0' || literal(p, "Zz"))
        return true;
    int64_t sign = **p == '-' ? -1 : 1, hours, minutes = 0;
    if (!literal(p, "+-") || !number(p, 2, &hours))
        return false;
    literal(p, ":");
    if (**p && !number(p, 2, &minutes))
        return false;
    *out = sign * (hours * 60 + minutes);
    return hours < 24 && minutes < 60;
}

enum err clock_parse_rfc3339(const char *text, int64_t *out_ms)
{
    struct civil c;
    const char *p = text;
    if (!p || !number(&p, 4, &c.year) || !literal(&p, "-") || !number(&p, 2, &c.month) ||
        !literal(&p, "-") || !number(&p, 2, &c.day) || !literal(&p, "Tt ") ||
        !number(&p, 2, &c.hour) || !literal(&p, ":") || !number(&p, 2, &c.minute))
        return ERR_INVALID;
    c.second = 0;
    if (literal(&p, ":") && !number(&p, 2, &c.second))
        return ERR_INVALID;
    int64_t fraction = 0, unit = 100;
    if (literal(&p, ".,"))
        for (; *p >= '0' && *p <= '9'; p++, unit /= 10)
            fraction += (*p - '0') * unit;
    int64_t east, ms;
    if (!offset_minutes(&p, &east) || *p)
        return ERR_INVALID;
    enum err e = civil_to_ms(&c, &ms);
    if (e)
        return e;
    *out_ms = ms + fraction - east * 60000;
    return OK;
}

static bool month(const char **p, int64_t *out)
{
    for (int m = 0; m < 12; m++) {
        if (strncmp(*p, month_names + 3 * m, 3) == 0) {
            *p += 3;
            *out = m + 1;
            return true;
        }
    }
    return false;
}

enum err clock_parse_http(const char *text, int64_t *out_ms)
{
    struct civil c;
    const char *p = text;
    if (!p)
        return ERR_INVALID;
    const char *comma = strchr(p, ',');
    if (comma) {
        if (comma - p != 3 || comma[1] != ' ')
            return ERR_INVALID;
        p = comma + 2;
    }
    bool two = p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9';
    if (!number(&p, two ? 2 : 1, &c.day) || !literal(&p, " ") || !month(&p, &c.month) ||
        !literal(&p, " ") || !number(&p, 4, &c.year) || !literal(&p, " ") ||
        !number(&p, 2, &c.hour) || !literal(&p, ":") || !number(&p, 2, &c.minute) ||
        !literal(&p, ":") || !number(&p, 2, &c.second) || !literal(&p, " "))
        return ERR_INVALID;
    int64_t east = 0, ms;
    if (strcmp(p, "GMT") == 0 || strcmp(p, "UTC") == 0)
        p += 3;
    else if ((*p != '+' && *p != '-') || !offset_minutes(&p, &east))
        return ERR_INVALID;
    if (*p)
        return ERR_INVALID;
    enum err e = civil_to_ms(&c, &ms);
    if (e)
        return e;
    *out_ms = ms - east * 60000;
    return OK;
}
