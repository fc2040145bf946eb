/* lib/doc/html: readable text of HTML: blocks on lines of their own, cells apart, nothing that a browser wouldn't show. */
#include <libxml/HTMLparser.h>
#include <strings.h>

#include "doc/css.h"
#include "doc/parse.h"

enum { CHUNK = 1 << 20 };

struct reader {
    struct parts *parts;
    unsigned hidden; /* open elements whose content isn't text */
    unsigned pre;    /* open <pre> and <textarea> */
    char hider[32];  /* the element that hides itself and what is in it (hidden, display:none) */
    unsigned hiders; /* open elements of that name since */
    struct css css;  /* what the page's own style hides */
    struct buf style;
    bool in_style;
};

enum role { INLINE, BLOCK, HIDDEN, LINE, CELL, ROW, ITEM, PRE };

static const struct {
    const char *name;
    enum role role;
} elements[] = {
    { "script", HIDDEN },    { "style", HIDDEN },  { "noscript", HIDDEN },  { "template", HIDDEN }, { "title", BLOCK },
    { "iframe", HIDDEN },    { "object", HIDDEN }, { "svg", HIDDEN },       { "math", INLINE },     { "canvas", HIDDEN },
    { "br", LINE },          { "hr", BLOCK },      { "td", CELL },          { "th", CELL },         { "tr", ROW },
    { "li", ITEM },          { "pre", PRE },       { "textarea", PRE },     { "p", BLOCK },         { "div", BLOCK },
    { "h1", BLOCK },         { "h2", BLOCK },      { "h3", BLOCK },         { "h4", BLOCK },        { "h5", BLOCK },
    { "h6", BLOCK },         { "ul", BLOCK },      { "ol", BLOCK },         { "dl", BLOCK },        { "dt", ROW },
    { "dd", ROW },           { "table", BLOCK },   { "thead", ROW },        { "tbody", ROW },       { "caption", BLOCK },
    { "blockquote", BLOCK }, { "section", BLOCK }, { "article", BLOCK },    { "header", BLOCK },    { "footer", BLOCK },
    { "main", BLOCK },       { "nav", BLOCK },     { "aside", BLOCK },      { "address", BLOCK },   { "form", BLOCK },
    { "fieldset", BLOCK },   { "figure", BLOCK },  { "figcaption", BLOCK }, { "option", ROW },      { "body", BLOCK },
};

static enum role role_of(const xmlChar *name)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (strcasecmp(elements[i].name, (const char *)name) == 0)
            return elements[i].role;
    return INLINE;
}

static bool ends_with(const struct buf *b, char c)
{
    return b->n == 0 || b->p[b->n - 1] == c;
}

static void new_line(struct reader *r)
{
    if (!ends_with(&r->parts->page, '\n'))
        buf_putc(&r->parts->page, '\n');
}

static void new_block(struct reader *r)
{
    struct buf *page = &r->parts->page;
    new_line(r);
    if (page->n > 1 && page->p[page->n - 2] != '\n')
        buf_putc(page, '\n');
}

/* hidden, aria-hidden="true", a style that shows nothing, its own or the page's. */
static bool hides(struct reader *r, const char *element, const xmlChar **attributes)
{
    const char *id = "", *classes = "";
    for (; attributes != NULL && attributes[0] != NULL; attributes += 2) {
        const char *name = (const char *)attributes[0], *value = attributes[1] != NULL ? (const char *)attributes[1] : "";
        if (strcasecmp(name, "hidden") == 0 || (strcasecmp(name, "aria-hidden") == 0 && strcasecmp(value, "true") == 0) ||
            (strcasecmp(name, "style") == 0 && css_is_hidden(str_of(value))))
            return true;
        id = strcasecmp(name, "id") == 0 ? value : id;
        classes = strcasecmp(name, "class") == 0 ? value : classes;
    }
    return css_hides(&r->css, element, id, classes);
}

