/* lib/doc/charset: iconv converts, uchardet guesses. */
#include "doc/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <strings.h>
#include <uchardet.h>

#include "base/utf8.h"

enum { NAME = 64, GUESS_BYTES = 256 << 10, CHUNK = 64 << 10 };

/* Labels that stand for their superset on the web and in mail (WHATWG Encoding, "names and labels"). */
static const char *const supersets[][2] = {
    { "iso-8859-1", "windows-1252" },
    { "latin1", "windows-1252" },
    { "us-ascii", "windows-1252" },
    { "ascii", "windows-1252" },
    { "iso-8859-9", "windows-1254" },
    { "iso-8859-11", "windows-874" },
    { "tis-620", "windows-874" },
    { "gb2312", "gb18030" },
    { "gbk", "gb18030" },
    { "ks_c_5601-1987", "cp949" },
    { "euc-kr", "cp949" },
    { "shift_jis", "cp932" },
    { "x-sjis", "cp932" },
    { "utf8", "utf-8" },
    { "unicode", "utf-16le" },
    { "x-mac-roman", "macintosh" },
};

static void to_name(struct str s, char name[NAME])
{
    s = str_trim(s);
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < NAME - 1; i++)
        if (s.p[i] != '"' && s.p[i] != '\'')
            name[n++] = s.p[i];
    name[n] = '\0';
    for (size_t i = 0; i < sizeof supersets / sizeof *supersets; i++)
        if (strcasecmp(name, supersets[i][0]) == 0)
            snprintf(name, NAME, "%s", supersets[i][1]);
}

bool charset_convert(struct str bytes, const char *charset, struct buf *out)
{
    char *from = (char *)bytes.p, room[CHUNK];
    size_t left = bytes.n;
    if (strchr(charset, '/') != NULL) /* iconv's own suffixes, //IGNORE */
        return false;
    iconv_t cd = iconv_open("UTF-8", charset);
    if (cd == (iconv_t)-1)
        return false;
    while (left > 0) {
        char *to = room;
        size_t space = sizeof room;
        size_t done = iconv(cd, &from, &left, &to, &space);
        int why = errno;
        buf_put(out, room, (size_t)(to - room));
        if (out->failed || (done != (size_t)-1 && left == 0))
            break;
        if (done == (size_t)-1 && why != E2BIG) { /* EILSEQ; EINVAL: the end is half a character */
            buf_puts(out, "\xEF\xBF\xBD");
            from++;
            left--;
        }
    }
    iconv_close(cd);
    return true;
}

static bool is_utf8(struct str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t n = utf8_length(s.p + i, s.n - i);
        /* A file that was cut within its last character is UTF-8 all the same. */
        if (n == 0)
            return i > 0 && s.n - i < 4 && (s.p[i] & 0xC0) == 0xC0;
        i += n;
    }
    return true;
}

struct mark {
    const char *bytes;
    size_t n;
    const char *charset;
};

static const struct mark marks[] = {
    { "\xEF\xBB\xBF", 3, "utf-8" }, { "\xFF\xFE\0\0", 4, "utf-32le" }, { "\0\0\xFE\xFF", 4, "utf-32be" },
    { "\xFF\xFE", 2, "utf-16le" },  { "\xFE\xFF", 2, "utf-16be" },
};

/* Text in Latin letters is half zeros in UTF-16, three quarters in UTF-32, and where they are tells the order. */
static const char *by_zeros(struct str s)
{
    size_t n = (s.n < 4096 ? s.n : 4096) / 4 * 4, zeros[4] = { 0 };
    for (size_t i = 0; i < n; i++)
        zeros[i % 4] += s.p[i] == '\0';
    size_t quads = n / 4;
    if (quads < 2)
        return NULL;
    if (zeros[3] * 10 > quads * 9 && zeros[2] * 10 > quads * 9 && zeros[0] == 0)
        return "utf-32le";
    if (zeros[0] * 10 > quads * 9 && zeros[1] * 10 > quads * 9 && zeros[3] == 0)
        return "utf-32be";
    if ((zeros[1] + zeros[3]) * 2 > quads && zeros[0] + zeros[2] == 0)
        return "utf-16le";
    if ((zeros[0] + zeros[2]) * 2 > quads && zeros[1] + zeros[3] == 0)
        return "utf-16be";
    return NULL;
}

/* ---- UTF-16 without a mark, in letters that are not Latin ---- */

/* Is it a character that people write? Blocks of Unicode 15 that hold the letters of living scripts, and what stands between them.
 */
static bool is_written(unsigned c)
{
    static const struct {
        unsigned from, to;
    } blocks[] = { { 0x20, 0x7E },     { 0xA0, 0x24F },    { 0x300, 0x36F },   { 0x370, 0x58F },   { 0x590, 0x77F },
                   { 0x900, 0xEFF },   { 0x10A0, 0x11FF }, { 0x1E00, 0x1FFF }, { 0x2000, 0x206F }, { 0x20A0, 0x20BF },
                   { 0x2100, 0x214F }, { 0x2190, 0x21FF }, { 0x2200, 0x22FF }, { 0x2500, 0x25FF }, { 0x3000, 0x30FF },
                   { 0x3400, 0x4DBF }, { 0x4E00, 0x9FFF }, { 0xAC00, 0xD7A3 }, { 0xFE30, 0xFE4F }, { 0xFF00, 0xFFEF } };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (c >= blocks[i].from && c <= blocks[i].to)
            return true;
    return c == '\t' || c == '\n' || c == '\r';
}

