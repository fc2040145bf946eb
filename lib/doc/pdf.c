/* lib/doc/pdf: poppler's programs read a PDF; which of its pages are pictures. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "doc/process.h"
#include "doc/reading.h"

enum {
    FEW = 16,    /* letters: a page with fewer is a scan with a page number, or a blank */
    STAMP = 300, /* a page with fewer may be a scan with a stamp: a fax's head, a filing mark */
    POINTS_PER_INCH = 72,
};
static const double COVERED = 0.5; /* of a page by pictures: a scan */

int reading_pdf_failed(struct reading *r, const struct outcome *o)
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

/* ---- which pages are pictures ---- */

/* Points, from a corner at the bottom and to the left. */
struct box {
    double x1, y1, x2, y2;
};

struct page {
    struct str text;
    double width, height;   /* points, of what is shown; 0: not known yet */
    double pictures;        /* square points that they cover */
    struct box media, crop; /* the sheet, and what is shown of it */
    int turn;               /* clockwise, degrees */
};

struct pages {
    struct page *all;
    unsigned n;
    bool listed;         /* how much of each is pictures */
    struct buf *cropped; /* for each the text of a run of pages that it begins and that are cropped */
    struct scan *scans;  /* those that are read by OCR */
    size_t n_scans;
};

/* "Page    3 size:  595.28 x 841.89 pts (A4)"; a sheet of A4 where it isn't said. "Page    3 rot:   90", "Page    3 CropBox:   0.00
 * 20.00   595.28   841.89". */
static void put_sizes(struct pages *p, struct str info)
{
    for (unsigned i = 0; i < p->n; i++) {
        p->all[i].width = 595;
        p->all[i].height = 842;
    }
    while (info.n > 0) {
        struct str line = str_cut(&info, '\n');
        char text[200];
        unsigned n;
        double w, h;
        struct box box;
        int turn;
        snprintf(text, sizeof text, "%.*s", line.n < sizeof text ? (int)line.n : (int)sizeof text - 1, line.p);
        if (sscanf(text, "Page %u", &n) != 1 || n == 0 || n > p->n)
            continue;
        struct page *page = &p->all[n - 1];
        if (sscanf(text, "Page %*u size: %lf x %lf", &w, &h) == 2 && w > 0 && h > 0) {
            page->width = w;
            page->height = h;
        } else if (sscanf(text, "Page %*u rot: %d", &turn) == 1) {
            page->turn = (turn % 360 + 360) % 360;
        } else if (sscanf(text, "Page %*u MediaBox: %lf %lf %lf %lf", &box.x1, &box.y1, &box.x2, &box.y2) == 4) {
            page->media = box;
        } else if (sscanf(text, "Page %*u CropBox: %lf %lf %lf %lf", &box.x1, &box.y1, &box.x2, &box.y2) == 4) {
            page->crop = box;
        }
    }
}

/* What pdfimages lists: a line for each, "page num type width height color comp bpc enc interp object ID x-ppi y-ppi …". */
static void put_pictures(struct pages *p, struct str images)
{
    while (images.n > 0) {
        struct str line = str_cut(&images, '\n');
        char text[300], type[20];
        unsigned n;
        double w, h, x_ppi, y_ppi;
        snprintf(text, sizeof text, "%.*s", line.n < sizeof text ? (int)line.n : (int)sizeof text - 1, line.p);
        if (sscanf(text, "%u %*u %19s %lf %lf %*s %*s %*s %*s %*s %*s %*s %lf %lf", &n, type, &w, &h, &x_ppi, &y_ppi) == 6 &&
            n > 0 && n <= p->n && strcmp(type, "smask") != 0 && x_ppi > 0 && y_ppi > 0)
            p->all[n - 1].pictures += w / x_ppi * h / y_ppi * POINTS_PER_INCH * POINTS_PER_INCH;
    }
}

/* Does it hold a picture? A stream's dictionary is never compressed (ISO 32000-1, 7.5.7), so its subtype can be looked for. */
static bool has_pictures(struct str pdf)
{
    for (struct str rest = pdf; rest.n > 6;) {
        const char *at = memmem(rest.p, rest.n, "/Image", 6);
        if (at == NULL || at + 6 >= pdf.p + pdf.n)
            return false;
        if (strchr(" \t\r\n/>", at[6]) != NULL) /* not /ImageMask, /ImageB */
            return true;
        rest = (struct str){ at + 6, (size_t)(pdf.p + pdf.n - at) - 6 };
    }
    return false;
}

/* ---- the whole ---- */

static int page_sizes(struct reading *r, struct str bytes, struct buf *info)
{
    struct outcome o;
    char last[16];
    snprintf(last, sizeof last, "%u", r->limits->pages);
    const char *const argv[] = { "pdfinfo", "-box", "-f", "1", "-l", last, PROCESS_INPUT, NULL };
    process_program(r->limits, r->deadline, argv, bytes, info, &o);
    return o.well ? 0 : reading_pdf_failed(r, &o);
}

