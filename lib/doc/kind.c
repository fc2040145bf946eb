/* lib/doc/kind: what kind of file it is. Bytes count before what is declared: a wrong type is common, a wrong signature isn't. */
#include <magic.h>
#include <stdio.h>
#include <strings.h>

#include "doc/charset.h"
#include "doc/cms.h"
#include "doc/parse.h"

struct signature {
    const char *bytes;
    size_t n;
    enum kind kind;
};

static const struct signature signatures[] = {
    { "%PDF-", 5, KIND_PDF },
    { "PK\3\4", 4, KIND_ZIP },
    { "PK\5\6", 4, KIND_ZIP },
    { "{\\rtf", 5, KIND_RTF },
    { "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8, KIND_OLE },
    { "\x89PNG\r\n\x1A\n", 8, KIND_IMAGE },
    { "\xFF\xD8\xFF", 3, KIND_IMAGE },
    { "GIF87a", 6, KIND_IMAGE },
    { "GIF89a", 6, KIND_IMAGE },
    { "II*\0", 4, KIND_IMAGE },
    { "MM\0*", 4, KIND_IMAGE },
};

/* What HTML begins with, after white space (WHATWG MIME Sniffing, 7.1), and `<meta`, which begins many a mail. */
static const char *const html_beginnings[] = { "<!doctype html", "<html", "<head",  "<meta", "<script", "<iframe", "<h1",
                                               "<div",           "<font", "<table", "<a",    "<style",  "<title",  "<b",
                                               "<body",          "<br",   "<p" };

static bool begins_as_html(struct str s)
{
    s = str_trim((struct str){ s.p, s.n < 512 ? s.n : 512 });
    for (size_t i = 0; i < sizeof html_beginnings / sizeof *html_beginnings; i++) {
        size_t n = strlen(html_beginnings[i]);
        if (s.n > n && strncasecmp(s.p, html_beginnings[i], n) == 0 && strchr(" \t\r\n>", s.p[n]) != NULL)
            return true;
    }
    return false;
}

static const struct {
    const char *type;
    enum kind kind;
} types[] = {
    { "text/html", KIND_HTML },
    { "application/xhtml+xml", KIND_HTML },
    { "message/rfc822", KIND_EML },
    { "application/pdf", KIND_PDF },
    { "application/xml", KIND_MARKUP },
    { "text/xml", KIND_MARKUP },
    { "image/svg+xml", KIND_MARKUP },
    { "application/json", KIND_TEXT },
    { "application/x-ndjson", KIND_TEXT },
    { "application/csv", KIND_TEXT },
    { "application/yaml", KIND_TEXT },
    { "application/javascript", KIND_TEXT },
    { "text/rtf", KIND_RTF },
    { "application/rtf", KIND_RTF },
    { "application/x-tar", KIND_OTHER },
    { "application/pkcs7-mime", KIND_CMS },
    { "application/x-pkcs7-mime", KIND_CMS },
};

static enum kind kind_of_type(struct str type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strlen(types[i].type) == type.n && strncasecmp(types[i].type, type.p, type.n) == 0)
            return types[i].kind;
    if (str_ends(type, STR("+xml")))
        return KIND_MARKUP;
    if (str_ends(type, STR("+json")))
        return KIND_TEXT;
    return type.n > 5 && strncasecmp(type.p, "text/", 5) == 0 ? KIND_TEXT : KIND_OTHER;
}

/* BMP's "BM" begins many a text: its header says more. */
static bool is_bmp(struct str s)
{
    return s.n > 26 && s.p[0] == 'B' && s.p[1] == 'M' && memcmp(s.p + 6, "\0\0\0\0", 4) == 0 && s.p[14] != 0 && s.p[15] == 0 &&
           s.p[16] == 0 && s.p[17] == 0;
}

