/* lib/pii/context: what the words around a place say: at most 64 bytes and 6 words before, 48 bytes and 4 words behind. */
#include "pii/scan.h"

enum { BACK_BYTES = 64, BACK_WORDS = 6, AHEAD_BYTES = 48, AHEAD_WORDS = 4, WORD_MAX = 32, LABEL_MAX = 40 };

static bool in_word(unsigned c)
{
    return pii_is_letter(c) || c >= 0x80;
}

static bool is_upper(unsigned c)
{
    return c - 'A' < 26;
}

/* Lower case of ASCII letters; what is longer than any word becomes nothing. */
struct folded {
    char text[2 * WORD_MAX + 1];
    size_t n;
};

static void fold(const unsigned char *p, size_t n, struct folded *out)
{
    out->n = n <= WORD_MAX ? n : 0;
    for (size_t i = 0; i < out->n; i++)
        out->text[i] = (char)(is_upper(p[i]) ? p[i] | 0x20 : p[i]);
    out->text[out->n] = '\0';
}

static uint64_t says(const struct folded *word)
{
    return word->n > 0 ? pii_word_says(word->text, word->n) : 0;
}

/* What a span of the type says about the next item of the same list. */
static uint64_t span_says(int type)
{
    switch (type) {
    case PII_PHONE:
        return PII_SAYS(PHONE);
    case PII_CARD:
        return PII_SAYS(CARD);
    case PII_US_SSN:
        return PII_SAYS(SSN);
    default:
        return 0;
    }
}

static uint64_t token_says(const struct pii_text *t, size_t end, size_t length)
{
    return span_says(pii_token_type(t->p + end - length, length));
}

/* Whether between two numbers stands what stands in a list. */
static bool in_list(const struct pii_text *t, size_t from, size_t to)
{
    static const char *const between[] = { "", "and", "or", "und", "et", "y", "&", "/" };
    while (from < to && (t->p[from] == ' ' || t->p[from] == ',' || t->p[from] == ';'))
        from++;
    while (from < to && (t->p[to - 1] == ' ' || t->p[to - 1] == '(' || t->p[to - 1] == '+'))
        to--;
    for (size_t i = 0; i < sizeof between / sizeof *between; i++)
        if (strlen(between[i]) == to - from && memcmp(between[i], t->p + from, to - from) == 0)
            return true;
    return false;
}

/* Reads the word that ends at end, lower case, into *word; its start. A word is all letters that stand together, or, where those
 * say nothing, what follows the last change from small letters to a capital ("customerPhone"). */
static size_t word_before(const struct pii_text *t, size_t stop, size_t end, struct folded *word, uint64_t *one)
{
    size_t i = end, capital = end;
    while (i > stop && in_word(t->p[i - 1]) && end - i <= WORD_MAX) {
        i--;
        if (capital == end && is_upper(t->p[i]) && i > stop && (unsigned)(t->p[i - 1] - 'a') < 26)
            capital = i;
    }
    fold(t->p + i, end - i, word);
    *one = says(word);
    if (end - i == 4 && memcmp(t->p + i, "PASS", 4) == 0)
        *one = 0; /* a test's verdict, no passport */
    if (*one != 0 || capital == end)
        return i;
    fold(t->p + capital, end - capital, word);
    *one = says(word);
    return capital;
}

