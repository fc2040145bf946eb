/* lib/doc/docx: WordprocessingML (ECMA-376, part 1, 17): paragraphs as lines, cells apart, pages where Word broke them last. What
 * can't be seen isn't said: hidden runs, white ones on nothing darker, those of a point and less. */
#include <stdio.h>

#include "doc/office.h"
#include "doc/xml.h"

struct reader {
    struct parts *parts;
    unsigned skip; /* open elements whose text stands elsewhere too, or was deleted */
    bool in_text;
    bool hidden;                                         /* the run is */
    bool white;                                          /* its letters are */
    bool dark_run, dark_paragraph, dark_cell, dark_page; /* what is behind it has a colour */
    unsigned unknown;     /* open text boxes and tables with a style: what is behind their text is told elsewhere */
    bool styled;          /* the table counts there */
    bool in_run, in_cell; /* their properties are open */
    bool paged;           /* the main part: breaks end pages */
    unsigned cells;
};

static bool is(const char *name, const char *what)
{
    return strcmp(name, what) == 0;
}

static bool is_skipped(const char *name)
{
    return is(name, "Fallback") || is(name, "del") || is(name, "moveFrom") || is(name, "instrText") || is(name, "delText") ||
           is(name, "rPrChange") || is(name, "pPrChange");
}

/* "FFFFFF", or so near to it that nobody sees the difference on paper. "auto" is black. */
static bool is_white(struct str colour)
{
    if (colour.n != 6)
        return false;
    for (size_t i = 0; i < 6; i += 2)
        if ((colour.p[i] | 0x20) != 'f' || ((colour.p[i + 1] | 0x20) != 'f' && (colour.p[i + 1] | 0x20) != 'e'))
            return false;
    return true;
}

static bool is_dark(const struct xml_attributes *a)
{
    struct str fill = xml_attribute(a, "fill", NULL), pattern = xml_attribute(a, "val", NULL);
    return (fill.n == 6 && !is_white(fill)) || str_starts(pattern, STR("solid")) || str_starts(pattern, STR("pct")) ||
           xml_attribute(a, "themeFill", NULL).n > 0;
}

static void run_properties(struct reader *r, const char *name, const struct xml_attributes *a)
{
    struct str value = xml_attribute(a, "val", NULL);
    if (is(name, "color"))
        r->white = is_white(value);
    else if (is(name, "highlight"))
        r->dark_run = !str_eq(value, STR("none")) && !str_eq(value, STR("white"));
    else if (is(name, "sz") && (str_eq(value, STR("0")) || str_eq(value, STR("1")) || str_eq(value, STR("2")))) /* half points */
        r->hidden = true;
}

/* What is behind the text: of a run, a paragraph, a cell, a page. */
static void backgrounds(struct reader *r, const char *name, const struct xml_attributes *a)
{
    if (is(name, "p"))
        r->dark_paragraph = false;
    else if (is(name, "tc"))
        r->dark_cell = false;
    else if (is(name, "background"))
        r->dark_page = !is_white(xml_attribute(a, "color", NULL));
    else if (is(name, "rPr"))
        r->in_run = true;
    else if (is(name, "tcPr"))
        r->in_cell = true;
    else if (is(name, "shd") && is_dark(a))
        *(r->in_run ? &r->dark_run : r->in_cell ? &r->dark_cell : &r->dark_paragraph) = true;
    else if (is(name, "txbxContent") || (is(name, "tblStyle") && !str_eq(xml_attribute(a, "val", NULL), STR("TableGrid"))))
        r->unknown += is(name, "txbxContent") || !r->styled, r->styled = r->styled || is(name, "tblStyle");
}

