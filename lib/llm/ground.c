/* lib/llm/ground: exact, then folded, then alike; numbers and dates by what they say. */
#include "llm/ground.h"

#include <math.h>
#include <stdlib.h>

#include "llm/date.h"
#include "llm/fuzzy.h"

enum {
    FUZZY_MIN = 8, /* a shorter value must be there as it is */
    FUZZY_PER = 8, /* one edit for so many characters */
    ORDER_BYTES = 300,
    PIECES = 6,    /* of one value, at most */
    PIECE_MIN = 3, /* a shorter one stands anywhere */
    NEAR = 800,    /* bytes from the first piece to the end of the last */
    TRIES = 100,
};

const char *llm_how_name(enum llm_how how)
{
    static const char *const names[] = { "absent", "exact", "folded", "number", "date", "fuzzy", "pieces", "inferred" };
    return names[how];
}

/* Spaces over the sentence of an order whose words are [at, end), and over what it says next: to the end of the line, or so many
 * bytes. Nothing before `from`. Where it ends. */
static size_t blank_order(struct str text, char *blanked, size_t from, size_t at, size_t end)
{
    size_t i = at, until = end + ORDER_BYTES < text.n ? end + ORDER_BYTES : text.n;
    while (i > from && text.p[i - 1] != '\n' && !(i > 1 && text.p[i - 1] == ' ' && strchr(".!?", text.p[i - 2]) != NULL))
        i--;
    for (; i < until && (i < end || text.p[i] != '\n'); i++)
        blanked[i] = text.p[i] == '\n' ? '\n' : ' ';
    return i > from ? i : from;
}

/* What a document tells a model to write is no value of it, unless it stands elsewhere too. They are looked for in the folded text:
 * case, white space and characters that nobody sees don't hide them. */
static int leave_out_orders(struct ground *g)
{
    const struct folded *f = &g->folded;
    size_t until = 0;
    for (size_t from = 0, start, end; ground_next_order(g->text, f, from, &start, &end); from = start + 1) {
        if (g->blanked == NULL) {
            if ((g->blanked = malloc(g->text.n)) == NULL)
                return -1;
            memcpy(g->blanked, g->text.p, g->text.n);
        }
        until = blank_order(g->text, g->blanked, until, f->at[start], f->at[end]);
    }
    if (g->blanked == NULL)
        return 0;
    g->text.p = g->blanked;
    llm_folded_fini(&g->folded);
    return llm_fold(g->text, &g->folded);
}

int ground_init(struct ground *g, struct str text, enum llm_dates dates)
{
    *g = (struct ground){ .text = text, .dates = dates };
    return llm_fold(text, &g->folded) < 0 ? -1 : leave_out_orders(g);
}