static void start(void *context, const xmlChar *name, const xmlChar **attributes)
{
    struct reader *r = context;
    if (r->hiders > 0) {
        r->hiders += strcasecmp(r->hider, (const char *)name) == 0;
        return;
    }
    if (r->hidden == 0 && role_of(name) != HIDDEN && strlen((const char *)name) < sizeof r->hider &&
        hides(r, (const char *)name, attributes)) {
        snprintf(r->hider, sizeof r->hider, "%s", (const char *)name);
        r->hiders = 1;
        return;
    }
    r->in_style = strcasecmp((const char *)name, "style") == 0;
    switch (role_of(name)) {
    case HIDDEN:
        r->hidden++;
        break;
    case PRE:
        r->pre++;
        new_block(r);
        break;
    case BLOCK:
        new_block(r);
        break;
    case LINE:
        buf_putc(&r->parts->page, '\n');
        break;
    case ROW:
        new_line(r);
        break;
    case ITEM:
        new_line(r);
        buf_puts(&r->parts->page, "- ");
        break;
    case CELL:
        if (!ends_with(&r->parts->page, '\n'))
            buf_putc(&r->parts->page, '\t');
        break;
    case INLINE:
        break;
    }
}

static void end(void *context, const xmlChar *name)
{
    struct reader *r = context;
    enum role role = role_of(name);
    if (r->hiders > 0) {
        r->hiders -= strcasecmp(r->hider, (const char *)name) == 0;
        return;
    }
    if (r->in_style) {
        css_put(&r->css, buf_str(&r->style));
        buf_clear(&r->style);
        r->in_style = false;
    }
    if (role == HIDDEN && r->hidden > 0)
        r->hidden--;
    else if (role == PRE && r->pre > 0)
        r->pre--;
    if (role == BLOCK || role == PRE)
        new_block(r);
    else if (role == ROW || role == ITEM)
        new_line(r);
}

/* White space is one space, except in <pre>. */
static void text(void *context, const xmlChar *chars, int n)
{
    struct reader *r = context;
    struct buf *page = &r->parts->page;
    if (r->in_style)
        buf_put(&r->style, chars, (size_t)n);
    if (r->hidden > 0 || r->hiders > 0)
        return;
    if (r->pre > 0) {
        buf_put(page, chars, (size_t)n);
        return;
    }
    for (int i = 0; i < n; i++) {
        char c = (char)chars[i];
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f') {
            if (!ends_with(page, ' ') && !ends_with(page, '\n') && !ends_with(page, '\t'))
                buf_putc(page, ' ');
        } else {
            buf_putc(page, c);
        }
    }
}

static void silent(void *context, const char *format, ...)
{
    (void)context, (void)format;
}

void html_text(struct str html, struct parts *parts)
{
    struct reader r = { .parts = parts };
    htmlSAXHandler sax = { .startElement = start,
                           .endElement = end,
                           .characters = text,
                           .ignorableWhitespace = text,
                           .error = silent,
                           .warning = silent };
    htmlParserCtxtPtr ctxt = htmlCreatePushParserCtxt(&sax, &r, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
    if (ctxt == NULL)
        return;
    css_init(&r.css);
    buf_init(&r.style, 0);
    htmlCtxtUseOptions(ctxt,
                       HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_RECOVER | HTML_PARSE_IGNORE_ENC);
    for (size_t at = 0; at < html.n && !parts->page.failed;) {
        size_t n = html.n - at < CHUNK ? html.n - at : CHUNK;
        htmlParseChunk(ctxt, html.p + at, (int)n, 0);
        at += n;
    }
    htmlParseChunk(ctxt, "", 0, 1);
    htmlFreeParserCtxt(ctxt);
    if (r.style.failed || r.css.text.failed || r.css.rules.failed)
        parts->page.failed = true;
    css_fini(&r.css);
    buf_fini(&r.style);
}
