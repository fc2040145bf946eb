/* udfs/pii_redact_json_with: personal data inside the strings of a JSON text, replaced as a policy says. */
#include "udfs/policies.h"

static int row(struct udf_row *row)
{
    const struct pii_policy *policy = pii_policy(row->state, row->str[0], row->err);
    if (policy == NULL)
        return UDF_STOP;
    if (pii_redact_json_with(policy, row->str[1], row->scratch) < 0 || row->scratch->failed)
        return -1;
    col_put_str(row->out, buf_str(row->scratch));
    return 0;
}

const struct udf udf_pii_redact_json_with = {
    .name = "piiRedactJSONWith",
    .group = "Personal data",
    .about =
        "As piiRedactJSON, with each piece of personal data as the policy has it (piiRedactWith, docs/policies.md); JSON stays "
        "JSON. A policy may add keys whose values are secrets, and except some.",
    .errors =
        "An unknown or broken policy, or one whose key is missing or may be read by others, fails the query and says why. Text "
        "that isn't JSON is redacted as text. Empty where a pattern of the policy's own takes too many steps.",
    .examples = { { "piiRedactJSONWith('support', '{\"card\": \"4111 1111 1111 1111\", \"pin\": 1234}')",
                    "{\"card\": \"**** **** **** 1111\", \"pin\": \"[SECRET]\"}" } },
    .args = { { "policy", "String" }, { "json", "String" } },
    .returns = "String",
    .deterministic = true,
    .open = policies_open,
    .row = row,
    .close = policies_close,
};
