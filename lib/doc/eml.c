/* lib/doc/eml: messages (RFC 5322) with MIME (RFC 2045 to 2049): the fields that people read, the body, then the attachments. */
#include <strings.h>

#include "doc/charset.h"
#include "doc/cms.h"
#include "doc/mime.h"
#include "doc/parse.h"

enum { DEEP = 20 };

struct reader {
    struct parts *parts;
    struct buf files; /* attachments, as parts: they come after the text */
    unsigned n_parts;
    bool divided; /* into parts: what is read now isn't the whole message */
};

struct entity {
    struct str header, body;
    struct str type, disposition;
    bool digest; /* of a digest: without a type it is a message */
};

/* Header and body: divided by the first empty line. */
static struct entity split(struct str s, bool digest)
{
    struct str rest = s;
    struct entity e = { .header = s, .digest = digest };
    while (rest.n > 0) {
        const char *at = rest.p;
        struct str line = str_cut(&rest, '\n');
        if (line.n == 0 || (line.n == 1 && line.p[0] == '\r')) {
            e.header = (struct str){ s.p, (size_t)(at - s.p) };
            e.body = rest;
            break;
        }
    }
    e.type = mime_field(e.header, "Content-Type");
    e.disposition = mime_field(e.header, "Content-Disposition");
    return e;
}

/* The value begins with this word, whatever follows a semicolon. */
static bool begins(struct str value, const char *word)
{
    size_t n = strlen(word);
    return value.n >= n && strncasecmp(value.p, word, n) == 0 &&
           (word[n - 1] == '/' || value.n == n || strchr("; \t\r\n", value.p[n]) != NULL);
}

static void decode(const struct entity *e, struct buf *out)
{
    struct str encoding = mime_field(e->header, "Content-Transfer-Encoding");
    if (begins(encoding, "base64"))
        mime_base64(e->body, out);
    else if (begins(encoding, "quoted-printable"))
        mime_quoted(e->body, false, out);
    else
        buf_put_str(out, e->body);
}

static int read_entity(struct reader *r, const struct entity *e, unsigned depth, bool related);
static int read_text(struct reader *r, const struct entity *e);

/* The next entity of a multipart body: between two lines of `--boundary`. false: that was the last. */
static bool next_entity(struct str *rest, struct str boundary, struct str *entity)
{
    const char *begin = NULL;
    struct str s = *rest;
    while (s.n > 0) {
        const char *at = s.p;
        struct str line = str_cut(&s, '\n');
        struct str trimmed = line;
        while (trimmed.n > 0 && strchr(" \t\r", trimmed.p[trimmed.n - 1]) != NULL)
            trimmed.n--;
        if (trimmed.n < boundary.n + 2 || !str_starts(trimmed, STR("--")) || memcmp(trimmed.p + 2, boundary.p, boundary.n) != 0)
            continue;
        bool last = trimmed.n == boundary.n + 4 && str_ends(trimmed, STR("--"));
        if (trimmed.n != boundary.n + 2 && !last)
            continue;
        if (begin != NULL) {
            size_t n = (size_t)(at - begin);
            /* The line's end before a boundary belongs to the boundary. */
            n -= n > 0 && begin[n - 1] == '\n';
            n -= n > 0 && begin[n - 1] == '\r';
            *entity = (struct str){ begin, n };
            *rest = (struct str){ at, (size_t)(rest->p + rest->n - at) };
            return true;
        }
        if (last)
            return false;
        begin = s.p;
    }
    if (begin == NULL)
        return false;
    *entity = (struct str){ begin, (size_t)(rest->p + rest->n - begin) }; /* cut short */
    rest->n = 0;
    return true;
}

/* Of alternatives that say the same the last that we read best: plain text, unless it's empty. */
static int read_alternatives(struct reader *r, struct str body, struct str boundary, unsigned depth)
{
    struct str one, rest = body;
    size_t from = r->parts->page.n;
    r->divided = true;
    for (int plain = 1; plain >= 0; plain--) {
        rest = body;
        while (next_entity(&rest, boundary, &one)) {
            struct entity e = split(one, false);
            bool is_plain = e.type.n == 0 || begins(e.type, "text/plain");
            if (is_plain != (plain == 1))
                continue;
            if (read_entity(r, &e, depth + 1, true) < 0)
                return -1;
        }
        struct str said = { r->parts->page.p != NULL ? r->parts->page.p + from : NULL, r->parts->page.n - from };
        if (str_trim(said).n > 0)
            break;
    }
    return 0;
}

