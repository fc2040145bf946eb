/* lib/doc/xml: walks XML, element by element; without any entity but XML's own five. */
#ifndef ODW_DOC_XML_H
#define ODW_DOC_XML_H

#include "doc/parts.h"

struct xml_attributes;

/* Names are local ones, without their namespace's prefix. */
struct xml_walk {
    void *context;
    void (*start)(void *context, const char *name, const struct xml_attributes *attributes);
    void (*end)(void *context, const char *name);
    void (*text)(void *context, struct str text);
};

struct xml_attributes {
    const void *raw;
    int n;
};
/* The value of an attribute by its local name; of two with one local name the first. Empty where there is none; then *there, which
 * may be NULL, is false. */
struct str xml_attribute(const struct xml_attributes *a, const char *name, bool *there);
/* The same with the end of its namespace's URI: "/relationships" of r:id. */
struct str xml_attribute_of(const struct xml_attributes *a, const char *namespace_end, const char *name);

/* -1: the error was put: it isn't well-formed, or has a document type (where entities would be declared). what: for the error. */
int xml_walk(struct str xml, const struct xml_walk *walk, const char *what, struct parts *parts);

#endif
