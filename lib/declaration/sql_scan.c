/* lib/declaration/sql_scan: ClickHouse SQL as tokens. */
#include "declaration/sql_scan.h"

#include <ctype.h>
#include <strings.h>

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (c & 0x80) != 0;
}

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || c == '_';
}

size_t sql_stamp_length(struct str s)
{
    size_t i = 1;
    if (s.n < 3 || s.p[0] != '{' || !is_lower(s.p[1]))
        return 0;
    while (i < s.n && (is_lower(s.p[i]) || isdigit((unsigned char)s.p[i])))
        i++;
    return i < s.n && s.p[i] == '}' ? i + 1 : 0;
}

/* The length of {name:Type} at p; 0 where there is none. */
static size_t placeholder_length(struct str s)
{
    size_t i = 1;
    if (s.n < 4 || s.p[0] != '{' || !(isalpha((unsigned char)s.p[1]) || s.p[1] == '_'))
        return 0;
    while (i < s.n && (isalnum((unsigned char)s.p[i]) || s.p[i] == '_'))
        i++;
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
        i++;
    if (i >= s.n || s.p[i] != ':')
        return 0;
    const char *close = memchr(s.p + i, '}', s.n - i);
    return close != NULL ? (size_t)(close - s.p) + 1 : 0;
}

/* The length of a quoted run, both quotes included; 0: not closed. A doubled quote and a backslash stand for themselves. */
static size_t quoted_length(struct str s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == s.p[0] && i + 1 < s.n && s.p[i + 1] == s.p[0])
            i++;
        else if (s.p[i] == s.p[0])
            return i + 1;
    }
    return 0;
}

/* $tag$ … $tag$: 0 where none begins here, SIZE_MAX where it isn't closed. */
static size_t heredoc_length(struct str s)
{
    size_t tag = 1;
    while (tag < s.n && is_word(s.p[tag]))
        tag++;
    if (s.p[0] != '$' || tag >= s.n || s.p[tag] != '$')
        return 0;
    tag++;
    const char *close = memmem(s.p + tag, s.n - tag, s.p, tag);
    return close != NULL ? (size_t)(close - s.p) + tag : (size_t)-1;
}

/* ClickHouse's block comments nest. */
static size_t block_comment_length(struct str s)
{
    int depth = 0;
    for (size_t i = 0; i + 1 < s.n; i++) {
        if (s.p[i] == '/' && s.p[i + 1] == '*') {
            depth++;
            i++;
        } else if (s.p[i] == '*' && s.p[i + 1] == '/') {
            depth--;
            i++;
            if (depth == 0)
                return i + 1;
        }
    }
    return 0;
}

struct sql_scan sql_scan_of(struct str text, int line)
{
    /* Not NULL, even where nothing is left of it: offsets are taken from it. */
    return (struct sql_scan){ text.p != NULL ? text : STR(""), line };
}

static struct token take(struct sql_scan *s, enum token_kind kind, size_t n, size_t skip_head, size_t skip_tail)
{
    struct token t = { kind, { s->rest.p + skip_head, n - skip_head - skip_tail }, { s->rest.p, n }, s->line };
    for (size_t i = 0; i < n; i++)
        s->line += s->rest.p[i] == '\n';
    s->rest.p += n;
    s->rest.n -= n;
    return t;
}

struct token sql_scan_next(struct sql_scan *s)
{
    while (s->rest.n > 0 && (s->rest.p[0] == ' ' || (s->rest.p[0] >= '\t' && s->rest.p[0] <= '\r')))
        take(s, TOKEN_SIGN, 1, 0, 0);
    struct str r = s->rest;
    if (r.n == 0)
        return take(s, TOKEN_END, 0, 0, 0);
    char c = r.p[0], next = r.n > 1 ? r.p[1] : '\0';
    size_t n;
    if ((c == '-' && next == '-') || (c == '#' && (next == ' ' || next == '!'))) {
        const char *end = memchr(r.p, '\n', r.n);
        return take(s, TOKEN_COMMENT, end != NULL ? (size_t)(end - r.p) : r.n, 0, 0);
    }
    if (c == '/' && next == '*') {
        n = block_comment_length(r);
        return n > 0 ? take(s, TOKEN_COMMENT, n, 0, 0) : take(s, TOKEN_OPEN_END, r.n, 0, 0);
    }
    if (c == '\'' || c == '"' || c == '`') {
        n = quoted_length(r);
        if (n == 0)
            return take(s, TOKEN_OPEN_END, r.n, 0, 0);
        return c == '\'' ? take(s, TOKEN_TEXT, n, 0, 0) : take(s, TOKEN_NAME, n, 1, 1);
    }
    if (c == '$' && (n = heredoc_length(r)) > 0)
        return n == (size_t)-1 ? take(s, TOKEN_OPEN_END, r.n, 0, 0) : take(s, TOKEN_TEXT, n, 0, 0);
    if (c == '{' && (n = placeholder_length(r)) > 0)
        return take(s, TOKEN_PLACEHOLDER, n, 1, 1);
    for (n = 0; n < r.n;) {
        struct str here = { r.p + n, r.n - n };
        size_t stamp = sql_stamp_length(here);
        if (stamp == 0 && !is_word(r.p[n]))
            break;
        n += stamp > 0 ? stamp : 1;
    }
    return n > 0 ? take(s, TOKEN_WORD, n, 0, 0) : take(s, TOKEN_SIGN, 1, 0, 0);
}

struct token sql_scan_code(struct sql_scan *s)
{
    struct token t = sql_scan_next(s);
    while (t.kind == TOKEN_COMMENT)
        t = sql_scan_next(s);
    return t;
}

bool token_is(struct token t, const char *word)
{
    return t.kind == TOKEN_WORD && t.text.n == strlen(word) && strncasecmp(t.text.p, word, t.text.n) == 0;
}

bool token_is_sign(struct token t, char sign)
{
    return t.kind == TOKEN_SIGN && t.text.p[0] == sign;
}