static int read_multipart(struct reader *r, const struct entity *e, unsigned depth)
{
    struct buf boundary;
    struct str one, rest = e->body;
    int done = 0;
    buf_init(&boundary, 1024);
    mime_parameter(e->type, "boundary", &boundary);
    if (boundary.n == 0) /* nothing divides it */
        done = read_text(r, e);
    else if (depth >= DEEP)
        done = parts_fail(r->parts, "the message is nested deeper than %d parts", DEEP);
    else if (begins(e->type, "multipart/alternative"))
        done = read_alternatives(r, e->body, buf_str(&boundary), depth);
    else if (!r->divided && begins(e->type, "multipart/encrypted"))
        done = parts_fail(r->parts, "the message is encrypted"); /* OpenPGP's (RFC 3156) */
    else
        while (done == 0 && next_entity(&rest, buf_str(&boundary), &one)) {
            r->divided = true;
            struct entity part = split(one, begins(e->type, "multipart/digest"));
            done = read_entity(r, &part, depth + 1, begins(e->type, "multipart/related"));
        }
    buf_fini(&boundary);
    return done;
}

static void put_break(struct buf *page)
{
    while (page->n > 0 && page->p[page->n - 1] == '\n')
        page->n--;
    if (page->n > 0)
        buf_puts(page, "\n\n");
}

/* The message's own text. */
static int read_text(struct reader *r, const struct entity *e)
{
    struct buf bytes, text;
    struct str charset = charset_parameter(e->type, "charset");
    bool html = begins(e->type, "text/html");
    buf_init(&bytes, r->parts->limits->bytes);
    buf_init(&text, r->parts->limits->text_bytes * 4);
    decode(e, &bytes);
    charset_decode(buf_str(&bytes), charset.n == 0 && html ? charset_in_markup(buf_str(&bytes)) : charset, &text);
    put_break(&r->parts->page);
    if (html)
        html_text(buf_str(&text), r->parts);
    else
        buf_put_str(&r->parts->page, buf_str(&text));
    buf_fini(&bytes);
    buf_fini(&text);
    return 0;
}

static int cms_fail(struct parts *parts, enum cms is)
{
    if (is == CMS_ENCRYPTED)
        return parts_fail(parts, "the message is encrypted");
    return parts_fail(parts,
                      is == CMS_COMPRESSED
                          ? "the message is compressed as nobody does (S/MIME, RFC 3274); expected it signed, encrypted or plain"
                          : "expected a message that is signed or encrypted (S/MIME, RFC 8551), got one that is "
                            "damaged, cut short or of another kind");
}

/* As the disposition has it, or the type; empty: nobody says. */
static void file_name(const struct entity *e, struct buf *name)
{
    mime_parameter(e->disposition, "filename", name);
    if (name->n == 0)
        mime_parameter(e->type, "name", name);
}

static int read_attachment(struct reader *r, const struct entity *e, struct str type)
{
    struct buf bytes, name;
    struct parts file = { .limits = r->parts->limits };
    buf_init(&bytes, r->parts->limits->bytes);
    buf_init(&name, 4096);
    file_name(e, &name);
    if (name.n == 0)
        buf_puts(&name, begins(type, "message/rfc822") ? "message" : "attachment");
    decode(e, &bytes);
    file.out = r->files;
    parts_file(&file, type, buf_str(&name), buf_str(&bytes));
    r->files = file.out;
    buf_fini(&bytes);
    buf_fini(&name);
    return 0;
}

/* By its type, or, where the type says nothing, by its name. */
static bool is_smime(const struct entity *e, struct str type)
{
    struct buf name;
    if (begins(type, "application/pkcs7-mime") || begins(type, "application/x-pkcs7-mime"))
        return true;
    if (!begins(type, "application/octet-stream"))
        return false;
    buf_init(&name, 4096);
    file_name(e, &name);
    bool is = name.n > 4 && strncasecmp(name.p + name.n - 4, ".p7m", 4) == 0;
    buf_fini(&name);
    return is;
}

/* A part in S/MIME: what was signed is read in its place; one that is encrypted is the message's end, or an attachment that can't
 * be read. */
