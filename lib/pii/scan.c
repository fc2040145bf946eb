/* lib/pii/scan: one pass over the bytes: 64 at a time into bitmaps, anchors out of them, verifiers at the anchors. */
#include "pii/scan.h"

#include "pii/json_key.h"

/* What stood n places before each place. */
static inline uint64_t shifted(uint64_t now, uint64_t was, unsigned n)
{
    return now << n | was >> (64 - n);
}

/* Which bits have a colon 1 to 5 places before them. */
static uint64_t colon_close(uint64_t now, uint64_t was)
{
    uint64_t near = now << 1, last = was >> 59, far;
    near |= near << 1;
    near |= near << 2;
    far = last | last >> 1;
    far |= far >> 2;
    return near | now << 5 | far | last >> 4;
}

/* Which bits have an odd number of bits at and before them. */
static uint64_t odd(uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
}

enum { RUN = 16 };

/* Where a run of 16 bytes of names ends: letters, digits, '_' and '-'. */
static uint64_t long_runs(struct pii_scan *scan, uint64_t one)
{
    uint64_t two = one & one << 1, four = two & two << 2, eight = four & four << 4, sixteen = eight & eight << 8;
    uint64_t ends = sixteen & ~(sixteen << 1);
    if (scan->was_run > 0) {
        /* The block's first run started before it. */
        uint64_t first = ((uint64_t)1 << (RUN - scan->was_run)) - 1;
        ends &= ~((uint64_t)1 << (RUN - 1));
        if (scan->was_run < RUN && (one & first) == first)
            ends |= (first + 1) >> 1;
    }
    unsigned run = ~one == 0 ? RUN : (unsigned)__builtin_clzll(~one);
    scan->was_run = run < RUN ? run : RUN;
    return ends;
}

/* Of JSON without escapes: nothing outside of strings is an anchor but the colons behind keys. */
static void only_strings(struct pii_scan *scan, const struct pii_masks *m)
{
    uint64_t quotes = m->quote;
    /* What stands before the scan's start may be an escaped string's. */
    if (scan->block < scan->from)
        quotes = scan->from - scan->block < 64 ? quotes & ~(uint64_t)0 << (scan->from - scan->block) : 0;
    uint64_t inside = odd(quotes) ^ scan->in_string;
    scan->in_string = 0 - (inside >> 63);
    scan->ends = m->colon & ~inside;
    scan->anchors = (scan->anchors & inside) | scan->ends;
}

