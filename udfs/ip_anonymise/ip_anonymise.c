/* udfs/ip_anonymise: drops the host part of an address. */
#include "pii/pii.h"
#include "udf/udf.h"

static int row(struct udf_row *row)
{
    if (!ip_anonymise(row->str[0], row->scratch))
        buf_clear(row->scratch);
    col_put_str(row->out, buf_str(row->scratch));
    return 0;
}

const struct udf udf_ip_anonymise = {
    .name = "ipAnonymise",
    .about = "The network of an address, /24 for IPv4 and /48 for IPv6; empty for anything else.",
    .args = { { "ip", "String" } },
    .returns = "String",
    .deterministic = true,
    .row = row,
};
