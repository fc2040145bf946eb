/* lib/log/fields: lines whose fields stand in a fixed order: cut one after the other, and put under the names of a layout. */
#include "log/shape.h"

/* The closing quote or bracket of a field that begins at s.p[0]; s.n: there is none. */
static size_t field_close(struct str s, char close)
{
    size_t i = 1;
    while (i < s.n && s.p[i] != close)
        i += s.p[i] == '\\' && close == '"' ? 2 : 1;
    return i < s.n ? i : s.n;
}

bool cut_field(struct str *s, char sep, struct str *field)
{
    size_t i = 0;
    if (sep == ' ')
        while (s->n > 0 && s->p[0] == ' ')
            *s = str_from(*s, 1);
    if (s->n == 0)
        return false;
    char close = sep != ' ' ? '\0' : s->p[0] == '"' ? '"' : s->p[0] == '[' ? ']' : s->p[0] == '{' ? '}' : '\0';
    if (close != '\0') {
        i = field_close(*s, close);
        if (i == s->n || (i + 1 < s->n && s->p[i + 1] != ' '))
            close = '\0';
    }
    if (close != '\0') {
        *field = (struct str){ s->p + 1, i - 1 };
        i++;
    } else {
        const char *at = memchr(s->p, sep, s->n);
        i = at != NULL ? (size_t)(at - s->p) : s->n;
        *field = str_head(*s, i);
    }
    *s = str_from(*s, i < s->n ? i + 1 : i);
    return true;
}

size_t cut_fields(struct str *s, char sep, struct str *fields, size_t max)
{
    size_t n = 0;
    while (n < max && cut_field(s, sep, &fields[n]))
        n++;
    return n;
}

void put_fields(struct logline_parser *p, const char *const *names, const struct str *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (names[i] != NULL && !(fields[i].n == 1 && fields[i].p[0] == '-'))
            put_field(p, names[i], fields[i]);
}

bool is_status(struct str s)
{
    return s.n == 3 && s.p[0] >= '1' && s.p[0] <= '5' && is_digit(s.p[1]) && is_digit(s.p[2]);
}

bool is_number(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]))
            return false;
    return s.n > 0;
}

bool is_address(struct str s)
{
    size_t dots = 0, colons = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        dots += c == '.';
        colons += c == ':';
        if (!is_digit(c) && c != '.' && c != ':' && !((c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
            return false;
    }
    return s.n >= 3 && s.n <= 64 && (dots >= 3 || colons >= 2);
}

bool is_uuid(struct str s)
{
    if (s.n != 36)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s.p[i] != '-' : !is_digit(s.p[i]) && !((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'f'))
            return false;
    }
    return true;
}