/* Loads the block that starts at scan->block and finds its anchors. */
static void load(struct pii_scan *scan)
{
    const struct pii_text *t = &scan->text;
    struct pii_masks m;
    size_t left = t->n - scan->block;
    if (left >= 64) {
        pii_classify(t->p + scan->block, &m);
    } else {
        unsigned char last[64];
        memcpy(last, t->p + scan->block, left);
        memset(last + left, 0, 64 - left);
        pii_classify(last, &m);
    }
    uint64_t word_before = shifted(m.word, scan->was.word, 1);
    /* Digits behind "a." are part of what goes before: a version, a fraction, an address looked at from its start. */
    scan->numbers = m.digit & ~word_before & ~(shifted(m.dot, scan->was.dot, 1) & shifted(m.word, scan->was.word, 2));
    /* The first digit of a word that starts with letters: adding 1 where such a word starts carries through its letters. */
    uint64_t sum, starts = m.letter & ~word_before;
    bool carry = __builtin_add_overflow(m.letter, starts, &sum);
    carry |= __builtin_add_overflow(sum, (uint64_t)scan->in_letters, &sum);
    scan->in_letters = carry;
    scan->mixed = sum & ~m.letter & m.digit;
    scan->runs = long_runs(scan, m.word | m.dash);
    /* A key's end: what stands before '=' and ':' is no number. */
    uint64_t keys = (m.colon | m.equals) & ~shifted(m.digit | m.colon, scan->was.digit | scan->was.colon, 1);
    scan->options = m.letter & shifted(m.dash, scan->was.dash, 1) & ~shifted(m.word, scan->was.word, 2);
    /* What follows "PASSWORD '" or "<password>" without a colon. */
    uint64_t marks = (m.tick | m.quote) & ~word_before & shifted(m.letter, scan->was.letter, 2);
    marks |= m.tick & shifted(m.letter, scan->was.letter, 1);
    scan->anchors = scan->numbers | scan->mixed | scan->runs | keys | m.at | scan->options | marks;
    scan->sixes = 0;
    if ((m.colon | scan->was.colon) != 0) {
        uint64_t pair = m.colon & colon_close(m.colon, scan->was.colon), triple = 0;
        if (pair != 0) {
            triple = pair & colon_close(pair, scan->was_pair);
            scan->sixes = triple & colon_close(triple, scan->was_triple);
            scan->sixes |= m.colon & shifted(m.colon, scan->was.colon, 1);
            scan->anchors |= scan->sixes;
        }
        scan->was_pair = pair;
        scan->was_triple = triple;
    }
    uint64_t dash2 = 0, dash3 = 0, rule = 0;
    if (m.dash != 0) {
        /* Five dashes three apart (a hardware address), or in a row (before a private key's BEGIN). */
        dash2 = m.dash & shifted(m.dash, scan->was.dash, 3);
        dash3 = m.dash & shifted(m.dash, scan->was.dash, 1);
        scan->anchors |=
            dash2 & shifted(dash2, scan->was_dash2, 3) & shifted(dash2, scan->was_dash2, 6) & shifted(dash2, scan->was_dash2, 9);
        rule = dash3 & shifted(dash3, scan->was_dash3, 1) & shifted(dash3, scan->was_dash3, 2) & shifted(dash3, scan->was_dash3, 3);
    }
    if ((rule | scan->was_rule) != 0)
        scan->anchors |= m.letter & shifted(rule, scan->was_rule, 1);
    scan->was_rule = rule;
    scan->was_dash2 = dash2;
    scan->was_dash3 = dash3;
    scan->anchors |= scan->urls ? m.dot : m.dot & shifted(m.dot, scan->was.dot, 5);
    scan->was = m;
    if (t->json)
        only_strings(scan, &m);
}

static void start(struct pii_scan *scan, struct pii_set types, struct str text, size_t words, size_t from, bool json)
{
    /* Field by field: zeroing all of it at once costs more than a short text's scan. */
    scan->text = (struct pii_text){ (const unsigned char *)text.p, text.n, from, words, -1, json, false, types, &scan->unsure };
    scan->from = from;
    scan->anchors = scan->ends = scan->in_string = 0;
    scan->was = (struct pii_masks){ 0 };
    scan->was_pair = scan->was_triple = scan->was_dash2 = scan->was_dash3 = scan->was_rule = 0;
    scan->was_run = 0;
    scan->in_letters = scan->secret_key = scan->unsure = false;
    scan->urls = pii_set_has(&types, PII_URL);
    scan->keys = NULL;
    /* The block before is loaded for what it leaves behind, so that a scan from the middle finds the same anchors. */
    if (from >= text.n) {
        scan->block = text.n;
        return;
    }
    scan->block = from / 64 * 64;
    if (scan->block > 0) {
        scan->block -= 64;
        load(scan);
        scan->block += 64;
    }
    load(scan);
    if (from % 64 > 0)
        scan->anchors &= ~(uint64_t)0 << from % 64;
}

void pii_scan_init(struct pii_scan *scan, struct str text, size_t from)
{
    pii_scan_init_of(scan, pii_set_default(), text, from);
}

void pii_scan_init_of(struct pii_scan *scan, struct pii_set types, struct str text, size_t from)
{
    start(scan, types, text, from, from, false);
    scan->text.whole = true;
}

