/* lib/pii/login: who logs in on a command line ("curl -u user:password"), and cookies. */
#include "pii/scan.h"

enum { USER_MAX = 64, COOKIE_MAX = 4096, RANDOM_MIN = 12 };

static bool ends_in(const struct pii_text *t, size_t end, const char *what)
{
    size_t n = strlen(what);
    return end >= t->words + n && strncasecmp((const char *)t->p + end - n, what, n) == 0;
}

/* The password of -u user:password, -u 'user:password', --user=user:password. */
bool pii_login_at(const struct pii_text *t, size_t colon, struct pii_span *s)
{
    size_t user = colon, end = colon + 1;
    while (user > t->floor && colon - user < USER_MAX && t->p[user - 1] > ' ' && strchr("'\"=`", t->p[user - 1]) == NULL)
        user--;
    /* A user's name has no colon (RFC 7617); in a token of ours one stands behind a bracket. */
    if (memchr(t->p + user, ':', colon - user) != NULL || memchr(t->p + user, '[', colon - user) != NULL)
        return false;
    size_t at = user;
    unsigned quote = pii_before(t, at);
    if (quote == '\'' || quote == '"')
        at--;
    else
        quote = 0;
    if (pii_before(t, at) == ' ' || pii_before(t, at) == '=')
        at--;
    size_t name = at;
    while (name > t->floor && at - name < 16 && t->p[name - 1] > ' ')
        name--;
    struct str option = { (const char *)t->p + name, at - name };
    if (at == name && t->p[user] == '-' && pii_byte(t, user + 1) == 'u' && colon - user > 2) { /* -uuser:password */
        option = STR("-u");
        name = user;
    }
    bool is_short = option.n >= 2 && option.n <= 5 && option.p[0] == '-' && option.p[1] != '-' && option.p[option.n - 1] == 'u';
    if (!is_short && !str_eq(option, STR("--user")) && !str_eq(option, STR("--proxy-user")) && !str_eq(option, STR("-U")))
        return false;
    while (end < t->n && end - colon < USER_MAX * 2 && (quote != 0 ? t->p[end] != quote && t->p[end] >= ' ' : t->p[end] > ' ') &&
           (t->whole || t->p[end] != '"'))
        end++;
    if (end == colon + 1 || pii_byte(t, colon + 1) == '/' || t->p[colon + 1] == '[' || t->p[colon + 1] == '$' ||
        !pii_command_before(t, name, 'u', false))
        return false;
    *s = (struct pii_span){ colon + 1, end - colon - 1, PII_SECRET, 0.8f };
    return true;
}

/* RFC 6265: "Cookie: name=value; name=value" whole, "Set-Cookie: name=value; Path=/" up to its attributes, where a value looks
 * drawn by chance. */
bool pii_cookie_at(const struct pii_text *t, size_t key, size_t colon, struct pii_span *s)
{
    if (!ends_in(t, key, "cookie") || (key > 6 && pii_is_word(t->p[key - 7])))
        return false;
    bool set = ends_in(t, key, "set-cookie"), any = false;
    size_t i = colon + 1, start, end;
    while (i - colon < 4 && (pii_byte(t, i) == ' ' || pii_byte(t, i) == '"'))
        i++;
    start = end = i;
    while (i - start < COOKIE_MAX) {
        size_t name = i;
        while (pii_is_word(pii_byte(t, i)) || (pii_byte(t, i) != 0 && strchr("-.!#$%&*+^~|", (int)pii_byte(t, i)) != NULL))
            i++;
        if (i == name || pii_byte(t, i) != '=')
            break;
        size_t value = ++i;
        while (pii_byte(t, i) > ' ' && pii_byte(t, i) < 0x7F && strchr(";,\"'\\[]", (int)pii_byte(t, i)) == NULL)
            i++;
        any |= i - value >= RANDOM_MIN && pii_is_random(t->p + value, i - value);
        end = i;
        if (set || pii_byte(t, i) != ';' || pii_byte(t, i + 1) != ' ')
            break;
        i += 2;
    }
    if (!any || start < t->floor || pii_token_at(t, end) > 0)
        return false;
    *s = (struct pii_span){ start, end - start, PII_SECRET, 0.8f };
    return true;
}
