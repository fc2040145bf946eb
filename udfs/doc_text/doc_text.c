/* udfs/doc_text: the text of a document. */
#include "udfs/documents.h"

static void put(struct col *out, const struct doc_answer *a)
{
    enum { TEXT, PAGES, METHOD, ERROR };
    col_put_str(&out->kids[TEXT], buf_str(&a->text));
    col_put_u64(&out->kids[PAGES], a->pages);
    col_put_str(&out->kids[METHOD], str_of(a->method));
    col_put_str(&out->kids[ERROR], str_of(a->error));
    col_end_tuple(out);
}

static int block(struct udf_block *b)
{
    return documents_read(b, put);
}

static void on_error(struct udf_row *row, const char *why)
{
    struct doc_answer a = { .text = { .p = NULL } };
    snprintf(a.error, sizeof a.error, "the document could not be read: %s", why);
    put(row->out, &a);
}

const struct udf udf_doc_text = {
    .name = "docText",
    .group = "Documents",
    .about =
        "The text of a document. content_type may be empty: then, and where bytes say otherwise, it is found out. Read are text in "
        "any "
        "charset, Markdown, CSV, JSON and XML as they stand; HTML without what a browser doesn't show; PDF, by OCR where a page "
        "has no text; "
        "pictures (PNG, JPEG, TIFF, GIF, BMP) by OCR; DOCX, XLSX, PPTX, ODT, ODS, ODP; RTF; EML with its attachments, also "
        "signed (S/MIME); what a .p7m signs. A form feed "
        "stands between two pages, which are a PDF's, a TIFF's, sheets, slides, attachments. method says how it was read: text, "
        "html, pdf, ocr, pdf+ocr, docx, xlsx, pptx, odt, ods, odp, rtf, eml, p7m.",
    .errors =
        "Where there is no text, error says why, in words, and the others are empty: a password, a damaged file, a bomb, a limit "
        "(64 MiB of file, 16 MiB of text, 5,000 pages, 200 pages by OCR, 80 megapixels), a kind of file that isn't read. "
        "A query's block may hold 512 MiB of documents (max_block_size).",
    .examples = { { "docText('Dear Ms Lovelace,\\r\\nyour visit is on 1 December.', '')",
                    "('Dear Ms Lovelace,\\nyour visit is on 1 December.',1,'text','')" },
                  { "tupleElement(docText('<p>Total: &euro; 12<script>track()</script>', 'text/html'), 'text')", "Total: € 12" },
                  { "tupleElement(docText('%PDF-1.7 cut off', ''), 'error')",
                    "the PDF is damaged (Couldn't find trailer dictionary)" } },
    .args = { { "bytes", "String" }, { "content_type", "String" } },
    .returns = "Tuple(text String, pages UInt32, method String, error String)",
    .deterministic = true,
    DOCUMENTS_LIMITS,
    .open = documents_open,
    .close = documents_close,
    .block = block,
    .on_error = on_error,
};
