/* lib/doc/odf: OpenDocument (ISO/IEC 26300): text, tables and slides; sheets and slides are pages. */
#include <stdio.h>

#include "doc/office.h"
#include "doc/xml.h"

enum { REPEATED = 1000 /* cells that say the same; a sheet ends in a million empty ones */, SPACES = 100 };

struct reader {
    struct parts *parts;
    unsigned skip;
    unsigned paragraphs; /* open */
    unsigned cells;      /* of the row */
    bool in_row, sheets, slides;
    size_t cell_from;
    long cell_repeated;
    bool encrypted;
};

static bool is(const char *name, const char *what)
{
    return strcmp(name, what) == 0;
}

static bool is_skipped(const char *name)
{
    return is(name, "tracked-changes") || is(name, "annotation") || is(name, "settings") || is(name, "automatic-styles") ||
           is(name, "font-face-decls") || is(name, "scripts") || is(name, "forms");
}

static long number(struct str s, long fallback, long most)
{
    long n = s.n > 0 ? (long)str_integer(s) : fallback;
    return n < 0 ? fallback : n > most ? most : n;
}

static void start(void *context, const char *name, const struct xml_attributes *a)
{
    struct reader *r = context;
    struct buf *page = &r->parts->page;
    if (is_skipped(name))
        r->skip++;
    if (r->skip > 0)
        return;
    if (is(name, "p") || is(name, "h")) {
        r->paragraphs++;
    } else if (is(name, "s")) {
        for (long n = number(xml_attribute(a, "c", NULL), 1, SPACES); n > 0; n--)
            buf_putc(page, ' ');
    } else if (is(name, "tab")) {
        buf_putc(page, '\t');
    } else if (is(name, "line-break")) {
        buf_putc(page, r->in_row ? ' ' : '\n');
    } else if (is(name, "soft-page-break")) {
        if (r->paragraphs == 0)
            parts_page_if_any(r->parts, TIDY_FLOW);
    } else if (is(name, "spreadsheet")) {
        r->sheets = true;
    } else if (is(name, "table") && r->sheets) {
        struct str title = xml_attribute(a, "name", NULL);
        buf_put_str(page, title);
        buf_puts(page, "\n\n");
    } else if (is(name, "table-row")) {
        r->in_row = true;
        r->cells = 0;
    } else if (is(name, "table-cell") || is(name, "covered-table-cell")) {
        if (r->cells++ > 0)
            buf_putc(page, '\t');
        r->cell_from = page->n;
        r->cell_repeated = number(xml_attribute(a, "number-columns-repeated", NULL), 1, REPEATED);
    }
}

static void end(void *context, const char *name)
{
    struct reader *r = context;
    struct buf *page = &r->parts->page;
    if (is_skipped(name) && r->skip > 0) {
        r->skip--;
    } else if (r->skip > 0) {
        return;
    } else if (is(name, "p") || is(name, "h")) {
        r->paragraphs -= r->paragraphs > 0;
        buf_putc(page, r->in_row ? ' ' : '\n');
    } else if (is(name, "table-cell") || is(name, "covered-table-cell")) {
        while (page->n > r->cell_from && page->p[page->n - 1] == ' ')
            page->n--;
        size_t n = page->n - r->cell_from;
        for (long i = 1; n > 0 && i < r->cell_repeated && buf_reserve(page, n + 1) == 0; i++) {
            buf_putc(page, '\t');
            buf_put(page, page->p + r->cell_from, n);
        }
    } else if (is(name, "table-row")) {
        while (page->n > 0 && page->p[page->n - 1] == '\t')
            page->n--;
        r->in_row = false;
        buf_putc(page, '\n');
    } else if (is(name, "table") && r->sheets) {
        parts_page(r->parts, TIDY_FLOW);
    } else if (is(name, "page")) {
        r->slides = true;
        parts_page(r->parts, TIDY_FLOW);
    }
}

static void text(void *context, struct str s)
{
    struct reader *r = context;
    if (r->paragraphs > 0 && r->skip == 0)
        buf_put_str(&r->parts->page, s);
}

static void manifest(void *context, const char *name, const struct xml_attributes *a)
{
    struct reader *r = context;
    (void)a;
    r->encrypted = r->encrypted || is(name, "encryption-data");
}

int office_odf(const struct unpacked *u, struct parts *parts)
{
    struct reader r = { .parts = parts };
    const struct buf *files = unpacked_find(u, "META-INF/manifest.xml"), *type = unpacked_find(u, "mimetype");
    struct str said = type != NULL ? str_trim(buf_str(type)) : STR("");
    bool sheet = str_ends(said, STR(".spreadsheet")), slides = str_ends(said, STR(".presentation"));
    if (files != NULL &&
        xml_walk(buf_str(files), &(struct xml_walk){ .context = &r, .start = manifest }, "META-INF/manifest.xml", parts) < 0)
        return -1;
    if (r.encrypted)
        return parts_fail(parts, "the document is protected with a password");
    parts_put(parts, PART_METHOD, sheet ? STR("ods") : slides ? STR("odp") : STR("odt"));
    if (xml_walk(buf_str(unpacked_find(u, "content.xml")), &(struct xml_walk){ &r, start, end, text }, "content.xml", parts) < 0)
        return -1;
    return parts_page_if_any(parts, TIDY_FLOW) < 0 ? -1 : parts->pages == 0 ? parts_page(parts, TIDY_FLOW) : 0;
}
