/* lib/llm/repair: a reader that takes what is meant, and writes it as it should have been written. */
#include "llm/repair.h"

#include "base/utf8.h"

enum { DEPTH_MAX = 100 };

struct repair {
    const char *p, *end;
    struct buf *out;
    bool open;
};

static void put_value(struct repair *r, unsigned depth);

static bool at(const struct repair *r, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(r->end - r->p) >= n && memcmp(r->p, word, n) == 0;
}

/* White space, comments, no-break spaces and byte order marks. */
static void skip_space(struct repair *r)
{
    while (r->p < r->end) {
        if (*r->p == ' ' || (*r->p >= '\t' && *r->p <= '\r')) {
            r->p++;
        } else if (at(r, "\xC2\xA0")) {
            r->p += 2;
        } else if (at(r, "\xEF\xBB\xBF")) {
            r->p += 3;
        } else if (at(r, "//") || *r->p == '#') {
            while (r->p < r->end && *r->p != '\n')
                r->p++;
        } else if (at(r, "/*")) {
            const char *close = memmem(r->p + 2, (size_t)(r->end - r->p - 2), "*/", 2);
            r->p = close != NULL ? close + 2 : r->end;
        } else {
            return;
        }
    }
}

/* The length of the quote at p, 0 where there is none; *close: what ends the string, besides the same again. */
static size_t quote_at(const char *p, const char *end, const char **close)
{
    static const struct {
        const char *open, *close;
    } quotes[] = { { "\"", "\"" },
                   { "'", "'" },
                   { "`", "`" },
                   { "\xE2\x80\x9C", "\xE2\x80\x9D" } /* “ ” */,
                   { "\xE2\x80\x9D", "\xE2\x80\x9D" },
                   { "\xE2\x80\x9E", "\xE2\x80\x9C" } /* „ “ */,
                   { "\xE2\x80\x98", "\xE2\x80\x99" } /* ‘ ’ */,
                   { "\xC2\xAB", "\xC2\xBB" } /* « » */ };
    for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++) {
        size_t n = strlen(quotes[i].open);
        if ((size_t)(end - p) >= n && memcmp(p, quotes[i].open, n) == 0) {
            *close = quotes[i].close;
            return n;
        }
    }
    return 0;
}

static const char *after_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r')))
        p++;
    return p;
}

/* A quote ends its string where what follows goes on as JSON does; else it stands within it. */
static bool really_closes(const char *after, const char *end, bool key)
{
    const char *p = after_space(after, end), *close;
    if (p == end)
        return true;
    if (key)
        return *p == ':' || *p == '=';
    if (*p == '}' || *p == ']')
        return true;
    if (*p == '/' || *p == '#' || *p == '`')
        return true;              /* a comment, the end of a fence */
    if (*p == '"' && p > after) { /* a comma was forgotten before a key */
        const char *key_end = memchr(p + 1, '"', (size_t)(end - p - 1)),
                   *colon = key_end != NULL ? after_space(key_end + 1, end) : end;
        if (colon < end && *colon == ':')
            return true;
    }
    if (*p != ',')
        return *p == '\n' || (p > after && memchr(after, '\n', (size_t)(p - after)) != NULL && quote_at(p, end, &close) > 0);
    /* A comma: a key or a value must follow. */
    p = after_space(p + 1, end);
    return p == end || quote_at(p, end, &close) > 0 || strchr("{[}]-0123456789/#", *p) != NULL ||
           ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z' && after_space(after, end) + 1 < p);
}

static void put_char(struct repair *r, const char *p, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char c = (unsigned char)*p;
    if (n == 1 && (c == '"' || c == '\\')) {
        buf_putc(r->out, '\\');
        buf_putc(r->out, (char)c);
    } else if (n == 1 && c < ' ') {
        char text[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
        if (c == '\n' || c == '\t' || c == '\r')
            buf_put(r->out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r", 2);
        else if (c != '\0')
            buf_put(r->out, text, 6);
    } else {
        buf_put(r->out, p, n);
    }
}

static int hex_at(const char *p)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        int c = (unsigned char)p[i] | 0x20, d = p[i] >= '0' && p[i] <= '9' ? p[i] - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (d < 0)
            return -1;
        v = v * 16 + d;
    }
    return v;
}

