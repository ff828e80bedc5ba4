#include "federation/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "federation/digest.h"
#include "federation/multibase.h"
#include "storage/base/buf.h"

#define NOW_MS 1700000000000 /* Tue, 14 Nov 2023 22:13:20 GMT */
#define HOUR_MS (60 * 60 * 1000)
#define KEY_ID "https://peer.example/users/ada#main-key"
#define INBOX "https://node.example/users/bob/inbox"
#define MAX_HEADERS 16

static struct private_key *rsa, *ed25519;
static struct public_key *rsa_public, *ed25519_public;

static int make_keys(void **state)
{
    (void)state;
    rsa = private_key_generate(KEY_RSA);
    ed25519 = private_key_generate(KEY_ED25519);
    rsa_public = private_key_public(rsa);
    ed25519_public = private_key_public(ed25519);
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    private_key_free(&rsa);
    private_key_free(&ed25519);
    public_key_free(&rsa_public);
    public_key_free(&ed25519_public);
    return 0;
}

/* ---- a request under construction ---- */

struct request {
    struct arena arena;
    struct http_header headers[MAX_HEADERS];
    struct http_message msg;
};

static void request_clear(struct request *r)
{
    arena_clear(&r->arena);
}

static void request_init(struct request *r, const char *method, const char *target,
                         const char *body)
{
    *r = (struct request){.arena = ARENA_INIT(1 << 20)};
    r->msg = (struct http_message){.method = method,
                                   .target = target,
                                   .scheme = "https",
                                   .host = "node.example",
                                   .headers = r->headers,
                                   .body = bytes_of(body)};
}

static void add(struct request *r, const char *name, const char *value)
{
    assert_true(r->msg.header_count < MAX_HEADERS);
    r->headers[r->msg.header_count++] = (struct http_header){name, value};
}

static void set(struct request *r, const char *name, const char *value)
{
    for (size_t i = 0; i < r->msg.header_count; i++) {
        if (strcasecmp(r->headers[i].name, name) == 0) {
            r->headers[i].value = value;
            return;
        }
    }
    add(r, name, value);
}

static void drop(struct request *r, const char *name)
{
    for (size_t i = 0; i < r->msg.header_count; i++) {
        if (strcasecmp(r->headers[i].name, name) == 0)
            r->headers[i].name = "X-Dropped";
    }
}

/* The base of what is claimed now, signed: base64, in the arena. */
static const char *signed_now(struct request *r, const struct private_key *key)
{
    struct signature sig;
    struct bytes base, value;
    struct why why = {""};
    if (signature_parse(&r->msg, &r->arena, &sig, &why))
        fail_msg("%s", why.text);
    assert_int_equal(signature_base(&r->msg, &sig, &r->arena, &base, NULL), OK);
    assert_int_equal(private_key_sign(key, base, &r->arena, &value), OK);
    return base64_encode(value, &r->arena);
}

/* Signs the request as it stands, with these cavage parameters. */
static void sign_cavage(struct request *r, const char *params)
{
    set(r, "Signature",
        arena_printf(&r->arena, "keyId=\"" KEY_ID "\",signature=\"AAAA\",%s", params));
    set(r, "Signature",
        arena_printf(&r->arena, "keyId=\"" KEY_ID "\",%s,signature=\"%s\"", params,
                     signed_now(r, rsa)));
}

/* The same with RFC 9421; `input` is what follows the label. */
static void sign_rfc9421(struct request *r, const char *input, const struct private_key *key)
{
    set(r, "Signature-Input", arena_printf(&r->arena, "sig1=%s", input));
    set(r, "Signature", "sig1=:AAAA:");
    set(r, "Signature", arena_printf(&r->arena, "sig1=:%s:", signed_now(r, key)));
}

#define FULL_CAVAGE "algorithm=\"rsa-sha256\",headers=\"(request-target) host date digest\""
#define FULL_RFC9421                                                                               \
    "(\"@method\" \"@target-uri\" \"content-digest\");created=1700000000;keyid=\"" KEY_ID "\""

/* A POST with every field both schemes could want, not yet signed. */
static void post(struct request *r)
{
    static const char body[] = "{\"type\":\"Follow\"}";
    request_init(r, "POST", "/users/bob/inbox", body);
    add(r, "Host", "node.example");
    add(r, "Date", "Tue, 14 Nov 2023 22:13:20 GMT");
    add(r, "Digest", digest_make(bytes_of(body), &r->arena));
    add(r, "Content-Digest", content_digest_make(bytes_of(body), &r->arena));
    add(r, "Content-Type", "application/activity+json");
}

static enum err judge_at(struct request *r, int64_t now_ms, const struct public_key *key)
{
    struct signature sig;
    struct why why = {""};
    enum err e = signature_parse(&r->msg, &r->arena, &sig, &why);
    if (!e)
        e = signature_precheck(&r->msg, &sig, now_ms, "node.example", &why);
    if (!e)
        e = signature_verify(&r->msg, &sig, key, &why);
    assert_true((e == OK) == (why.text[0] == '\0')); /* every refusal has its sentence */
    return e;
}

static enum err judge(struct request *r)
{
    return judge_at(r, NOW_MS, rsa_public);
}

