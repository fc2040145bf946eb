/* lib/doc/parse: each kind of file to its parser. */
#include "doc/parse.h"

#include "doc/charset.h"

/* One character in eight, and more than a few, is none: EBCDIC, a binary file that is said to be text. */
static bool is_unreadable(struct str text)
{
    enum { PER = 8, FEW = 4 };
    size_t odd = 0, n = 0;
    for (size_t i = 0; i < text.n; i++) {
        n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
        odd += text.n - i >= 3 && memcmp(text.p + i, "\xEF\xBF\xBD", 3) == 0;
    }
    return odd > FEW && odd > n / PER;
}

int parse_text(const struct file *f, struct parts *parts)
{
    struct str declared = charset_parameter(f->content_type, "charset");
    charset_decode(f->bytes, declared.n > 0 ? declared : charset_in_markup(f->bytes), &parts->page);
    parts_put(parts, PART_METHOD, STR("text"));
    if (is_unreadable(buf_str(&parts->page)))
        return parts_fail(parts, "no text can be read from it: its characters are in no charset that is known");
    /* A form feed ends a page of text too. */
    struct buf all = parts->page;
    buf_init(&parts->page, all.max);
    parts->page.failed = all.failed;
    struct str rest = buf_str(&all);
    int done = 0;
    do {
        buf_put_str(&parts->page, str_cut(&rest, '\f'));
        done = parts_page(parts, TIDY_VERBATIM);
    } while (done == 0 && rest.n > 0);
    buf_fini(&all);
    return done;
}

int parse_html(const struct file *f, struct parts *parts)
{
    struct buf text;
    struct str declared = charset_parameter(f->content_type, "charset");
    buf_init(&text, parts->limits->text_bytes * 4);
    charset_decode(f->bytes, declared.n > 0 ? declared : charset_in_markup(f->bytes), &text);
    parts_put(parts, PART_METHOD, STR("html"));
    html_text(buf_str(&text), parts);
    if (text.failed)
        parts->page.failed = true;
    buf_fini(&text);
    return parts_page(parts, TIDY_FLOW);
}

static int refuse(const char *type, struct parts *parts)
{
    return parts_fail(
        parts,
        "no text can be read from a file of type %s; expected text, HTML, PDF, a picture (PNG, JPEG, TIFF, GIF, BMP), "
        "DOCX, XLSX, PPTX, ODT, RTF or EML",
        type);
}

void parse(const struct file *f, void *magic, struct parts *parts)
{
    char type[128];
    if (f->bytes.n > parts->limits->bytes) {
        parts_fail(parts, "the file has %zu MiB; at most %zu are read", f->bytes.n >> 20, parts->limits->bytes >> 20);
        return;
    }
    switch (kind_of(f, magic, type)) {
    case KIND_TEXT:
    case KIND_MARKUP:
        parse_text(f, parts);
        break;
    case KIND_HTML:
        parse_html(f, parts);
        break;
    case KIND_PDF:
        parts_put(parts, PART_PDF, STR(""));
        break;
    case KIND_IMAGE:
        parts_put(parts, PART_METHOD, STR("ocr"));
        parse_image(f->bytes, parts);
        break;
    case KIND_ZIP:
        parse_office(f->bytes, parts);
        break;
    case KIND_OLE:
        parse_ole(f->bytes, parts);
        break;
    case KIND_RTF:
        parse_rtf(f->bytes, parts);
        break;
    case KIND_EML:
        parse_eml(f->bytes, parts);
        break;
    case KIND_CMS:
        parse_cms(f->bytes, parts);
        break;
    case KIND_EMPTY:
        parts_fail(parts, "the file is empty");
        break;
    case KIND_OTHER:
        refuse(type, parts);
        break;
    }
}
