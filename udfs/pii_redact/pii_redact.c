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
        "The text with a token such as [EMAIL] in place of each piece of personal data: e-mail addresses, phone numbers, payment "
        "cards, "
        "IBANs, IP and hardware addresses, passwords, keys and access tokens, user and password in URLs, crypto addresses, dates "
        "of "
        "birth, passports, driver's licences, and the identifiers of some twenty countries. What has a check digit is held to it; "
        "what "
        "is too plain by itself (ten digits, a date) needs a word near it that says what it is. Redacting twice changes nothing.",
    .errors = "Any bytes are accepted; what isn't recognised goes through unchanged. Empty for a row that can't be answered.",
    .examples = { { "piiRedact('card 4111 1111 1111 1111 of ada@example.com')", "card [CARD] of [EMAIL]" },
                  { "piiRedact('phone 4155550132, took 4155550132 ns')", "phone [PHONE], took 4155550132 ns" },
                  { "piiRedact('password=hunter2 at postgres://app:s3cret@db/prod')",
                    "password=[SECRET] at postgres://[CREDENTIALS]@db/prod" } },
    .args = { { "text", "String" } },
    .returns = "String",
    .deterministic = true,
    .row = row,
};