/* ---- what we send ---- */

/* Signs with signature_sign and turns the lines into the message the other side gets. */
static struct signature_lines sent(struct request *r, enum signature_scheme scheme,
                                   const char *method, const char *uri, const char *body,
                                   const struct private_key *key)
{
    request_init(r, method, strchr(uri + 8, '/'), body);
    struct signature_request request = {.scheme = scheme,
                                        .method = method,
                                        .uri = uri,
                                        .body = bytes_of(body),
                                        .key_id = KEY_ID,
                                        .key = key,
                                        .now_ms = NOW_MS};
    struct signature_lines lines;
    assert_int_equal(signature_sign(&request, &r->arena, &lines, NULL), OK);
    for (size_t i = 0; i < lines.n; i++) {
        const char *colon = strstr(lines.line[i], ": ");
        add(r, arena_strndup(&r->arena, lines.line[i], (size_t)(colon - lines.line[i])), colon + 2);
    }
    r->msg.host = r->headers[0].value;
    return lines;
}

static void what_we_sign_is_what_peers_expect(void **state)
{
    (void)state;
    AUTO(request_clear) struct request r, g, m, d;
    struct signature_lines l = sent(&r, SIGNATURE_CAVAGE, "POST", INBOX, "{}", rsa);
    assert_int_equal(l.n, 4);
    assert_string_equal(l.line[0], "Host: node.example");
    assert_string_equal(l.line[1], "Date: Tue, 14 Nov 2023 22:13:20 GMT");
    assert_string_equal(l.line[2], "Digest: SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=");
    assert_ptr_equal(strstr(l.line[3],
                            "Signature: keyId=\"" KEY_ID "\",algorithm=\"rsa-sha256\",headers=\""
                            "(request-target) host date digest\",signature=\""),
                     l.line[3]);
    assert_int_equal(judge(&r), OK);

    l = sent(&g, SIGNATURE_CAVAGE, "GET", "https://node.example/x?page=2", "", rsa);
    assert_int_equal(l.n, 3);
    assert_non_null(strstr(l.line[2], "headers=\"(request-target) host date\""));
    assert_int_equal(judge(&g), OK);

    l = sent(&m, SIGNATURE_RFC9421, "POST", INBOX, "{}", ed25519);
    assert_int_equal(l.n, 5);
    assert_string_equal(l.line[2],
                        "Content-Digest: sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:");
    assert_string_equal(l.line[3], "Signature-Input: sig1=" FULL_RFC9421);
    assert_int_equal(judge_at(&m, NOW_MS, ed25519_public), OK);
    assert_int_equal(judge(&m), ERR_DENIED); /* another key */

    l = sent(&d, SIGNATURE_RFC9421, "GET", "https://node.example/x?page=2", "", rsa);
    assert_string_equal(l.line[2], "Signature-Input: sig1=(\"@method\" \"@target-uri\");"
                                   "created=1700000000;keyid=\"" KEY_ID "\"");
    assert_int_equal(judge(&d), OK);
}

static void a_port_belongs_to_the_host_that_is_signed(void **state)
{
    (void)state;
    static const enum signature_scheme schemes[] = {SIGNATURE_CAVAGE, SIGNATURE_RFC9421};
    for (size_t i = 0; i < COUNT(schemes); i++) {
        AUTO(request_clear) struct request r;
        struct signature sig;
        (void)sent(&r, schemes[i], "POST", "https://NODE.example:8443/inbox", "{}", rsa);
        assert_string_equal(r.msg.host, "node.example:8443");
        assert_int_equal(signature_parse(&r.msg, &r.arena, &sig, NULL), OK);
        assert_int_equal(signature_precheck(&r.msg, &sig, NOW_MS, "node.example:8443", NULL), OK);
        assert_int_equal(signature_precheck(&r.msg, &sig, NOW_MS, "node.example", NULL),
                         ERR_DENIED);
        assert_int_equal(signature_verify(&r.msg, &sig, rsa_public, NULL), OK);
    }
}

static void what_cannot_be_signed_is_said(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 16);
    AUTO(arena_clear) struct arena small = ARENA_INIT(64);
    struct signature_lines lines;
    struct signature_request good = {.scheme = SIGNATURE_CAVAGE,
                                     .method = "POST",
                                     .uri = INBOX,
                                     .key_id = KEY_ID,
                                     .key = rsa,
                                     .now_ms = NOW_MS};
    assert_int_equal(signature_sign(&good, &arena, &lines, NULL), OK);
    struct signature_request bad = good;
    bad.key = ed25519;
    assert_int_equal(signature_sign(&bad, &arena, &lines, NULL), ERR_INVALID);
    bad = good;
    bad.key_id = "https://a.example/\"x";
    assert_int_equal(signature_sign(&bad, &arena, &lines, NULL), ERR_INVALID);
    bad = good;
    bad.uri = "ftp://a.example/";
    assert_int_equal(signature_sign(&bad, &arena, &lines, NULL), ERR_INVALID);
    assert_int_equal(signature_sign(&good, &small, &lines, NULL), ERR_LIMIT);
}

/* ---- what is read ---- */

