/* lib/doc/rtf: Rich Text Format (Microsoft's specification 1.9.1): its text, without what is drawn, described or hidden. */
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "doc/charset.h"
#include "doc/parse.h"

enum { DEPTH = 1000, FONTS = 1024, WORD = 40 };

struct group {
    bool skip;        /* a destination that holds no text */
    bool fonts;       /* the font table */
    bool hidden;      /* \v */
    int font;         /* \f */
    int unicode_skip; /* \uc: how many characters stand for one of \u */
};

struct reader {
    struct parts *parts;
    struct str in;
    size_t at;
    struct group groups[DEPTH];
    size_t depth;
    unsigned lost; /* groups that are deeper */
    int code_page; /* \ansicpg */
    int font_page[FONTS];
    int to_skip;        /* characters that stand for the \u before them */
    struct buf bytes;   /* of a code page, until something else comes */
    unsigned long high; /* the first half of a surrogate pair */
};

/* \fcharset as code pages (1.9.1, "Font Table"). */
static int page_of_charset(long charset)
{
    static const struct {
        int charset, page;
    } pages[] = { { 0, 1252 },   { 77, 10000 }, { 128, 932 },  { 129, 949 },  { 134, 936 },
                  { 136, 950 },  { 161, 1253 }, { 162, 1254 }, { 163, 1258 }, { 177, 1255 },
                  { 178, 1256 }, { 186, 1257 }, { 204, 1251 }, { 222, 874 },  { 238, 1250 } };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (pages[i].charset == charset)
            return pages[i].page;
    return 0;
}

static struct group *group(struct reader *r)
{
    return &r->groups[r->depth];
}

static bool shown(struct reader *r)
{
    return !group(r)->skip && !group(r)->hidden && !group(r)->fonts && r->lost == 0;
}

/* Bytes that were given as \'hh, in the font's code page. */
static void flush(struct reader *r)
{
    char name[24];
    int font = group(r)->font, page = font >= 0 && font < FONTS && r->font_page[font] > 0 ? r->font_page[font] : r->code_page;
    if (r->bytes.n == 0)
        return;
    snprintf(name, sizeof name, page == 10000 ? "macintosh" : "cp%d", page);
    if (!charset_convert(buf_str(&r->bytes), name, &r->parts->page))
        charset_convert(buf_str(&r->bytes), "cp1252", &r->parts->page);
    buf_clear(&r->bytes);
}

static void put(struct reader *r, const char *text)
{
    flush(r);
    if (shown(r))
        buf_puts(&r->parts->page, text);
}

static void put_byte(struct reader *r, char c)
{
    if (r->to_skip > 0)
        r->to_skip--;
    else if (shown(r))
        buf_putc(&r->bytes, c);
}

static void put_unicode(struct reader *r, long value)
{
    char utf8[4];
    unsigned long c = (unsigned long)(value < 0 ? value + 65536 : value);
    flush(r);
    r->to_skip = group(r)->unicode_skip;
    if (c >= 0xD800 && c < 0xDC00) {
        r->high = c;
        return;
    }
    if (c >= 0xDC00 && c < 0xE000)
        c = r->high != 0 ? 0x10000 + ((r->high - 0xD800) << 10) + (c - 0xDC00) : 0xFFFD;
    r->high = 0;
    if (c > 0x10FFFF)
        c = 0xFFFD;
    if (shown(r))
        buf_put(&r->parts->page, utf8, utf8_encode(utf8, c));
}

/* Words that are text. */
static const char *const texts[][2] = {
    { "par", "\n" },
    { "line", "\n" },
    { "sect", "\n\n" },
    { "tab", "\t" },
    { "cell", "\t" },
    { "nestcell", "\t" },
    { "row", "\n" },
    { "nestrow", "\n" },
    { "emdash", "\xE2\x80\x94" },
    { "endash", "\xE2\x80\x93" },
    { "bullet", "\xE2\x80\xA2" },
    { "lquote", "\xE2\x80\x98" },
    { "rquote", "\xE2\x80\x99" },
    { "ldblquote", "\xE2\x80\x9C" },
    { "rdblquote", "\xE2\x80\x9D" },
    { "emspace", " " },
    { "enspace", " " },
    { "qmspace", " " },
};

/* Destinations without text; `\*` begins those that a reader may not know. */
static const char *const skipped[] = {
    "colortbl",
    "stylesheet",
    "info",
    "pict",
    "object",
    "themedata",
    "colorschememapping",
    "latentstyles",
    "datastore",
    "listtable",
    "listoverridetable",
    "rsidtbl",
    "generator",
    "xmlnstbl",
    "filetbl",
    "revtbl",
    "fldinst",
    "bkmkstart",
    "bkmkend",
    "nonshppict",
    "mmathPr",
    "pgptbl",
    "userprops",
    "xe",
    "tc",
};

static bool is(const char *word, const char *what)
{
    return strcmp(word, what) == 0;
}