void pii_scan_init_at(struct pii_scan *scan, struct pii_set types, struct str text, size_t words, size_t from)
{
    start(scan, types, text, words, from, false);
}

void pii_scan_init_json(struct pii_scan *scan, struct pii_set types, const struct pii_keys *keys, struct str text, size_t words,
                        size_t from)
{
    start(scan, types, text, words, from, true);
    scan->keys = keys;
}

enum follows { NOTHING, LETTER, SEPARATOR };

/* Whether digits go on behind c. */
static enum follows goes_on(unsigned c)
{
    if (pii_is_letter(c))
        return LETTER;
    return c == ' ' || c == '-' || c == '.' || c == '/' || c == ')' || c == '(' || c >= 0x80 ? SEPARATOR : NOTHING;
}

/* Longer wins, then more certain; the kept types only where nothing else is. */
static void keep(const struct pii_text *t, const struct pii_span *one, struct pii_span *best, bool *found)
{
    if (!pii_set_has(&t->types, one->type))
        return;
    if (*found) {
        bool more = one->length > best->length || (one->length == best->length && one->score > best->score);
        if (pii_type_kept(one->type) != pii_type_kept(best->type))
            more = pii_type_kept(best->type);
        if (!more)
            return;
    }
    *best = *one;
    *found = true;
}

/* "3123:4567:8909" */
static bool four_by_four(const struct pii_text *t, size_t i, struct pii_digits *d)
{
    *d =
        (struct pii_digits){ .start = i, .n = 12, .groups = 3, .length = { 4, 4, 4 }, .sum = { 4, 8, 12 }, .sep = { 0, ':', ':' } };
    for (unsigned n = 0; n < 12; n++) {
        unsigned c = pii_byte(t, i + n + n / 4);
        if (!pii_is_digit(c) || (n % 4 == 0 && n > 0 && pii_byte(t, i + n + n / 4 - 1) != ':'))
            return false;
        d->digit[n] = (unsigned char)(c - '0');
    }
    for (unsigned g = 0; g < 3; g++)
        d->end[g] = i + 4 + 5 * g;
    return pii_byte(t, i + 14) != ':' && pii_before(t, i) != ':';
}

/* Whether a date may stand here: all where dates are asked for; else only one of birth, which is no log's clock and has words
 * before it. */
static bool may_be_date(const struct pii_text *t, size_t i, size_t run, unsigned before, unsigned next)
{
    if (run > 4 || run == 3)
        return false;
    if (pii_set_has(&t->types, PII_DATE))
        return true;
    if (i < 4 || (before != ' ' && before != ':' && before != '=' && before != '"' && before != '(' && before != '>'))
        return false;
    bool separated = next == '-' || next == '/' || next == '.';
    if (run == 4) {
        unsigned then = pii_byte(t, i + 10);
        return separated && then != 'T' && !(then == ' ' && pii_byte(t, i + 13) == ':');
    }
    if (next == '.' && pii_byte(t, i + run + 1) == ' ')
        return pii_date_month(t, i + run + 2); /* 5. Mai 1990 */
    if (separated)
        return pii_is_alnum(pii_byte(t, i + run + 1));
    /* "5 May 1990", "May 5, 1990", "5th of May 1990" */
    if (next == ' ')
        return pii_date_month(t, i + run + 1);
    if (next == ',')
        return pii_byte(t, i + run + 1) == ' ' && pii_is_digit(pii_byte(t, i + run + 2)) && pii_is_letter(pii_before(t, i - 1));
    return pii_is_letter(next) && pii_byte(t, i + run + 2) == ' ';
}

