/* udfs/pii_tokenize: personal data in text, replaced by tokens of a secret key that can still be joined. */
#include "udfs/policies.h"

static int row(struct udf_row *row)
{
    const struct hmac_key *key = pii_key(row->state, row->str[0], row->err);
    if (key == NULL)
        return UDF_STOP;
    pii_tokenise(key, row->str[1], row->scratch);
    if (row->scratch->failed)
        return -1;
    col_put_str(row->out, buf_str(row->scratch));
    return 0;
}

const struct udf udf_pii_tokenize = {
    .name = "piiTokenize",
    .group = "Personal data",
    .about =
        "The text with a joinable token in place of each piece of personal data: [EMAIL:9f86d081884c7d659a2feaa0c55ad015], the "
        "first 128 "
        "bits of an HMAC-SHA-256 with the key. The same value gives the same token wherever it stands and however it is written: a "
        "card with and without spaces, an e-mail address whatever the case of its domain (docs/policies.md has the forms). What "
        "isn't recognised stays: piiTokenizeValue takes a value whole.",
    .errors =
        "A key that is missing, too short, or that others than its owner may read fails the query and says why. Empty stays empty.",
    .examples = { { "piiTokenize('not-secret', 'mail ada@Example.com')", "mail [EMAIL:f70d42849f6570c044be3be76a4a7b92]" },
                  { "piiTokenize('not-secret', 'card 4111 1111 1111 1111, card 4111-1111-1111-1111')",
                    "card [CARD:bbcefd76c33bc5d85cff7875ee93ef0c], card [CARD:bbcefd76c33bc5d85cff7875ee93ef0c]" } },
    .args = { { "key_id", "String" }, { "text", "String" } },
    .returns = "String",
    .deterministic = true,
    .open = policies_open,
    .row = row,
    .close = policies_close,
};
