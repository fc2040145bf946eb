/* lib/pii/scan: one pass over the bytes: 64 at a time into bitmaps, anchors out of them, verifiers at the anchors. */
#include "pii/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

void pii_classify_scalar(const unsigned char *p, struct pii_masks *m)
{
    *m = (struct pii_masks){ 0, 0, 0, 0, 0 };
    for (unsigned i = 0; i < 64; i++) {
        uint64_t bit = (uint64_t)1 << i;
        unsigned c = p[i];
        m->digit |= pii_is_digit(c) ? bit : 0;
        m->letter |= pii_is_letter(c) ? bit : 0;
        m->word |= pii_is_word(c) ? bit : 0;
        m->at |= c == '@' ? bit : 0;
        m->colon |= c == ':' ? bit : 0;
    }
}
#if defined(__x86_64__)
void pii_classify_sse2(const unsigned char *p, struct pii_masks *m)
{
    uint64_t digit = 0, letter = 0, line = 0, at = 0, colon = 0;
    for (unsigned k = 0; k < 4; k++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * k));
        __m128i d = _mm_sub_epi8(v, _mm_set1_epi8('0'));
        __m128i l = _mm_sub_epi8(_mm_or_si128(v, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
        unsigned at_shift = 16 * k;
        digit |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(d, _mm_set1_epi8(9)), d)) << at_shift;
        letter |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(l, _mm_set1_epi8(25)), l)) << at_shift;
        line |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('_'))) << at_shift;
        at |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('@'))) << at_shift;
        colon |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(':'))) << at_shift;
    }
    *m = (struct pii_masks){ digit, letter, digit | letter | line, at, colon };
}

__attribute__((target("avx2"))) void pii_classify_avx2(const unsigned char *p, struct pii_masks *m)
{
    uint64_t digit = 0, letter = 0, line = 0, at = 0, colon = 0;
    for (unsigned k = 0; k < 2; k++) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * k));
        __m256i d = _mm256_sub_epi8(v, _mm256_set1_epi8('0'));
        __m256i l = _mm256_sub_epi8(_mm256_or_si256(v, _mm256_set1_epi8(0x20)), _mm256_set1_epi8('a'));
        unsigned at_shift = 32 * k;
        digit |= (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(d, _mm256_set1_epi8(9)), d))
                 << at_shift;
        letter |= (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(l, _mm256_set1_epi8(25)), l))
                  << at_shift;
        line |= (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('_'))) << at_shift;
        at |= (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('@'))) << at_shift;
        colon |= (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(':'))) << at_shift;
    }
    *m = (struct pii_masks){ digit, letter, digit | letter | line, at, colon };
}
#endif

/* Which bits have a colon 1 to 5 places before them. */
static uint64_t colon_close(uint64_t now, uint64_t was)
{
    uint64_t close = 0;
    for (unsigned k = 1; k <= 5; k++)
        close |= now << k | was >> (64 - k);
    return close;
}

/* Loads the block that starts at scan->block and finds its anchors. */
static void load(struct pii_scan *scan)
{
    const struct pii_text *t = &scan->text;
    struct pii_masks m;
    size_t left = t->n - scan->block;
    if (left >= 64) {
        scan->classify(t->p + scan->block, &m);
    } else {
        unsigned char last[64];
        memcpy(last, t->p + scan->block, left);
        memset(last + left, 0, 64 - left);
        scan->classify(last, &m);
    }
    uint64_t word_before = m.word << 1 | scan->was_word >> 63;
    scan->numbers = m.digit & ~word_before;
    /* Two letters that start a word, then a digit: where an IBAN may be. */
    uint64_t iban = m.digit & (m.letter << 1 | scan->was_letter >> 63) & (m.letter << 2 | scan->was_letter >> 62) &
                    ~(m.word << 3 | scan->was_word >> 61);
    scan->anchors = scan->numbers | iban | m.at;
    if ((m.colon | scan->was_colon) != 0) {
        uint64_t pair = m.colon & colon_close(m.colon, scan->was_colon);
        uint64_t triple = pair & colon_close(pair, scan->was_pair);
        uint64_t four = triple & colon_close(triple, scan->was_triple);
        scan->anchors |= four | (m.colon & (m.colon << 1 | scan->was_colon >> 63));
        scan->was_pair = pair;
        scan->was_triple = triple;
    }
    scan->was_letter = m.letter;
    scan->was_word = m.word;
    scan->was_colon = m.colon;
}

void pii_scan_init(struct pii_scan *scan, struct str text, size_t from)
{
    pii_scan_init_at(scan, text, from, from);
}

