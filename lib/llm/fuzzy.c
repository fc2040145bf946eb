/* lib/llm/fuzzy: Myers' bit-vector algorithm (A fast bit-vector algorithm for approximate string matching, J. ACM 46(3), 1999), in
 * blocks of 64 as Hyyrö has it (2003). */
#include "llm/fuzzy.h"

#include <stdlib.h>

enum { WORDS = FUZZY_PATTERN_MAX / 64 };

struct block {
    uint64_t plus, minus; /* where a column's differences are +1, -1 */
};

/* One column of one block. in, and what is returned: the horizontal difference at its top, at its last row. */
static int advance(struct block *b, uint64_t equal, int in, uint64_t last)
{
    uint64_t plus = b->plus, minus = b->minus, eq = equal | (in < 0 ? 1 : 0);
    uint64_t xv = equal | minus, xh = (((eq & plus) + plus) ^ plus) | eq;
    uint64_t ph = minus | ~(xh | plus), mh = plus & xh;
    int out = (ph & last) != 0 ? 1 : (mh & last) != 0 ? -1 : 0;
    ph = ph << 1 | (in > 0 ? 1 : 0);
    mh = mh << 1 | (in < 0 ? 1 : 0);
    b->plus = mh | ~(xv | ph);
    b->minus = ph & xv;
    return out;
}

/* Where the match that ends at `end` begins: the shortest way back, by the classic table. */
static size_t find_start(struct str text, struct str pattern, size_t end, size_t edits)
{
    size_t reach = pattern.n + edits, width = end < reach ? end : reach, best = end, fewest = SIZE_MAX;
    uint32_t row[FUZZY_PATTERN_MAX + 1];
    for (size_t i = 0; i <= pattern.n; i++)
        row[i] = (uint32_t)i;
    for (size_t back = 1; back <= width; back++) {
        char c = text.p[end - back];
        uint32_t diagonal = row[0];
        row[0] = (uint32_t)back;
        for (size_t i = 1; i <= pattern.n; i++) {
            uint32_t replace = diagonal + (pattern.p[pattern.n - i] != c), other = (row[i] < row[i - 1] ? row[i] : row[i - 1]) + 1;
            diagonal = row[i];
            row[i] = replace < other ? replace : other;
        }
        if (row[pattern.n] < fewest) {
            fewest = row[pattern.n];
            best = end - back;
        }
    }
    return best;
}

bool fuzzy_find(struct str text, struct str pattern, size_t edits, struct fuzzy_match *match)
{
    if (pattern.n == 0 || pattern.n > FUZZY_PATTERN_MAX || edits >= pattern.n)
        return false;
    size_t words = (pattern.n + 63) / 64;
    uint64_t(*equal)[WORDS] = calloc(256, sizeof *equal);
    struct block blocks[WORDS];
    if (equal == NULL)
        return false;
    for (size_t i = 0; i < pattern.n; i++)
        equal[(unsigned char)pattern.p[i]][i / 64] |= (uint64_t)1 << i % 64;
    for (size_t w = 0; w < words; w++)
        blocks[w] = (struct block){ ~(uint64_t)0, 0 };
    uint64_t last = (uint64_t)1 << (pattern.n - 1) % 64, top = (uint64_t)1 << 63;
    size_t score = pattern.n, fewest = edits + 1, end = 0;
    for (size_t i = 0; i < text.n; i++) {
        const uint64_t *eq = equal[(unsigned char)text.p[i]];
        int carry = 0;
        for (size_t w = 0; w < words; w++)
            carry = advance(&blocks[w], eq[w], carry, w + 1 == words ? last : top);
        score += (size_t)carry;
        if (score < fewest) {
            fewest = score;
            end = i + 1;
            if (score == 0)
                break;
        }
    }
    free(equal);
    if (fewest > edits)
        return false;
    *match = (struct fuzzy_match){ find_start(text, pattern, end, fewest), end, fewest };
    return true;
}