void ground_fini(struct ground *g)
{
    llm_folded_fini(&g->folded);
    free(g->blanked);
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool word_byte(char c)
{
    return digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (unsigned char)c >= 0xC3;
}

/* "Ann" isn't in "Annex", nor 12 in 312. */
static bool within_a_word(struct str text, size_t start, size_t end)
{
    bool ascii = (unsigned char)text.p[start] < 0x80, last_ascii = (unsigned char)text.p[end - 1] < 0x80;
    bool before =
        start > 0 && ascii && word_byte(text.p[start]) && word_byte(text.p[start - 1]) && (unsigned char)text.p[start - 1] < 0x80;
    bool after =
        end < text.n && last_ascii && word_byte(text.p[end - 1]) && word_byte(text.p[end]) && (unsigned char)text.p[end] < 0xE0;
    return before || after;
}

/* The first place of it, not before `from`, that is no part of a longer word; SIZE_MAX: none. */
static size_t find_words_from(struct str text, struct str value, size_t from)
{
    for (; value.n > 0 && from + value.n <= text.n;) {
        const char *at = memmem(text.p + from, text.n - from, value.p, value.n);
        if (at == NULL)
            break;
        size_t start = (size_t)(at - text.p);
        if (!within_a_word(text, start, start + value.n))
            return start;
        from = start + 1;
    }
    return SIZE_MAX;
}

static size_t find_words(struct str text, struct str value)
{
    return find_words_from(text, value, 0);
}

/* Bytes [start, end) of the folded text, in the original. */
static struct llm_place unfold(const struct folded *f, size_t start, size_t end, enum llm_how how)
{
    /* The last character's own end: where the next begins, but without the blanks between. */
    return (struct llm_place){ f->at[start], f->at[end], how };
}

static struct llm_place trimmed(struct str text, struct llm_place p)
{
    while (p.end > p.start && strchr(" \t\r\n\f\v,;", text.p[p.end - 1]) != NULL)
        p.end--;
    return p;
}

static bool same_digits(struct str a, struct str b)
{
    size_t i = 0, k = 0;
    for (;;) {
        while (i < a.n && !digit(a.p[i]))
            i++;
        while (k < b.n && !digit(b.p[k]))
            k++;
        if (i == a.n || k == b.n)
            return i == a.n && k == b.n;
        if (a.p[i++] != b.p[k++])
            return false;
    }
}

/* Pieces of the folded text that stand one after another, near the first of them. */
static bool find_pieces(struct str text, const struct folded *pieces, size_t n, size_t *start, size_t *end)
{
    size_t from = 0;
    for (int tries = 0; tries < TRIES; tries++) {
        size_t first = find_words_from(text, buf_str(&pieces[0].text), from), at = first, i;
        if (first == SIZE_MAX)
            return false;
        struct str near = { text.p, text.n - first < NEAR ? text.n : first + NEAR };
        from = first + 1;
        *start = first;
        *end = first + pieces[0].text.n;
        for (i = 1; i < n && (at = find_words_from(near, buf_str(&pieces[i].text), *end)) != SIZE_MAX; i++)
            *end = at + pieces[i].text.n;
        if (i == n)
            return true;
    }
    return false;
}

static struct llm_place ground_pieces(const struct folded *f, struct str value)
{
    struct llm_place place = { 0, 0, LLM_ABSENT };
    struct folded pieces[PIECES];
    size_t n = 0, start, end;
    bool fine = true;
    while (value.n > 0 && fine) {
        size_t length = 0;
        while (length < value.n && strchr(",;\n", value.p[length]) == NULL)
            length++;
        struct str piece = str_trim((struct str){ value.p, length });
        length += length < value.n;
        value = (struct str){ value.p + length, value.n - length };
        if (piece.n == 0)
            continue;
        fine = n < PIECES && llm_fold(piece, &pieces[n]) == 0;
        n += fine;
        fine = fine && pieces[n - 1].text.n >= PIECE_MIN;
    }
    if (fine && n > 1 && find_pieces(buf_str(&f->text), pieces, n, &start, &end))
        place = unfold(f, start, end, LLM_PIECES);
    while (n > 0)
        llm_folded_fini(&pieces[--n]);
    return place;
}

/* A currency's code (ISO 4217) by a sign that is its alone. */
static struct llm_place ground_sign(struct str text, struct str value)
{
    static const char *const signs[][2] = { { "EUR", "\xE2\x82\xAC" }, { "GBP", "\xC2\xA3" },     { "INR", "\xE2\x82\xB9" },
                                            { "KRW", "\xE2\x82\xA9" }, { "ILS", "\xE2\x82\xAA" }, { "UAH", "\xE2\x82\xB4" },
                                            { "TRY", "\xE2\x82\xBA" }, { "PLN", "z\xC5\x82" },    { "CZK", "K\xC4\x8D" } };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const char *at = str_eq(value, str_of(signs[i][0])) ? memmem(text.p, text.n, signs[i][1], strlen(signs[i][1])) : NULL;
        if (at != NULL)
            return (struct llm_place){ (size_t)(at - text.p), (size_t)(at - text.p) + strlen(signs[i][1]), LLM_FOLDED };
    }
    return (struct llm_place){ 0, 0, LLM_ABSENT };
}

struct llm_place ground_text(struct ground *g, struct str value)
{
    struct llm_place none = { 0, 0, LLM_ABSENT };
    value = str_trim(value);
    if (value.n == 0)
        return none;
    size_t start = find_words(g->text, value);
    if (start != SIZE_MAX)
        return (struct llm_place){ start, start + value.n, LLM_EXACT };
    const struct folded *f = &g->folded;
    struct folded v;
    if (llm_fold(value, &v) < 0)
        return none;
    struct llm_place place = none;
    struct str text = buf_str(&f->text), wanted = buf_str(&v.text);
    if (wanted.n > 0 && (start = find_words(text, wanted)) != SIZE_MAX) {
        place = trimmed(g->text, unfold(f, start, start + wanted.n, LLM_FOLDED));
    } else if (wanted.n >= FUZZY_MIN) {
        struct fuzzy_match m;
        if (fuzzy_find(text, wanted, wanted.n / FUZZY_PER, &m) &&
            same_digits(wanted, (struct str){ text.p + m.start, m.end - m.start }))
            place = trimmed(g->text, unfold(f, m.start, m.end, LLM_FUZZY));
    }
    llm_folded_fini(&v);
    if (place.how == LLM_ABSENT)
        place = ground_pieces(f, value);
    return place.how == LLM_ABSENT ? ground_sign(g->text, value) : place;
}

