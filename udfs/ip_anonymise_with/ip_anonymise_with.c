/* udfs/ip_anonymise_with: an IP address cut or replaced as a policy says. */
#include "udfs/policies.h"

static int row(struct udf_row *row)
{
    const struct pii_policy *policy = pii_policy(row->state, row->str[0], row->err);
    if (policy == NULL)
        return UDF_STOP;
    if (!pii_address_with(policy, row->str[1], row->scratch))
        buf_clear(row->scratch);
    col_put_str(row->out, buf_str(row->scratch));
    return 0;
}

const struct udf udf_ip_anonymise_with = {
    .name = "ipAnonymiseWith",
    .group = "Personal data",
    .about =
        "An IP address as the policy's \"address\" has it: its network, by widths of the policy's own (without: /24 and /48, as "
        "ipAnonymise), or another address in its place, prefix-preserving: two addresses with their first n bits in common have n "
        "bits in common after it too (as Crypto-PAn, with HMAC-SHA-256 and the policy's key).",
    .errors =
        "An unknown or broken policy, or one whose key is missing or may be read by others, fails the query and says why. Empty "
        "for what isn't an address.",
    .examples = { { "ipAnonymiseWith('strict', '203.0.113.77')", "203.0.0.0" },
                  { "ipAnonymiseWith('default', '2001:db8:1:2::3')", "2001:db8:1::" } },
    .args = { { "policy", "String" }, { "ip", "String" } },
    .returns = "String",
    .deterministic = true,
    .open = policies_open,
    .row = row,
    .close = policies_close,
};
