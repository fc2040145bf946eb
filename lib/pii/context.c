/* lib/pii/context: what the words before a number say about it. */
#include "pii/scan.h"

enum { BACK_BYTES = 64, BACK_WORDS = 6, WORD_MAX = 24 };

enum { POSSESSIVE = 128, NUMBER = 256, GLUE = 512 }; /* beside enum pii_context */

static const struct word {
    const char *text;
    unsigned says;
} words[] = {
    { "tel", PII_CTX_PHONE },
    { "tél", PII_CTX_PHONE },
    { "fax", PII_CTX_PHONE },
    { "gsm", PII_CTX_PHONE },
    { "sms", PII_CTX_PHONE },
    { "fon", PII_CTX_PHONE },
    { "phone", PII_CTX_PHONE },
    { "phones", PII_CTX_PHONE },
    { "phonenumber", PII_CTX_PHONE },
    { "phoneno", PII_CTX_PHONE },
    { "homephone", PII_CTX_PHONE },
    { "workphone", PII_CTX_PHONE },
    { "msisdn", PII_CTX_PHONE },
    { "mobile", PII_CTX_PHONE },
    { "mobil", PII_CTX_PHONE },
    { "handy", PII_CTX_CALL },
    { "movil", PII_CTX_PHONE },
    { "móvil", PII_CTX_PHONE },
    { "telefon", PII_CTX_PHONE },
    { "telefono", PII_CTX_PHONE },
    { "teléfono", PII_CTX_PHONE },
    { "telefone", PII_CTX_PHONE },
    { "telephone", PII_CTX_PHONE },
    { "téléphone", PII_CTX_PHONE },
    { "portable", PII_CTX_CALL },
    { "cellphone", PII_CTX_PHONE },
    { "telefax", PII_CTX_PHONE },
    { "whatsapp", PII_CTX_PHONE },
    { "тел", PII_CTX_PHONE },
    { "телефон", PII_CTX_PHONE },
    { "call", PII_CTX_CALL },
    { "calling", PII_CTX_CALL },
    { "dial", PII_CTX_CALL },
    { "cell", PII_CTX_CALL },
    { "contact", PII_CTX_CALL },
    { "ring", PII_CTX_CALL },
    { "reach", PII_CTX_CALL },
    { "card", PII_CTX_CARD },
    { "cards", PII_CTX_CARD },
    { "cc", PII_CTX_CARD },
    { "ccn", PII_CTX_CARD },
    { "pan", PII_CTX_CARD },
    { "visa", PII_CTX_CARD },
    { "credit", PII_CTX_CARD },
    { "debit", PII_CTX_CARD },
    { "creditcard", PII_CTX_CARD },
    { "cardnumber", PII_CTX_CARD },
    { "mastercard", PII_CTX_CARD },
    { "maestro", PII_CTX_CARD },
    { "amex", PII_CTX_CARD },
    { "discover", PII_CTX_CARD },
    { "unionpay", PII_CTX_CARD },
    { "uatp", PII_CTX_CARD },
    { "ssn", PII_CTX_SSN },
    { "ssns", PII_CTX_SSN },
    { "socialsecurity", PII_CTX_SSN },
    { "ip", PII_CTX_ADDRESS },
    { "ipv", PII_CTX_ADDRESS },
    { "inet", PII_CTX_ADDRESS },
    { "src", PII_CTX_ADDRESS },
    { "dst", PII_CTX_ADDRESS },
    { "addr", PII_CTX_ADDRESS },
    { "address", PII_CTX_ADDRESS },
    { "host", PII_CTX_ADDRESS },
    { "unspecified", PII_CTX_ADDRESS },
    { "my", POSSESSIVE },
    { "your", POSSESSIVE },
    { "his", POSSESSIVE },
    { "her", POSSESSIVE },
    { "our", POSSESSIVE },
    { "their", POSSESSIVE },
    { "number", NUMBER },
    { "numbers", NUMBER },
    { "version", PII_CTX_VERSION },
    { "versions", PII_CTX_VERSION },
    { "ver", PII_CTX_VERSION },
    { "v", PII_CTX_VERSION },
    { "rev", PII_CTX_VERSION },
    { "revision", PII_CTX_VERSION },
    { "release", PII_CTX_VERSION },
    { "build", PII_CTX_VERSION },
    { "firmware", PII_CTX_VERSION },
    { "driver", PII_CTX_VERSION },
    { "clickhouse", PII_CTX_VERSION },
    { "chrome", PII_CTX_VERSION },
    { "chromium", PII_CTX_VERSION },
    { "firefox", PII_CTX_VERSION },
    { "oid", PII_CTX_VERSION },
    { "tag", PII_CTX_VERSION },
    { "rv", PII_CTX_VERSION },
    { "android", PII_CTX_VERSION },
    { "linux", PII_CTX_VERSION },
    { "windows", PII_CTX_VERSION },
    { "id", PII_CTX_OTHER },
    { "ids", PII_CTX_OTHER },
    { "uid", PII_CTX_OTHER },
    { "pid", PII_CTX_OTHER },
    { "tid", PII_CTX_OTHER },
    { "uuid", PII_CTX_OTHER },
    { "offset", PII_CTX_OTHER },
    { "size", PII_CTX_OTHER },
    { "bytes", PII_CTX_OTHER },
    { "length", PII_CTX_OTHER },
    { "count", PII_CTX_OTHER },
    { "rows", PII_CTX_OTHER },
    { "time", PII_CTX_OTHER },
    { "timestamp", PII_CTX_OTHER },
    { "ts", PII_CTX_OTHER },
    { "ms", PII_CTX_OTHER },
    { "port", PII_CTX_OTHER },
    { "order", PII_CTX_OTHER },
    { "ref", PII_CTX_OTHER },
    { "ticket", PII_CTX_OTHER },
    { "invoice", PII_CTX_OTHER },
    { "account", PII_CTX_OTHER },
    { "hash", PII_CTX_OTHER },
    { "epoch", PII_CTX_OTHER },
    { "seq", PII_CTX_OTHER },
    { "block", PII_CTX_OTHER },
    { "line", PII_CTX_OTHER },
    { "error", PII_CTX_OTHER },
    { "code", PII_CTX_OTHER },
    { "date", PII_CTX_OTHER },
};

