/* lib/doc/mime: decodes leniently, as mail readers do: what can't be decoded stays as it is. */
#include "doc/mime.h"

#include <stdio.h>
#include <strings.h>

#include "doc/charset.h"

void mime_base64(struct str s, struct buf *out)
{
    unsigned long bits = 0;
    unsigned n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        int v = c >= 'A' && c <= 'Z'   ? c - 'A'
                : c >= 'a' && c <= 'z' ? c - 'a' + 26
                : c >= '0' && c <= '9' ? c - '0' + 52
                : c == '+'             ? 62
                : c == '/'             ? 63
                                       : -1;
        if (c == '=') /* padding: what comes after it begins anew */
            n = 0;
        if (v < 0)
            continue;
        bits = bits << 6 | (unsigned long)v;
        n += 6;
        if (n >= 8) {
            n -= 8;
            buf_putc(out, (char)(bits >> n & 0xFF));
        }
    }
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void mime_quoted(struct str s, bool word, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        int high = c == '=' && i + 2 < s.n ? hex(s.p[i + 1]) : -1, low = high >= 0 ? hex(s.p[i + 2]) : -1;
        if (low >= 0) {
            buf_putc(out, (char)(high << 4 | low));
            i += 2;
        } else if (c == '=' && i + 1 < s.n && (s.p[i + 1] == '\n' || s.p[i + 1] == '\r')) {
            i += s.p[i + 1] == '\r' && i + 2 < s.n && s.p[i + 2] == '\n' ? 2 : 1;
        } else {
            buf_putc(out, word && c == '_' ? ' ' : c);
        }
    }
}

/* =?charset?B?text?= at the beginning of s: its length; 0: it isn't one. */
static size_t encoded_word(struct str s, struct buf *out)
{
    struct str rest = s;
    if (!str_starts(s, STR("=?")))
        return 0;
    rest.p += 2;
    rest.n -= 2;
    struct str charset = str_cut(&rest, '?'), encoding = str_cut(&rest, '?');
    const char *end = rest.n > 1 ? memmem(rest.p, rest.n, "?=", 2) : NULL;
    if (charset.n == 0 || charset.n > 60 || encoding.n != 1 || end == NULL)
        return 0;
    struct str text = { rest.p, (size_t)(end - rest.p) };
    if (memchr(text.p, ' ', text.n) != NULL || memchr(text.p, '\n', text.n) != NULL)
        return 0;
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    charset = str_cut(&charset, '*'); /* with a language (RFC 2231, 5) */
    if (encoding.p[0] == 'B' || encoding.p[0] == 'b')
        mime_base64(text, &bytes);
    else
        mime_quoted(text, true, &bytes);
    charset_decode(buf_str(&bytes), charset, out);
    buf_fini(&bytes);
    return (size_t)(end + 2 - s.p);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Text between encoded words. */
static void put_plain(struct buf *plain, struct buf *out)
{
    charset_decode(buf_str(plain), STR(""), out);
    buf_clear(plain);
}

void mime_words(struct str s, struct buf *out)
{
    struct buf plain, word;
    bool after_word = false;
    buf_init(&plain, 1 << 20);
    buf_init(&word, 1 << 20);
    for (size_t i = 0; i < s.n;) {
        size_t spaces = 0, n;
        while (i + spaces < s.n && is_space(s.p[i + spaces]))
            spaces++;
        i += spaces;
        buf_clear(&word);
        n = encoded_word((struct str){ s.p + i, s.n - i }, &word);
        /* Space between two encoded words isn't text. */
        if (spaces > 0 && !(n > 0 && after_word))
            buf_putc(&plain, ' ');
        if (n > 0) {
            put_plain(&plain, out);
            buf_put_str(out, buf_str(&word));
        } else {
            for (n = i < s.n; i + n < s.n && !is_space(s.p[i + n]) && s.p[i + n] != '='; n++)
                ;
            buf_put(&plain, s.p + i, n);
        }
        after_word = buf_str(&word).n > 0;
        i += n;
    }
    put_plain(&plain, out);
    buf_fini(&plain);
    buf_fini(&word);
}

struct str mime_field(struct str header, const char *name)
{
    size_t n = strlen(name);
    while (header.n > 0) {
        struct str line = str_cut(&header, '\n');
        if (line.n > n && line.p[n] == ':' && strncasecmp(line.p, name, n) == 0) {
            const char *end = line.p + line.n;
            while (header.n > 0 && (header.p[0] == ' ' || header.p[0] == '\t')) {
                struct str more = str_cut(&header, '\n');
                end = more.p + more.n;
            }
            return str_trim((struct str){ line.p + n + 1, (size_t)(end - line.p) - n - 1 });
        }
    }
    return STR("");
}

/* The next parameter of a value; quoted strings may hold semicolons. false: that was all. */
static bool next_parameter(struct str *rest, struct str *key, struct buf *value)
{
    buf_clear(value);
    *rest = str_trim(*rest);
    while (rest->n > 0 && rest->p[0] == ';') {
        rest->p++;
        rest->n--;
        *rest = str_trim(*rest);
    }
    if (rest->n == 0)
        return false;
    size_t n = 0;
    while (n < rest->n && rest->p[n] != '=' && rest->p[n] != ';')
        n++;
    *key = str_trim((struct str){ rest->p, n });
    rest->p += n;
    rest->n -= n;
    if (rest->n == 0 || rest->p[0] == ';')
        return true;
    rest->p++;
    rest->n--;
    *rest = str_trim(*rest);
    bool quoted = rest->n > 0 && rest->p[0] == '"';
    size_t i = quoted;
    while (i < rest->n && (quoted ? rest->p[i] != '"' : rest->p[i] != ';')) {
        if (quoted && rest->p[i] == '\\' && i + 1 < rest->n)
            i++;
        buf_putc(value, rest->p[i++]);
    }
    if (!quoted)
        value->n = str_trim(buf_str(value)).n;
    i += quoted && i < rest->n;
    rest->p += i;
    rest->n -= i;
    return true;
}

static void put_percent(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        int high = s.p[i] == '%' && i + 2 < s.n ? hex(s.p[i + 1]) : -1, low = high >= 0 ? hex(s.p[i + 2]) : -1;
        buf_putc(out, low >= 0 ? (char)(high << 4 | low) : s.p[i]);
        i += low >= 0 ? 2 : 0;
    }
}

