/* udfs/pii_tokenize_value: a value, replaced by a token of a secret key that can still be joined. */
#include "udfs/policies.h"

static int row(struct udf_row *row)
{
    const struct hmac_key *key = pii_key(row->state, row->str[0], row->err);
    if (key == NULL)
        return UDF_STOP;
    pii_tokenise_value(key, row->str[1], row->scratch);
    if (row->scratch->failed)
        return -1;
    col_put_str(row->out, buf_str(row->scratch));
    return 0;
}

const struct udf udf_pii_tokenize_value = {
    .name = "piiTokenizeValue",
    .group = "Personal data",
    .about =
        "The joinable token of a value as a whole, whatever it is: what piiTokenize gives where all of it is one piece of personal "
        "data, so that both join; else [VALUE:…], for names, user ids and the like.",
    .errors =
        "A key that is missing, too short, or that others than its owner may read fails the query and says why. Empty stays empty.",
    .examples = { { "piiTokenizeValue('not-secret', 'Ada Lovelace')", "[VALUE:f43b673e0f446123faec2df4ce03a424]" },
                  { "piiTokenizeValue('not-secret', 'ada@EXAMPLE.com')", "[EMAIL:f70d42849f6570c044be3be76a4a7b92]" } },
    .args = { { "key_id", "String" }, { "value", "String" } },
    .returns = "String",
    .deterministic = true,
    .open = policies_open,
    .row = row,
    .close = policies_close,
};