static int know_sizes(struct reading *r, struct str bytes, struct pages *p, struct buf *info)
{
    if (p->n == 0 || p->all[0].width > 0)
        return 0; /* they are known */
    if (info->n == 0 && page_sizes(r, bytes, info) < 0)
        return -1;
    put_sizes(p, buf_str(info));
    return 0;
}

/* ---- what a page doesn't show ---- */

/* Whether a page may have a crop box; one in an object stream (ISO 32000-1, 7.5.7) is compressed. */
static bool may_be_cropped(struct str pdf)
{
    return memmem(pdf.p, pdf.n, "/CropBox", 8) != NULL || memmem(pdf.p, pdf.n, "/ObjStm", 7) != NULL;
}

static bool is_cropped(const struct page *page)
{
    const struct box *m = &page->media, *c = &page->crop;
    return c->x2 > c->x1 && c->y2 > c->y1 && (c->x1 > m->x1 + 1 || c->y1 > m->y1 + 1 || c->x2 < m->x2 - 1 || c->y2 < m->y2 - 1);
}

/* Where the crop box lies on the sheet as it is turned, from its upper left corner. */
static struct box on_sheet(const struct page *page)
{
    const struct box *m = &page->media, *c = &page->crop;
    double left = c->x1 - m->x1, right = m->x2 - c->x2, below = c->y1 - m->y1, above = m->y2 - c->y2;
    double width = c->x2 - c->x1, height = c->y2 - c->y1;
    switch (page->turn) {
    case 90:
        return (struct box){ below, left, below + height, left + width };
    case 180:
        return (struct box){ right, below, right + width, below + height };
    case 270:
        return (struct box){ above, right, above + height, right + width };
    default:
        return (struct box){ left, above, left + width, above + height };
    }
}

/* The text of pages [from, to), which are cropped alike, without what lies outside. pdftotext's -cropbox by itself leaves that in.
 */
static int read_cropped(struct reading *r, struct str bytes, const struct pages *p, unsigned from, unsigned to, struct buf *text)
{
    struct outcome o;
    struct box box = on_sheet(&p->all[from]);
    char first[16], last[16], x[24], y[24], width[24], height[24];
    snprintf(first, sizeof first, "%u", from + 1);
    snprintf(last, sizeof last, "%u", to);
    snprintf(x, sizeof x, "%.0f", box.x1);
    snprintf(y, sizeof y, "%.0f", box.y1);
    snprintf(width, sizeof width, "%.0f", ceil(box.x2 - box.x1));
    snprintf(height, sizeof height, "%.0f", ceil(box.y2 - box.y1));
    const char *const argv[] = { "pdftotext", "-q",   "-x",    x,    "-y",  y,    "-W", width,         "-H", height,
                                 "-layout",   "-enc", "UTF-8", "-f", first, "-l", last, PROCESS_INPUT, "-",  NULL };
    process_program(r->limits, r->deadline, argv, bytes, text, &o);
    return o.well ? 0 : reading_pdf_failed(r, &o);
}

static bool alike(const struct page *a, const struct page *b)
{
    return a->turn == b->turn && memcmp(&a->media, &b->media, sizeof a->media) == 0 &&
           memcmp(&a->crop, &b->crop, sizeof a->crop) == 0;
}

/* Reads the pages again of which not all is shown. */
static int crop(struct reading *r, struct str bytes, struct pages *p, struct buf *info)
{
    if (!may_be_cropped(bytes))
        return 0;
    if (know_sizes(r, bytes, p, info) < 0)
        return -1;
    for (unsigned from = 0, to; from < p->n; from = to) {
        for (to = from + 1; to < p->n && alike(&p->all[from], &p->all[to]); to++)
            ;
        if (!is_cropped(&p->all[from]))
            continue;
        struct buf *text = &p->cropped[from];
        buf_init(text, 4 * r->limits->text_bytes);
        if (read_cropped(r, bytes, p, from, to, text) < 0)
            return -1;
        struct str rest = buf_str(text);
        for (unsigned i = from; i < to; i++)
            p->all[i].text = str_cut(&rest, '\f');
    }
    return 0;
}

/* ---- which pages are scans ---- */

static int list_pictures(struct reading *r, struct str bytes, struct pages *p)
{
    struct outcome o;
    struct buf images;
    char last[16];
    snprintf(last, sizeof last, "%u", p->n);
    const char *const argv[] = { "pdfimages", "-l", last, "-list", PROCESS_INPUT, NULL };
    buf_init(&images, 16 << 20);
    process_program(r->limits, r->deadline, argv, bytes, &images, &o);
    put_pictures(p, buf_str(&images)); /* as far as it came */
    buf_fini(&images);
    return o.well || o.exit_code > 0 ? 0 : reading_pdf_failed(r, &o);
}

/* Knows how much of each page is pictures. */
static int know_pictures(struct reading *r, struct str bytes, struct pages *p)
{
    bool known = p->listed;
    p->listed = true;
    return known || !has_pictures(bytes) ? 0 : list_pictures(r, bytes, p);
}

static bool is_picture(const struct page *page)
{
    return page->pictures >= COVERED * page->width * page->height;
}

struct looking {
    struct reading *reading;
    struct str bytes;
    struct pages *pages;
    struct buf *info;
};

