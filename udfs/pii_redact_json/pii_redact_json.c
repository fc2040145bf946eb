/* udfs/pii_redact_json: personal data inside the strings of a JSON text, replaced by tokens; all else as received. */
#include "pii/pii.h"
#include "udf/udf.h"

static int row(struct udf_row *row)
{
    pii_redact_json(row->str[0], row->scratch);
    if (row->scratch->failed)
        return -1;
    col_put_str(row->out, buf_str(row->scratch));
    return 0;
}

const struct udf udf_pii_redact_json = {
    .name = "piiRedactJSON",
    .group = "Personal data",
    .about =
        "As piiRedact, inside the strings of a JSON text (keys and values, escapes resolved; a key is context for its value); "
        "every other byte stays, numbers too, and JSON stays JSON. Under the key of a secret (password, api_key, authorization, "
        "token … in any case, with any separators) each string and number becomes \"[SECRET]\", whatever it looks like.",
    .errors = "Text that isn't JSON is redacted as text.",
    .examples = { { "piiRedactJSON('{\"to\": \"ada\\\\u0040example.com\", \"n\": 1}')", "{\"to\": \"[EMAIL]\", \"n\": 1}" },
                  { "piiRedactJSON('{\"user\": 7, \"X-Api-Key\": \"abc\", \"pin\": 1234}')",
                    "{\"user\": 7, \"X-Api-Key\": \"[SECRET]\", \"pin\": \"[SECRET]\"}" } },
    .args = { { "json", "String" } },
    .returns = "String",
    .deterministic = true,
    .row = row,
};