/* What follows a backslash; r->p is behind it. */
static void put_escape(struct repair *r)
{
    if (r->p == r->end)
        return;
    char c = *r->p;
    if (c != '\0' && strchr("\"\\/bfnrt", c) != NULL) {
        buf_putc(r->out, '\\');
        buf_putc(r->out, c);
        r->p++;
        return;
    }
    int v = c == 'u' && r->end - r->p >= 5 ? hex_at(r->p + 1) : -1;
    if (v > 0 && (v < 0xD800 || v > 0xDFFF)) {
        buf_putc(r->out, '\\');
        buf_put(r->out, r->p, 5);
        r->p += 5;
        return;
    }
    if (v >= 0xD800 && v < 0xDC00 && r->end - r->p >= 11 && r->p[5] == '\\' && r->p[6] == 'u') {
        int low = hex_at(r->p + 7);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            buf_putc(r->out, '\\');
            buf_put(r->out, r->p, 11);
            r->p += 11;
            return;
        }
    }
    if (v >= 0) { /* half a pair, or a NUL */
        r->p += 5;
        buf_puts(r->out, "\xEF\xBF\xBD");
    }
    /* Any other letter stands for itself: \' \_ \$ */
}

static void put_string(struct repair *r, size_t quote, const char *close, bool key)
{
    const char *open = r->p;
    size_t n = strlen(close);
    r->p += quote;
    buf_putc(r->out, '"');
    while (r->p < r->end) {
        bool ends = (size_t)(r->end - r->p) >= n && memcmp(r->p, close, n) == 0;
        size_t length = ends ? n : 0;
        if (!ends && (size_t)(r->end - r->p) >= quote && memcmp(r->p, open, quote) == 0)
            length = quote;
        if (!ends && length == 0 && quote > 1 && *r->p == '"')
            length = 1; /* “opened like this, closed plainly" */
        if (length > 0 && really_closes(r->p + length, r->end, key)) {
            r->p += length;
            buf_putc(r->out, '"');
            return;
        }
        if (*r->p == '\\') {
            r->p++;
            put_escape(r);
            continue;
        }
        size_t one = utf8_length(r->p, (size_t)(r->end - r->p));
        if (one == 0) {
            buf_puts(r->out, "\xEF\xBF\xBD");
            r->p++;
            continue;
        }
        put_char(r, r->p, one);
        r->p += one;
    }
    r->open = true;
    buf_putc(r->out, '"');
}

/* RFC 8259's grammar of numbers. */
static bool is_number(struct str s)
{
    const char *p = s.p, *end = s.p + s.n;
    if (p < end && *p == '-')
        p++;
    if (p == end || *p < '0' || *p > '9')
        return false;
    if (*p == '0' && p + 1 < end && p[1] >= '0' && p[1] <= '9')
        return false;
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    if (p < end && *p == '.') {
        if (++p == end || *p < '0' || *p > '9')
            return false;
        while (p < end && *p >= '0' && *p <= '9')
            p++;
    }
    if (p < end && (*p | 0x20) == 'e') {
        if (++p < end && (*p == '+' || *p == '-'))
            p++;
        if (p == end || *p < '0' || *p > '9')
            return false;
        while (p < end && *p >= '0' && *p <= '9')
            p++;
    }
    return p == end;
}

/* A word without quotes: a number, true, null, or a string that should have had some. */
static void put_bare(struct repair *r, bool key)
{
    static const struct {
        const char *word, *json;
    } words[] = {
        { "true", "true" },      { "True", "true" }, { "TRUE", "true" }, { "false", "false" },   { "False", "false" },
        { "FALSE", "false" },    { "null", "null" }, { "None", "null" }, { "NULL", "null" },     { "Null", "null" },
        { "undefined", "null" }, { "NaN", "null" },  { "nil", "null" },  { "Infinity", "null" }, { "-Infinity", "null" }
    };
    const char *start = r->p;
    while (r->p < r->end && strchr(key ? ":={}[],\n\"" : "{}[],\n\"", *r->p) == NULL)
        r->p++;
    if (r->p == start && r->p < r->end)
        r->p++; /* whatever it is, we go on */
    struct str text = str_trim((struct str){ start, (size_t)(r->p - start) });
    static const char *const comments[] = { " //", " /*", " #" };
    for (size_t i = 0; !key && i < sizeof comments / sizeof comments[0]; i++) {
        const char *comment = memmem(text.p, text.n, comments[i], strlen(comments[i]));
        if (comment != NULL)
            text = str_trim((struct str){ text.p, (size_t)(comment - text.p) });
    }
    for (size_t i = 0; !key && i < sizeof words / sizeof words[0]; i++)
        if (str_eq(text, str_of(words[i].word))) {
            buf_puts(r->out, words[i].json);
            return;
        }
    /* More digits than an integer of 64 bits surely holds stay text. */
    if (!key && is_number(text) && text.n <= 18) {
        buf_put_str(r->out, text);
        return;
    }
    struct buf clean; /* a NUL can't stand in a text of JSON that others read */
    buf_init(&clean, text.n + 64);
    for (struct str rest = text; rest.n > 0;)
        buf_put_str(&clean, str_cut(&rest, '\0'));
    buf_put_json(r->out, buf_str(&clean));
    buf_fini(&clean);
}

