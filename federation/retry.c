#include "federation/retry.h"

#include "storage/base/clock.h"

#define SECOND_MS ((int64_t)1000)
#define RETRY_AFTER_MAX_MS ((int64_t)24 * 3600 * SECOND_MS)
/* So often a peer's own short Retry-After is believed before our schedule is the minimum. */
#define RETRY_AFTER_TRUST 5

enum verdict retry_judge(const struct answer *answer)
{
    int status = answer->status;
    if (status >= 200 && status < 300)
        return VERDICT_DELIVERED;
    switch (status) {
    case 400:
    case 405:
    case 410:
    case 413:
    case 415:
    case 422:
        return VERDICT_REFUSED;
    case 401:
        return answer->tried_both_schemes ? VERDICT_PATIENCE : VERDICT_OTHER_SCHEME;
    case 408:
    case 429:
        return VERDICT_LATER;
    default:
        /* an odd 4xx is about this request: it must not hold up everything else for that peer */
        return status >= 400 && status < 500 ? VERDICT_PATIENCE : VERDICT_LATER;
    }
}

int64_t retry_after_parse(const char *field, int64_t now_ms)
{
    if (!field || !*field)
        return -1;
    int64_t seconds = 0, at_ms;
    const char *p = field;
    for (; *p >= '0' && *p <= '9'; p++)
        if (seconds <= RETRY_AFTER_MAX_MS / SECOND_MS)
            seconds = seconds * 10 + (*p - '0');
    int64_t wait_ms;
    if (!*p)
        wait_ms = seconds * SECOND_MS;
    else if (clock_parse_http(field, &at_ms) == OK)
        wait_ms = at_ms - now_ms;
    else
        return -1;
    if (wait_ms < 0)
        return 0;
    return wait_ms < RETRY_AFTER_MAX_MS ? wait_ms : RETRY_AFTER_MAX_MS;
}

static int64_t back_off_step(const struct federation_config *config, uint32_t failures)
{
    size_t n = 0;
    while (n < config->back_off_count && n < COUNT(config->back_off_ms) && config->back_off_ms[n])
        n++;
    if (n == 0)
        return SECOND_MS;
    size_t step = failures > 0 ? failures - 1 : 0;
    return config->back_off_ms[step < n ? step : n - 1];
}

int64_t retry_next_ms(const struct federation_config *config, uint32_t failures,
                      const struct answer *answer, int64_t now_ms, uint32_t random)
{
    int64_t step = back_off_step(config, failures);
    /* up to a tenth more, so that what failed together does not come back together */
    int64_t wait = step + step / 10 * (random % 1024) / 1024;
    bool says_when =
        (answer->status == 429 || answer->status == 503) && answer->retry_after_ms >= 0;
    if (says_when && (failures <= RETRY_AFTER_TRUST || answer->retry_after_ms > wait))
        wait = answer->retry_after_ms > SECOND_MS ? answer->retry_after_ms : SECOND_MS;
    return now_ms + wait;
}

int64_t retry_longest_ms(const struct federation_config *config)
{
    int64_t last = back_off_step(config, UINT32_MAX);
    last += last / 10;
    return last > RETRY_AFTER_MAX_MS ? last : RETRY_AFTER_MAX_MS;
}

uint32_t retry_attempts_within(const struct federation_config *config, int64_t span_ms)
{
    return (uint32_t)(span_ms / back_off_step(config, UINT32_MAX) / 2);
}

int64_t retry_patience_ms(const struct federation_config *config, const OutJob *job, int64_t now_ms)
{
    int64_t patience = config->refusal_patience_ms;
    int64_t waited = now_ms - job->refused_since_ms;
    if (waited < 0)
        waited = 0;
    bool is_tried = job->attempts >= retry_attempts_within(config, patience);
    if (waited >= patience && is_tried)
        return 0;

    /* waits as long again as it has waited: 1, 2, 4, ... minutes, then the longest step */
    int64_t least = back_off_step(config, 1), most = back_off_step(config, UINT32_MAX);
    int64_t wait = waited < least ? least : waited > most ? most : waited;
    if (waited < patience && wait > patience - waited)
        wait = patience - waited; /* the last try is at the end, not after it */
    return now_ms + wait;
}

bool retry_is_expired(const struct federation_config *config, const OutJob *job,
                      uint32_t peer_failures, int64_t now_ms)
{
    uint32_t enough = retry_attempts_within(config, config->queue_life_ms);
    return now_ms - job->queued_ms >= config->queue_life_ms &&
           (peer_failures >= enough || job->attempts >= enough);
}
