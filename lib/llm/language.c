/* lib/llm/language: scripts by Unicode's blocks, languages of Latin script by their most frequent words. */
#include <strings.h>

#include "base/utf8.h"
#include "llm/judge.h"

enum { SAMPLE_BYTES = 1 << 16, LETTERS_MIN = 6, WORDS_MIN = 4 };

enum script { LATIN, GREEK, CYRILLIC, HEBREW, ARABIC, INDIC, THAI, HAN, KANA, HANGUL, SCRIPTS };

static enum script script_of(unsigned long c)
{
    return c < 0x250                     ? LATIN
           : c >= 0x370 && c < 0x400     ? GREEK
           : c >= 0x400 && c < 0x530     ? CYRILLIC
           : c >= 0x590 && c < 0x600     ? HEBREW
           : c >= 0x600 && c < 0x780     ? ARABIC
           : c >= 0x900 && c < 0xE00     ? INDIC
           : c >= 0xE00 && c < 0xE80     ? THAI
           : c >= 0x3040 && c < 0x3100   ? KANA
           : (c >= 0x3400 && c < 0xA000) ? HAN
           : (c >= 0xAC00 && c < 0xD7B0) ? HANGUL
           : c >= 0x1E00 && c < 0x1F00   ? LATIN
                                         : SCRIPTS;
}

/* Letters of each script; all of them. */
static size_t count_scripts(struct str s, size_t counts[SCRIPTS])
{
    size_t all = 0;
    memset(counts, 0, SCRIPTS * sizeof *counts);
    for (size_t i = 0; i < s.n && i < SAMPLE_BYTES;) {
        const unsigned char *p = (const unsigned char *)s.p + i;
        size_t n = utf8_length(s.p + i, s.n - i);
        unsigned long c = n == 2   ? (p[0] & 31UL) << 6 | (p[1] & 63UL)
                          : n == 3 ? (p[0] & 15UL) << 12 | (p[1] & 63UL) << 6 | (p[2] & 63UL)
                                   : p[0];
        bool letter = n == 1 ? ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') : n == 2 ? c >= 0xC0 : n == 3;
        enum script script = script_of(c);
        if (letter && script < SCRIPTS) {
            counts[script]++;
            all++;
        }
        i += n > 0 ? n : 1;
    }
    return all;
}

static const char *const little_words[][24] = {
    { "the", "and", "of",   "is",   "was", "with", "for", "that", "this", "has", "have",
      "are", "be",  "been", "from", "by",  "will", "not", "to",   "at",   NULL },
    { "der", "die",  "das",   "und", "ist", "nicht", "mit", "von", "ein", "eine", "einen",
      "auf", "wird", "wurde", "dem", "den", "zu",    "bei", "im",  "des", NULL },
    { "le",   "la",   "les", "des", "est", "et",  "une",  "un", "du", "pour",
      "dans", "avec", "qui", "sur", "par", "pas", "sont", "ce", "au", NULL },
    { "el", "los", "las", "una", "es", "y", "con", "para", "por", "que", "del", "se", "su", "fue", "al", "como", "sin", NULL },
    { "il", "lo", "gli", "della", "di", "e", "che", "con", "per", "una", "non", "sono", "nel", "alla", "del", "dei", NULL },
    { "het", "een", "van", "en", "niet", "met", "voor", "op", "zijn", "wordt", "aan", "dat", "bij", "de", "naar", NULL },
    { "o", "os", "uma", "do", "da", "dos", "com", "n\xC3\xA3o", "para", "em", "foi", "ao", "se", "pelo", "na", NULL },
};
enum { LANGUAGES = sizeof little_words / sizeof little_words[0] };

/* The language whose little words are most of them; -1: too few to say. *share: of all words. */
static int language_of(struct str s, size_t least)
{
    size_t counts[LANGUAGES] = { 0 }, best = 0, second = 0, words = 0;
    int language = -1;
    for (size_t i = 0; i < s.n && i < SAMPLE_BYTES;) {
        while (i < s.n && !((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z') && (unsigned char)s.p[i] < 0x80)
            i++;
        size_t start = i;
        while (i < s.n && (((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z') || (unsigned char)s.p[i] >= 0x80))
            i++;
        words += i > start;
        for (int l = 0; l < LANGUAGES; l++)
            for (const char *const *w = little_words[l]; *w != NULL; w++)
                if (strlen(*w) == i - start && strncasecmp(s.p + start, *w, i - start) == 0)
                    counts[l]++;
    }
    for (int l = 0; l < LANGUAGES; l++)
        if (counts[l] > best) {
            second = best;
            best = counts[l];
            language = l;
        } else if (counts[l] > second) {
            second = counts[l];
        }
    return best >= least && best >= 2 * second && best * 8 >= words ? language : -1;
}

bool llm_language_differs(struct str document, struct str words)
{
    size_t in_document[SCRIPTS], in_words[SCRIPTS];
    size_t document_letters = count_scripts(document, in_document), letters = count_scripts(words, in_words);
    if (letters < LETTERS_MIN || document_letters < LETTERS_MIN)
        return false;
    for (int s = 0; s < SCRIPTS; s++)
        if (in_words[s] * 10 >= letters * 8)
            if (in_document[s] * 50 < document_letters)
                return true;
    int theirs = language_of(words, WORDS_MIN), ours = language_of(document, WORDS_MIN);
    return theirs >= 0 && ours >= 0 && theirs != ours;
}
