/* lib/doc/office: the formats that are ZIP files full of XML. */
#ifndef ODW_DOC_OFFICE_H
#define ODW_DOC_OFFICE_H

#include "doc/unpack.h"

/* Each puts its pages. -1: the error was put. */
int office_docx(const struct unpacked *u, struct parts *parts);
int office_xlsx(const struct unpacked *u, struct parts *parts);
int office_pptx(const struct unpacked *u, struct parts *parts);
int office_odf(const struct unpacked *u, struct parts *parts);

/* An OOXML switch that is off ("0", "false"). */
bool office_is_off(struct str value);

/* What a part of an OOXML file refers to: "ppt/_rels/presentation.xml.rels". */
struct relations {
    struct relation {
        char id[64], target[256];
    } * all;
    size_t n, cap;
};
/* folder: what targets are below, "ppt". A missing file is none at all. */
int relations_read(const struct unpacked *u, const char *path, const char *folder, struct relations *r, struct parts *parts);
void relations_fini(struct relations *r);
const char *relations_find(const struct relations *r, struct str id);

#endif
