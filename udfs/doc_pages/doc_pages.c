/* udfs/doc_pages: the text of a document, page by page. */
#include "udfs/documents.h"

static void put(struct col *out, const struct doc_answer *a)
{
    enum { PAGE, TEXT };
    struct col *pages = &out->kids[0];
    struct str rest = buf_str(&a->text);
    for (uint32_t page = 1; page <= a->pages; page++) {
        col_put_u64(&pages->kids[PAGE], page);
        col_put_str(&pages->kids[TEXT], str_cut(&rest, '\f'));
        col_end_tuple(pages);
    }
    col_end_array(out);
}

static int block(struct udf_block *b)
{
    return documents_read(b, put);
}

const struct udf udf_doc_pages = {
    .name = "docPages",
    .group = "Documents",
    .about = "The text of a document as docText reads it, page by page: pages of a PDF or TIFF, sheets, slides, a message and its "
             "attachments; a text "
             "without pages is one. Pages count from 1, and one without text is there too.",
    .errors = "No pages where there is no text; docText says why.",
    .examples = { { "docPages('one\\ftwo', 'text/plain')", "[(1,'one'),(2,'two')]" }, { "docPages('', '')", "[]" } },
    .args = { { "bytes", "String" }, { "content_type", "String" } },
    .returns = "Array(Tuple(page UInt32, text String))",
    .deterministic = true,
    DOCUMENTS_LIMITS,
    .open = documents_open,
    .close = documents_close,
    .block = block,
};
