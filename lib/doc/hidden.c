/* lib/doc/hidden: words of a PDF that its pages don't show: written in the colour of what they stand on, covered, of a layer that
 * is off, never painted, too small to be seen. pdftohtml says where words stand and in which colour; a page where that raises doubt
 * is rendered, and where its words should be there is either something to see or not. */
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "doc/process.h"
#include "doc/reading.h"

enum {
    LIGHT = 200,   /* of 255: such letters are seen on something darker than paper only */
    CONTRAST = 24, /* of 255: less between the lightest and the darkest dot around a word is nothing that is seen */
    DRAWN_DPI = 72,
    WORDS_DPI = 108,  /* pdftohtml's */
    FEW = 8,          /* letters that pdftotext and pdftohtml may differ by */
    LONG = 8,         /* bytes: words that may be looked for within others */
    PIXELS = 4 << 20, /* of a page that is rendered */
    FONTS = 1 << 16,  /* colours and sizes together */
    SMALL = 3,        /* dots (WORDS_DPI), of a font: 2 points */
};
static const double TINY = 0.9;      /* dots (WORDS_DPI) that a letter takes on average: 0.6 points */
static const double LOOKED_AT = 4e9; /* bytes of a page that are looked through for its hidden words, all in all */

struct font {
    unsigned char light;
    bool small;
};

/* Words in one font in one line. */
struct run {
    int left, top, width, height; /* dots (WORDS_DPI) */
    size_t at, n;                 /* in runs.letters: without white space */
    unsigned letters;
    struct font font;
    bool hidden;
};

struct sheet {
    int width, height; /* dots */
    size_t first, n;   /* of the runs */
    size_t letters;
};

struct runs {
    struct run *all;
    size_t n, room;
    struct buf letters;
    struct sheet *sheets;
    unsigned n_sheets; /* as many as the PDF has pages */
    unsigned sheet;    /* which is being read, from 1 */
    struct font fonts[FONTS];
    bool failed; /* no memory */
};

/* ---- what pdftohtml says ---- */