static void a_request_without_signature_is_not_found(void **state)
{
    (void)state;
    AUTO(request_clear) struct request r;
    struct signature sig;
    post(&r);
    assert_int_equal(signature_parse(&r.msg, &r.arena, &sig, NULL), ERR_NOTFOUND);
    add(&r, "Authorization", "Bearer abc");
    assert_int_equal(signature_parse(&r.msg, &r.arena, &sig, NULL), ERR_NOTFOUND);
}

static void the_key_id_is_known_before_anything_is_checked(void **state)
{
    (void)state;
    AUTO(request_clear) struct request r;
    struct signature sig;
    post(&r);
    add(&r, "Signature", "keyId=\"https://stranger.example/k\",signature=\"AAAA\"");
    assert_int_equal(signature_parse(&r.msg, &r.arena, &sig, NULL), OK);
    assert_string_equal(sig.key_id, "https://stranger.example/k");
    assert_int_equal(sig.covered_count, 1);
    assert_string_equal(sig.covered[0], "date"); /* the default */
    assert_int_equal(signature_precheck(&r.msg, &sig, NOW_MS, "node.example", NULL), ERR_DENIED);
    set(&r, "Signature", "keyId=\"k\",algorithm=\"hs2019\",created=1,signature=\"AAAA\"");
    assert_int_equal(signature_parse(&r.msg, &r.arena, &sig, NULL), OK);
    assert_string_equal(sig.covered[0], "(created)");
}

static void parameters_are_read_as_peers_write_them(void **state)
{
    (void)state;
    static const char *const good[] = {
        FULL_CAVAGE,
        "headers=\"(request-target) host date digest\"",
        "algorithm=\"hs2019\",headers=\"(request-target) host date digest\"",
        "algorithm = \"rsa-sha256\" ,  headers= \"(request-target) Host DATE digest content-type\"",
        "algorithm=rsa-sha256,headers=\"(request-target) host date digest\"",
        "algorithm=\"hs2019\",created=1700000000,headers=\"(request-target) (created) host "
        "digest\"",
        "algorithm=\"hs2019\",created=\"1700000000\",expires=\"1700003600\",headers=\""
        "(request-target) (created) (expires) host digest\"",
        "opaque=\"a,b \\\" c=d\"," FULL_CAVAGE,
        "headers=\"(request-target) host date content-digest\"",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        AUTO(request_clear) struct request r;
        post(&r);
        sign_cavage(&r, good[i]);
        if (judge(&r) != OK)
            fail_msg("refused: %s", good[i]);
    }
}

static void a_signature_may_come_in_authorization(void **state)
{
    (void)state;
    AUTO(request_clear) struct request r;
    post(&r);
    sign_cavage(&r, FULL_CAVAGE);
    const char *params = r.headers[r.msg.header_count - 1].value;
    drop(&r, "Signature");
    add(&r, "Authorization", arena_printf(&r.arena, "Signature %s", params));
    assert_int_equal(judge(&r), OK);
    add(&r, "Signature", params);
    assert_int_equal(judge(&r), ERR_DENIED); /* two signatures */
}

static void t02_fields_that_decide_come_once(void **state)
{
    (void)state;
    static const char *const names[] = {"Signature", "Digest", "Date"};
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(request_clear) struct request r;
        post(&r);
        sign_cavage(&r, FULL_CAVAGE);
        for (size_t k = 0; k < r.msg.header_count; k++) {
            if (strcasecmp(r.headers[k].name, names[i]) == 0) {
                add(&r, names[i], r.headers[k].value);
                break;
            }
        }
        assert_int_equal(judge(&r), ERR_DENIED);
    }
}

static void t02_even_a_signed_repeat_is_denied(void **state)
{
    (void)state;
    AUTO(request_clear) struct request r;
    post(&r);
    add(&r, "Digest", digest_make(r.msg.body, &r.arena));
    sign_cavage(&r, FULL_CAVAGE);
    assert_int_equal(judge(&r), ERR_DENIED);
}

static void t11_a_changed_body_is_denied(void **state)
{
    (void)state;
    for (int scheme = 0; scheme < 2; scheme++) {
        AUTO(request_clear) struct request r;
        post(&r);
        if (scheme)
            sign_rfc9421(&r, FULL_RFC9421, rsa);
        else
            sign_cavage(&r, FULL_CAVAGE);
        assert_int_equal(judge(&r), OK);
        r.msg.body = bytes_of("{\"type\":\"follow\"}");
        assert_int_equal(judge(&r), ERR_DENIED);
        r.msg.body = bytes_of("");
        assert_int_equal(judge(&r), ERR_DENIED);
    }
}