static void start(void *context, const char *name, const struct xml_attributes *a)
{
    struct reader *r = context;
    struct buf *page = &r->parts->page;
    if (is_skipped(name))
        r->skip++;
    if (r->skip > 0)
        return;
    backgrounds(r, name, a);
    if (is(name, "r") || is(name, "rPr"))
        r->hidden = r->white = r->dark_run = false;
    run_properties(r, name, a);
    if (is(name, "t"))
        r->in_text = true;
    else if (is(name, "vanish"))
        r->hidden = !office_is_off(xml_attribute(a, "val", NULL));
    else if (r->hidden)
        return;
    else if (is(name, "tab"))
        buf_putc(page, '\t');
    else if (is(name, "cr") || (is(name, "br") && !str_eq(xml_attribute(a, "type", NULL), STR("page"))))
        buf_putc(page, '\n');
    else if (is(name, "noBreakHyphen"))
        buf_putc(page, '-');
    else if (is(name, "tc") && r->cells++ > 0)
        buf_putc(page, '\t');
    else if (is(name, "tr"))
        r->cells = 0;
    else if (r->paged && is(name, "lastRenderedPageBreak"))
        parts_page_if_any(r->parts, TIDY_FLOW);
}

static void end(void *context, const char *name)
{
    struct reader *r = context;
    struct buf *page = &r->parts->page;
    if (is_skipped(name) && r->skip > 0)
        r->skip--;
    else if (r->skip > 0)
        return;
    else if (is(name, "t"))
        r->in_text = false;
    else if (is(name, "r") || is(name, "pPr")) /* a paragraph's mark may be hidden: its text is not by that */
        r->hidden = r->white = r->dark_run = false;
    else if (is(name, "rPr"))
        r->in_run = false;
    else if (is(name, "tcPr"))
        r->in_cell = false;
    else if (is(name, "txbxContent"))
        r->unknown -= r->unknown > 0;
    else if (is(name, "tbl")) {
        r->unknown -= r->styled && r->unknown > 0;
        r->styled = r->dark_cell = false;
    } else if (is(name, "p") && r->cells == 0)
        buf_putc(page, '\n');
    else if (is(name, "p") && page->n > 0 && page->p[page->n - 1] != ' ')
        buf_putc(page, ' ');
    else if (is(name, "tr")) {
        r->cells = 0;
        buf_putc(page, '\n');
    }
}

static void text(void *context, struct str s)
{
    struct reader *r = context;
    bool unseen = r->white && !r->dark_run && !r->dark_paragraph && !r->dark_cell && !r->dark_page && r->unknown == 0;
    if (r->in_text && r->skip == 0 && !r->hidden && !unseen)
        buf_put_str(&r->parts->page, s);
}

/* Headers, footers and notes: those of one name are numbered; what says the same as the one before is said once. */
static int read_all(const struct unpacked *u, const char *name, struct parts *parts)
{
    struct buf before;
    buf_init(&before, 0);
    int done = 0;
    for (size_t i = 0; i < u->n && done == 0; i++) {
        if (!str_starts(str_of(u->members[i].name), str_of(name)) || !str_ends(str_of(u->members[i].name), STR(".xml")))
            continue;
        struct reader r = { .parts = parts };
        size_t from = parts->page.n;
        done = xml_walk(buf_str(&u->members[i].bytes), &(struct xml_walk){ &r, start, end, text }, u->members[i].name, parts);
        struct str said = str_trim((struct str){ parts->page.p != NULL ? parts->page.p + from : NULL, parts->page.n - from });
        if (said.n == 0 || str_eq(said, buf_str(&before))) {
            parts->page.n = from;
            continue;
        }
        buf_clear(&before);
        buf_put_str(&before, said);
        buf_putc(&parts->page, '\n');
    }
    buf_fini(&before);
    return done;
}

int office_docx(const struct unpacked *u, struct parts *parts)
{
    struct reader r = { .parts = parts, .paged = true };
    const struct buf *main = unpacked_find(u, "word/document.xml");
    if (read_all(u, "word/header", parts) < 0 ||
        xml_walk(buf_str(main), &(struct xml_walk){ &r, start, end, text }, "word/document.xml", parts) < 0 ||
        read_all(u, "word/footnotes", parts) < 0 || read_all(u, "word/endnotes", parts) < 0 ||
        read_all(u, "word/comments", parts) < 0 || read_all(u, "word/footer", parts) < 0)
        return -1;
    return parts_page_if_any(parts, TIDY_FLOW) < 0 ? -1 : parts->pages == 0 ? parts_page(parts, TIDY_FLOW) : 0;
}