/* "Received: …" or such, as a message's first line. */
static bool begins_as_message(struct str s)
{
    static const char *const fields[] = { "received:",     "return-path:", "from:",           "delivered-to:",
                                          "mime-version:", "message-id:",  "date:",           "subject:",
                                          "to:",           "x-",           "dkim-signature:", NULL };
    struct str rest = s;
    size_t known = 0, lines = 0;
    while (rest.n > 0 && lines < 40) {
        struct str line = str_cut(&rest, '\n');
        if (line.n == 0 || (line.n == 1 && line.p[0] == '\r'))
            break;
        if (lines++ == 0 && str_starts(line, STR("From "))) /* an mbox */
            continue;
        if (line.p[0] == ' ' || line.p[0] == '\t')
            continue;
        const char *colon = memchr(line.p, ':', line.n);
        if (colon == NULL || memchr(line.p, ' ', (size_t)(colon - line.p)) != NULL)
            return false;
        for (const char *const *f = fields; *f != NULL; f++)
            if (line.n >= strlen(*f) && strncasecmp(line.p, *f, strlen(*f)) == 0) {
                known += strcmp(*f, "x-") != 0;
                break;
            }
    }
    return known >= 2;
}

static bool is_media(const char *type)
{
    return strncmp(type, "image/", 6) == 0 || strncmp(type, "audio/", 6) == 0 || strncmp(type, "video/", 6) == 0 ||
           strncmp(type, "font/", 5) == 0;
}

/* Text of a kind that nobody has named, or in UTF-16 or -32 without a mark, which looks like binary data. */
static bool is_readable(struct str s)
{
    enum { LOOK = 4096 };
    struct buf text;
    size_t odd = 0;
    buf_init(&text, 0);
    charset_decode(s.n < LOOK ? s : (struct str){ s.p, LOOK }, STR(""), &text);
    for (size_t i = 0; i < text.n; i++)
        odd += (unsigned char)text.p[i] < ' ' && strchr("\t\n\r\f", text.p[i]) == NULL;
    bool readable = text.n > 0 && odd == 0 && memmem(text.p, text.n, "\xEF\xBF\xBD", 3) == NULL;
    buf_fini(&text);
    return readable;
}

enum kind kind_of(const struct file *f, void *magic, char type[128])
{
    struct str s = f->bytes, declared = f->content_type, start = s;
    declared = str_trim(str_cut(&declared, ';'));
    snprintf(type, 128, "%.*s", declared.n < 100 ? (int)declared.n : 100, declared.n > 0 ? declared.p : "");
    if (s.n == 0)
        return KIND_EMPTY;
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (s.n >= signatures[i].n && memcmp(s.p, signatures[i].bytes, signatures[i].n) == 0)
            return signatures[i].kind;
    if (is_bmp(s) || (s.n > 16 && str_starts(s, STR("RIFF")) && memcmp(s.p + 8, "WEBPVP8", 7) == 0))
        return KIND_IMAGE;
    if (cms_begins(s))
        return KIND_CMS;
    /* Readers take a PDF whose first 1024 bytes hold something else (ISO 32000-1, annex H.3). */
    start.n = start.n < 1024 ? start.n : 1024;
    if (memmem(start.p, start.n, "%PDF-", 5) != NULL && kind_of_type(declared) != KIND_TEXT && kind_of_type(declared) != KIND_EML)
        return KIND_PDF;
    if (declared.n > 0 && strcasecmp(type, "application/octet-stream") != 0)
        return kind_of_type(declared);
    if (begins_as_message(s))
        return KIND_EML;
    const char *said = magic != NULL ? magic_buffer((magic_t)magic, s.p, s.n < (1 << 20) ? s.n : 1 << 20) : NULL;
    snprintf(type, 128, "%.100s", said != NULL ? said : "application/octet-stream");
    enum kind kind = kind_of_type(str_of(type));
    if (kind == KIND_TEXT && begins_as_html(s)) {
        snprintf(type, 128, "text/html");
        return KIND_HTML;
    }
    return kind == KIND_OTHER && !is_media(type) && is_readable(s) ? KIND_TEXT : kind;
}
