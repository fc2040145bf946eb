/* lib/doc/parse: what takes a file apart. All of it runs in a process that can do nothing else (process.h); all of it is fuzzed. */
#ifndef ODW_DOC_PARSE_H
#define ODW_DOC_PARSE_H

#include "doc/parts.h"

/* What kind of file it is, by its bytes, and by its declared type where bytes say nothing. */
enum kind {
    KIND_TEXT,
    KIND_MARKUP, /* XML: as it stands */
    KIND_HTML,
    KIND_PDF,
    KIND_IMAGE,
    KIND_ZIP, /* DOCX, XLSX, PPTX, ODT, ODS, ODP, if any */
    KIND_RTF,
    KIND_EML,
    KIND_CMS,   /* S/MIME by itself: smime.p7m; a file with its signature: invoice.xml.p7m */
    KIND_OLE,   /* old Office files, and encrypted new ones */
    KIND_EMPTY, /* no bytes */
    KIND_OTHER,
};

struct file {
    struct str bytes;
    struct str content_type; /* as declared; may be empty */
    struct str name;         /* of an attachment; may be empty */
};

/* magic: an opened libmagic. type gets what the bytes are said to be, "video/mp4". */
enum kind kind_of(const struct file *f, void *magic, char type[128]);

/* Puts the file's parts, or PART_ERROR. */
void parse(const struct file *f, void *magic, struct parts *parts);

/* One kind each. -1: the error was put. */
int parse_text(const struct file *f, struct parts *parts);
int parse_html(const struct file *f, struct parts *parts);
int parse_image(struct str bytes, struct parts *parts);
/* Large enough to be a scan of a page, rather than a logo; a picture whose header can't be read might be. */
bool image_is_page(struct str bytes);
int parse_office(struct str bytes, struct parts *parts); /* a ZIP file */
int parse_ole(struct str bytes, struct parts *parts);
int parse_rtf(struct str bytes, struct parts *parts);
int parse_eml(struct str bytes, struct parts *parts);
int parse_cms(struct str bytes, struct parts *parts);

/* Readable text of HTML (UTF-8) appended to parts->page. */
void html_text(struct str html, struct parts *parts);

#endif
