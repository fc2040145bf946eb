/* lib/doc/pdf: poppler's programs read a PDF; pages without text are rendered and go to OCR. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "doc/process.h"
#include "doc/reading.h"

enum {
    FEW = 16, /* letters: a page with fewer is a scan with a page number, or a blank */
    DPI = 300,
    POINTS_PER_INCH = 72,
};
static const double PIXELS = 20e6; /* of a rendered page; a large sheet is rendered coarser */

/* What went wrong, from what poppler said. */
static int failed(struct reading *r, const struct outcome *o)
{
    if (strstr(o->said, "Incorrect password") != NULL)
        return parts_fail(&r->answer, "the PDF is protected with a password");
    if (o->exit_code < 0 || o->why[0] != '\0')
        return parts_fail(&r->answer, "the PDF could not be read: poppler %s", o->why);
    /* "Syntax Error (17): Couldn't find trailer dictionary" */
    const char *colon = strchr(o->said, ':');
    char first[120] = "";
    if (colon != NULL)
        snprintf(first, sizeof first, "%.*s", (int)strcspn(colon + 1 + (colon[1] == ' '), "\n"), colon + 1 + (colon[1] == ' '));
    for (char *c = first; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            *c = '?'; /* it may quote the file */
    return parts_fail(&r->answer, "the PDF is damaged%s%s%s", first[0] != '\0' ? " (" : "", first, first[0] != '\0' ? ")" : "");
}

static size_t letters(struct str page)
{
    size_t n = 0;
    for (size_t i = 0; i < page.n; i++)
        n += (unsigned char)page.p[i] > ' ' && ((unsigned char)page.p[i] & 0xC0) != 0x80;
    return n;
}

/* ---- pages that are pictures ---- */

/* "Page    3 size:  595.28 x 841.89 pts (A4)" for page 3; a sheet of A4 where it isn't said. */
static void page_size(struct str info, unsigned page, double *w, double *h)
{
    *w = 595;
    *h = 842;
    while (info.n > 0) {
        struct str line = str_cut(&info, '\n');
        char text[200];
        unsigned n;
        double a, b;
        snprintf(text, sizeof text, "%.*s", line.n < sizeof text ? (int)line.n : (int)sizeof text - 1, line.p);
        if (sscanf(text, "Page %u size: %lf x %lf", &n, &a, &b) == 3 && n == page && a > 0 && b > 0) {
            *w = a;
            *h = b;
            return;
        }
    }
}

struct rendered {
    struct str picture;
    const struct doc_limits *limits;
};

/* In the sandbox: a rendered page made upright. */
static void upright(void *context, int out)
{
    struct rendered *rendered = context;
    struct parts parts;
    if (parts_init(&parts, rendered->limits) < 0)
        return;
    parse_image(rendered->picture, &parts);
    parts_write(&parts, out);
}

static int scan_page(struct reading *r, struct str bytes, struct str info, unsigned page, struct buf *text)
{
    struct outcome o;
    struct buf picture, parts;
    double w, h;
    char number[16], dpi[16];
    page_size(info, page, &w, &h);
    double pixels = w * h * DPI * DPI / POINTS_PER_INCH / POINTS_PER_INCH, resolution = DPI;
    while (pixels > PIXELS && resolution > 10) {
        resolution /= 1.25;
        pixels /= 1.25 * 1.25;
    }
    snprintf(number, sizeof number, "%u", page);
    snprintf(dpi, sizeof dpi, "%.0f", resolution);
    const char *const argv[] = { "pdftoppm", "-q", "-gray", "-r", dpi, "-f", number, "-l", number, PROCESS_INPUT, NULL };
    buf_init(&picture, (size_t)(3 * PIXELS) + 1024);
    buf_init(&parts, (size_t)1 << 30);
    process_program(r->limits, r->deadline, argv, bytes, &picture, &o);
    int done = o.well ? 0 : failed(r, &o);
    if (done == 0) {
        struct rendered rendered = { buf_str(&picture), r->limits };
        process_work(r->limits, r->deadline, upright, &rendered, &parts, &o);
        struct str rest = buf_str(&parts);
        struct part part;
        bool found = false;
        while (done == 0 && parts_next(&rest, &part) > 0)
            if (part.kind == PART_IMAGE) {
                found = true;
                done = reading_ocr(r, part.bytes, text);
            }
        if (done == 0 && !found)
            done = parts_fail(&r->answer, "page %u of the PDF could not be rendered%s%s", page,
                              o.why[0] != '\0' ? ": poppler " : "", o.why);
    }
    buf_fini(&picture);
    buf_fini(&parts);
    return done;
}

/* ---- the whole ---- */

static int page_sizes(struct reading *r, struct str bytes, struct buf *info)
{
    struct outcome o;
    char last[16];
    snprintf(last, sizeof last, "%u", r->limits->pages);
    const char *const argv[] = { "pdfinfo", "-f", "1", "-l", last, PROCESS_INPUT, NULL };
    process_program(r->limits, r->deadline, argv, bytes, info, &o);
    return o.well ? 0 : failed(r, &o);
}

int reading_pdf(struct reading *r, struct str bytes)
{
    struct outcome o;
    struct buf text, info, scanned;
    char last[16];
    snprintf(last, sizeof last, "%u", r->limits->pages + 1);
    /* Lines as they stand on the page: the cells of a table's row stay together. */
    const char *const argv[] = { "pdftotext", "-q", "-layout", "-enc", "UTF-8", "-l", last, PROCESS_INPUT, "-", NULL };
    const char *const aloud[] = { "pdftotext", "-layout", "-enc", "UTF-8", "-l", last, PROCESS_INPUT, "-", NULL };
    buf_init(&text, 4 * r->limits->text_bytes);
    buf_init(&info, 1 << 20);
    buf_init(&scanned, r->limits->text_bytes);
    process_program(r->limits, r->deadline, argv, bytes, &text, &o);
    int done = -1;
    bool forbidden = o.exit_code == 3; /* its author doesn't want the text to be copied; it can be looked at */
    if (!o.well && !forbidden) {
        if (o.why[0] == '\0') { /* why? */
            buf_clear(&text);
            process_program(r->limits, r->deadline, aloud, bytes, &text, &o);
        }
        failed(r, &o);
        goto out;
    }
    struct str rest = buf_str(&text);
    unsigned pages = 0;
    for (size_t i = 0; i < text.n; i++)
        pages += text.p[i] == '\f';
    if (forbidden || pages == 0) {
        if (page_sizes(r, bytes, &info) < 0)
            goto out;
        const char *count = strstr(buf_text(&info), "Pages:");
        pages = count != NULL ? (unsigned)atoi(count + 6) : 0;
    }
    if (pages > r->limits->pages) {
        parts_fail(&r->answer, "the PDF has more than %u pages", r->limits->pages);
        goto out;
    }
    for (unsigned page = 1; page <= pages; page++) {
        struct str one = str_cut(&rest, '\f');
        if (letters(one) < FEW) {
            if (info.n == 0 && page_sizes(r, bytes, &info) < 0)
                goto out;
            buf_clear(&scanned);
            if (scan_page(r, bytes, buf_str(&info), page, &scanned) < 0)
                goto out;
            if (letters(buf_str(&scanned)) > letters(one))
                one = buf_str(&scanned);
        }
        r->by_pdf = r->by_pdf || one.p != scanned.p;
        buf_put_str(&r->answer.page, one);
        if (parts_page(&r->answer, TIDY_LAYOUT) < 0)
            goto out;
    }
    done = 0;
out:
    buf_fini(&text);
    buf_fini(&info);
    buf_fini(&scanned);
    return done;
}