static void control(struct reader *r, const char *word, bool given, long value)
{
    struct group *g = group(r);
    if (is(word, "u")) {
        put_unicode(r, value);
    } else if (is(word, "uc")) {
        g->unicode_skip = value >= 0 && value < 100 ? (int)value : 1;
    } else if (is(word, "bin")) {
        size_t left = r->in.n - r->at;
        r->at += value > 0 && (size_t)value < left ? (size_t)value : value > 0 ? left : 0;
    } else if (is(word, "ansicpg")) {
        r->code_page = value > 0 && value < 100000 ? (int)value : 1252;
    } else if (is(word, "mac")) {
        r->code_page = 10000;
    } else if (is(word, "fonttbl")) {
        g->fonts = true;
    } else if (is(word, "f")) {
        flush(r);
        g->font = (int)(value >= 0 && value < FONTS ? value : -1);
    } else if (is(word, "fcharset")) {
        if (g->fonts && g->font >= 0)
            r->font_page[g->font] = page_of_charset(value);
    } else if (is(word, "plain")) {
        flush(r);
        g->hidden = false;
    } else if (is(word, "v")) {
        flush(r);
        g->hidden = !given || value != 0;
    } else if (is(word, "page")) {
        flush(r);
        if (shown(r))
            parts_page_if_any(r->parts, TIDY_FLOW);
    } else {
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            if (is(word, texts[i][0]))
                put(r, texts[i][1]);
        for (size_t i = 0; i < sizeof skipped / sizeof *skipped; i++)
            g->skip = g->skip || is(word, skipped[i]);
    }
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Behind a backslash. */
static void control_symbol(struct reader *r)
{
    char c = r->at < r->in.n ? r->in.p[r->at++] : '\0';
    if (c == '\'') {
        int high = r->at < r->in.n ? hex(r->in.p[r->at]) : -1, low = r->at + 1 < r->in.n ? hex(r->in.p[r->at + 1]) : -1;
        if (high >= 0 && low >= 0) {
            r->at += 2;
            put_byte(r, (char)(high << 4 | low));
        }
    } else if (c == '*') {
        group(r)->skip = true;
    } else if (c == '~') {
        put(r, "\xC2\xA0");
    } else if (c == '_') {
        put(r, "-");
    } else if (c == '\n' || c == '\r') {
        put(r, "\n");
    } else if (c == '\\' || c == '{' || c == '}') {
        put_byte(r, c);
    }
}

static void control_word(struct reader *r)
{
    char word[WORD], c;
    size_t n = 0;
    long value = 0;
    bool given = false, negative = false;
    while (r->at < r->in.n && ((c = r->in.p[r->at]) >= 'a' ? c <= 'z' : c >= 'A' && c <= 'Z')) {
        if (n < WORD - 1)
            word[n++] = c;
        r->at++;
    }
    word[n] = '\0';
    if (n == 0) {
        control_symbol(r);
        return;
    }
    if (r->at + 1 < r->in.n && r->in.p[r->at] == '-' && r->in.p[r->at + 1] >= '0' && r->in.p[r->at + 1] <= '9') {
        negative = true;
        r->at++;
    }
    while (r->at < r->in.n && (c = r->in.p[r->at]) >= '0' && c <= '9') {
        value = value < 100000000 ? value * 10 + (c - '0') : value;
        given = true;
        r->at++;
    }
    if (r->at < r->in.n && r->in.p[r->at] == ' ')
        r->at++;
    control(r, word, given, negative ? -value : value);
}

static void open_group(struct reader *r)
{
    flush(r);
    r->to_skip = 0;
    if (r->depth + 1 == DEPTH || r->lost > 0) {
        r->lost++;
        return;
    }
    r->groups[r->depth + 1] = *group(r);
    r->depth++;
}

static void close_group(struct reader *r)
{
    flush(r);
    r->to_skip = 0;
    if (r->lost > 0)
        r->lost--;
    else if (r->depth > 0)
        r->depth--;
}

int parse_rtf(struct str bytes, struct parts *parts)
{
    struct reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return parts_fail(parts, "no memory for the RTF");
    *r = (struct reader){ .parts = parts, .in = bytes, .code_page = 1252 };
    r->groups[0] = (struct group){ .font = -1, .unicode_skip = 1 };
    buf_init(&r->bytes, 0);
    parts_put(parts, PART_METHOD, STR("rtf"));
    if (!str_starts(bytes, STR("{\\rtf"))) {
        free(r);
        return parts_fail(parts, "the file isn't RTF: it doesn't begin with {\\rtf");
    }
    while (r->at < bytes.n && !parts->page.failed && !parts->failed) {
        char c = bytes.p[r->at++];
        if (c == '{')
            open_group(r);
        else if (c == '}')
            close_group(r);
        else if (c == '\\')
            control_word(r);
        else if (c != '\r' && c != '\n' && c != '\0')
            put_byte(r, c);
    }
    flush(r);
    buf_fini(&r->bytes);
    free(r);
    return parts_page_if_any(parts, TIDY_FLOW) < 0 ? -1 : parts->pages == 0 ? parts_page(parts, TIDY_FLOW) : 0;
}
