#include "federation/as2_value.h"

/* GoToSocial's words: today's, and those before 0.20. */
static const char *const automatic[] = {"automaticApproval", "always"};
static const char *const manual[] = {"manualApproval", "approvalRequired", "with_approval"};

static const json_t *first_of(const json_t *entry, const char *const *names, size_t count)
{
    const json_t *value = NULL;
    for (size_t i = 0; !value && i < count; i++)
        value = as2_get(entry, names[i]);
    return value;
}

/* An entry without either word says nothing: the default holds. */
static void read_entry(struct as2_reader *r, const json_t *entry, struct as2_interaction *out)
{
    const json_t *at_once = first_of(entry, automatic, COUNT(automatic));
    const json_t *asked = first_of(entry, manual, COUNT(manual));
    out->is_said = at_once || asked;
    out->automatic = as2_ids(r, at_once, AS2_POLICY_MAX);
    out->manual = as2_ids(r, asked, AS2_POLICY_MAX);
}

void as2_read_policy(struct as2_reader *r, const json_t *object, struct as2_policy *out)
{
    read_entry(r, as2_get(object, "canReply"), &out->reply);
    read_entry(r, as2_get(object, "canAnnounce"), &out->boost);
    read_entry(r, as2_get(object, "canQuote"), &out->quote);
    read_entry(r, as2_get(object, "canLike"), &out->like);
}
