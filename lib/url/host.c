/* lib/url: hosts: names, IPv4 addresses in all their spellings, IPv6 addresses, opaque hosts. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>

#include "base/utf8.h"
#include "url/idna.h"
#include "url/url.h"

/* The standard's forbidden host code points. */
static bool is_forbidden(unsigned char c)
{
    return c == '\0' || c == '\t' || c == '\n' || c == '\r' || (c < 0x80 && strchr(" #/:<>?@[\\]^|", c) != NULL);
}

static bool is_forbidden_in_domain(unsigned char c)
{
    return c <= ' ' || c == '%' || c == 0x7F || is_forbidden(c);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Eight groups as RFC 5952 writes them, but never with an IPv4 address at the end. */
static bool read_ipv6(struct str s, struct buf *out)
{
    char text[INET6_ADDRSTRLEN + 1];
    unsigned char a[16];
    if (s.n >= sizeof text || memchr(s.p, '\0', s.n) != NULL)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    if (inet_pton(AF_INET6, text, a) != 1)
        return false;
    int best = -1, best_n = 1;
    for (int i = 0; i < 8; i++) {
        int n = 0;
        while (i + n < 8 && a[2 * (i + n)] == 0 && a[2 * (i + n) + 1] == 0)
            n++;
        if (n > best_n) {
            best = i;
            best_n = n;
        }
        i += n > 0 ? n - 1 : 0;
    }
    buf_putc(out, '[');
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            buf_puts(out, i == 0 ? "::" : ":");
            i += best_n - 1;
            continue;
        }
        buf_printf(out, "%x%s", (unsigned)(a[2 * i] << 8 | a[2 * i + 1]), i < 7 ? ":" : "");
    }
    buf_putc(out, ']');
    return true;
}

/* Decimal, 0x hexadecimal or 0 octal. UINT64_MAX: not a number; larger than any address counts as one. */
static uint64_t ipv4_number(struct str s)
{
    uint64_t v = 0, base = 10;
    if (s.n == 0)
        return UINT64_MAX;
    if (s.n >= 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x') {
        base = 16;
        s = (struct str){ s.p + 2, s.n - 2 };
    } else if (s.n >= 2 && s.p[0] == '0') {
        base = 8;
        s = (struct str){ s.p + 1, s.n - 1 };
    }
    for (size_t i = 0; i < s.n; i++) {
        int d = hex_value(s.p[i]);
        if (d < 0 || (uint64_t)d >= base)
            return UINT64_MAX;
        v = v * base + (uint64_t)d;
        if (v > (uint64_t)1 << 40)
            v = (uint64_t)1 << 40;
    }
    return v;
}

static struct str last_label(struct str host)
{
    size_t start = host.n;
    while (start > 0 && host.p[start - 1] != '.')
        start--;
    return (struct str){ host.p + start, host.n - start };
}

/* The "ends in a number checker": such a host is an IPv4 address or nothing. */
static bool ends_in_a_number(struct str host)
{
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    struct str last = last_label(host);
    size_t digits = 0;
    while (digits < last.n && last.p[digits] >= '0' && last.p[digits] <= '9')
        digits++;
    return last.n > 0 && (digits == last.n || ipv4_number(last) != UINT64_MAX);
}

static bool read_ipv4(struct str host, struct buf *out)
{
    uint64_t parts[4], address = 0;
    size_t n = 0;
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    for (bool more = true; more; n++) {
        more = memchr(host.p, '.', host.n) != NULL;
        if (n == 4 || (parts[n] = ipv4_number(str_cut(&host, '.'))) == UINT64_MAX)
            return false;
    }
    for (size_t i = 0; i + 1 < n; i++) {
        if (parts[i] > 255)
            return false;
        address |= parts[i] << (24 - 8 * i);
    }
    if (parts[n - 1] >= (uint64_t)1 << (8 * (5 - n)))
        return false;
    address |= parts[n - 1];
    buf_printf(out, "%u.%u.%u.%u", (unsigned)(address >> 24), (unsigned)(address >> 16 & 255), (unsigned)(address >> 8 & 255),
               (unsigned)(address & 255));
    return true;
}

static bool read_opaque(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++)
        if (is_forbidden((unsigned char)s.p[i]))
            return false;
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        size_t n = utf8_length(s.p + i, s.n - i);
        if (c >= ' ' && c <= '~')
            buf_putc(out, (char)c);
        else if (n == 0)
            buf_puts(out, "%EF%BF%BD");
        else
            for (size_t k = 0; k < n; k++)
                buf_printf(out, "%%%02X", (unsigned)(unsigned char)s.p[i + k]);
        i += n > 0 ? n : 1;
    }
    return true;
}

/* A label of it is punycode: "xn--…", in any case. */
static bool has_encoded(struct str name)
{
    for (size_t i = 0; i + 4 <= name.n; i++)
        if ((i == 0 || name.p[i - 1] == '.') && (name.p[i] | 0x20) == 'x' && (name.p[i + 1] | 0x20) == 'n' &&
            name.p[i + 2] == '-' && name.p[i + 3] == '-')
            return true;
    return false;
}

/* Percent-encoding undone, UTF-8 made ASCII (UTS 46, not transitional). */
static bool read_name(struct str s, struct buf *idna, struct buf *out)
{
    bool ascii = true;
    buf_clear(idna);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%' && i + 2 < s.n && hex_value(s.p[i + 1]) >= 0 && hex_value(s.p[i + 2]) >= 0) {
            c = (char)(hex_value(s.p[i + 1]) << 4 | hex_value(s.p[i + 2]));
            i += 2;
        }
        ascii = ascii && (unsigned char)c < 0x80;
        buf_putc(idna, c);
    }
    if (ascii && !has_encoded(buf_str(idna))) {
        for (size_t i = 0; i < idna->n; i++)
            buf_putc(out, idna->p[i] >= 'A' && idna->p[i] <= 'Z' ? (char)(idna->p[i] | 0x20) : idna->p[i]);
        return true;
    }
    bool read = idna_to_ascii(buf_str(idna), out);
    idna->failed |= out->failed;
    return read;
}

bool url_host_read(struct str text, bool special, struct buf *idna, struct buf *out)
{
    size_t start = out->n;
    if (text.n > 0 && text.p[0] == '[')
        return text.p[text.n - 1] == ']' && text.n > 2 && read_ipv6((struct str){ text.p + 1, text.n - 2 }, out);
    if (!special)
        return read_opaque(text, out);
    bool known = read_name(text, idna, out) && !out->failed && out->n > start;
    for (size_t i = start; known && i < out->n; i++)
        known = !is_forbidden_in_domain((unsigned char)out->p[i]);
    if (known && ends_in_a_number((struct str){ out->p + start, out->n - start })) {
        buf_clear(idna);
        known = read_ipv4((struct str){ out->p + start, out->n - start }, idna);
        out->n = start;
        if (known)
            buf_put_str(out, buf_str(idna));
    }
    if (!known)
        out->n = start;
    return known;
}
