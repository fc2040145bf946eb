/* lib/url: the parameters of a query: where a visit came from, and what must not be kept. */
#include "base/utf8.h"
#include "pii/pii.h"
#include "url/url.h"

enum { NAME_MAX_BYTES = 128 /* longer names are none that this file knows */ };

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool has_codes(struct str s)
{
    return s.n > 0 && (memchr(s.p, '%', s.n) != NULL || memchr(s.p, '+', s.n) != NULL);
}

/* application/x-www-form-urlencoded undone; what isn't UTF-8 then becomes U+FFFD. */
static void decode(struct str s, struct buf *out)
{
    size_t start = out->n, end;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%' && i + 2 < s.n && hex_value(s.p[i + 1]) >= 0 && hex_value(s.p[i + 2]) >= 0) {
            c = (char)(hex_value(s.p[i + 1]) << 4 | hex_value(s.p[i + 2]));
            i += 2;
        }
        buf_putc(out, c);
    }
    end = start;
    while (end < out->n) {
        size_t n = utf8_length(out->p + end, out->n - end);
        if (n == 0)
            break;
        end += n;
    }
    if (end == out->n || out->failed)
        return;
    /* Not UTF-8: the rest is written again behind itself, then moved up. */
    size_t bytes = out->n;
    for (size_t i = end; i < bytes;) {
        size_t n = utf8_length(out->p + i, bytes - i);
        if (buf_reserve(out, 4) < 0)
            return;
        if (n == 0)
            buf_puts(out, "\xEF\xBF\xBD");
        else
            buf_put(out, out->p + i, n);
        i += n > 0 ? n : 1;
    }
    memmove(out->p + end, out->p + bytes, out->n - bytes);
    out->n -= bytes - end;
}

/* One parameter, as received. */
struct pair {
    struct str whole, name, value; /* a name may begin with what is left of "&amp;": that isn't part of it */
    bool has_value, more;
};

static size_t position(struct str s, char c)
{
    const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;
    return at != NULL ? (size_t)(at - s.p) : s.n;
}

/* Takes it off the query's start. */
static bool next_pair(struct str *query, struct pair *pair)
{
    if (query->n == 0)
        return false;
    size_t n = position(*query, '&');
    pair->more = n < query->n;
    pair->whole = (struct str){ query->p, n };
    *query = (struct str){ query->p + n + pair->more, query->n - n - pair->more };
    size_t name = position(pair->whole, '=');
    pair->has_value = name < n;
    pair->name = (struct str){ pair->whole.p, name };
    pair->value = (struct str){ pair->whole.p + name + pair->has_value, n - name - pair->has_value };
    if (str_starts(pair->name, STR("amp;")))
        pair->name = (struct str){ pair->name.p + 4, name - 4 };
    return true;
}

/* --- where a visit came from --- */

/* Parameters that advertising systems add to a link: the click that they count. */
static const char *const click_ids[] = {
    "gclid",     /* Google Ads */
    "gbraid",    /* Google Ads, from an app to the web */
    "wbraid",    /* Google Ads, from the web to an app */
    "dclid",     /* Google Display & Video */
    "fbclid",    /* Meta */
    "msclkid",   /* Microsoft */
    "ttclid",    /* TikTok */
    "twclid",    /* X */
    "li_fat_id", /* LinkedIn */
    "igshid",    /* Instagram */
    "rdt_cid",   /* Reddit */
    "ScCid",     /* Snapchat */
    "epik",      /* Pinterest */
    "yclid",     /* Yandex */
    "qclid",     /* Quora */
    "vmcid",     /* Yahoo */
    "tblci",     /* Taboola */
    "dicbo",     /* Outbrain */
    "irclickid", /* impact.com */
    "cjevent",   /* CJ */
    "awc",       /* Awin */
    "ef_id",     /* Adobe */
    "s_kwcid",   /* Adobe, the older one */
};

static bool equal_in_any_case(struct str s, const char *name)
{
    return s.n == strlen(name) && strncasecmp(s.p, name, s.n) == 0;
}

static const char *click_id_name(struct str name)
{
    if (name.n < 3 || name.n > 9)
        return NULL;
    for (size_t i = 0; i < sizeof click_ids / sizeof *click_ids; i++)
        if (equal_in_any_case(name, click_ids[i]))
            return click_ids[i];
    return NULL;
}

