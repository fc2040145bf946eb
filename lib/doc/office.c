/* lib/doc/office: which of them it is, and what an encrypted one looks like. */
#include "doc/office.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "doc/parse.h"
#include "doc/xml.h"

static bool is_wanted(struct str name)
{
    static const char *const folders[] = { "word/", "xl/", "ppt/" };
    if (str_eq(name, STR("mimetype")) || str_eq(name, STR("content.xml")) || str_eq(name, STR("META-INF/manifest.xml")))
        return true;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (str_starts(name, str_of(folders[i])))
            return (str_ends(name, STR(".xml")) || str_ends(name, STR(".rels"))) && memmem(name.p, name.n, "/theme", 6) == NULL &&
                   memmem(name.p, name.n, "Layouts/", 8) == NULL && memmem(name.p, name.n, "Masters/", 8) == NULL;
    return false;
}

/* ---- pictures ---- */

enum { FEW = 300 }; /* letters: a document with fewer may be a cover of the scans in it */

static bool is_picture(struct str name)
{
    static const char *const folders[] = { "word/media/", "xl/media/", "ppt/media/", "Pictures/" };
    static const char *const ends[] = { ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".gif", ".bmp", ".webp" };
    bool in = false, ends_so = false;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        in = in || str_starts(name, str_of(folders[i]));
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        ends_so =
            ends_so || (name.n > strlen(ends[i]) && strncasecmp(name.p + name.n - strlen(ends[i]), ends[i], strlen(ends[i])) == 0);
    return in && ends_so;
}

static size_t letters(struct parts *parts)
{
    struct str rest = buf_str(&parts->out);
    struct part part;
    size_t n = 0;
    while (parts_next(&rest, &part) > 0)
        for (size_t i = 0; part.kind == PART_PAGE && i < part.bytes.n; i++)
            n += (unsigned char)part.bytes.p[i] > ' ' && ((unsigned char)part.bytes.p[i] & 0xC0) != 0x80;
    return n;
}

/* Letters that were scanned and put into a document, a page each: they follow as files without a name. */
static int put_pictures(struct str bytes, struct parts *parts)
{
    struct unpacked u;
    bool blank = letters(parts) == 0;
    char method[32] = "";
    struct str rest = buf_str(&parts->out);
    struct part part;
    if (letters(parts) >= FEW)
        return 0;
    int done = unpack(bytes, is_picture, &u, parts);
    bool any = false;
    for (size_t i = 0; i < u.n && done == 0; i++)
        any = any || image_is_page(buf_str(&u.members[i].bytes));
    if (done == 0 && any) {
        while (parts_next(&rest, &part) > 0)
            if (part.kind == PART_METHOD)
                snprintf(method, sizeof method, "%.*s+ocr", STR_ARG(part.bytes));
        if (blank) { /* its empty page says nothing */
            buf_clear(&parts->out);
            parts->pages = 0;
        }
        parts_put(parts, PART_METHOD, str_of(method));
    }
    for (size_t i = 0; i < u.n && done == 0; i++)
        if (image_is_page(buf_str(&u.members[i].bytes)))
            parts_file(parts, STR(""), STR(""), buf_str(&u.members[i].bytes));
    unpacked_fini(&u);
    return done;
}

/* ---- which of them ---- */

int parse_office(struct str bytes, struct parts *parts)
{
    struct unpacked u;
    int done = unpack(bytes, is_wanted, &u, parts);
    if (done < 0)
        goto out;
    if (unpacked_find(&u, "word/document.xml") != NULL) {
        parts_put(parts, PART_METHOD, STR("docx"));
        done = office_docx(&u, parts);
    } else if (unpacked_find(&u, "xl/workbook.xml") != NULL) {
        parts_put(parts, PART_METHOD, STR("xlsx"));
        done = office_xlsx(&u, parts);
    } else if (unpacked_find(&u, "ppt/presentation.xml") != NULL) {
        parts_put(parts, PART_METHOD, STR("pptx"));
        done = office_pptx(&u, parts);
    } else if (unpacked_find(&u, "content.xml") != NULL) {
        done = office_odf(&u, parts);
    } else {
        done = parts_fail(
            parts, "the file is a ZIP archive that is no DOCX, XLSX, PPTX or ODT; the documents in it are loaded one by one");
    }
    if (done == 0)
        done = put_pictures(bytes, parts);
out:
    unpacked_fini(&u);
    return done;
}

