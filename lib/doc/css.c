/* lib/doc/css: a style sheet's plain rules, for what they hide. */
#include "doc/css.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/hash.h"

enum { VALUE = 64 };

struct css_rule {
    uint32_t next; /* in its chain, plus one */
    uint32_t at, n;
};

void css_init(struct css *c)
{
    *c = (struct css){ .tried = 0 };
    buf_init(&c->text, 0);
    buf_init(&c->rules, 0);
    hash_seed(c->seed);
}

void css_fini(struct css *c)
{
    buf_fini(&c->text);
    buf_fini(&c->rules);
}

/* ---- declarations ---- */

/* The last value of a property, in small letters without spaces and !important; false: there is none. */
static bool value_of(struct str declarations, const char *property, char value[VALUE])
{
    bool found = false;
    while (declarations.n > 0) {
        struct str said = str_cut(&declarations, ';'), name = str_trim(str_cut(&said, ':'));
        if (name.n != strlen(property) || strncasecmp(name.p, property, name.n) != 0)
            continue;
        size_t n = 0;
        for (size_t i = 0; i < said.n && said.p[i] != '!' && n < VALUE - 1; i++)
            if ((unsigned char)said.p[i] > ' ')
                value[n++] = said.p[i] >= 'A' && said.p[i] <= 'Z' ? (char)(said.p[i] | 0x20) : said.p[i];
        value[n] = '\0';
        found = true;
    }
    return found;
}

static bool is_value(struct str declarations, const char *property, const char *what)
{
    char value[VALUE];
    return value_of(declarations, property, value) && strcmp(value, what) == 0;
}

/* A length of nothing; of letters, also one of a pixel or a point. */
static bool is_no_length(struct str declarations, const char *property, double most)
{
    char value[VALUE], *end;
    if (!value_of(declarations, property, value))
        return false;
    double v = strtod(value, &end);
    return end != value && v >= 0 && (v == 0 || (v <= most && (strcmp(end, "px") == 0 || strcmp(end, "pt") == 0)));
}

static bool is_far_off(struct str declarations, const char *property)
{
    enum { FAR = -900 };
    char value[VALUE], *end;
    return value_of(declarations, property, value) && strtod(value, &end) <= FAR && end != value;
}

/* "white", "#fff", "#ffffff", "rgb(255,255,255)": one spelling for it. */
static void plain_colour(char value[VALUE])
{
    static const char *const white[] = { "#fff", "#ffffff", "#fefefe", "#fdfdfd", "rgb(255,255,255)", "rgba(255,255,255,1)" };
    for (size_t i = 0; i < sizeof white / sizeof *white; i++)
        if (strcmp(value, white[i]) == 0)
            snprintf(value, VALUE, "white");
}

static bool is_unseen_colour(struct str declarations)
{
    char colour[VALUE], behind[VALUE] = "white";
    if (!value_of(declarations, "color", colour))
        return false;
    if (strcmp(colour, "transparent") == 0)
        return true;
    plain_colour(colour);
    bool told = value_of(declarations, "background-color", behind) || value_of(declarations, "background", behind);
    plain_colour(behind);
    return told && strcmp(colour, behind) == 0;
}

bool css_is_hidden(struct str d)
{
    return is_value(d, "display", "none") || is_value(d, "visibility", "hidden") || is_value(d, "visibility", "collapse") ||
           is_no_length(d, "font-size", 1) || is_no_length(d, "opacity", 0) || is_value(d, "clip", "rect(0,0,0,0)") ||
           is_value(d, "clip-path", "inset(50%)") || is_value(d, "clip-path", "inset(100%)") || is_far_off(d, "left") ||
           is_far_off(d, "top") || is_far_off(d, "right") || is_far_off(d, "margin-left") || is_far_off(d, "text-indent") ||
           (is_value(d, "overflow", "hidden") &&
            (is_no_length(d, "height", 1) || is_no_length(d, "width", 1) || is_no_length(d, "max-height", 1))) ||
           is_unseen_colour(d);
}

/* ---- rules ---- */

static bool is_plain(struct str selector)
{
    for (size_t i = 0; i < selector.n; i++) {
        unsigned char c = (unsigned char)selector.p[i];
        if (c <= ' ' || strchr(">+~:[]*\\\"'()", (char)c) != NULL)
            return false;
    }
    return selector.n > 0;
}

/* What ends with the brace that closes the one before `s`. */
static struct str cut_block(struct str *s)
{
    struct str block = { s->p, 0 };
    for (int depth = 1; s->n > 0; s->p++, s->n--) {
        depth += (*s->p == '{') - (*s->p == '}');
        if (depth == 0) {
            s->p++, s->n--;
            break;
        }
        block.n++;
    }
    return block;
}

/* The next word of a selector and what it is: '.', '#', or 0: the element. */
static struct str cut_word(struct str *selector, char *what)
{
    *what = selector->p[0] == '.' || selector->p[0] == '#' ? selector->p[0] : '\0';
    size_t from = *what != '\0', n = from;
    while (n < selector->n && selector->p[n] != '.' && selector->p[n] != '#')
        n++;
    struct str word = { selector->p + from, n - from };
    *selector = (struct str){ selector->p + n, selector->n - n };
    return word;
}

