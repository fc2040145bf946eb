/* lib/url: scheme, authority, path and query of a URL. The names of states are those of the URL standard. */
#include "url/url.h"

#include "base/utf8.h"

void url_reader_init(struct url_reader *r)
{
    buf_init(&r->clean, 0);
    buf_init(&r->host, 0);
    buf_init(&r->idna, 0);
    buf_init(&r->lower, 0);
    buf_init(&r->path, 0);
}

void url_reader_fini(struct url_reader *r)
{
    buf_fini(&r->clean);
    buf_fini(&r->host);
    buf_fini(&r->idna);
    buf_fini(&r->lower);
    buf_fini(&r->path);
}

static bool is_alpha(char c)
{
    c |= 0x20;
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_separator(char c, bool special)
{
    return c == '/' || (special && c == '\\');
}

static struct str from(struct str s, size_t n)
{
    return n == 0 ? s : (struct str){ s.p + n, s.n - n }; /* NULL + 0 is undefined */
}

/* Without control characters and spaces at both ends, and without tabs and line ends anywhere. */
static struct str clean(struct url_reader *r, struct str s)
{
    while (s.n > 0 && (unsigned char)s.p[0] <= ' ')
        s = from(s, 1);
    while (s.n > 0 && (unsigned char)s.p[s.n - 1] <= ' ')
        s.n--;
    size_t i = 0;
    while (i < s.n && s.p[i] != '\t' && s.p[i] != '\n' && s.p[i] != '\r')
        i++;
    if (i == s.n)
        return s;
    buf_put(&r->clean, s.p, i);
    for (; i < s.n; i++)
        if (s.p[i] != '\t' && s.p[i] != '\n' && s.p[i] != '\r')
            buf_putc(&r->clean, s.p[i]);
    return buf_str(&r->clean);
}

/* Bytes that the path's percent-encode set takes as they are. */
static bool is_plain(unsigned char c, bool opaque)
{
    if (c < ' ' || c > '~')
        return false;
    return opaque ||
           !(c == ' ' || c == '"' || c == '#' || c == '<' || c == '>' || c == '?' || c == '^' || c == '`' || c == '{' || c == '}');
}

static void encode(struct str s, bool opaque, struct buf *out)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n;) {
        size_t run = i;
        while (run < s.n && is_plain((unsigned char)s.p[run], opaque))
            run++;
        buf_put(out, s.p + i, run - i);
        i = run;
        if (i == s.n)
            return;
        size_t n = utf8_length(s.p + i, s.n - i);
        if (n == 0)
            buf_puts(out, "%EF%BF%BD");
        for (size_t k = 0; k < n; k++) {
            unsigned char c = (unsigned char)s.p[i + k];
            char code[3] = { '%', hex[c >> 4], hex[c & 15] };
            buf_put(out, code, sizeof code);
        }
        i += n > 0 ? n : 1;
    }
}

/* The number of dots that a segment means: "." and "%2e" 1, ".." in all its spellings 2; 0: it means itself. */
static int dots(struct str segment)
{
    int n = 0;
    while (segment.n > 0 && n < 3) {
        if (segment.p[0] == '.')
            segment = from(segment, 1);
        else if (segment.n >= 3 && segment.p[0] == '%' && segment.p[1] == '2' && (segment.p[2] | 0x20) == 'e')
            segment = from(segment, 3);
        else
            return 0;
        n++;
    }
    return n <= 2 && segment.n == 0 ? n : 0;
}

static bool is_drive(struct str s)
{
    return s.n == 2 && is_alpha(s.p[0]) && (s.p[1] == ':' || s.p[1] == '|');
}

/* Takes the last segment away; a drive stays. */
static void shorten(struct buf *path, bool file)
{
    if (file && path->n == 3 && is_drive((struct str){ path->p + 1, 2 }))
        return;
    while (path->n > 0 && path->p[--path->n] != '/')
        ;
}