/* Streams' names are in UTF-16 in a directory that may lie anywhere ([MS-CFB]). */
static bool names(struct str bytes, const char *name)
{
    char wide[128];
    size_t n = 0;
    for (; *name != '\0' && n < sizeof wide - 2; name++) {
        wide[n++] = *name;
        wide[n++] = '\0';
    }
    return memmem(bytes.p, bytes.n, wide, n) != NULL;
}

int parse_ole(struct str bytes, struct parts *parts)
{
    if (names(bytes, "EncryptedPackage") || names(bytes, "EncryptionInfo"))
        return parts_fail(parts, "the document is protected with a password");
    const char *what = names(bytes, "WordDocument")              ? "a Word file of before 2007 (.doc); saved as .docx it is"
                       : names(bytes, "Workbook")                ? "an Excel file of before 2007 (.xls); saved as .xlsx it is"
                       : names(bytes, "PowerPoint Document")     ? "a PowerPoint file of before 2007 (.ppt); saved as .pptx it is"
                       : names(bytes, "__properties_version1.0") ? "an Outlook message (.msg); saved as .eml it is"
                                                                 : "an OLE file; saved in a newer format it may be";
    return parts_fail(parts, "no text can be read from %s", what);
}

/* ---- relations ---- */

struct reading_relations {
    struct relations *r;
    const char *folder;
    bool failed;
};

static void relation(void *context, const char *name, const struct xml_attributes *a)
{
    struct reading_relations *reading = context;
    struct relations *r = reading->r;
    if (strcmp(name, "Relationship") != 0)
        return;
    if (r->n == r->cap) {
        size_t cap = r->cap > 0 ? 2 * r->cap : 32;
        struct relation *grown = realloc(r->all, cap * sizeof *grown);
        if (grown == NULL) {
            reading->failed = true;
            return;
        }
        r->all = grown;
        r->cap = cap;
    }
    struct str id = xml_attribute(a, "Id", NULL), target = xml_attribute(a, "Target", NULL);
    struct relation *one = &r->all[r->n];
    bool whole = target.n > 0 && target.p[0] == '/';
    if (id.n >= sizeof one->id || target.n + strlen(reading->folder) + 2 > sizeof one->target)
        return;
    snprintf(one->id, sizeof one->id, "%.*s", STR_ARG(id));
    if (whole)
        snprintf(one->target, sizeof one->target, "%.*s", (int)target.n - 1, target.p + 1);
    else
        snprintf(one->target, sizeof one->target, "%s/%.*s", reading->folder, STR_ARG(target));
    r->n++;
}

int relations_read(const struct unpacked *u, const char *path, const char *folder, struct relations *r, struct parts *parts)
{
    const struct buf *xml = unpacked_find(u, path);
    struct reading_relations reading = { .r = r, .folder = folder };
    *r = (struct relations){ 0 };
    return xml == NULL ? 0 : xml_walk(buf_str(xml), &(struct xml_walk){ .context = &reading, .start = relation }, path, parts);
}

void relations_fini(struct relations *r)
{
    free(r->all);
    *r = (struct relations){ 0 };
}

const char *relations_find(const struct relations *r, struct str id)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_eq(str_of(r->all[i].id), id))
            return r->all[i].target;
    return NULL;
}

bool office_is_off(struct str value)
{
    return str_eq(value, STR("0")) || str_eq(value, STR("false"));
}