/* Elements' names in any case; of a long word the beginning does. */
static struct css_chain *chain(struct css *c, char what, struct str word)
{
    char key[VALUE];
    size_t n = word.n < VALUE - 1 ? word.n : VALUE - 1;
    key[0] = what;
    for (size_t i = 0; i < n; i++)
        key[1 + i] = what == '\0' && word.p[i] >= 'A' && word.p[i] <= 'Z' ? (char)(word.p[i] | 0x20) : word.p[i];
    return &c->chains[hash_str(c->seed, (struct str){ key, n + 1 }) % CSS_CHAINS];
}

/* Under the word that the fewest elements have: an id before a class before an element; of two classes the one with fewer rules. */
static void put_selector(struct css *c, struct str selector)
{
    struct str rest = selector;
    struct css_chain *best = NULL;
    char best_is = '\0';
    while (rest.n > 0) {
        char what;
        struct str word = cut_word(&rest, &what);
        struct css_chain *one = chain(c, what, word);
        bool rarer = what == '#' || best_is == '\0' || (what == '.' && best_is == '.' && one->n < best->n);
        if (best == NULL || rarer) {
            best = one;
            best_is = what;
        }
    }
    struct css_rule rule = { best->first, (uint32_t)c->text.n, (uint32_t)selector.n };
    if (buf_put_str(&c->text, selector) == 0 && buf_put(&c->rules, &rule, sizeof rule) == 0) {
        best->first = (uint32_t)(c->rules.n / sizeof rule);
        best->n++;
    }
}

static void put_rule(struct css *c, struct str selectors, struct str declarations)
{
    if (!css_is_hidden(declarations))
        return;
    while (selectors.n > 0) {
        struct str one = str_trim(str_cut(&selectors, ','));
        if (is_plain(one))
            put_selector(c, one);
    }
}

void css_put(struct css *c, struct str sheet)
{
    struct buf plain;
    buf_init(&plain, 0);
    while (sheet.n > 0) { /* without comments */
        const char *open = memmem(sheet.p, sheet.n, "/*", 2);
        size_t n = open != NULL ? (size_t)(open - sheet.p) : sheet.n;
        buf_put(&plain, sheet.p, n);
        const char *close = open != NULL && sheet.n - n > 2 ? memmem(open + 2, sheet.n - n - 2, "*/", 2) : NULL;
        size_t gone = close != NULL ? (size_t)(close + 2 - sheet.p) : sheet.n;
        sheet = (struct str){ sheet.p + gone, sheet.n - gone };
    }
    c->rules.failed |= plain.failed;
    struct str rest = buf_str(&plain);
    while (rest.n > 0) {
        struct str selectors = str_trim(str_cut(&rest, '{'));
        struct str block = cut_block(&rest);
        for (const char *end; selectors.n > 0 && (end = memchr(selectors.p, ';', selectors.n)) != NULL;) /* @import "x"; */
            selectors = str_trim((struct str){ end + 1, selectors.n - (size_t)(end + 1 - selectors.p) });
        if (selectors.n > 0 && selectors.p[0] != '@')
            put_rule(c, selectors, block);
    }
    buf_fini(&plain);
}

/* The next class of an attribute; of none it is empty. */
static struct str cut_class(const char **classes)
{
    static const char space[] = " \t\n\r\f";
    const char *at = *classes + strspn(*classes, space);
    struct str one = { at, strcspn(at, space) };
    *classes = at + one.n;
    return one;
}

static bool is_among(struct str word, const char *classes)
{
    for (struct str one = cut_class(&classes); one.n > 0; one = cut_class(&classes))
        if (str_eq(one, word))
            return true;
    return false;
}

static bool selects(struct str selector, const char *element, const char *id, const char *classes)
{
    while (selector.n > 0) {
        char what;
        struct str word = cut_word(&selector, &what);
        bool fits = what == '.'   ? is_among(word, classes)
                    : what == '#' ? str_eq(word, str_of(id))
                                  : strlen(element) == word.n && strncasecmp(element, word.p, word.n) == 0;
        if (word.n == 0 || !fits)
            return false;
    }
    return true;
}

bool css_hides(struct css *c, const char *element, const char *id, const char *classes)
{
    const struct css_rule *rules = (const struct css_rule *)(const void *)c->rules.p;
    const char *rest = classes;
    struct str word = str_of(element);
    char what = '\0';
    if (c->rules.n == 0)
        return false;
    for (;;) {
        for (uint32_t i = chain(c, what, word)->first; i != 0; i = rules[i - 1].next) {
            c->tried++;
            if (selects((struct str){ c->text.p + rules[i - 1].at, rules[i - 1].n }, element, id, classes))
                return true;
        }
        if (what == '\0') {
            what = '#';
            word = str_of(id);
        } else {
            what = '.';
            word = cut_class(&rest);
            if (word.n == 0)
                return false;
        }
    }
}