static void t12_the_digest_must_be_there_signed_strong_and_right(void **state)
{
    (void)state;
    AUTO(request_clear) struct request absent, unsigned_, weak, other;
    post(&unsigned_);
    sign_cavage(&unsigned_, "headers=\"(request-target) host date\"");
    assert_int_equal(judge(&unsigned_), ERR_DENIED);

    post(&absent);
    sign_cavage(&absent, FULL_CAVAGE);
    drop(&absent, "Digest");
    assert_int_equal(judge(&absent), ERR_DENIED);

    post(&weak);
    set(&weak, "Digest", "MD5=Sd/dVLAcvNLSq16eXua5uQ==");
    sign_cavage(&weak, FULL_CAVAGE);
    assert_int_equal(judge(&weak), ERR_DENIED);

    post(&other);
    set(&other, "Digest", digest_make(bytes_of("other"), &other.arena));
    sign_cavage(&other, FULL_CAVAGE);
    assert_int_equal(judge(&other), ERR_DENIED);
    set(&other, "Content-Digest", "SHA-256=:AAAA:");
    sign_rfc9421(&other, FULL_RFC9421, rsa);
    assert_int_equal(judge(&other), ERR_INVALID); /* malformed: 400 */
}

static void t12_a_post_with_an_empty_body_needs_a_digest_too(void **state)
{
    (void)state;
    AUTO(request_clear) struct request r;
    request_init(&r, "POST", "/inbox", "");
    add(&r, "Date", "Tue, 14 Nov 2023 22:13:20 GMT");
    sign_cavage(&r, "headers=\"(request-target) host date\"");
    assert_int_equal(judge(&r), ERR_DENIED);
    r.msg.method = "GET";
    sign_cavage(&r, "headers=\"(request-target) host date\"");
    assert_int_equal(judge(&r), OK);
    r.msg.body = bytes_of("x");
    assert_int_equal(judge(&r), ERR_DENIED);
}

static void t13_too_little_signed_is_denied(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "headers=\"host date digest\"",
        "headers=\"(request-target) date digest\"",
        "headers=\"(request-target) host digest\"",
        "created=1700000000,headers=\"(request-target) host digest\"",
        "headers=\"date\"",
    };
    for (size_t i = 0; i < COUNT(lists); i++) {
        AUTO(request_clear) struct request r;
        post(&r);
        sign_cavage(&r, lists[i]);
        if (judge(&r) != ERR_DENIED)
            fail_msg("taken: %s", lists[i]);
    }
}

static void t13_what_is_covered_but_was_not_sent_is_denied_before_a_key_is_fetched(void **state)
{
    (void)state;
    AUTO(request_clear) struct request r;
    struct signature sig;
    post(&r);
    add(&r, "Signature",
        "keyId=\"k\",signature=\"AAAA\",headers=\"(request-target) host date digest "
        "x-other\"");
    assert_int_equal(signature_parse(&r.msg, &r.arena, &sig, NULL), OK);
    assert_int_equal(signature_precheck(&r.msg, &sig, NOW_MS, "node.example", NULL), ERR_DENIED);
    add(&r, "X-Other", "y");
    assert_int_equal(signature_precheck(&r.msg, &sig, NOW_MS, "node.example", NULL), OK);
}

static void t14_a_signature_stays_with_its_request(void **state)
{
    (void)state;
    for (int scheme = 0; scheme < 2; scheme++) {
        AUTO(request_clear) struct request r;
        post(&r);
        if (scheme)
            sign_rfc9421(&r, FULL_RFC9421, rsa);
        else
            sign_cavage(&r, FULL_CAVAGE);
        r.msg.target = "/users/eve/inbox";
        assert_int_equal(judge(&r), ERR_DENIED);
        r.msg.target = "/users/bob/inbox?x";
        assert_int_equal(judge(&r), scheme ? ERR_DENIED : OK); /* see the query test */
        r.msg.target = "/users/bob/inbox";
        r.msg.method = "PUT";
        assert_int_equal(judge(&r), ERR_DENIED);
        r.msg.method = "POST";
        r.msg.host = "other.example"; /* good for somebody else, replayed to us */
        assert_int_equal(judge(&r), ERR_DENIED);
        r.msg.host = "node.example";
        assert_int_equal(judge(&r), OK);
    }
}

static void t14_a_request_signed_for_another_node_is_denied_though_it_verifies(void **state)
{
    (void)state;
    AUTO(request_clear) struct request r;
    struct signature sig;
    post(&r);
    r.msg.host = "other.example";
    sign_cavage(&r, FULL_CAVAGE);
    assert_int_equal(signature_parse(&r.msg, &r.arena, &sig, NULL), OK);
    assert_int_equal(signature_verify(&r.msg, &sig, rsa_public, NULL), OK);
    assert_int_equal(judge(&r), ERR_DENIED);
}

static void t15_date_must_be_near_and_a_date(void **state)
{
    (void)state;
    static const struct {
        const char *date;
        enum err verdict;
    } dates[] = {
        {"Tue, 14 Nov 2023 22:13:20 GMT", OK},
        {"Tue, 14 Nov 2023 21:14:20 GMT", OK}, /* 59 min old */
        {"Tue, 14 Nov 2023 23:12:20 GMT", OK},
        {"14 Nov 2023 22:13:20 GMT", OK},
        {"Tue, 14 Nov 2023 20:13:20 GMT", ERR_DENIED}, /* 2 h old */
        {"Wed, 15 Nov 2023 00:13:20 GMT", ERR_DENIED}, /* 2 h ahead */
        {"Tue, 14 Nov 2023 21:13:19 GMT", ERR_DENIED},
        {"Tuesday, 14-Nov-23 22:13:20 GMT", ERR_DENIED},
        {"Tue, 14 Nov 23 22:13:20 GMT", ERR_DENIED},
        {"yesterday", ERR_DENIED},
        {"", ERR_DENIED},
    };
    for (size_t i = 0; i < COUNT(dates); i++) {
        AUTO(request_clear) struct request r;
        post(&r);
        set(&r, "Date", dates[i].date);
        sign_cavage(&r, FULL_CAVAGE);
        if (judge(&r) != dates[i].verdict)
            fail_msg("%s", dates[i].date);
    }
    AUTO(request_clear) struct request missing;
    post(&missing);
    sign_cavage(&missing, FULL_CAVAGE);
    drop(&missing, "Date");
    assert_int_equal(judge(&missing), ERR_DENIED);
}

