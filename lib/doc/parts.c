/* lib/doc/parts: each is a byte that says what it is, four for its length, and its bytes. */
#include "doc/parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/utf8.h"

enum { HEAD = 5, SLACK = 1 << 20 };

int parts_init(struct parts *p, const struct doc_limits *limits)
{
    *p = (struct parts){ .limits = limits };
    /* Pictures of pages may be more than the text is; a part's length is 32 bits. */
    buf_init(&p->out, (size_t)1 << 30);
    buf_init(&p->page, limits->text_bytes + SLACK);
    return 0;
}

void parts_fini(struct parts *p)
{
    buf_fini(&p->out);
    buf_fini(&p->page);
}

void parts_put(struct parts *p, enum part_kind kind, struct str bytes)
{
    uint32_t n = (uint32_t)bytes.n;
    if (p->failed && kind != PART_ERROR)
        return;
    buf_putc(&p->out, (char)kind);
    buf_put(&p->out, &n, sizeof n);
    buf_put_str(&p->out, bytes);
}

void parts_file(struct parts *p, struct str content_type, struct str name, struct str bytes)
{
    struct str fields[] = { content_type, name };
    struct buf file;
    buf_init(&file, 0);
    for (size_t i = 0; i < 2; i++) {
        for (size_t c = 0; c < fields[i].n; c++)
            if (fields[i].p[c] != '\0')
                buf_putc(&file, fields[i].p[c]);
        buf_putc(&file, '\0');
    }
    buf_put_str(&file, bytes);
    if (!file.failed)
        parts_put(p, PART_FILE, buf_str(&file));
    buf_fini(&file);
}

int parts_fail(struct parts *p, const char *format, ...)
{
    char text[300];
    va_list args;
    if (p->failed)
        return -1;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    p->failed = true;
    buf_clear(&p->out);
    parts_put(p, PART_ERROR, str_of(text));
    return -1;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* A white line's end: spaces before it go. */
static void end_line(struct buf *out, size_t from, enum tidy how)
{
    while (how != TIDY_VERBATIM && out->n > from && is_space(out->p[out->n - 1]))
        out->n--;
    if (how != TIDY_VERBATIM && (out->n == from || (out->n - from > 1 && out->p[out->n - 1] == '\n' && out->p[out->n - 2] == '\n')))
        return; /* at the beginning, or the second empty one */
    buf_putc(out, '\n');
}

static void put_spaces(struct buf *out, size_t from, struct str spaces, enum tidy how)
{
    if (how == TIDY_VERBATIM) {
        buf_put_str(out, spaces);
        return;
    }
    size_t tabs = 0;
    for (size_t i = 0; i < spaces.n; i++)
        tabs += spaces.p[i] == '\t';
    for (size_t i = 0; i < tabs; i++) /* cells: an empty one counts */
        buf_putc(out, '\t');
    if (tabs == 0 && out->n > from && out->p[out->n - 1] != '\n') /* else an indent */
        buf_puts(out, how == TIDY_LAYOUT && spaces.n > 2 ? "  " : " ");
}

void tidy(struct str text, enum tidy how, struct buf *out)
{
    size_t from = out->n;
    for (size_t i = 0; i < text.n;) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '\r' || c == '\n') {
            i += c == '\r' && i + 1 < text.n && text.p[i + 1] == '\n' ? 2 : 1;
            end_line(out, from, how);
        } else if (is_space((char)c)) {
            size_t n = 1;
            while (i + n < text.n && is_space(text.p[i + n]))
                n++;
            put_spaces(out, from, (struct str){ text.p + i, n }, how);
            i += n;
        } else if (c < 0x20 || c == 0x7F) {
            i++;
        } else {
            size_t n = utf8_length(text.p + i, text.n - i);
            if (n == 0)
                buf_puts(out, "\xEF\xBF\xBD");
            else if (n != 2 || c != 0xC2 || ((unsigned char)text.p[i + 1] >= 0xA0 && (unsigned char)text.p[i + 1] != 0xAD))
                buf_put(out, text.p + i, n); /* C1 controls and soft hyphens aren't text */
            i += n > 0 ? n : 1;
        }
    }
    while (how != TIDY_VERBATIM && out->n > from && (is_space(out->p[out->n - 1]) || out->p[out->n - 1] == '\n'))
        out->n--;
}

int parts_page(struct parts *p, enum tidy how)
{
    struct buf text;
    if (p->failed)
        return -1;
    if (p->pages >= p->limits->pages)
        return parts_fail(p, "the document has more than %u pages", p->limits->pages);
    buf_init(&text, 0);
    tidy(buf_str(&p->page), how, &text);
    if (p->page.failed || text.failed || text.n > p->limits->text_bytes) {
        parts_fail(p, "the text is longer than %zu MiB", p->limits->text_bytes >> 20);
    } else {
        parts_put(p, PART_PAGE, buf_str(&text));
        p->pages++;
    }
    buf_fini(&text);
    buf_clear(&p->page);
    return p->failed ? -1 : 0;
}

int parts_page_if_any(struct parts *p, enum tidy how)
{
    struct str text = buf_str(&p->page);
    if (str_trim(text).n > 0 || p->page.failed)
        return parts_page(p, how);
    buf_clear(&p->page);
    return 0;
}

void parts_write(struct parts *p, int fd)
{
    if (p->out.failed)
        parts_fail(p, "what is in it takes more memory than there is");
    for (size_t at = 0; at < p->out.n;) {
        ssize_t n = write(fd, p->out.p + at, p->out.n - at);
        if (n < 0 && errno != EINTR)
            return;
        at += n > 0 ? (size_t)n : 0;
    }
}

int parts_next(struct str *rest, struct part *part)
{
    uint32_t n;
    if (rest->n == 0)
        return 0;
    if (rest->n < HEAD)
        return -1;
    memcpy(&n, rest->p + 1, sizeof n);
    if (n > rest->n - HEAD)
        return -1;
    *part = (struct part){ (enum part_kind)rest->p[0], { rest->p + HEAD, n } };
    rest->p += HEAD + n;
    rest->n -= HEAD + n;
    return 1;
}