/* Words before i. */
static uint64_t look_back(const struct pii_text *t, size_t i)
{
    size_t stop = i > BACK_BYTES ? i - BACK_BYTES : 0;
    bool cut = stop > t->words; /* by distance: a word that starts before isn't read */
    if (!cut)
        stop = t->words;
    size_t start = i, right = 0; /* right: where the word behind starts; 0: none that goes with the one before */
    uint64_t said = 0, first = 0;
    unsigned seen = 0;
    bool crossed = false; /* a '=' or ':' between the key and the number: what stands before the pair is about something else */
    struct folded word, tail = { "", 0 };
    while (i > stop && seen < BACK_WORDS) {
        unsigned c = t->p[i - 1];
        if (!in_word(c)) {
            if (c == '\n' || c == '\r' || c == '{' || c == '}' || c == ';' || c == '|' || c == '&' || c == '<')
                break;
            if (crossed && (c == ',' || c == '=' || c == ':' || c == '?'))
                break;
            if (c == '=' || c == ':')
                crossed = true;
            if (c == ']' && pii_token_before(t, i) > 0) {
                if (in_list(t, i, start))
                    said |= token_says(t, i, pii_token_before(t, i));
                break;
            }
            i--;
            continue;
        }
        size_t end = i;
        uint64_t one;
        i = word_before(t, stop, end, &word, &one);
        if (cut && i == stop && in_word(t->p[i - 1]))
            break;
        if (right > 0 && right - end <= 1 && word.n > 0) {
            /* "social security", "tax file", "apiKey": two words are one. */
            struct folded both = word;
            memcpy(both.text + word.n, tail.text, tail.n);
            both.n += tail.n;
            if (both.n <= WORD_MAX)
                one |= says(&both);
        }
        right = one & PII_SAYS(TAIL) && word.n > 0 ? i : 0;
        if (right > 0)
            tail = word;
        if (seen++ == 0)
            first = one;
        said |= one;
    }
    if (i == t->words && i > 0 && t->last >= 0 && in_list(t, i, start))
        said |= span_says(t->last);
    if ((said & (PII_SAYS(POSSESSIVE) | PII_SAYS(NUMBER))) == (PII_SAYS(POSSESSIVE) | PII_SAYS(NUMBER)))
        said |= PII_SAYS(CALL);
    said &= ~(PII_SAYS(VERSION) | PII_SAYS(OTHER));
    return said | (first & (PII_SAYS(VERSION) | PII_SAYS(OTHER)));
}

/* Words behind i, as of "12345678903 is my tax id" or "078051121 (SSN)". They speak only where the sentence ends with them or
 * goes on in words: before a digit, ':' or '=' they announce what follows, and what follows may be found and become a token. */
static uint64_t look_ahead(const struct pii_text *t, size_t i)
{
    size_t stop = t->n - i > AHEAD_BYTES ? i + AHEAD_BYTES : t->n;
    uint64_t said = 0;
    unsigned seen = 0;
    struct folded word;
    if (pii_byte(t, i) != ' ' || i + 1 >= stop)
        return 0;
    i++;
    if (t->p[i] == '(')
        i++;
    while (seen < AHEAD_WORDS && i < stop) {
        size_t start = i;
        while (i < stop && in_word(t->p[i]))
            i++;
        if (i == start || (i == stop && i < t->n))
            return 0;
        fold(t->p + start, i - start, &word);
        uint64_t one = says(&word);
        said |= one & PII_SAYS(VERSION) ? 0 : one; /* "the i915 driver" */
        seen++;
        unsigned c = pii_byte(t, i);
        if (c == ')' || c == '\n' || c == '\r' || i == t->n || c == '"')
            return said;
        if (c == '.' || c == '!' || c == '?' || c == ',') {
            c = pii_byte(t, i + 1);
            return c == ' ' || c == '\n' || i + 1 == t->n ? said : 0;
        }
        if (c != ' ')
            return 0;
        i++;
    }
    return seen == AHEAD_WORDS ? said : 0;
}

uint64_t pii_said(const struct pii_text *t, size_t i, struct pii_context *c)
{
    if (!c->known) {
        c->before = look_back(t, i);
        c->known = true;
    }
    return c->before;
}

bool pii_told(const struct pii_text *t, size_t start, size_t end, uint64_t what, struct pii_context *c)
{
    if (pii_said(t, start, c) & what)
        return true;
    if (c->end != end) {
        c->after = look_ahead(t, end);
        c->end = end;
    }
    return c->after & what;
}

bool pii_alone(const struct pii_text *t, size_t start, size_t end)
{
    if (!t->whole || !pii_set_has(&t->types, PII_GUESSES) || start > LABEL_MAX || t->n - end > 8)
        return false;
    for (size_t i = end; i < t->n; i++)
        if (strchr(" .,;!?)]}'\"\r\n", t->p[i]) == NULL || t->p[i] == 0)
            return false;
    size_t i = start;
    while (i > 0 && strchr(" ('\"", t->p[i - 1]) != NULL && t->p[i - 1] != 0)
        i--;
    if (i == 0)
        return true;
    if (t->p[i - 1] != ':' && t->p[i - 1] != '=')
        return false;
    i--;
    size_t label = i;
    while (label > 0 && (in_word(t->p[label - 1]) || t->p[label - 1] == '_' || t->p[label - 1] == '-' || t->p[label - 1] == ' '))
        label--;
    if (label > 0)
        return false;
    struct pii_context c = { 0 };
    return !(pii_said(t, i, &c) & PII_SAYS(OTHER));
}