static void t15_created_and_expires_bound_the_time(void **state)
{
    (void)state;
    static const struct {
        int created, expires; /* seconds from now; 0: not sent */
        enum err verdict;
    } times[] = {
        {-1, 0, OK},   {-3540, 0, OK},        {-7200, 0, ERR_DENIED},
        {240, 0, OK},  {360, 0, ERR_DENIED},  {7200, 0, ERR_DENIED},
        {-60, 60, OK}, {-60, -1, ERR_DENIED}, {-7200, 60, ERR_DENIED},
    };
    for (size_t i = 0; i < COUNT(times); i++) {
        AUTO(request_clear) struct request c, m;
        long long created = NOW_MS / 1000 + times[i].created;
        long long expires = NOW_MS / 1000 + times[i].expires;
        post(&c);
        sign_cavage(&c, arena_printf(&c.arena,
                                     "algorithm=\"hs2019\",created=%lld,%s%lld,headers=\""
                                     "(request-target) (created) %shost digest\"",
                                     created, times[i].expires ? "expires=" : "x=", expires,
                                     times[i].expires ? "(expires) " : ""));
        assert_int_equal(judge(&c), times[i].verdict);
        post(&m);
        sign_rfc9421(&m,
                     arena_printf(&m.arena,
                                  "(\"@method\" \"@target-uri\" \"content-digest\");created=%lld;"
                                  "%s=%lld;keyid=\"" KEY_ID "\"",
                                  created, times[i].expires ? "expires" : "x", expires),
                     rsa);
        assert_int_equal(judge(&m), times[i].verdict);
    }
}

static void t15_the_senders_clock_can_be_reported(void **state)
{
    (void)state;
    AUTO(request_clear) struct request r;
    struct signature sig;
    post(&r);
    sign_cavage(&r, FULL_CAVAGE);
    assert_int_equal(signature_parse(&r.msg, &r.arena, &sig, NULL), OK);
    assert_int_equal(signature_clock_ahead_ms(&r.msg, &sig, NOW_MS - HOUR_MS / 2), HOUR_MS / 2);
    sign_rfc9421(&r, FULL_RFC9421, rsa);
    drop(&r, "Date");
    assert_int_equal(signature_parse(&r.msg, &r.arena, &sig, NULL), OK);
    assert_int_equal(signature_clock_ahead_ms(&r.msg, &sig, NOW_MS + 1000), -1000);
}

static void t22_the_key_decides_the_algorithm(void **state)
{
    (void)state;
    static const char *const labels[] = {"hmac-sha256", "none",         "rsa-sha1", "rsa-sha512",
                                         "ed25519",     "ecdsa-sha256", "",         "RSA"};
    for (size_t i = 0; i < COUNT(labels); i++) {
        AUTO(request_clear) struct request r;
        post(&r);
        sign_cavage(&r,
                    arena_printf(&r.arena,
                                 "algorithm=\"%s\",headers=\"(request-target) host date digest\"",
                                 labels[i]));
        if (judge(&r) != ERR_DENIED)
            fail_msg("taken: %s", labels[i]);
    }
    AUTO(request_clear) struct request unknown;
    struct signature sig;
    post(&unknown);
    sign_cavage(&unknown, "algorithm=\"none\",headers=\"(request-target) host date digest\"");
    assert_int_equal(signature_parse(&unknown.msg, &unknown.arena, &sig, NULL), OK);
    assert_int_equal(signature_precheck(&unknown.msg, &sig, NOW_MS, "node.example", NULL),
                     ERR_DENIED); /* before a key is fetched for it */
}

