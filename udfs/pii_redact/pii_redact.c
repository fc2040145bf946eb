/* udfs/pii_redact: personal data in text, replaced by tokens that say what it was. */
#include "pii/pii.h"
#include "udf/udf.h"

static int row(struct udf_row *row)
{
    pii_redact(row->str[0], row->scratch);
    if (row->scratch->failed)
        return -1;
    col_put_str(row->out, buf_str(row->scratch));
    return 0;
}

const struct udf udf_pii_redact = {
    .name = "piiRedact",
    .group = "Personal data",
    .about =
        "The text with e-mail addresses, phone numbers, payment cards, IBANs, IP addresses and US social security numbers replaced "
        "by [EMAIL], [PHONE], [CARD], [IBAN], [IP] and [SSN].",
    .errors = "Any bytes are accepted; what isn't recognised goes through unchanged.",
    .examples = { { "piiRedact('card 4111 1111 1111 1111 of ada@example.com')", "card [CARD] of [EMAIL]" } },
    .args = { { "text", "String" } },
    .returns = "String",
    .deterministic = true,
    .row = row,
};
