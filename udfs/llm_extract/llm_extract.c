/* udfs/llm_extract: a document's text becomes a record of a contract, read by a language model. */
#include "udfs/extract.h"

static int block(struct udf_block *rows)
{
    return extract_block(rows, -1, 1);
}

const struct udf udf_llm_extract = {
    .name = "llmExtract",
    .about = "Has a language model read a text and gives the record that a contract asks for: contracts/NAME.schema.json. Each "
             "value is looked "
             "for in the text (grounding: where it stands, in bytes, and how it was found); one that isn't there is taken away. A "
             "block's rows are "
             "asked together, many at a time; answers are kept, so that asking again costs nothing. docs/llm.md says which model, "
             "and what leaves "
             "the machine.",
    .examples = { { "tupleElement(llmExtract('dental_appointment', ''), 'status')", "empty" } },
    .args = { { "contract", "String" }, { "text", "String" } },
    .block = block,
    EXTRACT_DECLARATION,
};