static void t26_malformed_headers_are_denied_in_bounded_time(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        ",",
        "keyId",
        "keyId=",
        "keyId=\"k",
        "keyId=\"k\" signature=\"AAAA\"",
        "keyId=https://a.example/k,signature=\"AAAA\"", /* missing quotes */
        "keyId=\"k\",signature=AAA/",
        "keyId=\"k\",signature=\"AAAA",
        "keyId=\"k\",signature=\"\"",
        "keyId=\"\",signature=\"AAAA\"",
        "keyId=\"a b\",signature=\"AAAA\"",
        "keyId=\"k\",signature=\"AA\nAA\"",
        "keyId=\"k\",signature=\"AA AA\"",
        "keyId=\"k\",signature=\"AAAAA\"",
        "keyId=\"k\",signature=\"AAAA\",",
        ",keyId=\"k\",signature=\"AAAA\"",
        "keyId=\"k\",,signature=\"AAAA\"",
        "keyId=\"k\",keyId=\"l\",signature=\"AAAA\"",
        "keyId=\"k\",signature=\"AAAA\",headers=\"\"",
        "keyId=\"k\",signature=\"AAAA\",headers=\"date date\"",
        "keyId=\"k\",signature=\"AAAA\",headers=\"(unknown)\"",
        "keyId=\"k\",signature=\"AAAA\",headers=\"da\"te\"",
        "keyId=\"k\",signature=\"AAAA\",created=x,headers=\"date\"",
        "keyId=\"k\",signature=\"AAAA\",created=-1,headers=\"date\"",
        "keyId=\"k\",signature=\"AAAA\",created=9999999999999,headers=\"date\"",
        "keyId=\"k\",signature=\"AAAA\",algorithm=\"hs2019\"", /* (created) without created */
        "keyId=\"k\",signature=\"AAAA\",algorithm=\"rsa-sha256\",created=1,headers=\"(created)\"",
        "keyId=\"k\"",
        "signature=\"AAAA\"",
        "sig1=:AAAA:",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(request_clear) struct request r;
        struct signature sig;
        post(&r);
        add(&r, "Signature", bad[i]);
        if (signature_parse(&r.msg, &r.arena, &sig, NULL) != ERR_DENIED)
            fail_msg("taken: %s", bad[i]);
    }
    AUTO(buf_clear)
    struct buf params = BUF_INIT(1 << 20), value = BUF_INIT(1 << 20), many = BUF_INIT(8192);
    buf_str(&many, "keyId=\"k\",signature=\"AAAA\"");
    for (int i = 2; i < 500; i++)
        buf_printf(&many, ",a%d=1", i);
    buf_str(&params, "keyId=\"k\",signature=\"AAAA\"");
    buf_str(&value, "keyId=\"k\",signature=\"");
    for (int i = 0; i < 10000; i++)
        buf_printf(&params, ",a%d=1", i);
    for (int i = 0; i < 100 * 1024; i++)
        buf_char(&value, 'A');
    buf_char(&value, '"');
    const char *const huge[] = {buf_text(&params), buf_text(&value), buf_text(&many)};
    for (size_t i = 0; i < COUNT(huge); i++) {
        AUTO(request_clear) struct request r;
        struct signature sig;
        post(&r);
        add(&r, "Signature", huge[i]);
        assert_int_equal(signature_parse(&r.msg, &r.arena, &sig, NULL), ERR_DENIED);
    }
}

static void t26_a_line_break_never_reaches_the_signed_text(void **state)
{
    (void)state;
    AUTO(request_clear) struct request r;
    post(&r);
    sign_cavage(&r, FULL_CAVAGE);
    set(&r, "Content-Type", "x\nhost: other");
    sign_rfc9421(&r, FULL_RFC9421, rsa);
    assert_int_equal(judge(&r), OK); /* not covered, not our business */
    struct signature sig;
    r.msg.target = "/users/bob/inbox\nhost: other.example";
    assert_int_equal(signature_parse(&r.msg, &r.arena, &sig, NULL), ERR_DENIED);
    r.msg.target = "/users/bob/inbox";
    set(&r, "Date", "Tue, 14 Nov 2023 22:13:20 GMT\nx: y");
    struct bytes base;
    drop(&r, "Signature-Input");
    set(&r, "Signature", "keyId=\"k\",signature=\"AAAA\"," FULL_CAVAGE);
    assert_int_equal(signature_parse(&r.msg, &r.arena, &sig, NULL), OK);
    assert_int_equal(signature_base(&r.msg, &sig, &r.arena, &base, NULL), ERR_DENIED);
}

static void a_query_may_be_missing_from_a_cavage_target_only(void **state)
{
    (void)state;
    AUTO(request_clear) struct request r;
    request_init(&r, "GET", "/outbox", "");
    add(&r, "Date", "Tue, 14 Nov 2023 22:13:20 GMT");
    sign_cavage(&r, "headers=\"(request-target) host date\"");
    r.msg.target = "/outbox?page=2";
    assert_int_equal(judge(&r), OK); /* signed without */
    sign_cavage(&r, "headers=\"(request-target) host date\"");
    assert_int_equal(judge(&r), OK); /* signed with */
    r.msg.target = "/outbox?page=3";
    assert_int_equal(judge(&r), ERR_DENIED);
}