/* Where a text was put; memory may move while more is. */
struct place {
    size_t at, n;
};

static struct str text_at(const struct buf *memory, struct place p)
{
    return (struct str){ memory->p + p.at, p.n };
}

/* The value without personal data, at the end of memory. */
static struct place put_clean(struct str value, struct buf *memory)
{
    size_t start = memory->n;
    decode(value, memory);
    size_t raw = memory->n;
    struct buf found; /* pii_redact must not read what it writes to */
    buf_init(&found, 0);
    if (pii_redact((struct str){ memory->p + start, raw - start }, &found) > 0) {
        memory->n = start;
        buf_put_str(memory, buf_str(&found));
    }
    memory->failed |= found.failed;
    buf_fini(&found);
    return (struct place){ start, memory->n - start };
}

int url_parameters_read(struct str query, struct buf *memory, struct url_parameters *out)
{
    struct place names[URL_UTM_MAX], values[URL_UTM_MAX], click = { 0 };
    struct pair pair;
    out->n_utm = 0;
    out->click_id = (struct str){ 0 };
    out->click_id_name = "";
    buf_clear(memory);
    while (next_pair(&query, &pair)) {
        struct str name = pair.name, value = pair.value;
        const char *id;
        if (name.n > 4 && name.n <= NAME_MAX_BYTES && strncasecmp(name.p, "utm_", 4) == 0) {
            struct place place = { memory->n, 0 };
            decode(name, memory);
            place.n = memory->n - place.at;
            if (memory->failed)
                return -1;
            for (size_t i = 0; i < place.n; i++)
                if (memory->p[place.at + i] >= 'A' && memory->p[place.at + i] <= 'Z')
                    memory->p[place.at + i] |= 0x20;
            size_t same = 0;
            while (same < out->n_utm && !str_eq(text_at(memory, names[same]), text_at(memory, place)))
                same++;
            if (same < out->n_utm || same == URL_UTM_MAX) {
                memory->n = place.at;
                continue;
            }
            names[same] = place;
            values[same] = put_clean(value, memory);
            out->n_utm++;
        } else if (click.n == 0 && value.n > 0 && (id = click_id_name(name)) != NULL) {
            click.at = memory->n;
            decode(value, memory);
            click.n = memory->n - click.at;
            out->click_id_name = id;
        }
    }
    if (memory->failed)
        return -1;
    for (size_t i = 0; i < out->n_utm; i++)
        out->utm[i] = (struct url_pair){ text_at(memory, names[i]), text_at(memory, values[i]) };
    if (click.n > 0)
        out->click_id = text_at(memory, click);
    return 0;
}

/* --- what must not be kept --- */

static const char REDACTED[] = "[REDACTED]";

/* Sorted. A parameter is secret or personal where one of the words of its name is in here. Words: apiKey, api_key, api-key and
 * user[api.key] all have api and key. */
static const char *const sensitive_words[] = {
    "auth",    "authorization", "bearer", "birthdate", "birthday",   "credential", "credentials", "csrf",      "cvc",
    "cvv",     "dob",           "email",  "hmac",      "iban",       "jwt",        "key",         "mail",      "mobile",
    "msisdn",  "nonce",         "otp",    "passcode",  "passphrase", "passport",   "passwd",      "password",  "phone",
    "pin",     "private",       "pwd",    "secret",    "session",    "sid",        "sig",         "signature", "ssn",
    "surname", "telephone",     "ticket", "token",     "totp",       "xsrf",
};

/* Sorted. Or its whole name, without separators and in lower case: words that mean this only alone or together. */
static const char *const sensitive_names[] = {
    "accesskey",
    "accesstoken",
    "apikey",
    "appkey",
    "apptoken",
    "authcode",
    "authenticitytoken",
    "authtoken",
    "cardnumber",
    "clientsecret",
    "creditcard",
    "csrfmiddlewaretoken",
    "dateofbirth",
    "emailaddress",
    "familyname",
    "firstname",
    "fullname",
    "givenname",
    "idtoken",
    "jsessionid",
    "lastname",
    "name",
    "oauthverifier",
    "pan",
    "pass",
    "phonenumber",
    "phpsessid",
    "refreshtoken",
    "samlrequest",
    "samlresponse",
    "secretkey",
    "sessid",
    "sessionid",
    "sessiontoken",
    "socialsecuritynumber",
    "ssid",
    "tel",
    "user",
    "username",
    "userpassword",
    "usertoken",
};

