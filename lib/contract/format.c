/* lib/contract/format: the formats that are only checked. */
#include "contract/format.h"

#include <arpa/inet.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

bool format_uuid(struct str s)
{
    if (s.n != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s.p[i] != '-' : !is_hex(s.p[i]))
            return false;
    }
    return true;
}

static bool is_address(int family, struct str s)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char address[16];
    if (s.n == 0 || s.n >= sizeof text || memchr(s.p, '\0', s.n) != NULL)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return inet_pton(family, text, address) == 1;
}

bool format_ipv4(struct str s)
{
    return is_address(AF_INET, s);
}

bool format_ipv6(struct str s)
{
    return is_address(AF_INET6, s);
}

/* Labels of letters, digits and inner hyphens, at most 63 bytes each, with dots between. */
static bool is_host(struct str s)
{
    if (s.n == 0 || s.n > 253)
        return false;
    size_t label = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool last = i + 1 == s.n || s.p[i + 1] == '.';
        if (c == '.') {
            if (label == 0 || i + 1 == s.n)
                return false;
            label = 0;
        } else if (!is_letter(c) && !is_digit(c) && (c != '-' || label == 0 || last)) {
            return false;
        } else if (++label > 63) {
            return false;
        }
    }
    return true;
}

bool format_email(struct str s)
{
    size_t at = s.n;
    while (at > 0 && s.p[at - 1] != '@')
        at--;
    if (at < 2 || at - 1 > 64)
        return false;
    struct str local = { s.p, at - 1 }, domain = { s.p + at, s.n - at };
    if (local.n >= 2 && local.p[0] == '"' && local.p[local.n - 1] == '"') {
        for (size_t i = 1; i + 1 < local.n; i++) {
            if (local.p[i] < ' ' || local.p[i] > '~' || local.p[i] == '"')
                return false;
            if (local.p[i] == '\\' && (++i + 1 >= local.n || local.p[i] < ' ' || local.p[i] > '~'))
                return false;
        }
    } else {
        for (size_t i = 0; i < local.n; i++) {
            char c = local.p[i];
            bool inner = i > 0 && i + 1 < local.n && local.p[i - 1] != '.';
            if (!is_letter(c) && !is_digit(c) && !is_one_of(c, "!#$%&'*+-/=?^_`{|}~") && (c != '.' || !inner))
                return false;
        }
    }
    if (domain.n > 2 && domain.p[0] == '[' && domain.p[domain.n - 1] == ']') {
        struct str address = { domain.p + 1, domain.n - 2 };
        if (str_starts(address, STR("IPv6:")))
            return format_ipv6((struct str){ address.p + 5, address.n - 5 });
        return format_ipv4(address);
    }
    return is_host(domain);
}

bool format_uri(struct str s)
{
    size_t colon = 0;
    while (colon < s.n && (is_letter(s.p[colon]) || (colon > 0 && (is_digit(s.p[colon]) || is_one_of(s.p[colon], "+-.")))))
        colon++;
    if (colon == 0 || colon == s.n || s.p[colon] != ':')
        return false;
    struct str rest = { s.p + colon + 1, s.n - colon - 1 };
    if (str_starts(rest, STR("//"))) {
        struct str authority = { rest.p + 2, 0 };
        while (authority.n + 2 < rest.n && !is_one_of(authority.p[authority.n], "/?#"))
            authority.n++;
        rest = (struct str){ authority.p + authority.n, rest.n - 2 - authority.n };
        /* Square brackets stand around an IPv6 address, and nowhere else. */
        const char *open = authority.n > 0 ? memchr(authority.p, '[', authority.n) : NULL;
        if (open != NULL) {
            const char *end = authority.p + authority.n, *shut = memchr(open, ']', (size_t)(end - open));
            if (shut == NULL || (open > authority.p && open[-1] != '@') || (shut + 1 < end && shut[1] != ':') ||
                !format_ipv6((struct str){ open + 1, (size_t)(shut - open) - 1 }))
                return false;
            for (const char *c = shut + 1; c < end; c++)
                if (c > shut + 1 && !is_digit(*c))
                    return false;
            authority.n = (size_t)(open - authority.p);
        }
        for (size_t i = 0; i < authority.n; i++)
            if (authority.p[i] == '[' || authority.p[i] == ']')
                return false;
    }
    bool fragment = false;
    for (size_t i = colon + 1; i < s.n; i++) {
        char c = s.p[i];
        bool in_authority = s.p + i < rest.p;
        if (c == '%') {
            if (s.n - i < 3 || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2]))
                return false;
        } else if (c == '#') {
            if (fragment)
                return false;
            fragment = true;
        } else if (!is_letter(c) && !is_digit(c) && !is_one_of(c, "-._~:/?@!$&'()*+,;=") && !(in_authority && is_one_of(c, "[]"))) {
            return false;
        }
    }
    return true;
}