/* Goes to the next item of what `bracket` closes, behind any commas, and writes the comma before it. False: there is none; the
 * bracket was passed, or forgotten (that of something around it stands there), or the text ends. */
static bool next_item(struct repair *r, char bracket, bool *first)
{
    skip_space(r);
    while (r->p < r->end && (*r->p == ',' || *r->p == ';')) {
        r->p++;
        skip_space(r);
    }
    if (r->p == r->end) {
        r->open = true;
        return false;
    }
    if (*r->p == '}' || *r->p == ']') {
        r->p += *r->p == bracket;
        return false;
    }
    if (!*first)
        buf_putc(r->out, ',');
    *first = false;
    return true;
}

static void put_object(struct repair *r, unsigned depth)
{
    bool first = true;
    r->p++;
    buf_putc(r->out, '{');
    while (next_item(r, '}', &first)) {
        const char *close;
        size_t quote = quote_at(r->p, r->end, &close);
        if (quote > 0)
            put_string(r, quote, close, true);
        else
            put_bare(r, true);
        buf_putc(r->out, ':');
        skip_space(r);
        while (r->p < r->end && (*r->p == ':' || *r->p == '=' || *r->p == '>'))
            r->p++;
        skip_space(r);
        if (r->p == r->end || *r->p == ',' || *r->p == '}') {
            r->open |= r->p == r->end;
            buf_puts(r->out, "null");
        } else {
            put_value(r, depth + 1);
        }
    }
    buf_putc(r->out, '}');
}

static void put_array(struct repair *r, unsigned depth)
{
    bool first = true;
    r->p++;
    buf_putc(r->out, '[');
    while (next_item(r, ']', &first)) {
        put_value(r, depth + 1);
    }
    buf_putc(r->out, ']');
}

static void put_value(struct repair *r, unsigned depth)
{
    const char *close;
    size_t quote = quote_at(r->p, r->end, &close);
    if (depth > DEPTH_MAX) {
        r->p = r->end;
        r->open = true;
        buf_puts(r->out, "null");
    } else if (quote > 0) {
        put_string(r, quote, close, false);
    } else if (*r->p == '{') {
        put_object(r, depth);
    } else if (*r->p == '[') {
        put_array(r, depth);
    } else {
        put_bare(r, false);
    }
}

/* Where the object or array begins that is meant: behind a fence where there is one, else the first bracket. */
static const char *find_start(struct str text)
{
    const char *fence = text.n > 3 ? memmem(text.p, text.n, "```", 3) : NULL, *end = text.p + text.n;
    for (int turn = fence != NULL ? 0 : 1; turn < 2; turn++)
        for (const char *p = turn == 0 ? fence : text.p; p < end; p++) {
            const char *next = after_space(p + 1, end);
            if (*p == '{' || (*p == '[' && next < end && strchr("{[\"'0123456789-]tfn", *next) != NULL))
                return p;
        }
    return NULL;
}

int llm_repair(struct str text, struct buf *out, bool *open)
{
    const char *start = text.n > 0 ? find_start(text) : NULL;
    if (start == NULL)
        return -1;
    struct repair r = { .p = start, .end = text.p + text.n, .out = out };
    put_value(&r, 0);
    *open = r.open;
    return out->failed ? -1 : 0;
}