/* Words of scripts that set no spaces, and compounds: the end of the word decides. */
static const struct word endings[] = {
    { "phone", PII_CTX_PHONE }, { "phonenumber", PII_CTX_PHONE }, { "电话", PII_CTX_PHONE },
    { "電話", PII_CTX_PHONE },  { "手机", PII_CTX_PHONE },        { "手機", PII_CTX_PHONE },
    { "携帯", PII_CTX_PHONE },  { "전화", PII_CTX_PHONE },        { "telefon", PII_CTX_PHONE },
    { "nummer", NUMBER },
};

enum { SLOTS = 512 }; /* a power of two, several times the words */

static unsigned char slots[SLOTS]; /* index into words + 1; 0: free */

static unsigned slot_of(const char *p, size_t n)
{
    uint64_t head = 0, tail = 0;
    memcpy(&head, p, n < 8 ? n : 8);
    memcpy(&tail, p + (n < 8 ? 0 : n - 8), n < 8 ? n : 8);
    return (unsigned)((head * 0x9E3779B97F4A7C15ULL ^ (tail + n) * 0xC2B2AE3D27D4EB4FULL) >> 40) % SLOTS;
}

/* Before main, so that threads only ever read it. */
__attribute__((constructor)) static void index_words(void)
{
    _Static_assert(sizeof words / sizeof *words < 255, "an index is a byte");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        unsigned slot = slot_of(words[i].text, strlen(words[i].text));
        while (slots[slot] != 0)
            slot = (slot + 1) % SLOTS;
        slots[slot] = (unsigned char)(i + 1);
    }
}

static unsigned word_says(const unsigned char *p, size_t n)
{
    char low[WORD_MAX + 1];
    if (n > WORD_MAX)
        return 0;
    for (size_t i = 0; i < n; i++)
        low[i] = (char)((unsigned)(p[i] - 'A') < 26 ? p[i] | 0x20 : p[i]);
    low[n] = '\0';
    for (unsigned slot = slot_of(low, n); slots[slot] != 0; slot = (slot + 1) % SLOTS)
        if (strcmp(words[slots[slot] - 1].text, low) == 0)
            return words[slots[slot] - 1].says;
    unsigned char last = (unsigned char)low[n - 1];
    if (n < 6 || (last < 0x80 && last != 'e' && last != 'r' && last != 'n'))
        return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t len = strlen(endings[i].text);
        if (n >= len && memcmp(low + n - len, endings[i].text, len) == 0)
            return endings[i].says;
    }
    return 0;
}

static bool in_word(unsigned c)
{
    return pii_is_letter(c) || c >= 0x80;
}

/* What a span of the type says about the next item of the same list. */
static unsigned span_says(int type)
{
    return type == PII_PHONE ? PII_CTX_PHONE : type == PII_CARD ? PII_CTX_CARD : type == PII_US_SSN ? PII_CTX_SSN : 0;
}

static unsigned token_says(const struct pii_text *t, size_t end, size_t length)
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

unsigned pii_context(const struct pii_text *t, size_t i, unsigned *cache)
{
    if (*cache & PII_CTX_KNOWN)
        return *cache;
    size_t stop = i > BACK_BYTES ? i - BACK_BYTES : 0;
    bool cut = stop > t->words; /* by distance: a word that starts before isn't read */
    if (!cut)
        stop = t->words;
    size_t start = i;
    unsigned said = 0, seen = 0, first = 0, last = 0;
    bool crossed = false; /* a '=' or ':' between the key and the number: what stands before the pair is about something else */
    while (i > stop && seen < BACK_WORDS) {
        unsigned c = t->p[i - 1];
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
        if (!in_word(c)) {
            i--;
            continue;
        }
        size_t end = i;
        while (i > stop && in_word(t->p[i - 1]) && end - i <= WORD_MAX)
            i--;
        if (cut && i == stop && in_word(t->p[i - 1]))
            break;
        unsigned one = word_says(t->p + i, end - i);
        /* "social security", read backwards. */
        if (last == 1 && end - i == 6 && strncasecmp((const char *)t->p + i, "social", 6) == 0)
            one = PII_CTX_SSN;
        last = end - i == 8 && strncasecmp((const char *)t->p + i, "security", 8) == 0;
        if (seen++ == 0)
            first = one;
        said |= one;
    }
    if (i == t->words && i > 0 && t->last >= 0 && in_list(t, i, start))
        said |= span_says(t->last);
    if ((said & (POSSESSIVE | NUMBER)) == (POSSESSIVE | NUMBER))
        said |= PII_CTX_CALL;
    said &= ~(unsigned)(PII_CTX_VERSION | PII_CTX_OTHER);
    said |= first & (PII_CTX_VERSION | PII_CTX_OTHER);
    *cache = said | PII_CTX_KNOWN;
    return *cache;
}