/* Path state: s begins behind the first separator. */
static void read_path(struct str s, bool special, bool file, struct buf *path)
{
    for (;;) {
        size_t n = 0;
        while (n < s.n && !is_separator(s.p[n], special))
            n++;
        struct str segment = { s.p, n };
        bool last = n == s.n;
        int up = dots(segment);
        if (up == 2)
            shorten(path, file);
        if (up > 0 && last) {
            buf_putc(path, '/');
        } else if (up == 0) {
            buf_putc(path, '/');
            if (file && path->n == 1 && is_drive(segment)) {
                buf_putc(path, segment.p[0]);
                buf_putc(path, ':');
            } else {
                encode(segment, false, path);
            }
        }
        if (last)
            return;
        s = from(s, n + 1);
    }
}

/* Path start state. */
static void start_path(struct str s, bool special, bool file, struct buf *path)
{
    if (s.n > 0 && is_separator(s.p[0], special))
        read_path(from(s, 1), special, file, path);
    else if (special || s.n > 0)
        read_path(s, special, file, path);
}

/* What stands between the host and the path: ":8080". False: no port of at most 65535. */
static bool is_port(struct str s)
{
    unsigned long port = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        port = port * 10 + (unsigned long)(s.p[i] - '0');
        if (port > 65535)
            return false;
    }
    return true;
}

/* Authority, host and port states. *s: from behind the slashes; in the end, the path and what follows it. */
static bool read_authority(struct url_reader *r, struct str *s, bool special)
{
    size_t n = 0, at = 0, start = 0;
    while (n < s->n && !is_separator(s->p[n], special))
        n++;
    for (at = n; at > 0 && s->p[at - 1] != '@'; at--)
        ;
    start = at; /* behind the last @; 0: there is none */
    size_t colon = start;
    bool brackets = false;
    for (; colon < n && (s->p[colon] != ':' || brackets); colon++) {
        if (s->p[colon] == '[')
            brackets = true;
        else if (s->p[colon] == ']')
            brackets = false;
    }
    struct str host = { s->p + start, colon - start };
    struct str port = { s->p + colon, 0 };
    bool has_port = colon < n;
    if (has_port)
        port = (struct str){ s->p + colon + 1, n - colon - 1 };
    *s = from(*s, n);
    if (host.n == 0)
        return !special && start == 0 && !has_port;
    return is_port(port) && url_host_read(host, special, &r->idna, &r->host);
}

/* File state, from behind the colon. */
static bool read_file(struct url_reader *r, struct str s)
{
    if (s.n == 0 || !is_separator(s.p[0], true)) {
        read_path(s, true, true, &r->path);
        return true;
    }
    s = from(s, 1);
    if (s.n == 0 || !is_separator(s.p[0], true)) {
        read_path(s, true, true, &r->path);
        return true;
    }
    s = from(s, 1);
    size_t n = 0;
    while (n < s.n && !is_separator(s.p[n], true))
        n++;
    struct str host = { s.p, n };
    bool valid = true;
    if (is_drive(host)) {
        read_path(s, true, true, &r->path);
        return true;
    }
    if (host.n > 0) {
        valid = url_host_read(host, true, &r->idna, &r->host);
        if (str_eq(buf_str(&r->host), STR("localhost")))
            r->host.n = 0;
    }
    start_path(from(s, n), true, true, &r->path);
    return valid;
}

/* The scheme's length, without the colon; 0: there is none. */
static size_t scheme_length(struct str s)
{
    size_t n = 0;
    if (s.n == 0 || !is_alpha(s.p[0]))
        return 0;
    while (n < s.n && (is_alpha(s.p[n]) || is_digit(s.p[n]) || s.p[n] == '+' || s.p[n] == '-' || s.p[n] == '.'))
        n++;
    return n < s.n && s.p[n] == ':' ? n : 0;
}

static bool is_special(struct str scheme)
{
    static const char *const names[] = { "http", "https", "ws", "wss", "ftp", "file" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(scheme, str_of(names[i])))
            return true;
    return false;
}

/* Whether a text without a scheme begins with a host: a name under a suffix of the list, an IPv4 address, localhost with a port;
 * behind it nothing, a port, or the path. `s` is without query and fragment. */