static int read_smime(struct reader *r, const struct entity *e, unsigned depth)
{
    struct buf bytes, content;
    int done;
    buf_init(&bytes, r->parts->limits->bytes);
    buf_init(&content, r->parts->limits->bytes);
    decode(e, &bytes);
    enum cms is = cms_read(buf_str(&bytes), &content);
    if (is == CMS_SIGNED && depth >= DEEP) {
        done = parts_fail(r->parts, "the message is nested deeper than %d parts", DEEP);
    } else if (is == CMS_SIGNED) {
        struct entity within = split(buf_str(&content), false);
        done = read_entity(r, &within, depth + 1, false);
    } else if (!r->divided) {
        done = cms_fail(r->parts, is);
    } else {
        done = read_attachment(r, e, e->type);
    }
    buf_fini(&bytes);
    buf_fini(&content);
    return done;
}

/* related: a picture here is part of the layout: a logo, a signature. */
static int read_entity(struct reader *r, const struct entity *e, unsigned depth, bool related)
{
    struct str type = e->type.n > 0 ? e->type : e->digest ? STR("message/rfc822") : STR("text/plain");
    bool attached = begins(e->disposition, "attachment");
    if (++r->n_parts > 10 * r->parts->limits->parts)
        return parts_fail(r->parts, "the message has more than %u parts", 10 * r->parts->limits->parts);
    if (begins(type, "multipart/"))
        return read_multipart(r, e, depth);
    if (!attached && (begins(type, "text/plain") || begins(type, "text/html")))
        return read_text(r, e);
    if (begins(type, "image/") && !attached && related)
        return 0;
    if (begins(type, "application/pgp-signature") || begins(type, "application/pkcs7-signature") ||
        begins(type, "application/x-pkcs7-signature"))
        return 0;
    /* The whole message's is often called an attachment, for programs that don't know it. */
    if ((!attached || !r->divided) && is_smime(e, type))
        return read_smime(r, e, depth);
    return read_attachment(r, e, type);
}

static void put_fields(struct reader *r, struct str header)
{
    static const char *const fields[] = { "From", "To", "Cc", "Date", "Subject", NULL };
    for (const char *const *f = fields; *f != NULL; f++) {
        struct str value = mime_field(header, *f);
        if (value.n == 0)
            continue;
        buf_printf(&r->parts->page, "%s: ", *f);
        mime_words(value, &r->parts->page);
        buf_putc(&r->parts->page, '\n');
    }
    if (r->parts->page.n > 0)
        buf_putc(&r->parts->page, '\n');
}

int parse_eml(struct str bytes, struct parts *parts)
{
    struct reader r = { .parts = parts };
    /* An mbox's first line isn't the message's. */
    if (str_starts(bytes, STR("From ")))
        str_cut(&bytes, '\n');
    struct entity e = split(bytes, false);
    buf_init(&r.files, (size_t)1 << 30);
    parts_put(parts, PART_METHOD, STR("eml"));
    put_fields(&r, e.header);
    int done = read_entity(&r, &e, 0, false);
    if (done == 0)
        done = parts_page(parts, TIDY_FLOW);
    if (done == 0) {
        buf_put_str(&parts->out, buf_str(&r.files));
        if (r.files.failed)
            done = parts_fail(parts, "its attachments take more memory than there is");
    }
    buf_fini(&r.files);
    return done;
}

/* S/MIME signs an entity with its fields; others sign any file. */
static bool begins_as_entity(struct str s)
{
    return (s.n > 8 && strncasecmp(s.p, "Content-", 8) == 0) || (s.n > 13 && strncasecmp(s.p, "MIME-Version:", 13) == 0);
}

int parse_cms(struct str bytes, struct parts *parts)
{
    struct buf content;
    buf_init(&content, parts->limits->bytes);
    enum cms is = cms_read(bytes, &content);
    struct str s = buf_str(&content);
    int done = 0;
    if (is != CMS_SIGNED) {
        done = cms_fail(parts, is);
    } else if (begins_as_entity(s)) {
        done = parse_eml(s, parts);
    } else {
        parts_put(parts, PART_METHOD, STR("p7m"));
        parts_file(parts, STR(""), STR(""), s);
    }
    buf_fini(&content);
    return done;
}