/* What a number of `run` digits can go on as: what stands before and behind it is known. */
static bool number_of(const struct pii_text *t, size_t i, size_t run, bool glued, bool range, struct pii_span *best)
{
    bool found = false;
    struct pii_context context = { 0 };
    struct pii_span one;
    unsigned before = pii_before(t, i), next = pii_byte(t, i + run);
    if ((run == 2 || run == 6) && (before == ' ' || before == '-') && pii_is_letter(pii_before(t, i - 1)) &&
        pii_nino_at(t, i, &context, &one))
        keep(t, &one, best, &found);
    if (run == 7 && before == '-' && pii_es_dashed_at(t, i, &context, &one))
        keep(t, &one, best, &found);
    if (run >= 2 && before == ' ' && i >= 3 && pii_is_letter(t->p[i - 2]) && pii_is_letter(t->p[i - 3]) &&
        !pii_glued_before(t, i - 3) && pii_iban_at(t, i - 3, &one))
        keep(t, &one, best, &found);
    if (may_be_date(t, i, run, before, next) && pii_date_at(t, i, &context, &one))
        keep(t, &one, best, &found);
    if (glued)
        return found;
    if (!range && (pii_is_letter(next) || next == '-' || next == '+') && pii_digits_mixed_at(t, i, run, &context, &one))
        keep(t, &one, best, &found);
    if (run == 5 && pii_zip_at(t, i, &context, &one))
        keep(t, &one, best, &found);
    struct pii_digits d;
    if (run == 4 && next == ':' && four_by_four(t, i, &d) && pii_numeric_at(t, &d, &context, &one))
        keep(t, &one, best, &found);
    if (run < 7 && goes_on(next) != SEPARATOR)
        return found;
    /* 2026-11-23 and its like. */
    if (run == 4 && (next == '-' || next == '.' || next == '/') && i + 10 <= t->n && t->p[i + 7] == next &&
        (memcmp(t->p + i, "20", 2) == 0 || memcmp(t->p + i, "19", 2) == 0))
        return found;
    if (run <= 3 && next == '.' && pii_ipv4_at(t, i, &context, &one))
        keep(t, &one, best, &found);
    if (range)
        return found;
    pii_digits_read(t, i, &d);
    if (d.n < 7)
        return found;
    if (pii_phone_at(t, &d, &context, &one))
        keep(t, &one, best, &found);
    if (d.n >= 12 && pii_card_at(t, &d, &context, &one))
        keep(t, &one, best, &found);
    if (d.n >= 9 && pii_ssn_at(t, &d, &context, &one))
        keep(t, &one, best, &found);
    if (d.n >= 8 && pii_numeric_at(t, &d, &context, &one))
        keep(t, &one, best, &found);
    if (pii_document_at(t, &d, &context, &one))
        keep(t, &one, best, &found);
    return found;
}

/* Most numbers in a log end here: short, part of something else, and nothing follows that could make them more. */
static bool number_at(const struct pii_text *t, size_t i, struct pii_span *best)
{
    unsigned before = pii_before(t, i);
    bool range = false, glued = false;
    if (before == '%' && i + 1 < t->n) {
        if (t->p[i] == '4' && t->p[i + 1] == '0')
            return pii_email_at(t, i - 1, 3, best);
        if (t->p[i] == '2' && (t->p[i + 1] | 0x20) == 'b')
            return pii_phone_encoded_at(t, i - 1, best);
    }
    if (before == '-' || before == '.' || before == ']') {
        /* What goes on from before is part of that, but for the second end of a range of addresses. */
        range = before == '-' && ((i - 1 == t->floor && t->last == PII_IPV4) || pii_token_before(t, i - 1) == 4);
        glued = !range && pii_glued_before(t, i);
        if (glued && (before != '-' || !pii_is_letter(pii_before(t, i - 1))))
            return false;
    }
    size_t run = 1;
    while (run < 20 && pii_is_digit(pii_byte(t, i + run)))
        run++;
    if (run < 7) {
        unsigned next = pii_byte(t, i + run);
        switch (goes_on(next)) {
        case SEPARATOR:
            break;
        case LETTER:
            if (run > 2 && run != 6)
                return false;
            break;
        default:
            if (!(run == 4 && next == ':') && run != 5 && !(next == ',' && before == ' ' && run <= 2) &&
                !(next == '+' && run == 6) && !pii_set_has(&t->types, PII_DATE))
                return false;
        }
    }
    return number_of(t, i, run, glued, range, best);
}

