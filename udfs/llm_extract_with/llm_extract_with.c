/* udfs/llm_extract_with: as llmExtract, told more about what is wanted. */
#include "udfs/extract.h"

static int block(struct udf_block *rows)
{
    return extract_block(rows, 1, 2);
}

const struct udf udf_llm_extract_with = {
    .name = "llmExtractWith",
    .about = "As llmExtract, with instructions to the model besides the contract: \"Amounts are in Swiss francs. The date is at "
             "the top right.\"",
    .examples = { { "tupleElement(llmExtractWith('dental_appointment', 'Handwritten notes.', ''), 'status')", "empty" } },
    .args = { { "contract", "String" }, { "instructions", "String" }, { "text", "String" } },
    .block = block,
    EXTRACT_DECLARATION,
};