static void t108_what_rfc_9421_requests_must_be(void **state)
{
    (void)state;
#define TAIL ";created=1700000000;keyid=\"" KEY_ID "\""
    static const struct {
        const char *input;
        enum err verdict;
    } inputs[] = {
        {"(\"@method\" \"@target-uri\" \"content-digest\")" TAIL, OK},
        {"(\"@method\"   \"@target-uri\" \"content-digest\" );created=1700000000; keyid=\"" KEY_ID
         "\"",
         OK}, /* canonical form is signed, whatever the spaces */
        {"(\"@method\" \"@authority\" \"@path\" \"content-digest\")" TAIL, OK},
        {"(\"@method\" \"@authority\" \"@request-target\" \"content-digest\" \"date\")" TAIL, OK},
        {"(\"@method\" \"@target-uri\" \"content-digest\")" TAIL ";alg=\"rsa-v1_5-sha256\"", OK},
        {"(\"@method\" \"@target-uri\" \"content-digest\")" TAIL ";nonce=\"x\";tag=\"y\"", OK},
        /* not covered */
        {"()" TAIL, ERR_DENIED},
        {"(\"@target-uri\" \"content-digest\")" TAIL, ERR_DENIED},
        {"(\"@method\" \"content-digest\")" TAIL, ERR_DENIED},
        {"(\"@method\" \"@path\" \"content-digest\")" TAIL, ERR_DENIED},
        {"(\"@method\" \"@authority\" \"content-digest\")" TAIL, ERR_DENIED},
        {"(\"@method\" \"@target-uri\")" TAIL, ERR_DENIED},
        {"(\"@method\" \"@target-uri\" \"digest\")" TAIL, ERR_DENIED},
        /* algorithm */
        {"(\"@method\" \"@target-uri\" \"content-digest\")" TAIL ";alg=\"ed25519\"", ERR_DENIED},
        {"(\"@method\" \"@target-uri\" \"content-digest\")" TAIL ";alg=\"hmac-sha256\"",
         ERR_DENIED},
        {"(\"@method\" \"@target-uri\" \"content-digest\")" TAIL ";alg=\"rsa-pss-sha512\"",
         ERR_DENIED},
        {"(\"@method\" \"@target-uri\" \"content-digest\")" TAIL ";alg=\"hs2019\"", ERR_DENIED},
    };
    for (size_t i = 0; i < COUNT(inputs); i++) {
        AUTO(request_clear) struct request r;
        post(&r);
        sign_rfc9421(&r, inputs[i].input, rsa);
        if (judge(&r) != inputs[i].verdict)
            fail_msg("%s", inputs[i].input);
    }
}

static void t108_a_path_without_its_query_is_too_little(void **state)
{
    (void)state;
    AUTO(request_clear) struct request r;
    request_init(&r, "GET", "/outbox?page=2", "");
    sign_rfc9421(&r, "(\"@method\" \"@authority\" \"@path\")" TAIL, rsa);
    assert_int_equal(judge(&r), ERR_DENIED);
    sign_rfc9421(&r, "(\"@method\" \"@authority\" \"@path\" \"@query\")" TAIL, rsa);
    assert_int_equal(judge(&r), OK);
    r.msg.target = "/outbox?page=3";
    assert_int_equal(judge(&r), ERR_DENIED);
}

static void t108_malformed_rfc_9421_fields_are_denied(void **state)
{
    (void)state;
#define COVERED "(\"@method\" \"@target-uri\" \"content-digest\")"
    static const struct {
        const char *input, *signature;
    } bad[] = {
        {"sig1=" COVERED TAIL ", sig2=" COVERED TAIL, "sig1=:AAAA:"},
        {"sig1=" COVERED TAIL, "sig1=:AAAA:, sig2=:AAAA:"},
        {"sig1=" COVERED TAIL, "sig2=:AAAA:"},
        {"sig1=" COVERED TAIL, ""},
        {"", "sig1=:AAAA:"},
        {"sig1=" COVERED TAIL, "sig1=::"},
        {"sig1=" COVERED TAIL, "sig1=\"AAAA\""},
        {"sig1=" COVERED TAIL, "sig1=(:AAAA:)"},
        {"sig1=\"x\"" TAIL, "sig1=:AAAA:"},
        {"sig1=" COVERED ";keyid=\"k\"", "sig1=:AAAA:"},
        {"sig1=" COVERED ";created=1700000000", "sig1=:AAAA:"},
        {"sig1=" COVERED ";created=\"1700000000\";keyid=\"k\"", "sig1=:AAAA:"},
        {"sig1=" COVERED ";created=-1;keyid=\"k\"", "sig1=:AAAA:"},
        {"sig1=" COVERED ";created=1.5;keyid=\"k\"", "sig1=:AAAA:"},
        {"sig1=" COVERED ";created=1;keyid=k", "sig1=:AAAA:"},
        {"sig1=" COVERED ";created=1;keyid=\"\"", "sig1=:AAAA:"},
        {"sig1=" COVERED ";created=1;keyid=\"k\";expires=\"2\"", "sig1=:AAAA:"},
        {"sig1=" COVERED ";created=1;keyid=\"k\";alg=ed25519", "sig1=:AAAA:"},
        {"sig1=(\"@method\" \"@query-param\";name=\"x\")" TAIL, "sig1=:AAAA:"},
        {"sig1=(\"@method\" \"@query-param\")" TAIL, "sig1=:AAAA:"},
        {"sig1=(\"content-digest\";sf)" TAIL, "sig1=:AAAA:"},
        {"sig1=(\"content-digest\";bs)" TAIL, "sig1=:AAAA:"},
        {"sig1=(\"content-digest\";key=\"sha-256\")" TAIL, "sig1=:AAAA:"},
        {"sig1=(\"content-digest\";tr)" TAIL, "sig1=:AAAA:"},
        {"sig1=(\"@method\";req)" TAIL, "sig1=:AAAA:"},
        {"sig1=(\"@status\")" TAIL, "sig1=:AAAA:"},
        {"sig1=(\"@signature-params\")" TAIL, "sig1=:AAAA:"},
        {"sig1=(\"@unknown\")" TAIL, "sig1=:AAAA:"},
        {"sig1=(\"Date\")" TAIL, "sig1=:AAAA:"},
        {"sig1=(\"\")" TAIL, "sig1=:AAAA:"},
        {"sig1=(date)" TAIL, "sig1=:AAAA:"},
        {"sig1=(\"date\" \"date\")" TAIL, "sig1=:AAAA:"},
        {"sig1=" COVERED TAIL, "keyId=\"k\",signature=\"AAAA\"," FULL_CAVAGE},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(request_clear) struct request r;
        struct signature sig;
        post(&r);
        add(&r, "Signature-Input", bad[i].input);
        add(&r, "Signature", bad[i].signature);
        if (signature_parse(&r.msg, &r.arena, &sig, NULL) != ERR_DENIED)
            fail_msg("taken: %s / %s", bad[i].input, bad[i].signature);
    }
    AUTO(request_clear) struct request lonely;
    struct signature sig;
    post(&lonely);
    struct why why;
    add(&lonely, "Signature-Input", "sig1=" COVERED TAIL);
    assert_int_equal(signature_parse(&lonely.msg, &lonely.arena, &sig, &why), ERR_DENIED);
    assert_string_equal(why.text, "Signature-Input without Signature");
}

