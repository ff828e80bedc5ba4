#include "federation/outgoing.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define UNTRIED SIGNATURE_SCHEME__UNTRIED
#define CAVAGE SIGNATURE_SCHEME__CAVAGE
#define RFC9421 SIGNATURE_SCHEME__RFC9421
#define ED25519 SIGNATURE_SCHEME__RFC9421_ED25519

static const char rsa_too[] = "sig1=(\"@method\" \"@target-uri\");created;keyid";

static void a_host_moves_on_by_what_it_proves(void **state)
{
    (void)state;
    static const struct {
        SignatureScheme known, used;
        bool is_second;
        int status;
        const char *accept;
        SignatureScheme out;
    } rows[] = {
        /* nothing said, nothing learnt */
        {UNTRIED, UNTRIED, false, 202, "", UNTRIED},
        {UNTRIED, UNTRIED, false, 401, "", UNTRIED},
        {ED25519, ED25519, false, 202, "", ED25519},
        {RFC9421, RFC9421, false, 500, "", RFC9421},
        /* the other scheme was taken */
        {UNTRIED, RFC9421, true, 202, "", RFC9421},
        {CAVAGE, RFC9421, true, 202, "", RFC9421},
        {RFC9421, CAVAGE, true, 202, "", CAVAGE},
        {ED25519, CAVAGE, true, 404, "", CAVAGE},
        /* neither was: it is not about schemes */
        {UNTRIED, RFC9421, true, 401, "", UNTRIED},
        {ED25519, CAVAGE, true, 401, "", ED25519},
        {ED25519, CAVAGE, true, 0, "", ED25519},
        /* it says what it takes */
        {UNTRIED, UNTRIED, false, 202, OUTGOING_ACCEPT_SIGNATURE, ED25519},
        {UNTRIED, UNTRIED, false, 401, OUTGOING_ACCEPT_SIGNATURE, ED25519},
        {UNTRIED, UNTRIED, false, 401, rsa_too, RFC9421},
        {RFC9421, RFC9421, false, 202, OUTGOING_ACCEPT_SIGNATURE, ED25519},
        {ED25519, ED25519, false, 202, rsa_too, ED25519},
        /* it says so, but refused it: no going to and fro */
        {ED25519, ED25519, false, 401, OUTGOING_ACCEPT_SIGNATURE, ED25519},
        {ED25519, CAVAGE, true, 202, OUTGOING_ACCEPT_SIGNATURE, CAVAGE},
        {CAVAGE, CAVAGE, false, 202, OUTGOING_ACCEPT_SIGNATURE, CAVAGE},
        {CAVAGE, CAVAGE, false, 401, OUTGOING_ACCEPT_SIGNATURE, ED25519},
        /* nonsense is no offer */
        {UNTRIED, UNTRIED, false, 202, "yes please; alg=\"ed25519\"", UNTRIED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct outgoing_lesson lesson = {rows[i].known, rows[i].used, rows[i].is_second,
                                               rows[i].status, rows[i].accept};
        if (outgoing_learn(&lesson) != rows[i].out)
            fail_msg("row %zu: learnt %d", i, (int)outgoing_learn(&lesson));
    }
}

static void a_401_is_answered_with_the_other_scheme(void **state)
{
    (void)state;
    assert_int_equal(outgoing_other(UNTRIED), RFC9421);
    assert_int_equal(outgoing_other(CAVAGE), RFC9421);
    assert_int_equal(outgoing_other(RFC9421), CAVAGE);
    assert_int_equal(outgoing_other(ED25519), CAVAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_moves_on_by_what_it_proves),
        cmocka_unit_test(a_401_is_answered_with_the_other_scheme),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
