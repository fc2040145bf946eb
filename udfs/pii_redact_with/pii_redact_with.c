/* udfs/pii_redact_with: personal data in text, replaced as a policy says. */
#include "udfs/policies.h"

static int row(struct udf_row *row)
{
    const struct pii_policy *policy = pii_policy(row->state, row->str[0], row->err);
    if (policy == NULL)
        return UDF_STOP;
    if (pii_redact_with(policy, row->str[1], row->scratch) < 0 || row->scratch->failed)
        return -1;
    col_put_str(row->out, buf_str(row->scratch));
    return 0;
}

const struct udf udf_pii_redact_with = {
    .name = "piiRedactWith",
    .group = "Personal data",
    .about =
        "The text with each piece of personal data as the policy has it: a token, a mask, a hash, a joinable token, nothing, or "
        "as it was. Policies are files: docs/policies.md.",
    .errors =
        "An unknown or broken policy, or one whose key is missing or may be read by others, fails the query and says why. Empty "
        "for a text on which a pattern of the policy's own takes too many steps.",
    .examples = { { "piiRedactWith('support', 'card 4111 1111 1111 1111')", "card **** **** **** 1111" },
                  { "piiRedactWith('default', 'mail ada@example.com')", "mail [EMAIL]" } },
    .args = { { "policy", "String" }, { "text", "String" } },
    .returns = "String",
    .deterministic = true,
    .open = policies_open,
    .row = row,
    .close = policies_close,
};