static bool is_scan(void *context, unsigned page)
{
    struct looking *l = context;
    return know_sizes(l->reading, l->bytes, l->pages, l->info) == 0 && know_pictures(l->reading, l->bytes, l->pages) == 0 &&
           is_picture(&l->pages->all[page]);
}

/* Takes out what pages don't show. */
static int hide(struct reading *r, struct str bytes, struct pages *p, struct buf *info)
{
    struct looking looking = { r, bytes, p, info };
    struct str *texts = calloc(p->n + 1, sizeof *texts);
    if (texts == NULL)
        return parts_fail(&r->answer, "the PDF takes more memory than there is");
    for (unsigned i = 0; i < p->n; i++)
        texts[i] = p->all[i].text;
    reading_hidden(r, bytes, texts, p->n, is_scan, &looking);
    free(texts);
    return r->answer.failed ? -1 : 0;
}

/* Which pages are pictures, with or without a few words of text over them. */
static int find_scans(struct reading *r, struct str bytes, struct pages *p, struct buf *info)
{
    bool pictures = has_pictures(bytes);
    for (unsigned i = 0; i < p->n; i++) {
        struct page *page = &p->all[i];
        size_t n = letters(page->text);
        if (n >= (pictures ? STAMP : FEW))
            continue;
        if (know_sizes(r, bytes, p, info) < 0)
            return -1;
        if (n >= FEW && know_pictures(r, bytes, p) < 0)
            return -1;
        if (n >= FEW && !is_picture(page))
            continue;
        if (p->n_scans == r->limits->scans)
            return parts_fail(&r->answer, "more than %u of its pages are pictures: that many are read by OCR at most",
                              r->limits->scans);
        p->scans[p->n_scans] = (struct scan){ .page = i + 1, .width = page->width, .height = page->height };
        buf_init(&p->scans[p->n_scans++].text, r->limits->text_bytes);
    }
    return 0;
}

static int put_pages(struct reading *r, struct pages *p)
{
    size_t next = 0;
    for (unsigned i = 0; i < p->n; i++) {
        struct str one = p->all[i].text;
        bool scanned = next < p->n_scans && p->scans[next].page == i + 1;
        struct str seen = scanned ? buf_str(&p->scans[next++].text) : STR("");
        size_t had = letters(one), found = letters(seen);
        /* A text layer that says as much as the picture does is a better reading of it. */
        bool better = found > (had < FEW ? had : 2 * had);
        r->by_pdf = r->by_pdf || !better;
        buf_put_str(&r->answer.page, better ? seen : one);
        if (parts_page(&r->answer, TIDY_LAYOUT) < 0)
            return -1;
    }
    return 0;
}

int reading_pdf(struct reading *r, struct str bytes)
{
    struct outcome o;
    struct buf text, info;
    struct pages p = { 0 };
    char last[16];
    snprintf(last, sizeof last, "%u", r->limits->pages + 1);
    /* Lines as they stand on the page: the cells of a table's row stay together. */
    const char *const argv[] = { "pdftotext", "-q", "-layout", "-enc", "UTF-8", "-l", last, PROCESS_INPUT, "-", NULL };
    const char *const aloud[] = { "pdftotext", "-layout", "-enc", "UTF-8", "-l", last, PROCESS_INPUT, "-", NULL };
    buf_init(&text, 4 * r->limits->text_bytes);
    buf_init(&info, 8 << 20);
    process_program(r->limits, r->deadline, argv, bytes, &text, &o);
    int done = -1;
    bool forbidden = o.exit_code == 3; /* its author doesn't want the text to be copied; it can be looked at */
    if (!o.well && !forbidden) {
        if (o.why[0] == '\0') { /* why? */
            buf_clear(&text);
            process_program(r->limits, r->deadline, aloud, bytes, &text, &o);
        }
        reading_pdf_failed(r, &o);
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
    p.all = calloc(pages + 1, sizeof *p.all);
    p.scans = calloc(r->limits->scans + 1, sizeof *p.scans);
    p.cropped = calloc(pages + 1, sizeof *p.cropped);
    if (p.all == NULL || p.scans == NULL || p.cropped == NULL) {
        parts_fail(&r->answer, "the PDF takes more memory than there is");
        goto out;
    }
    for (p.n = 0; p.n < pages; p.n++)
        p.all[p.n].text = str_cut(&rest, '\f');
    if ((!forbidden && (crop(r, bytes, &p, &info) < 0 || hide(r, bytes, &p, &info) < 0)) || find_scans(r, bytes, &p, &info) < 0 ||
        reading_scans(r, bytes, p.scans, p.n_scans) < 0 || put_pages(r, &p) < 0)
        goto out;
    done = 0;
out:
    buf_fini(&text);
    buf_fini(&info);
    for (size_t i = 0; i < p.n_scans; i++)
        buf_fini(&p.scans[i].text);
    for (unsigned i = 0; p.cropped != NULL && i < p.n; i++)
        buf_fini(&p.cropped[i]);
    free(p.cropped);
    free(p.scans);
    free(p.all);
    return done;
}