static void t108_one_scheme_never_rescues_the_other(void **state)
{
    (void)state;
    AUTO(request_clear) struct request r, both;
    struct signature sig;
    post(&r);
    sign_cavage(&r, FULL_CAVAGE);
    const char *cavage = r.headers[r.msg.header_count - 1].value;
    post(&both);
    sign_rfc9421(&both, FULL_RFC9421, rsa);
    assert_int_equal(judge(&both), OK);
    add(&both, "Authorization", arena_printf(&both.arena, "Signature %s", cavage));
    assert_int_equal(signature_parse(&both.msg, &both.arena, &sig, NULL), ERR_DENIED);
    add(&r, "Signature-Input", "sig1=" FULL_RFC9421);
    assert_int_equal(signature_parse(&r.msg, &r.arena, &sig, NULL), ERR_DENIED);
}

static void accept_signature_shows_rfc_9421(void **state)
{
    (void)state;
    assert_true(signature_accepts_rfc9421(
        "sig1=(\"@method\" \"@target-uri\" \"content-digest\");created;keyid"));
    assert_true(signature_accepts_rfc9421("a=(), b=(\"date\")"));
    assert_false(signature_accepts_rfc9421(""));
    assert_false(signature_accepts_rfc9421("sig1"));
    assert_false(signature_accepts_rfc9421("Signature realm=\"x\""));
    assert_false(signature_accepts_rfc9421("sig1=(\"date\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_sign_is_what_peers_expect),
        cmocka_unit_test(a_port_belongs_to_the_host_that_is_signed),
        cmocka_unit_test(what_cannot_be_signed_is_said),
        cmocka_unit_test(a_request_without_signature_is_not_found),
        cmocka_unit_test(the_key_id_is_known_before_anything_is_checked),
        cmocka_unit_test(parameters_are_read_as_peers_write_them),
        cmocka_unit_test(a_signature_may_come_in_authorization),
        cmocka_unit_test(t02_fields_that_decide_come_once),
        cmocka_unit_test(t02_even_a_signed_repeat_is_denied),
        cmocka_unit_test(t11_a_changed_body_is_denied),
        cmocka_unit_test(t12_the_digest_must_be_there_signed_strong_and_right),
        cmocka_unit_test(t12_a_post_with_an_empty_body_needs_a_digest_too),
        cmocka_unit_test(t13_too_little_signed_is_denied),
        cmocka_unit_test(t13_what_is_covered_but_was_not_sent_is_denied_before_a_key_is_fetched),
        cmocka_unit_test(t14_a_signature_stays_with_its_request),
        cmocka_unit_test(t14_a_request_signed_for_another_node_is_denied_though_it_verifies),
        cmocka_unit_test(t15_date_must_be_near_and_a_date),
        cmocka_unit_test(t15_created_and_expires_bound_the_time),
        cmocka_unit_test(t15_the_senders_clock_can_be_reported),
        cmocka_unit_test(t22_the_key_decides_the_algorithm),
        cmocka_unit_test(t26_malformed_headers_are_denied_in_bounded_time),
        cmocka_unit_test(t26_a_line_break_never_reaches_the_signed_text),
        cmocka_unit_test(a_query_may_be_missing_from_a_cavage_target_only),
        cmocka_unit_test(t108_what_rfc_9421_requests_must_be),
        cmocka_unit_test(t108_a_path_without_its_query_is_too_little),
        cmocka_unit_test(t108_malformed_rfc_9421_fields_are_denied),
        cmocka_unit_test(t108_one_scheme_never_rescues_the_other),
        cmocka_unit_test(accept_signature_shows_rfc_9421),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