/* How many of the first characters nobody writes, in one order of their two bytes; half a pair of surrogates is such a one. */
static size_t unwritten(struct str s, size_t high)
{
    size_t n = (s.n < 4096 ? s.n : 4096) / 2 * 2, odd = 0;
    for (size_t i = 0; i < n; i += 2) {
        unsigned c = (unsigned)(unsigned char)s.p[i + high] << 8 | (unsigned char)s.p[i + 1 - high];
        bool pair = c >= 0xD800 && c < 0xDC00 && i + 2 < n && ((unsigned char)s.p[i + 2 + high] & 0xFC) == 0xDC;
        odd += !pair && !is_written(c);
        i += pair ? 2 : 0;
    }
    return odd;
}

/* All of it is written in one order and not in the other, and it has bytes that no text of single bytes has: those of a space, a
 * digit, a line's end. */
static const char *by_blocks(struct str s)
{
    size_t control = 0;
    for (size_t i = 0; i < s.n && i < 4096; i++)
        control += (unsigned char)s.p[i] < 8;
    if (s.n < 8 || s.n % 2 != 0 || control == 0)
        return NULL;
    bool little = unwritten(s, 1) == 0, big = unwritten(s, 0) == 0;
    return little && !big ? "utf-16le" : big && !little ? "utf-16be" : NULL;
}

/* ISO 2022-JP (RFC 1468), -KR (RFC 1557), -CN (RFC 1922) are ASCII but for what stands between escapes. */
static const char *by_escapes(struct str s)
{
    const char *at = s.n < 4 ? NULL : memmem(s.p, s.n, "\x1B$", 2);
    if (at == NULL || at + 3 >= s.p + s.n)
        return NULL;
    return at[2] == 'B' || at[2] == '@'   ? "iso-2022-jp-2"
           : at[2] == ')' && at[3] == 'C' ? "iso-2022-kr"
           : at[2] == ')'                 ? "iso-2022-cn"
                                          : NULL;
}

static void guess(struct str s, char name[NAME])
{
    uchardet_t u = uchardet_new();
    name[0] = '\0';
    if (u != NULL && uchardet_handle_data(u, s.p, s.n < GUESS_BYTES ? s.n : GUESS_BYTES) == 0) {
        uchardet_data_end(u);
        to_name(str_of(uchardet_get_charset(u)), name);
    }
    if (u != NULL)
        uchardet_delete(u);
}

void charset_decode(struct str bytes, struct str declared, struct buf *out)
{
    char name[NAME];
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (bytes.n >= marks[i].n && memcmp(bytes.p, marks[i].bytes, marks[i].n) == 0) {
            charset_convert((struct str){ bytes.p + marks[i].n, bytes.n - marks[i].n }, marks[i].charset, out);
            return;
        }
    to_name(declared, name);
    /* Much that is called Latin-1 or ASCII is UTF-8; the other way round it can't be. */
    bool vague = name[0] == '\0' || strcasecmp(name, "windows-1252") == 0 || strcasecmp(name, "utf-8") == 0;
    const char *shape = vague ? by_zeros(bytes) : NULL;
    if (vague && shape == NULL)
        shape = by_escapes(bytes);
    if (vague && shape == NULL)
        shape = by_blocks(bytes);
    if (shape != NULL && charset_convert(bytes, shape, out))
        return;
    if (vague && is_utf8(bytes)) {
        buf_put_str(out, bytes);
        return;
    }
    if (name[0] != '\0' && strcasecmp(name, "utf-8") != 0 && charset_convert(bytes, name, out))
        return;
    guess(bytes, name);
    if (name[0] == '\0' || strcasecmp(name, "utf-8") == 0 || !charset_convert(bytes, name, out))
        charset_convert(bytes, "windows-1252", out);
}

struct str charset_parameter(struct str content_type, const char *name)
{
    size_t n = strlen(name);
    str_cut(&content_type, ';');
    while (content_type.n > 0) {
        struct str value = str_cut(&content_type, ';'), key = str_trim(str_cut(&value, '='));
        value = str_trim(value);
        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"') {
            value.p++;
            value.n -= 2;
        }
        if (key.n == n && strncasecmp(key.p, name, n) == 0)
            return value;
    }
    return STR("");
}

static const char *find_word(struct str in, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= in.n; i++)
        if (strncasecmp(in.p + i, word, n) == 0)
            return in.p + i;
    return NULL;
}

struct str charset_in_markup(struct str bytes)
{
    enum { LOOK = 1024 };
    struct str head = { bytes.p, bytes.n < LOOK ? bytes.n : LOOK };
    bool xml = str_starts(str_trim(head), STR("<?xml"));
    const char *at = find_word(head, xml ? "encoding" : "charset");
    const char *meta = xml ? head.p : find_word(head, "<meta");
    if (at == NULL || meta == NULL || at < meta)
        return STR("");
    struct str rest = { at + (xml ? 8 : 7), (size_t)(head.p + head.n - at) - (xml ? 8 : 7) };
    rest = str_trim(rest);
    if (rest.n == 0 || rest.p[0] != '=')
        return STR("");
    rest.p++;
    rest.n--;
    rest = str_trim(rest);
    while (rest.n > 0 && (rest.p[0] == '"' || rest.p[0] == '\'')) {
        rest.p++;
        rest.n--;
    }
    size_t n = 0;
    while (n < rest.n && strchr("\"' />;?\t\r\n", rest.p[n]) == NULL)
        n++;
    return (struct str){ rest.p, n };
}