/* The bytes that a white space takes here: also U+00A0. */
static size_t white(const char *p, size_t n)
{
    if (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r' || *p == '\f')
        return 1;
    return n > 1 && p[0] == '\xC2' && p[1] == '\xA0' ? 2 : 0;
}

static int attribute(struct str line, const char *name)
{
    char what[24], number[16] = "";
    int n = snprintf(what, sizeof what, " %s=\"", name);
    const char *at = memmem(line.p, line.n, what, (size_t)n);
    if (at == NULL)
        return 0;
    size_t rest = (size_t)(line.p + line.n - at) - (size_t)n;
    memcpy(number, at + n, rest < sizeof number - 1 ? rest : sizeof number - 1);
    return atoi(number);
}

/* `<fontspec id="0" size="18" family="Helvetica" color="#ffffff"/>` */
static void take_font(struct runs *r, struct str line)
{
    const struct str color = STR(" color=\"#");
    int id = attribute(line, "id");
    const char *at = memmem(line.p, line.n, color.p, color.n);
    char hex[7] = "";
    if (id < 0 || id >= FONTS || at == NULL || (size_t)(line.p + line.n - at) < color.n + 6)
        return;
    memcpy(hex, at + color.n, 6);
    unsigned long rgb = strtoul(hex, NULL, 16);
    r->fonts[id] = (struct font){ .light = (unsigned char)(((rgb >> 16) * 30 + (rgb >> 8 & 0xFF) * 59 + (rgb & 0xFF) * 11) / 100),
                                  .small = attribute(line, "size") <= SMALL };
}

/* Letters of a run, without tags and white space. */
static void put_letters(struct runs *r, struct run *run, struct str xml)
{
    struct buf *to = &r->letters;
    run->at = to->n;
    for (size_t i = 0, n; i < xml.n; i += n) {
        const char *p = xml.p + i;
        unsigned code = 0;
        n = 1;
        if (*p == '<') {
            const char *end = memchr(p, '>', xml.n - i);
            n = end != NULL ? (size_t)(end - p) + 1 : xml.n - i;
        } else if (*p == '&') {
            const char *end = memchr(p, ';', xml.n - i);
            n = end != NULL ? (size_t)(end - p) + 1 : 1;
            if (n > 3 && p[1] == '#')
                code = (unsigned)strtoul(p + 2, NULL, 10);
            else
                code = n == 4 && p[1] == 'l' ? '<' : n == 4 ? '>' : n == 6 && p[1] == 'q' ? '"' : n == 6 ? '\'' : '&';
            char utf8[4];
            if (code != 0xA0 && code != ' ')
                buf_put(to, utf8, utf8_encode(utf8, code));
        } else if ((n = white(p, xml.n - i)) == 0) {
            n = 1;
            buf_putc(to, *p);
        }
    }
    run->n = to->n - run->at;
    for (size_t i = run->at; i < to->n; i++)
        run->letters += ((unsigned char)to->p[i] & 0xC0) != 0x80;
}

static bool beside(const struct run *run, const struct sheet *s)
{
    return run->left >= s->width || run->top >= s->height || run->left + run->width <= 0 || run->top + run->height <= 0;
}

/* `<text top="110" left="108" width="305" height="17" font="0">Patient <b>Ada</b> &amp; family</text>` */
static void take_text(struct runs *r, struct str line)
{
    const char *begin = memchr(line.p, '>', line.n);
    if (r->sheet == 0 || begin == NULL || !str_ends(line, STR("</text>")))
        return;
    struct str attributes = { line.p, (size_t)(begin - line.p) };
    int font = attribute(attributes, "font");
    struct run run = { .left = attribute(attributes, "left"),
                       .top = attribute(attributes, "top"),
                       .width = attribute(attributes, "width"),
                       .height = attribute(attributes, "height"),
                       .font = r->fonts[font >= 0 && font < FONTS ? font : 0] };
    if (r->n == r->room) {
        size_t room = r->room > 0 ? 2 * r->room : 1024;
        struct run *all = realloc(r->all, room * sizeof *all);
        if (all == NULL) {
            r->failed = true;
            return;
        }
        r->all = all;
        r->room = room;
    }
    put_letters(r, &run, (struct str){ begin + 1, (size_t)(line.p + line.n - begin) - 8 });
    r->all[r->n++] = run;
    struct sheet *sheet = &r->sheets[r->sheet - 1];
    sheet->n++;
    sheet->letters += beside(&run, sheet) ? 0 : run.letters; /* pdftotext leaves those out too */
}

static void take_line(struct runs *r, struct str line)
{
    if (str_starts(line, STR("<page "))) {
        int number = attribute(line, "number");
        r->sheet = number > 0 && (unsigned)number <= r->n_sheets ? (unsigned)number : 0;
        if (r->sheet > 0)
            r->sheets[r->sheet - 1] =
                (struct sheet){ .width = attribute(line, "width"), .height = attribute(line, "height"), .first = r->n };
        return;
    }
    struct str s = line;
    while (s.n > 0 && *s.p == '\t')
        s = (struct str){ s.p + 1, s.n - 1 };
    if (str_starts(s, STR("<fontspec ")))
        take_font(r, s);
    else if (str_starts(s, STR("<text ")))
        take_text(r, s);
}

/* unpainted: also words that are never painted. false: pdftohtml doesn't say. */
static bool read_runs(struct reading *reading, struct str pdf, unsigned n, bool unpainted, struct runs *r)
{
    struct outcome o;
    struct buf xml;
    char last[16];
    snprintf(last, sizeof last, "%u", n);
    const char *const argv[] = { "pdftohtml", "-xml",        "-i",   "-q",    unpainted ? "-hidden" : "-q",
                                 "-nodrm",    "-stdout",     "-enc", "UTF-8", "-l",
                                 last,        PROCESS_INPUT, NULL };
    buf_init(&xml, 16 * reading->limits->text_bytes);
    process_program(reading->limits, reading->deadline, argv, pdf, &xml, &o);
    struct str rest = buf_str(&xml);
    r->n = 0;
    r->sheet = 0;
    memset(r->sheets, 0, r->n_sheets * sizeof *r->sheets);
    buf_clear(&r->letters);
    while (o.well && rest.n > 0)
        take_line(r, str_cut(&rest, '\n'));
    buf_fini(&xml);
    return o.well && !r->failed && !r->letters.failed;
}

/* ---- what is seen of a page ---- */

struct picture {
    struct buf pgm;
    const unsigned char *dots;
    unsigned width, height;
    double scale; /* of WORDS_DPI */
};

static bool render(struct reading *reading, struct str pdf, unsigned page, const struct sheet *sheet, struct picture *p)
{
    struct outcome o;
    char number[16], dpi[16];
    unsigned most;
    int from = 0;
    double resolution = DRAWN_DPI;
    while ((double)sheet->width * sheet->height * resolution * resolution / WORDS_DPI / WORDS_DPI > PIXELS && resolution > 2)
        resolution /= 1.5;
    p->scale = resolution / WORDS_DPI;
    snprintf(number, sizeof number, "%u", page + 1);
    snprintf(dpi, sizeof dpi, "%.4f", resolution);
    const char *const argv[] = { "pdftoppm", "-q", "-gray", "-r", dpi, "-f", number, "-l", number, PROCESS_INPUT, NULL };
    buf_init(&p->pgm, 2 * PIXELS);
    process_program(reading->limits, reading->deadline, argv, pdf, &p->pgm, &o);
    if (!o.well || sscanf(buf_text(&p->pgm), "P5 %u %u %u%n", &p->width, &p->height, &most, &from) != 3 || most != 255 ||
        (size_t)p->width * p->height + (size_t)from + 1 > p->pgm.n)
        return false;
    p->dots = (const unsigned char *)p->pgm.p + from + 1;
    return true;
}

static unsigned dot(double at, double scale, unsigned end)
{
    double d = at * scale;
    return d < 0 ? 0 : d > end ? end : (unsigned)d;
}

/* Is there anything to see where these words are? */
static bool is_seen(const struct picture *p, const struct run *run)
{
    unsigned x1 = dot(run->left, p->scale, p->width), x2 = dot(run->left + run->width + 1, p->scale, p->width);
    unsigned y1 = dot(run->top, p->scale, p->height), y2 = dot(run->top + run->height + 1, p->scale, p->height);
    unsigned char darkest = 255, lightest = 0;
    for (unsigned y = y1; y < y2; y++)
        for (unsigned x = x1; x < x2; x++) {
            unsigned char c = p->dots[(size_t)y * p->width + x];
            darkest = c < darkest ? c : darkest;
            lightest = c > lightest ? c : lightest;
        }
    return lightest >= darkest + CONTRAST;
}

/* pdftohtml tells the width of words that stand upright only: where others end isn't known. */
static bool upright(const struct run *run)
{
    return run->width > 0;
}

/* A font's size doesn't say it of one that is made of drawings, nor the width alone: pdftohtml counts words to a run that stand
 * behind it. */
static bool tiny(const struct run *run)
{
    return run->font.small && run->letters > 2 && run->width < TINY * run->letters;
}

/* Which words of a page are hidden. doubt: all of them are looked for, not only light ones. How many. */
static size_t find_hidden(struct reading *reading, struct str pdf, struct runs *r, unsigned page, bool doubt)
{
    const struct sheet *s = &r->sheets[page];
    struct picture picture = { 0 };
    bool rendered = false, tried = false;
    size_t hidden = 0;
    for (struct run *run = r->all + s->first; run < r->all + s->first + s->n; run++) {
        if (!upright(run))
            continue;
        run->hidden = beside(run, s) || tiny(run);
        if (!run->hidden && (doubt || run->font.light >= LIGHT)) {
            if (!tried)
                rendered = render(reading, pdf, page, s, &picture);
            tried = true;
            run->hidden = rendered && !is_seen(&picture, run);
        }
        hidden += run->hidden;
    }
    buf_fini(&picture.pgm);
    return hidden;
}

/* ---- taken out of the text ---- */

/* A page's text without white space. */
struct packed {
    struct buf letters;
    size_t *places; /* of each byte, in the text */
};

static bool pack(struct str text, struct packed *p)
{
    buf_init(&p->letters, 0);
    p->places = malloc((text.n + 1) * sizeof *p->places);
    for (size_t i = 0, n; p->places != NULL && i < text.n; i += n) {
        n = white(text.p + i, text.n - i);
        if (n == 0) {
            n = 1;
            p->places[p->letters.n] = i;
            if (buf_putc(&p->letters, text.p[i]) < 0)
                return false;
        }
    }
    return p->places != NULL;
}

/* Do these bytes begin and end where words do? */
static bool whole_words(struct str text, size_t first, size_t last)
{
    bool begins = first == 0 || white(text.p + first - 1, 1) > 0 || (first > 1 && white(text.p + first - 2, 2) == 2);
    return begins && (last + 1 >= text.n || white(text.p + last + 1, text.n - last - 1) > 0);
}

/* Blanks the words wherever they stand alone; where they never do, long ones within others too. */
static void blank(struct str text, struct packed *p, struct str words)
{
    for (int alone = 1, done = 0; alone >= 0 && !done && (alone || words.n >= LONG); alone--)
        for (size_t from = 0; from + words.n <= p->letters.n;) {
            const char *found = memmem(p->letters.p + from, p->letters.n - from, words.p, words.n);
            if (found == NULL)
                break;
            size_t at = (size_t)(found - p->letters.p);
            from = at + 1;
            if (alone && !whole_words(text, p->places[at], p->places[at + words.n - 1]))
                continue;
            for (size_t i = at; i < at + words.n; i++) {
                ((char *)text.p)[p->places[i]] = ' '; /* it lies in a buffer of pdf.c's */
                p->letters.p[i] = ' ';
            }
            from = at + words.n;
            done = 1;
        }
}

/* What is hidden goes out of the text, but for words that can be seen elsewhere on the page: they say nothing more. */
static void take_out(const struct runs *r, const struct sheet *s, size_t hidden, struct str text)
{
    struct packed packed = { 0 };
    struct buf seen;
    buf_init(&seen, 0);
    const struct run *end = r->all + s->first + s->n;
    for (const struct run *run = r->all + s->first; run < end; run++)
        if (!run->hidden) {
            buf_put(&seen, r->letters.p + run->at, run->n);
            buf_putc(&seen, ' ');
        }
    if ((double)hidden * (double)(seen.n + text.n) < LOOKED_AT && pack(text, &packed))
        for (const struct run *run = r->all + s->first; run < end; run++) {
            struct str words = { r->letters.p + run->at, run->n };
            if (run->hidden && run->n > 0 && (seen.n == 0 || memmem(seen.p, seen.n, words.p, words.n) == NULL))
                blank(text, &packed, words);
        }
    buf_fini(&seen);
    buf_fini(&packed.letters);
    free(packed.places);
}

static size_t count_letters(struct str text)
{
    size_t letters = 0;
    for (size_t i = 0, n; i < text.n; i += n) {
        n = white(text.p + i, text.n - i);
        letters += n == 0 && ((unsigned char)text.p[i] & 0xC0) != 0x80;
        n += n == 0;
    }
    return letters;
}

/* Words of a page that are never painted, where it isn't a picture of them. */
static bool has_unpainted(const struct runs *r, unsigned page, struct str text, bool (*scanned)(void *, unsigned), void *context)
{
    return count_letters(text) > r->sheets[page].letters + FEW && !scanned(context, page);
}

void reading_hidden(struct reading *reading, struct str pdf, const struct str *texts, unsigned n,
                    bool (*scanned)(void *context, unsigned page), void *context)
{
    struct runs *r = calloc(1, sizeof *r);
    bool *unpainted = calloc(n + 1, sizeof *unpainted), any = false;
    if (r == NULL || unpainted == NULL || (r->sheets = calloc(n + 1, sizeof *r->sheets)) == NULL)
        goto out;
    r->n_sheets = n;
    buf_init(&r->letters, 16 * reading->limits->text_bytes);
    if (!read_runs(reading, pdf, n, false, r))
        goto out;
    for (unsigned i = 0; i < n; i++)
        any |= unpainted[i] = has_unpainted(r, i, texts[i], scanned, context);
    if (any && !read_runs(reading, pdf, n, true, r))
        goto out;
    /* Layers (ISO 32000-1, 8.11): poppler leaves out those that are off; of the others one may cover what another says. */
    bool layers = memmem(pdf.p, pdf.n, "/OCProperties", 13) != NULL;
    for (unsigned i = 0; i < n; i++) {
        size_t hidden = find_hidden(reading, pdf, r, i, layers || unpainted[i]);
        if (hidden > 0)
            take_out(r, &r->sheets[i], hidden, texts[i]);
    }
out:
    if (r != NULL) {
        buf_fini(&r->letters);
        free(r->sheets);
        free(r->all);
    }
    free(unpainted);
    free(r);
}
