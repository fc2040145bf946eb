/* lib/doc/xml: libxml2's SAX2 parser, fed in chunks. */
#include "doc/xml.h"

#include <libxml/parser.h>

enum { CHUNK = 1 << 20, FIELDS = 5 /* of an attribute: local name, prefix, URI, value, value's end */ };

struct walking {
    const struct xml_walk *walk;
    xmlParserCtxtPtr ctxt;
    struct parts *parts;
    bool typed;
};

static void start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_namespaces,
                  const xmlChar **namespaces, int n, int n_defaulted, const xmlChar **attributes)
{
    struct walking *w = context;
    (void)prefix, (void)uri, (void)n_namespaces, (void)namespaces, (void)n_defaulted;
    if (w->walk->start != NULL)
        w->walk->start(w->walk->context, (const char *)name, &(struct xml_attributes){ attributes, n });
}

static void end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct walking *w = context;
    (void)prefix, (void)uri;
    if (w->walk->end != NULL)
        w->walk->end(w->walk->context, (const char *)name);
    if (w->parts->page.failed)
        xmlStopParser(w->ctxt);
}

static void text(void *context, const xmlChar *chars, int n)
{
    struct walking *w = context;
    if (w->walk->text != NULL)
        w->walk->text(w->walk->context, (struct str){ (const char *)chars, (size_t)n });
}

static void document_type(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    struct walking *w = context;
    (void)name, (void)external, (void)system;
    w->typed = true;
    xmlStopParser(w->ctxt);
}

static void silent(void *context, const char *format, ...)
{
    (void)context, (void)format;
}

static void silent_error(void *context, xmlErrorPtr error)
{
    (void)context, (void)error;
}

struct str xml_attribute_of(const struct xml_attributes *a, const char *namespace_end, const char *name)
{
    const xmlChar *const *f = a->raw;
    for (int i = 0; i < a->n; i++, f += FIELDS)
        if (strcmp((const char *)f[0], name) == 0 &&
            (namespace_end == NULL || (f[2] != NULL && str_ends(str_of((const char *)f[2]), str_of(namespace_end)))))
            return (struct str){ (const char *)f[3], (size_t)(f[4] - f[3]) };
    return (struct str){ NULL, 0 };
}

struct str xml_attribute(const struct xml_attributes *a, const char *name, bool *there)
{
    struct str value = xml_attribute_of(a, NULL, name);
    if (there != NULL)
        *there = value.p != NULL;
    return value.p != NULL ? value : STR("");
}

int xml_walk(struct str xml, const struct xml_walk *walk, const char *what, struct parts *parts)
{
    struct walking w = { .walk = walk, .parts = parts };
    xmlSAXHandler sax = { .initialized = XML_SAX2_MAGIC,
                          .startElementNs = start,
                          .endElementNs = end,
                          .characters = text,
                          .ignorableWhitespace = text,
                          .cdataBlock = text,
                          .internalSubset = document_type,
                          .error = silent,
                          .warning = silent,
                          .fatalError = silent,
                          .serror = silent_error };
    w.ctxt = xmlCreatePushParserCtxt(&sax, &w, NULL, 0, NULL);
    if (w.ctxt == NULL)
        return parts_fail(parts, "no memory for %s", what);
    /* HUGE: a node of 10 MB and more is fine; what it allows beyond that are entities, of which there are none. */
    xmlCtxtUseOptions(w.ctxt, XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    int wrong = 0;
    for (size_t at = 0; at < xml.n && wrong == 0;) {
        size_t n = xml.n - at < CHUNK ? xml.n - at : CHUNK;
        wrong = xmlParseChunk(w.ctxt, xml.p + at, (int)n, 0);
        at += n;
    }
    if (wrong == 0)
        wrong = xmlParseChunk(w.ctxt, "", 0, 1);
    xmlFreeParserCtxt(w.ctxt);
    if (w.typed)
        return parts_fail(parts, "the document is refused: %s has a document type declaration, where entities could be bombs",
                          what);
    if (parts->page.failed)
        return parts_fail(parts, "the text is longer than %zu MiB", parts->limits->text_bytes >> 20);
    return wrong != 0 ? parts_fail(parts, "the document is damaged: %s isn't well-formed XML", what) : 0;
}
