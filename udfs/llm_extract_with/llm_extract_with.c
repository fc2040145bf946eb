/* udfs/llm_extract_with: as llmExtract, told more about what is wanted. */
#include "udfs/extract.h"

static int block(struct udf_block *rows)
{
    return extract_block(rows, 1, 2);
}

const struct udf udf_llm_extract_with = {
    .name = "llmExtractWith",
    .group = "Documents",
    .about = "As llmExtract, with instructions to the model besides the contract: \"Amounts are in Swiss francs. The date is at "
             "the top right.\"",
    .errors = EXTRACT_ERRORS,
    .examples = { { "tupleElement(llmExtractWith('dental_appointment', 'Handwritten notes.', ''), 'status')", "empty" } },
    .args = { { "contract", "String" }, { "instructions", "String" }, { "text", "String" } },
    .returns = EXTRACT_RETURNS,
    .open = extract_open,
    .close = extract_close,
    .block = block,
    .block_rows = EXTRACT_ROWS,
    .block_ms = EXTRACT_BLOCK_MS,
    .deadline_ms = EXTRACT_ROW_MS,
    .pool_size = EXTRACT_PROCESSES,
    .network = true,
    .on_error = extract_on_error,
};
