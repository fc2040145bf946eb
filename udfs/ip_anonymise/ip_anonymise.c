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
    .group = "Personal data",
    .about = "The network of an address: /24 for IPv4, /48 for IPv6.",
    .errors = "Anything but an address gives an empty string.",
    .examples = { { "ipAnonymise('192.0.2.17')", "192.0.2.0" }, { "ipAnonymise('2001:db8:1:2::3')", "2001:db8:1::" } },
    .args = { { "ip", "String" } },
    .returns = "String",
    .deterministic = true,
    .row = row,
};
