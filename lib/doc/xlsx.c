/* lib/doc/xlsx: SpreadsheetML (ECMA-376, part 1, 18): a page for each sheet under its name, a line for each row, tabs between
 * cells; a number that is shown as a date is a date. Sheets, rows and columns that are hidden say nothing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/calendar.h"
#include "doc/office.h"
#include "doc/xml.h"

enum { GAP = 200, STYLES = 65536, SHEETS = 4096, COLUMNS = 16384 };

struct sheet {
    char name[128], id[64];
};

struct book {
    struct parts *parts;
    /* shared strings */
    struct buf text;
    size_t *ends, n_ends, cap_ends;
    unsigned phonetic; /* open readings, which aren't text */
    bool in_t, in_item;
    /* styles */
    unsigned char format_is_date[STYLES]; /* by number */
    unsigned char style_is_date[STYLES];  /* 1: a date, 2: a time of day with or without one */
    size_t n_styles;
    bool in_cell_styles;
    /* workbook */
    struct sheet *sheets;
    size_t n_sheets;
    bool from_1904;
    /* the sheet */
    char type;    /* of the cell: 's'hared, 'i'nline, 'b'oolean, 't'ext, 'e'rror, 'n'umber */
    size_t style; /* its */
    long column;  /* that the next cell would have */
    struct buf value;
    bool in_value, failed;
    bool row_hidden, cell_hidden;
    bool column_hidden[COLUMNS];
};

static bool is(const char *name, const char *what)
{
    return strcmp(name, what) == 0;
}

/* ---- shared strings ---- */

static void string_start(void *context, const char *name, const struct xml_attributes *a)
{
    struct book *b = context;
    (void)a;
    b->in_item = b->in_item || is(name, "si");
    b->phonetic += is(name, "rPh");
    b->in_t = is(name, "t") && b->in_item && b->phonetic == 0;
}

static void string_end(void *context, const char *name)
{
    struct book *b = context;
    b->phonetic -= is(name, "rPh") && b->phonetic > 0;
    b->in_t = false;
    if (!is(name, "si"))
        return;
    b->in_item = false;
    if (b->n_ends == b->cap_ends) {
        size_t cap = b->cap_ends > 0 ? 2 * b->cap_ends : 1024;
        size_t *grown = realloc(b->ends, cap * sizeof *grown);
        if (grown == NULL) {
            b->failed = true;
            return;
        }
        b->ends = grown;
        b->cap_ends = cap;
    }
    b->ends[b->n_ends++] = b->text.n;
}

static void string_text(void *context, struct str s)
{
    struct book *b = context;
    if (b->in_t)
        buf_put_str(&b->text, s);
}

/* ---- styles ---- */

/* A format with d, m, y, h or s outside of quotes, brackets and escapes shows a date or a time. */
static unsigned char shows(struct str format)
{
    bool day = false, hour = false;
    for (size_t i = 0; i < format.n; i++) {
        char c = format.p[i];
        if (c == '"' || c == '[') {
            const char *close = memchr(format.p + i + 1, c == '"' ? '"' : ']', format.n - i - 1);
            if (close == NULL)
                break;
            hour = hour || (c == '[' && i + 1 < format.n && strchr("hHmMsS", format.p[i + 1]) != NULL);
            i = (size_t)(close - format.p);
        } else if (c == '\\' || c == '_' || c == '*') {
            i++;
        } else if (c == ';') {
            break;
        } else {
            day = day || strchr("dDyY", c) != NULL;
            hour = hour || strchr("hHsS", c) != NULL;
        }
    }
    return hour ? 2 : day ? 1 : 0;
}

static void style_start(void *context, const char *name, const struct xml_attributes *a)
{
    struct book *b = context;
    if (is(name, "numFmt")) {
        int64_t id = str_integer(xml_attribute(a, "numFmtId", NULL));
        if (id >= 0 && id < STYLES)
            b->format_is_date[id] = shows(xml_attribute(a, "formatCode", NULL));
    } else if (is(name, "cellXfs")) {
        b->in_cell_styles = true;
    } else if (is(name, "xf") && b->in_cell_styles && b->n_styles < STYLES) {
        int64_t id = str_integer(xml_attribute(a, "numFmtId", NULL));
        /* The formats that every application knows (18.8.30). */
        bool day = (id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 58), time = id == 22;
        b->style_is_date[b->n_styles++] = day                                                        ? 1
                                          : time || (id >= 18 && id <= 21) || (id >= 45 && id <= 47) ? 2
                                          : id >= 0 && id < STYLES                                   ? b->format_is_date[id]
                                                                                                     : 0;
    }
}