/* A look at the three bytes before a '=' or ':' (and a quote, or a space) spares most keys the rest. */
static bool keyed_at(const struct pii_text *t, size_t i, struct pii_span *best)
{
    unsigned c = pii_before(t, i);
    bool quote = c == '"' || c == '\'' || c == '`';
    size_t k = quote || c == ' ' ? i - 1 : i;
    while (k < i && k > 0 && i - k < 5 && t->p[k - 1] == '\\') /* {\"password\":\"…\"}: JSON within a text */
        k--;
    if (t->p[i] == ':' && i >= t->floor) {
        unsigned next = pii_byte(t, i + 1);
        if (pii_is_alnum(c) && next > ' ' && next != '"' && next != '\'' && next != ':' && pii_login_at(t, i, best))
            return true;
        if ((pii_before(t, k) | 0x20) == 'e' && pii_cookie_at(t, k, i, best))
            return true;
    }
    if (k < 3 || pii_key_tails[pii_key_tail(t->p[k - 3], t->p[k - 2], t->p[k - 1])] == 0)
        return false;
    return pii_keyed_secret_at(t, i, best);
}

/* A look at what stands before a quote or a '>' spares most the rest. */
static bool mark_at(const struct pii_text *t, size_t i, struct pii_span *best)
{
    bool element = t->p[i] == '>';
    unsigned c = t->p[i - 1];
    size_t k = element ? i : i - 1;
    if (i < 4 || (!element && c != ' ' && c != '('))
        return false;
    bool by = !element && (t->p[k - 1] | 0x20) == 'y' && (t->p[k - 2] | 0x20) == 'b';
    if (!by && pii_key_tails[pii_key_tail(t->p[k - 3], t->p[k - 2], t->p[k - 1])] == 0)
        return false;
    return element ? pii_element_secret_at(t, i, best) : pii_sql_secret_at(t, i, best);
}

static bool colon_at(const struct pii_text *t, size_t i, bool six, struct pii_span *best)
{
    bool found = false;
    struct pii_span one;
    if (pii_byte(t, i + 1) == '/' && pii_byte(t, i + 2) == '/') {
        if (pii_url_credentials_at(t, i, &one))
            keep(t, &one, best, &found);
        if (pii_set_has(&t->types, PII_URL) && pii_url_at(t, i, &one))
            keep(t, &one, best, &found);
        return found;
    }
    if (six && i >= 11 && t->p[i - 3] == ':' && t->p[i - 6] == ':' && pii_mac_at(t, i, 11, &one))
        keep(t, &one, best, &found);
    if (six && !found && pii_ipv6_at(t, i, &one))
        keep(t, &one, best, &found);
    if (!found && keyed_at(t, i, &one))
        keep(t, &one, best, &found);
    return found;
}

/* sixteenth: byte of a run of letters, digits, '_' and '-'. */
static bool run_at(const struct pii_text *t, size_t sixteenth, struct pii_span *best)
{
    size_t start = sixteenth - 15;
    bool found = false;
    struct pii_span one;
    while (start < sixteenth && t->p[start] == '-')
        start++;
    if (pii_byte(t, start + 8) == '-' && pii_byte(t, start + 13) == '-') {
        if (pii_set_has(&t->types, PII_UUID) && pii_uuid_at(t, start, &one))
            keep(t, &one, best, &found);
    }
    if (pii_token_secret_at(t, start, &one))
        keep(t, &one, best, &found);
    if (!found && pii_crypto_at(t, start, &one))
        keep(t, &one, best, &found);
    return found;
}