/* A number as people write it: groups, one decimal mark. Up to two ways of reading it; how many. */
static int read_number(struct str token, double values[2])
{
    char plain[2][64];
    size_t n[2] = { 0, 0 }, last = SIZE_MAX, marks = 0, kinds = 0;
    char mark = 0;
    if (token.n >= sizeof plain[0])
        return 0;
    for (size_t i = 0; i < token.n; i++)
        if (token.p[i] == '.' || token.p[i] == ',') {
            kinds += marks > 0 && token.p[i] != mark;
            mark = token.p[i];
            last = i;
            marks++;
        }
    size_t behind = last == SIZE_MAX ? 0 : token.n - last - 1;
    for (size_t i = 0; i < token.n; i++) {
        if (digit(token.p[i])) {
            plain[0][n[0]++] = token.p[i];
            plain[1][n[1]++] = token.p[i];
        } else if (i == last) {
            plain[1][n[1]++] = '.';
        }
    }
    plain[0][n[0]] = plain[1][n[1]] = '\0';
    double whole = strtod(plain[0], NULL), fraction = strtod(plain[1], NULL);
    if (marks == 0 || (marks > 1 && kinds == 0)) { /* 1234, 1.234.567 */
        values[0] = whole;
        return 1;
    }
    values[0] = fraction;
    values[1] = whole;
    return marks == 1 && behind == 3 ? 2 : 1; /* 1,234 may be either */
}

struct llm_place ground_number(struct ground *g, double value)
{
    struct str t = g->text;
    double wanted = fabs(value);
    for (size_t i = 0; i < t.n; i++) {
        if (!digit(t.p[i]))
            continue;
        size_t end = i, start = i;
        /* Digits with one mark between groups of them; a space only where three digits follow, as in 1 234,50. */
        while (end < t.n) {
            if (digit(t.p[end])) {
                end++;
            } else if (end + 1 < t.n && digit(t.p[end + 1]) && strchr(".,'", t.p[end]) != NULL) {
                end++;
            } else if (end + 3 < t.n && t.p[end] == ' ' && digit(t.p[end + 1]) && digit(t.p[end + 2]) && digit(t.p[end + 3]) &&
                       (end + 4 == t.n || !digit(t.p[end + 4])) && end - start <= 3) {
                double values[2];
                int n = read_number((struct str){ t.p + start, end - start }, values);
                for (int k = 0; k < n; k++)
                    if (values[k] == wanted)
                        return (struct llm_place){ start, end, LLM_NUMBER };
                end++;
            } else {
                break;
            }
        }
        double values[2];
        int n = read_number((struct str){ t.p + start, end - start }, values);
        bool within = start > 0 && word_byte(t.p[start - 1]) && (unsigned char)t.p[start - 1] < 0x80;
        for (int k = 0; k < n && !within; k++) {
            bool negative = start > 0 && (t.p[start - 1] == '-' || t.p[start - 1] == '(' ||
                                          (start > 2 && memcmp(t.p + start - 3, "\xE2\x88\x92", 3) == 0));
            if (fabs(values[k] - wanted) <= wanted * 1e-12 && (value >= 0 || negative))
                return (struct llm_place){ start - (value < 0 && t.p[start - 1] == '-'), end, LLM_NUMBER };
        }
        i = end - 1;
    }
    return (struct llm_place){ 0, 0, LLM_ABSENT };
}

struct llm_place ground_date(struct ground *g, struct str value)
{
    struct llm_place exact = ground_text(g, value);
    struct llm_date wanted, d;
    if (exact.how == LLM_EXACT || exact.how == LLM_FOLDED || value.n < 10 ||
        !llm_date_next((struct str){ value.p, 10 }, 0, LLM_DATES_UNSAID, &wanted))
        return exact.how == LLM_FUZZY ? (struct llm_place){ 0, 0, LLM_ABSENT } : exact;
    size_t time_end = 0;
    int minutes = value.n > 15 ? llm_time_next(value, 11, &time_end) : -1;
    for (size_t from = 0; llm_date_next(g->text, from, g->dates, &d); from = d.end) {
        bool same = d.year == wanted.year && ((d.month == wanted.month && d.day == wanted.day) ||
                                              (d.either && d.month == wanted.day && d.day == wanted.month));
        if (!same)
            continue;
        if (minutes <= 0) /* none, or midnight, which is what stands for none */
            return (struct llm_place){ d.start, d.end, LLM_DATE };
        for (size_t at = 0; at < g->text.n; at = time_end) {
            int m = llm_time_next(g->text, at, &time_end);
            if (m < 0)
                break;
            if (m == minutes)
                return (struct llm_place){ d.start, time_end > d.end && time_end - d.end < 40 ? time_end : d.end, LLM_DATE };
        }
    }
    return (struct llm_place){ 0, 0, LLM_ABSENT };
}