static void style_end(void *context, const char *name)
{
    struct book *b = context;
    if (is(name, "cellXfs"))
        b->in_cell_styles = false;
}

/* ---- the workbook ---- */

static bool is_true(struct str v)
{
    return str_eq(v, STR("1")) || str_eq(v, STR("true"));
}

static void book_start(void *context, const char *name, const struct xml_attributes *a)
{
    struct book *b = context;
    if (is(name, "workbookPr")) {
        b->from_1904 = is_true(xml_attribute(a, "date1904", NULL));
    } else if (is(name, "sheet") && b->n_sheets < SHEETS) {
        struct str title = xml_attribute(a, "name", NULL), id = xml_attribute_of(a, "/relationships", "id");
        struct str state = xml_attribute(a, "state", NULL);
        if (state.n > 0 && !str_eq(state, STR("visible"))) /* hidden, veryHidden */
            return;
        struct sheet *s = &b->sheets[b->n_sheets++];
        snprintf(s->name, sizeof s->name, "%.*s", STR_ARG(title));
        snprintf(s->id, sizeof s->id, "%.*s", id.p != NULL ? (int)id.n : 0, id.p != NULL ? id.p : "");
    }
}

/* ---- a sheet ---- */

/* "AB12" is column 27, counted from 0; -1: not such a place. */
static long column_of(struct str place)
{
    long n = 0;
    size_t i = 0;
    for (; i < place.n && place.p[i] >= 'A' && place.p[i] <= 'Z' && n < 100000; i++)
        n = n * 26 + (place.p[i] - 'A' + 1);
    return i > 0 ? n - 1 : -1;
}

/* A width of nothing hides it as well. */
static void hide_columns(struct book *b, const struct xml_attributes *a)
{
    bool sized;
    struct str width = xml_attribute(a, "width", &sized);
    int64_t from = str_integer(xml_attribute(a, "min", NULL)), to = str_integer(xml_attribute(a, "max", NULL));
    bool none = sized && width.n > 0 && width.p[0] == '0' && strspn(width.p, "0.") >= width.n;
    if (none || is_true(xml_attribute(a, "hidden", NULL)))
        for (int64_t i = from > 0 ? from : 1; i <= to && i <= COLUMNS; i++)
            b->column_hidden[i - 1] = true;
}

static void cell_start(void *context, const char *name, const struct xml_attributes *a)
{
    struct book *b = context;
    if (is(name, "worksheet")) {
        memset(b->column_hidden, 0, sizeof b->column_hidden);
    } else if (is(name, "col")) {
        hide_columns(b, a);
    } else if (is(name, "row")) {
        b->row_hidden = is_true(xml_attribute(a, "hidden", NULL)) || str_eq(xml_attribute(a, "ht", NULL), STR("0"));
        b->column = 0;
    } else if (is(name, "c")) {
        struct str type = xml_attribute(a, "t", NULL);
        long column = column_of(xml_attribute(a, "r", NULL));
        if (column < 0)
            column = b->column;
        long gap = column - b->column + (b->column > 0);
        for (long i = 0; i < gap && i < GAP; i++)
            buf_putc(&b->parts->page, '\t');
        b->column = column + 1;
        b->cell_hidden = b->row_hidden || (column < COLUMNS && b->column_hidden[column]);
        b->type = type.n == 0                      ? 'n'
                  : str_eq(type, STR("s"))         ? 's'
                  : str_eq(type, STR("b"))         ? 'b'
                  : str_eq(type, STR("inlineStr")) ? 'i'
                  : str_eq(type, STR("n"))         ? 'n'
                                                   : 't';
        b->style = (size_t)str_integer(xml_attribute(a, "s", NULL));
        buf_clear(&b->value);
    } else if (is(name, "v") || (is(name, "t") && b->type == 'i')) {
        b->in_value = true;
    }
}

