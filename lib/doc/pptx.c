/* lib/doc/pptx: PresentationML (ECMA-376, part 1, 19): a page for each slide, in the order in which they are shown, with its notes.
 */
#include <stdio.h>

#include "doc/office.h"
#include "doc/xml.h"

enum { SLIDES = 10000 };

struct reader {
    struct parts *parts;
    bool in_text;
    unsigned fields; /* open fields: a slide's number, a date */
    unsigned cells;
};

static bool is(const char *name, const char *what)
{
    return strcmp(name, what) == 0;
}

static void start(void *context, const char *name, const struct xml_attributes *a)
{
    struct reader *r = context;
    (void)a;
    if (is(name, "t"))
        r->in_text = true;
    else if (is(name, "fld"))
        r->fields++;
    else if (is(name, "br"))
        buf_putc(&r->parts->page, '\n');
    else if (is(name, "tr"))
        r->cells = 0;
    else if (is(name, "tc") && r->cells++ > 0)
        buf_putc(&r->parts->page, '\t');
}

static void end(void *context, const char *name)
{
    struct reader *r = context;
    if (is(name, "t"))
        r->in_text = false;
    else if (is(name, "fld") && r->fields > 0)
        r->fields--;
    else if (is(name, "p") || is(name, "tr")) {
        buf_putc(&r->parts->page, r->cells > 0 && is(name, "p") ? ' ' : '\n');
        r->cells = is(name, "tr") ? 0 : r->cells;
    }
}

static void text(void *context, struct str s)
{
    struct reader *r = context;
    if (r->in_text && r->fields == 0)
        buf_put_str(&r->parts->page, s);
}

struct order {
    const struct relations *relations;
    const char *slides[SLIDES];
    size_t n;
};

static void slide_id(void *context, const char *name, const struct xml_attributes *a)
{
    struct order *o = context;
    if (!is(name, "sldId") || o->n == SLIDES)
        return;
    const char *target = relations_find(o->relations, xml_attribute_of(a, "/relationships", "id"));
    if (target != NULL)
        o->slides[o->n++] = target;
}

static int read_slide(const struct unpacked *u, const char *path, struct parts *parts)
{
    struct reader r = { .parts = parts };
    const struct buf *xml = unpacked_find(u, path);
    return xml == NULL ? 0 : xml_walk(buf_str(xml), &(struct xml_walk){ &r, start, end, text }, path, parts);
}

/* The notes of a slide are what its own relations lead to. */
static int read_notes(const struct unpacked *u, const char *slide, struct parts *parts)
{
    struct relations r;
    char path[300];
    const char *name = strrchr(slide, '/');
    if (name == NULL || snprintf(path, sizeof path, "%.*s/_rels/%s.rels", (int)(name - slide), slide, name + 1) >= (int)sizeof path)
        return 0;
    int done = relations_read(u, path, "ppt/slides", &r, parts);
    for (size_t i = 0; i < r.n && done == 0; i++) {
        const char *notes = strstr(r.all[i].target, "notesSlides/");
        if (notes == NULL)
            continue;
        snprintf(path, sizeof path, "ppt/%s", notes);
        buf_putc(&parts->page, '\n');
        done = read_slide(u, path, parts);
    }
    relations_fini(&r);
    return done;
}

int office_pptx(const struct unpacked *u, struct parts *parts)
{
    static struct order o;
    struct relations r;
    const struct buf *main = unpacked_find(u, "ppt/presentation.xml");
    int done = relations_read(u, "ppt/_rels/presentation.xml.rels", "ppt", &r, parts);
    o = (struct order){ .relations = &r };
    if (done == 0)
        done = xml_walk(buf_str(main), &(struct xml_walk){ .context = &o, .start = slide_id }, "ppt/presentation.xml", parts);
    for (size_t i = 0; i < o.n && done == 0; i++) {
        done = read_slide(u, o.slides[i], parts);
        if (done == 0)
            done = read_notes(u, o.slides[i], parts);
        if (done == 0)
            done = parts_page(parts, TIDY_FLOW);
    }
    relations_fini(&r);
    return done < 0 ? -1 : parts->pages == 0 ? parts_page(parts, TIDY_FLOW) : 0;
}
