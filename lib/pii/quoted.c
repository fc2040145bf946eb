/* lib/pii/quoted: secrets between marks that no '=' or ':' stands before: SQL's IDENTIFIED BY '…', XML's <password>…</password>. */
#include "pii/secret.h"

enum { STATEMENT_BACK = 64, TAG_MAX = 64 };

static bool is_by(const struct pii_text *t, size_t end)
{
    static const char identified[] = "identified";
    if (end < 12 || (t->p[end - 1] | 0x20) != 'y' || (t->p[end - 2] | 0x20) != 'b' || t->p[end - 3] != ' ')
        return false;
    size_t stop = end > STATEMENT_BACK ? end - STATEMENT_BACK : 0;
    stop = stop < t->words ? t->words : stop;
    bool upper = t->p[end - 1] < 'a';
    for (size_t i = end - 3; i >= stop + 10 && t->p[i - 1] != ']'; i--) { /* not beyond a token */
        if ((t->p[i - 1] | 0x20) != 'd' || strncasecmp((const char *)t->p + i - 10, identified, 10) != 0)
            continue;
        /* In small letters it may be a sentence, but for what else the statement says. */
        return upper || (i >= stop + 15 && memmem(t->p + stop, i - 10 - stop, "user ", 5) != NULL);
    }
    return false;
}

/* quote: ' or ". IDENTIFIED BY '…', PASSWORD '…', PASSWORD('…'). */
bool pii_sql_secret_at(const struct pii_text *t, size_t quote, struct pii_span *s)
{
    unsigned mark = t->p[quote];
    size_t word = quote - 1, start = quote + 1, end = start;
    if (t->json && mark == '"')
        return false; /* it ends the string */
    bool call = t->p[word] == '(', by = !call && is_by(t, word);
    if (!by) {
        const struct pii_secret_key *key = pii_secret_key_before(t, word);
        if (key == NULL || key->kind != PII_KEY_PASSWORD || key->n < 6)
            return false;
        unsigned before = pii_before(t, word - key->n);
        if (pii_is_word(before) || before == '/' || before == '-')
            return false;
    }
    while (end - start < PII_SECRET_MAX && pii_byte(t, end) >= ' ' && !(t->json && t->p[end] == '"') &&
           (t->p[end] != mark || pii_byte(t, end + 1) == mark))
        end += t->p[end] == mark ? 2 : 1;
    if (pii_byte(t, end) != mark || end == start || pii_holds_token(t, start, end))
        return false;
    if (!by) {
        /* In a sentence ("password 'field' is missing") words are words. */
        bool letters = true, upper = t->p[word - 1] < 'a';
        for (size_t i = start; i < end; i++)
            letters &= pii_is_letter(t->p[i]) || t->p[i] == ' ' || t->p[i] == ':';
        if (letters && !(upper && memchr(t->p + start, ' ', end - start) == NULL))
            return false;
    }
    return pii_secret_fits(t, start, end, PII_KEY_PASSWORD) && pii_secret_put(s, start, end, 0.75f);
}

/* end: the '>' of "<password>". */
bool pii_element_secret_at(const struct pii_text *t, size_t end, struct pii_span *s)
{
    const struct pii_secret_key *key = pii_secret_key_before(t, end);
    if (key == NULL)
        return false;
    size_t tag = end - key->n, stop = end > TAG_MAX ? end - TAG_MAX : 0;
    while (tag > stop && (pii_is_word(t->p[tag - 1]) || memchr("-.:", (int)t->p[tag - 1], 3) != NULL))
        tag--;
    if (pii_before(t, tag) != '<' || tag - 1 < t->floor)
        return false;
    size_t start = end + 1, value = start;
    while (value - start < PII_SECRET_MAX && pii_byte(t, value) >= ' ' && memchr("<>\"", (int)t->p[value], 3) == NULL)
        value++;
    return pii_byte(t, value) == '<' && pii_byte(t, value + 1) == '/' && value > start && !pii_holds_token(t, start, value) &&
           pii_secret_fits(t, start, value, key->kind) && pii_secret_put(s, start, value, 0.8f);
}
