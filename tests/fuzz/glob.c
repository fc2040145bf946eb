/* tests/fuzz/glob: what must hold for any pattern and path: its promises of a path hold for each path that it takes, and it takes
 * what a matcher that tries every way takes. The input is a pattern, a newline, a path. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_words[] = { "*",  "**",  "**/", "/", "?", "{",        ",",    "}",  "[",   "]",
                                   "[!", "a-c", "\\",  "a", "b", "\xc3\xa9", "\xff", "\n", "a/b", NULL };

static long budget;

/* Patterns of literals, '?', '*' and '**' that don't begin a step, tried in every way. -1: it would take too long. */
static int tries(struct str p, struct str s)
{
    if (--budget < 0)
        return -1;
    if (p.n == 0)
        return s.n == 0;
    if (p.p[0] == '*') {
        size_t stars = 1;
        while (stars < p.n && p.p[stars] == '*')
            stars++;
        struct str rest = { p.p + stars, p.n - stars };
        for (size_t n = 0;;) {
            int fits = tries(rest, (struct str){ s.p + n, s.n - n });
            if (fits != 0)
                return fits;
            if (n == s.n || (stars == 1 && s.p[n] == '/'))
                return 0;
            size_t one = utf8_length(s.p + n, s.n - n);
            n += one > 0 ? one : 1;
        }
    }
    if (s.n == 0)
        return 0;
    size_t one = utf8_length(s.p, s.n), mine = utf8_length(p.p, p.n);
    one = one > 0 ? one : 1;
    mine = mine > 0 ? mine : 1;
    if (p.p[0] == '?' ? s.p[0] == '/' : mine != one || memcmp(p.p, s.p, one) != 0)
        return 0;
    return tries((struct str){ p.p + mine, p.n - mine }, (struct str){ s.p + one, s.n - one });
}

static bool plain(struct str p)
{
    for (size_t i = 0; i < p.n; i++) {
        if (strchr("{}[]\\,", p.p[i]) != NULL && p.p[i] != '\0')
            return false;
        if (i + 2 < p.n && p.p[i] == '*' && p.p[i + 1] == '*' && (i == 0 || p.p[i - 1] == '/'))
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str path = { (const char *)data, n }, pattern = str_cut(&path, '\n');
    struct err err = ERR_INIT;
    struct glob *g = glob_new(pattern, &err);
    if (g == NULL) {
        if (err.class != ERR_STOP || err.text[0] == '\0')
            abort();
        return 0;
    }
    bool fits = glob_match(g, path), reaches = glob_reaches(g, path);
    if (fits && (!reaches || !str_starts(path, glob_prefix(g))))
        abort();
    if (fits && glob_is_literal(g) && !str_eq(path, glob_prefix(g)))
        abort();
    if (glob_is_literal(g) && !glob_match(g, glob_prefix(g)))
        abort();
    if (!glob_reaches(g, glob_prefix(g)))
        abort();
    budget = 20000;
    if (plain(pattern)) {
        int expected = tries(pattern, path);
        if (expected >= 0 && (expected != 0) != fits)
            abort();
    }
    glob_free(g);
    return 0;
}