static bool anchor_at(const struct pii_scan *scan, size_t i, unsigned bit, struct pii_span *span)
{
    const struct pii_text *t = &scan->text;
    bool found = false;
    struct pii_span one;
    if (scan->runs >> bit & 1 && run_at(t, i, &one))
        keep(t, &one, span, &found);
    switch (t->p[i]) {
    case '@':
        return pii_email_at(t, i, 1, &one) || pii_dsn_at(t, i, &one) ? keep(t, &one, span, &found), found : found;
    case ':':
        return colon_at(t, i, scan->sixes >> bit & 1, &one) ? keep(t, &one, span, &found), found : found;
    case '=':
        return keyed_at(t, i, &one) ? keep(t, &one, span, &found), found : found;
    case '-':
        if (i >= 14 && t->p[i - 3] == '-' && pii_mac_at(t, i, 14, &one))
            keep(t, &one, span, &found);
        return found;
    case 'B':
        if (i >= 5 && t->p[i - 1] == '-' && t->p[i - 5] == '-' && pii_private_key_at(t, i - 1, &one))
            keep(t, &one, span, &found);
        else if (scan->options >> bit & 1 && pii_option_at(t, i, &one))
            keep(t, &one, span, &found);
        return found;
    case '"':
    case '\'':
    case '>':
        return mark_at(t, i, &one) ? keep(t, &one, span, &found), found : found;
    case '.':
        if (i >= 9 && t->p[i - 5] == '.' && pii_mac_at(t, i, 9, &one))
            keep(t, &one, span, &found);
        if (scan->urls && pii_bare_url_at(t, i, &one))
            keep(t, &one, span, &found);
        return found;
    default:
        if (scan->numbers >> bit & 1   ? number_at(t, i, &one)
            : scan->mixed >> bit & 1   ? pii_mixed_at(t, i, &one)
            : scan->options >> bit & 1 ? pii_option_at(t, i, &one)
                                       : false)
            keep(t, &one, span, &found);
        return found;
    }
}

/* A local part may start with what is a number by itself: the '@' behind it decides. A secret is none, and isn't left half. */
static void prefer_email(const struct pii_text *t, struct pii_span *span)
{
    size_t end = span->start + span->length, i = end;
    while (i - end < 64 && i < t->n && t->p[i] > ' ' && t->p[i] < 0x7F && t->p[i] != '@')
        i++;
    struct pii_span email;
    if (pii_byte(t, i) == '@' && pii_set_has(&t->types, PII_EMAIL) && pii_email_at(t, i, 1, &email) &&
        email.length > span->length && email.start < (span->type == PII_SECRET ? span->start + 1 : end))
        *span = email;
}

bool pii_scan_next(struct pii_scan *scan, struct pii_span *span)
{
    struct pii_text *t = &scan->text;
    for (;;) {
        while (scan->anchors == 0) {
            if (t->n - scan->block <= 64) {
                scan->block = t->n;
                return false;
            }
            scan->block += 64;
            load(scan);
        }
        unsigned bit = (unsigned)__builtin_ctzll(scan->anchors);
        size_t i = scan->block + bit;
        scan->anchors &= scan->anchors - 1;
        if (scan->ends >> bit & 1 && !scan->secret_key)
            scan->secret_key = pii_key_may_be_secret((struct str){ (const char *)t->p, i }, scan->keys);
        if (i < t->floor || !anchor_at(scan, i, bit, span))
            continue;
        if (span->type != PII_EMAIL && span->type != PII_URL_CREDENTIALS)
            prefer_email(t, span);
        t->floor = span->start + span->length;
        /* What is kept stays in the text, and the words before it stay what they are. */
        if (!pii_type_kept(span->type)) {
            t->words = t->floor;
            t->last = (int)span->type;
        }
        return true;
    }
}

bool pii_next(struct str text, size_t from, struct pii_span *span)
{
    struct pii_scan scan;
    pii_scan_init(&scan, text, from);
    return pii_scan_next(&scan, span);
}
