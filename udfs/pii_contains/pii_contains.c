/* udfs/pii_contains: whether there is personal data in a text at all. */
#include "pii/find.h"
#include "udf/udf.h"

static int row(struct udf_row *row)
{
    col_put_u64(row->out, pii_contains(row->str[0]));
    return 0;
}

/* Of a text that nothing can be said about, no one should think that it is clean. */
static void on_error(struct udf_row *row, const char *why)
{
    (void)why;
    col_put_u64(row->out, true);
}

const struct udf udf_pii_contains = {
    .name = "piiContains",
    .group = "Personal data",
    .about = "Whether a text holds anything that piiRedact would replace. It stops at the first.",
    .errors = "Any bytes are accepted; true for a row that can't be answered.",
    .examples = { { "piiContains('mail ada@example.com')", "true" }, { "piiContains('took 4155550132 ns')", "false" } },
    .args = { { "text", "String" } },
    .returns = "Bool",
    .deterministic = true,
    .row = row,
    .on_error = on_error,
};