void pii_scan_init_of(struct pii_scan *scan, struct pii_set types, struct str text, size_t from)
{
    pii_scan_init_at(scan, text, from, from);
    scan->types = types;
}

void pii_scan_init_at(struct pii_scan *scan, struct str text, size_t words, size_t from)
{
    *scan = (struct pii_scan){ .text = { (const unsigned char *)text.p, text.n, from, words, -1, false } };
    scan->types = pii_set_default();
#if defined(__x86_64__)
    scan->classify = __builtin_cpu_supports("avx2") ? pii_classify_avx2 : pii_classify_sse2;
#else
    scan->classify = pii_classify_scalar;
#endif
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

/* Longer wins, then more certain. */
static void keep(const struct pii_span *one, struct pii_span *best, bool *found)
{
    if (!*found || one->length > best->length || (one->length == best->length && one->score > best->score))
        *best = *one;
    *found = true;
}

static bool number_at(const struct pii_text *t, size_t i, struct pii_span *best)
{
    /* Most numbers in a log end here: short, and nothing follows that could make them longer. */
    unsigned before = pii_before(t, i);
    if (before == '%' && i + 1 < t->n) {
        if (t->p[i] == '4' && t->p[i + 1] == '0')
            return pii_email_at(t, i - 1, 3, best);
        if (t->p[i] == '2' && (t->p[i + 1] | 0x20) == 'b')
            return pii_phone_encoded_at(t, i - 1, best);
    }
    /* What goes on from before is part of that, but for the second end of a range of addresses. */
    bool range = before == '-' && ((i - 1 == t->floor && t->last == PII_IPV4) || pii_token_before(t, i - 1) == 4);
    if (!range && pii_glued_before(t, i))
        return false;
    size_t run = 1;
    while (run < 20 && pii_is_digit(pii_byte(t, i + run)))
        run++;
    unsigned next = pii_byte(t, i + run);
    if (run < 7 && next != '-' && next != ' ' && next != '.' && next != ')' && next != '/' && next != '(' && next < 0x80)
        return false;
    /* 2026-11-23 and its like. */
    if (run == 4 && (next == '-' || next == '.' || next == '/') && i + 10 <= t->n && t->p[i + 7] == next &&
        (memcmp(t->p + i, "20", 2) == 0 || memcmp(t->p + i, "19", 2) == 0))
        return false;
    bool found = false;
    unsigned context = 0;
    struct pii_span one;
    if (run <= 3 && next == '.' && pii_ipv4_at(t, i, &context, &one))
        keep(&one, best, &found);
    if (range)
        return found;
    struct pii_digits d;
    pii_digits_read(t, i, &d);
    if (d.n < 7)
        return found;
    if (pii_phone_at(t, &d, &context, &one))
        keep(&one, best, &found);
    if (d.n >= 12 && pii_card_at(t, &d, &context, &one))
        keep(&one, best, &found);
    if (d.n >= 9 && pii_ssn_at(t, &d, &context, &one))
        keep(&one, best, &found);
    return found;
}

static bool anchor_at(const struct pii_text *t, size_t i, bool number, struct pii_span *span)
{
    switch (t->p[i]) {
    case '@':
        return pii_email_at(t, i, 1, span);
    case ':':
        return pii_ipv6_at(t, i, span);
    default:
        return number ? number_at(t, i, span) : pii_iban_at(t, i - 2, span);
    }
}

/* A local part may start with what is a number by itself: the '@' behind it decides. */
static void prefer_email(const struct pii_text *t, struct pii_span *span)
{
    size_t end = span->start + span->length, i = end;
    while (i - end < 64 && i < t->n && t->p[i] > ' ' && t->p[i] < 0x7F && t->p[i] != '@')
        i++;
    struct pii_span email;
    if (pii_byte(t, i) == '@' && pii_email_at(t, i, 1, &email) && email.start < end && email.length > span->length)
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
        bool number = scan->numbers >> bit & 1;
        size_t i = scan->block + bit;
        scan->anchors &= scan->anchors - 1;
        if (i < t->floor || !anchor_at(t, i, number, span))
            continue;
        if (span->type != PII_EMAIL)
            prefer_email(t, span);
        t->floor = t->words = span->start + span->length;
        t->last = (int)span->type;
        return true;
    }
}

bool pii_next(struct str text, size_t from, struct pii_span *span)
{
    struct pii_scan scan;
    pii_scan_init(&scan, text, from);
    return pii_scan_next(&scan, span);
}