static bool starts_with_host(struct url_reader *r, struct str s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] != '/' && s.p[n] != ':' && s.p[n] != '@' && s.p[n] != '\\')
        n++;
    struct str name = { s.p, n }, rest = from(s, n);
    bool has_port = rest.n > 0 && rest.p[0] == ':', listed = false;
    if (rest.n > 0 && rest.p[0] != '/' && !has_port)
        return false;
    if (has_port) {
        rest = from(rest, 1);
        struct str port = str_cut(&rest, '/');
        if (port.n == 0 || !is_port(port))
            return false;
        if (str_eq(name, STR("localhost")))
            return true;
    }
    if (name.n == 0 || name.p[0] == '.' || memchr(name.p, '.', name.n) == NULL || !url_host_read(name, true, &r->idna, &r->host))
        return false;
    struct str host = buf_str(&r->host), domain = url_registrable_domain(host, &listed);
    bool known = domain.n > 0 ? listed : is_digit(host.p[host.n - 1]);
    buf_clear(&r->host);
    return known;
}

int url_read(struct url_reader *r, struct str text, struct url *out)
{
    *out = (struct url){ .valid = true, .special = true };
    buf_clear(&r->clean);
    buf_clear(&r->host);
    buf_clear(&r->idna);
    buf_clear(&r->lower);
    buf_clear(&r->path);
    if (text.n == 0)
        return 0;
    struct str s = clean(r, text), fragment = s;
    s = str_cut(&fragment, '#');
    out->query = s;
    s = str_cut(&out->query, '?');
    size_t n = scheme_length(s);
    bool whole = false; /* a host in front, nothing before it */
    bool slashes = s.n >= n + 2 && is_separator(s.p[n > 0 ? n + 1 : 0], true);
    if (!slashes) {
        whole = starts_with_host(r, s);
        if (r->host.failed || r->idna.failed) /* not known, which isn't no */
            return -1;
    }
    if (whole) {
        out->valid = read_authority(r, &s, true);
        start_path(s, true, false, &r->path);
    } else if (n > 0) {
        buf_put(&r->lower, s.p, n);
        for (size_t i = 0; i < r->lower.n; i++)
            if (is_alpha(r->lower.p[i]))
                r->lower.p[i] |= 0x20;
        s = from(s, n + 1);
        out->special = is_special(buf_str(&r->lower));
        if (str_eq(buf_str(&r->lower), STR("file"))) {
            out->valid = read_file(r, s);
        } else if (out->special) {
            while (s.n > 0 && is_separator(s.p[0], true))
                s = from(s, 1);
            out->valid = read_authority(r, &s, true);
            start_path(s, true, false, &r->path);
        } else if (s.n >= 2 && s.p[0] == '/' && s.p[1] == '/') {
            s = from(s, 2);
            out->valid = read_authority(r, &s, false);
            start_path(s, false, false, &r->path);
        } else if (s.n > 0 && s.p[0] == '/') {
            start_path(s, false, false, &r->path);
        } else {
            encode(s, true, &r->path); /* an opaque path: mailto:, data:, urn: */
        }
    } else if (s.n >= 2 && is_separator(s.p[0], true) && is_separator(s.p[1], true)) {
        while (s.n > 0 && is_separator(s.p[0], true))
            s = from(s, 1);
        out->valid = read_authority(r, &s, true);
        start_path(s, true, false, &r->path);
    } else if (s.n > 0 && is_separator(s.p[0], true)) {
        start_path(s, true, false, &r->path);
    } else {
        encode(s, false, &r->path);
    }
    if (!out->valid)
        r->host.n = 0; /* not buf_clear: that it could not grow must stay known */
    out->scheme = buf_str(&r->lower);
    out->host = buf_str(&r->host);
    out->path = buf_str(&r->path);
    if (out->special) {
        out->registrable_domain = url_registrable_domain(out->host, NULL);
    } else if (out->host.n > 0) { /* an opaque host keeps its case */
        size_t start = r->lower.n;
        buf_put_str(&r->lower, out->host);
        for (size_t i = start; i < r->lower.n; i++)
            if (is_alpha(r->lower.p[i]))
                r->lower.p[i] |= 0x20;
        out->scheme = (struct str){ r->lower.p, start };
        out->registrable_domain = url_registrable_domain((struct str){ r->lower.p + start, r->lower.n - start }, NULL);
    }
    return r->clean.failed || r->host.failed || r->idna.failed || r->lower.failed || r->path.failed ? -1 : 0;
}