/* Days since 1899-12-30 (or 1904-01-01), as ISO 8601. */
static void put_moment(struct book *b, double serial, unsigned char shown)
{
    int year, month, day;
    double days = floor(serial);
    long seconds = lround((serial - days) * 86400);
    if (seconds >= 86400) {
        days++;
        seconds = 0;
    }
    int64_t since_1970 = (int64_t)days - (b->from_1904 ? 24107 : 25569);
    if (!b->from_1904 && days < 60)
        since_1970++; /* the 29th of February 1900, which Lotus knew */
    calendar_date(since_1970, &year, &month, &day);
    if (days >= 1 || shown == 1)
        buf_printf(&b->parts->page, "%04d-%02d-%02d", year, month, day);
    if (shown == 2 && (seconds > 0 || days < 1))
        buf_printf(&b->parts->page, "%s%02ld:%02ld:%02ld", days >= 1 ? " " : "", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/* Lines within a cell are one line here. */
static void put_text(struct book *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        buf_putc(&b->parts->page, s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t' ? ' ' : s.p[i]);
}

/* As it is shown: 0.1 + 0.2 is stored as 0.30000000000000004. */
static void put_number(struct book *b, struct str s)
{
    char *end = NULL;
    const char *text = buf_text(&b->value);
    double v = strtod(text, &end);
    unsigned char shown = b->style < b->n_styles ? b->style_is_date[b->style] : 0;
    if (s.n == 0 || *end != '\0' || !isfinite(v))
        put_text(b, s);
    else if (shown != 0 && v >= 0 && v < 2958466) /* the year 10000 */
        put_moment(b, v, shown);
    else if (s.n > 15)
        buf_printf(&b->parts->page, "%.15g", v);
    else
        put_text(b, s);
}

static void cell_end(void *context, const char *name)
{
    struct book *b = context;
    struct str s = buf_str(&b->value);
    if (is(name, "v") || is(name, "t")) {
        b->in_value = false;
    } else if (is(name, "row")) {
        buf_putc(&b->parts->page, '\n');
    } else if (is(name, "c") && b->cell_hidden) {
        ; /* its place stays empty */
    } else if (is(name, "c") && b->type == 's') {
        int64_t i = s.n > 0 ? str_integer(s) : -1;
        if (i >= 0 && (size_t)i < b->n_ends) {
            size_t from = i > 0 ? b->ends[i - 1] : 0;
            put_text(b, (struct str){ b->text.p + from, b->ends[i] - from });
        }
    } else if (is(name, "c") && b->type == 'b') {
        buf_puts(&b->parts->page, str_eq(s, STR("1")) ? "TRUE" : "FALSE");
    } else if (is(name, "c")) {
        b->type == 'n' ? put_number(b, s) : put_text(b, s);
    }
}

static void cell_text(void *context, struct str s)
{
    struct book *b = context;
    if (b->in_value)
        buf_put_str(&b->value, s);
}

/* ---- the whole ---- */

static int walk(const struct unpacked *u, const char *path, const struct xml_walk *w, struct parts *parts)
{
    const struct buf *xml = path != NULL ? unpacked_find(u, path) : NULL;
    return xml == NULL ? 0 : xml_walk(buf_str(xml), w, path, parts);
}

int office_xlsx(const struct unpacked *u, struct parts *parts)
{
    struct relations r = { 0 };
    struct book *b = calloc(1, sizeof *b);
    int done = -1;
    if (b == NULL || (b->sheets = calloc(SHEETS, sizeof *b->sheets)) == NULL) {
        parts_fail(parts, "no memory for the workbook");
        goto out;
    }
    b->parts = parts;
    buf_init(&b->text, parts->limits->unpacked_bytes);
    buf_init(&b->value, parts->limits->text_bytes);
    if (relations_read(u, "xl/_rels/workbook.xml.rels", "xl", &r, parts) < 0 ||
        walk(u, "xl/sharedStrings.xml", &(struct xml_walk){ b, string_start, string_end, string_text }, parts) < 0 ||
        walk(u, "xl/styles.xml", &(struct xml_walk){ b, style_start, style_end, NULL }, parts) < 0 ||
        walk(u, "xl/workbook.xml", &(struct xml_walk){ b, book_start, NULL, NULL }, parts) < 0)
        goto out;
    for (size_t i = 0; i < b->n_sheets; i++) {
        buf_printf(&parts->page, "%s\n\n", b->sheets[i].name);
        if (walk(u, relations_find(&r, str_of(b->sheets[i].id)), &(struct xml_walk){ b, cell_start, cell_end, cell_text }, parts) <
                0 ||
            parts_page(parts, TIDY_FLOW) < 0)
            goto out;
    }
    if (b->failed || b->text.failed || b->value.failed)
        parts_fail(parts, "no memory for the workbook's texts");
    else
        done = parts->pages == 0 ? parts_page(parts, TIDY_FLOW) : 0;
out:
    relations_fini(&r);
    if (b != NULL) {
        buf_fini(&b->text);
        buf_fini(&b->value);
        free(b->ends);
        free(b->sheets);
    }
    free(b);
    return done;
}