void mime_parameter(struct str value, const char *name, struct buf *out)
{
    struct str rest = value, key;
    struct buf one, whole;
    size_t n = strlen(name);
    char charset[64] = "";
    bool extended = false;
    buf_init(&one, 1 << 16);
    buf_init(&whole, 1 << 16);
    str_cut(&rest, ';');
    while (next_parameter(&rest, &key, &one)) {
        if (key.n < n || strncasecmp(key.p, name, n) != 0 || (key.n > n && key.p[n] != '*'))
            continue;
        struct str text = buf_str(&one);
        if (key.n == n) {
            if (!extended) {
                buf_clear(&whole);
                buf_put_str(&whole, text);
            }
            continue;
        }
        if (!extended) /* it counts more than the plain one */
            buf_clear(&whole);
        extended = true;
        if (key.p[key.n - 1] != '*') { /* a piece without escapes */
            buf_put_str(&whole, text);
            continue;
        }
        if (key.n == n + 1 || (key.n > n + 1 && key.p[n + 1] == '0')) { /* charset'language'text */
            struct str encoded = text, label = str_cut(&encoded, '\'');
            if (encoded.n > 0 && memchr(encoded.p, '\'', encoded.n) != NULL) {
                str_cut(&encoded, '\'');
                snprintf(charset, sizeof charset, "%.*s", label.n < 60 ? (int)label.n : 0, label.p);
                text = encoded;
            }
        }
        put_percent(text, &whole);
    }
    if (extended)
        charset_decode(buf_str(&whole), str_of(charset), out);
    else
        mime_words(buf_str(&whole), out);
    buf_fini(&one);
    buf_fini(&whole);
}
