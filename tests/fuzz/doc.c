/* tests/fuzz/doc: what must hold for any bytes as a document: the first byte says which parser takes the others. */
#include "base/utf8.h"
#include "doc/charset.h"
#include "doc/mime.h"
#include "doc/office.h"
#include "doc/parse.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_words[] = {
    "\x01",
    "\x02",
    "\x03",
    "\x04",
    "\x05",
    "\x06",
    "\x07",
    "\x08",
    "\x09",
    "<!doctype html>",
    "<p>",
    "</p>",
    "<script>",
    "</script>",
    "<table><tr><td>",
    "<li>",
    "<pre>",
    " style='display:none'",
    "&amp;",
    "&#0;",
    "&#x10FFFF;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "{\\rtf1\\ansi ",
    "{",
    "}",
    "\\par ",
    "\\'fc",
    "\\u8364?",
    "\\u-10179?\\u-8704?",
    "\\uc2 ",
    "\\bin5 ",
    "{\\fonttbl{\\f1\\fcharset204 x;}}",
    "\\f1 ",
    "{\\*\\x ",
    "\\page ",
    "\\v ",
    "From: a\r\n",
    "Subject: =?utf-8?B?w7w=?=\r\n",
    "=?x?Q?=FF_?=",
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
    "--b\r\n",
    "--b--\r\n",
    "Content-Type: text/html\r\n\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "Content-Disposition: attachment; filename*0*=utf-8''%C3%BC; filename*1=x\r\n",
    "Content-Type: multipart/alternative; boundary=\"b\"\r\n",
    "\r\n\r\n",
    "<w:document xmlns:w='w'><w:p>",
    "<w:t>",
    "</w:t>",
    "</w:p>",
    "<w:tab/>",
    "<w:tr><w:tc>",
    "</w:tc></w:tr>",
    "<w:lastRenderedPageBreak/>",
    "<w:del>",
    "<sheetData><row>",
    "<c r='ZZ9' t='s'><v>0</v></c>",
    "<c s='1'><v>46357.5</v></c>",
    "<c><v>1e300</v></c>",
    "<si><t>x</t></si>",
    "</row></sheetData>",
    "<p:sldId r:id='r1'/>",
    "<a:t>",
    "<text:p>",
    "</text:p>",
    "<text:s text:c='99999'/>",
    "<table:table-cell table:number-columns-repeated='99999'>",
    "</table:table-cell>",
    "<!DOCTYPE l [<!ENTITY a 'b'>]>",
    "&a;",
    "PK\3\4",
    "\xFF\xFE",
    "\xEF\xBB\xBF",
    "\f",
    "\xC3\xBC",
    NULL,
};

static const struct doc_limits limits = {
    .bytes = 1 << 20,
    .text_bytes = 1 << 20,
    .unpacked_bytes = 1 << 20,
    .ratio = 100,
    .pages = 100,
    .scans = 4,
    .megapixels = 1,
    .parts = 20,
    .depth = 3,
    .cpu_s = 10,
    .memory_bytes = 1 << 28,
    .deadline_ms = 10000,
};

/* A text that may stand in a column. */
static void must_be_text(struct str s, bool page)
{
    for (size_t i = 0; i < s.n;) {
        size_t n = utf8_length(s.p + i, s.n - i);
        MUST(n > 0);
        MUST((unsigned char)s.p[i] >= ' ' || s.p[i] == '\n' || s.p[i] == '\t');
        MUST(s.p[i] != 0x7F);
        i += n;
    }
    MUST(!page || s.n <= limits.text_bytes);
}

static void must_be_parts(const struct parts *parts)
{
    struct str rest = buf_str(&parts->out);
    struct part part;
    unsigned pages = 0;
    bool failed = false;
    int more;
    while ((more = parts_next(&rest, &part)) > 0) {
        MUST(!failed);
        if (part.kind == PART_PAGE) {
            must_be_text(part.bytes, true);
            pages++;
        }
        failed = part.kind == PART_ERROR;
        MUST(!failed || part.bytes.n > 0);
    }
    MUST(more == 0);
    MUST(failed == parts->failed);
    MUST(failed || pages == parts->pages);
}

/* The file is one member of an archive, beside what it may refer to. */
static void read_office(int (*read)(const struct unpacked *, struct parts *), const char *name, struct str xml, struct parts *parts)
{
    static const char rels[] =
        "<R><Relationship Id='r1' Target='slides/s.xml'/><Relationship Id='' Target='worksheets/s.xml'/></R>";
    static const char *const names[] = { "word/document.xml",    "word/header1.xml", "xl/workbook.xml",
                                         "xl/sharedStrings.xml", "xl/styles.xml",    "xl/worksheets/s.xml",
                                         "ppt/presentation.xml", "ppt/slides/s.xml", "content.xml" };
    enum { N = sizeof names / sizeof *names };
    struct member members[N + 2] = { 0 };
    struct unpacked u = { members, N + 2, N + 2 };
    for (size_t i = 0; i < N; i++) {
        members[i].name = (char *)names[i];
        buf_init(&members[i].bytes, 0);
        buf_put_str(&members[i].bytes, strstr(names[i], name) != NULL ? xml
                                       : i == 2                       ? STR("<w><sheet name='n'/></w>")
                                       : i == 6                       ? STR("<p xmlns:r='/relationships'><sldId r:id='r1'/></p>")
                                                                      : STR("<x/>"));
    }
    for (size_t i = N; i < N + 2; i++) {
        members[i].name = (char *)(i == N ? "ppt/_rels/presentation.xml.rels" : "xl/_rels/workbook.xml.rels");
        buf_init(&members[i].bytes, 0);
        buf_puts(&members[i].bytes, rels);
    }
    read(&u, parts);
    for (size_t i = 0; i < N + 2; i++)
        buf_fini(&members[i].bytes);
}

static void read_words(struct str s)
{
    struct buf out;
    buf_init(&out, 0);
    mime_words(s, &out);
    mime_parameter(s, "filename", &out);
    mime_base64(s, &out);
    charset_in_markup(s);
    charset_parameter(s, "charset");
    buf_clear(&out);
    charset_decode(s, STR("shift_jis"), &out);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct parts parts;
    char type[128], *copy = malloc(n > 0 ? n : 1); /* its end is the memory's end */
    if (n == 0 || copy == NULL || parts_init(&parts, &limits) < 0) {
        free(copy);
        return 0;
    }
    memcpy(copy, data + 1, n - 1);
    struct file f = { .bytes = { copy, n - 1 }, .content_type = STR("") };
    switch (data[0] % 12) {
    case 0:
        parse_text(&f, &parts);
        break;
    case 1:
        parse_html(&f, &parts);
        break;
    case 2:
        parse_rtf(f.bytes, &parts);
        break;
    case 3:
        parse_eml(f.bytes, &parts);
        break;
    case 4:
        read_office(office_docx, "word/", f.bytes, &parts);
        break;
    case 5:
        read_office(office_xlsx, n % 2 != 0 ? "xl/worksheets" : "xl/s", f.bytes, &parts);
        break;
    case 6:
        read_office(office_pptx, "ppt/slides", f.bytes, &parts);
        break;
    case 7:
        read_office(office_odf, "content.xml", f.bytes, &parts);
        break;
    case 8:
        parse_office(f.bytes, &parts);
        break;
    case 9:
        kind_of(&f, NULL, type);
        parse(&f, NULL, &parts);
        break;
    case 10:
        parse_cms(f.bytes, &parts);
        break;
    default:
        read_words(f.bytes);
        break;
    }
    must_be_parts(&parts);
    parts_fini(&parts);
    free(copy);
    return 0;
}