static bool in_list(const char *word, size_t n, const char *const *list, size_t count)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strncmp(list[middle], word, n);
        if (order == 0 && list[middle][n] == '\0')
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

#define IN_LIST(word, n, list) in_list(word, n, list, sizeof list / sizeof *(list))

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || is_upper(c) || (c >= '0' && c <= '9');
}

/* oauth: the query has a state too, so that "code" is what an OAuth server hands out (RFC 6749, 4.1.2). */
static bool is_sensitive(struct str name, bool oauth)
{
    char whole[NAME_MAX_BYTES], word[NAME_MAX_BYTES];
    size_t n = 0, w = 0;
    if (name.n == 0 || name.n > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i <= name.n; i++) {
        bool ends = i == name.n || !is_word_char(name.p[i]);
        /* A word begins with a capital: apiKey, APIKey. */
        bool begins = !ends && i > 0 && is_upper(name.p[i]) &&
                      (!is_upper(name.p[i - 1]) || (i + 1 < name.n && name.p[i + 1] >= 'a' && name.p[i + 1] <= 'z'));
        if ((ends || begins) && w > 0) {
            if (IN_LIST(word, w, sensitive_words))
                return true;
            w = 0;
        }
        if (!ends)
            whole[n++] = word[w++] = is_upper(name.p[i]) ? (char)(name.p[i] | 0x20) : name.p[i];
    }
    return IN_LIST(whole, n, sensitive_names) || (oauth && n == 4 && memcmp(whole, "code", 4) == 0);
}

static bool has_state(struct str query)
{
    struct pair pair;
    while (next_pair(&query, &pair))
        if (equal_in_any_case(pair.name, "state"))
            return true;
    return false;
}

/* As a parameter's text that holds tokens: everything but letters, digits, -._~ and a token's brackets is percent-encoded. */
static void encode(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (is_word_char(c) || strchr("-._~[]", c != '\0' ? c : ' ') != NULL)
            buf_putc(out, c);
        else
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}

/* What personal data there is in the pair, also where it is percent-encoded. The value of a name that holds some goes too. */
static void redact_pair(struct str pair, struct buf scratch[2], struct buf *out)
{
    bool coded = has_codes(pair);
    struct str plain = pair;
    buf_clear(&scratch[0]);
    buf_clear(&scratch[1]);
    if (coded) {
        decode(pair, &scratch[0]);
        plain = buf_str(&scratch[0]);
    }
    size_t found = pii_redact(plain, &scratch[1]);
    if (scratch[0].failed || scratch[1].failed) { /* no answer, rather than one that isn't clean */
        out->failed = true;
        return;
    }
    if (found == 0) {
        buf_put_str(out, pair);
        return;
    }
    struct str clean = buf_str(&scratch[1]);
    struct str name = { clean.p, position(clean, '=') }, plain_name = { plain.p, position(plain, '=') };
    coded ? encode(name, out) : (void)buf_put_str(out, name);
    if (name.n == clean.n)
        return;
    struct str value = { clean.p + name.n + 1, clean.n - name.n - 1 };
    buf_putc(out, '=');
    if (!str_eq(name, plain_name))
        buf_puts(out, value.n > 0 ? REDACTED : "");
    else
        coded ? encode(value, out) : (void)buf_put_str(out, value);
}

int url_query_redact(struct str query, struct buf scratch[2], struct buf *out)
{
    bool oauth = has_state(query);
    struct pair pair;
    while (next_pair(&query, &pair)) {
        if (has_codes(pair.name)) {
            buf_clear(&scratch[0]);
            decode(pair.name, &scratch[0]);
            out->failed |= scratch[0].failed;
            pair.name = buf_str(&scratch[0]);
        }
        if (pair.value.n > 0 && is_sensitive(pair.name, oauth)) {
            buf_put(out, pair.whole.p, pair.whole.n - pair.value.n);
            buf_puts(out, REDACTED);
        } else {
            redact_pair(pair.whole, scratch, out);
        }
        if (pair.more)
            buf_putc(out, '&');
    }
    return out->failed ? -1 : 0;
}
