/* lib/doc/pptx: PresentationML (ECMA-376, part 1, 19): a page for each slide, in the order in which they are shown, with its notes.
 * Slides that aren't shown, shapes that are hidden or stand beside the slide, letters of a point say nothing. */
#include <stdio.h>

#include "doc/office.h"
#include "doc/xml.h"

enum { SLIDES = 10000 };

struct reader {
    struct parts *parts;
    bool in_text;
    unsigned fields; /* open fields: a slide's number, a date */
    unsigned cells;
    int64_t width, height; /* of a slide; 0: not known */
    unsigned shapes;       /* open ones, groups too */
    unsigned unseen;       /* which of them is hidden or off the slide, with all that is in it; 0: none is */
    int64_t x, y;          /* of the shape */
    bool tiny;             /* the run's letters are */
    bool not_shown;        /* the slide */
};

static bool is_shape(const char *name)
{
    static const char *const names[] = { "sp", "grpSp", "graphicFrame", "pic", "cxnSp" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool is(const char *name, const char *what)
{
    return strcmp(name, what) == 0;
}

/* English metric units, 914,400 to the inch; more than any slide has is as much as that. */
static int64_t units(const struct xml_attributes *a, const char *name)
{
    enum { MOST = 1000000000 };
    int64_t n = str_integer(xml_attribute(a, name, NULL));
    return n > MOST ? MOST : n < -MOST ? -MOST : n;
}

/* A group's members have coordinates of its own, so only the outermost shapes' places are judged. */
static void sight(struct reader *r, const char *name, const struct xml_attributes *a)
{
    struct str hidden = xml_attribute(a, "hidden", NULL);
    if (is(name, "sld"))
        r->not_shown = office_is_off(xml_attribute(a, "show", NULL));
    else if (is_shape(name))
        r->shapes++;
    else if (is(name, "cNvPr") && hidden.n > 0 && !office_is_off(hidden) && r->shapes > 0 && r->unseen == 0)
        r->unseen = r->shapes;
    else if (is(name, "off")) {
        r->x = units(a, "x");
        r->y = units(a, "y");
    } else if (is(name, "ext") && r->shapes == 1 && r->width > 0 && r->unseen == 0 && xml_attribute(a, "cx", NULL).n > 0) {
        int64_t w = units(a, "cx"), h = units(a, "cy");
        if (r->x >= r->width || r->y >= r->height || r->x + w <= 0 || r->y + h <= 0)
            r->unseen = 1;
    } else if (is(name, "rPr")) {
        struct str size = xml_attribute(a, "sz", NULL); /* hundredths of a point */
        r->tiny = size.n > 0 && str_integer(size) >= 0 && str_integer(size) <= 100;
    } else if (is(name, "r")) {
        r->tiny = false;
    }
}

static void start(void *context, const char *name, const struct xml_attributes *a)
{
    struct reader *r = context;
    sight(r, name, a);
    if (r->unseen > 0)
        return;
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
    if (is_shape(name) && r->shapes > 0) {
        if (r->unseen == r->shapes)
            r->unseen = 0;
        r->shapes--;
        return;
    }
    if (r->unseen > 0)
        return;
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
    if (r->in_text && r->fields == 0 && r->unseen == 0 && !r->tiny)
        buf_put_str(&r->parts->page, s);
}

struct order {
    const struct relations *relations;
    const char *slides[SLIDES];
    size_t n;
    int64_t width, height; /* in which shapes' places are told */
};

static void slide_id(void *context, const char *name, const struct xml_attributes *a)
{
    struct order *o = context;
    if (is(name, "sldSz")) {
        o->width = units(a, "cx");
        o->height = units(a, "cy");
    }
    if (!is(name, "sldId") || o->n == SLIDES)
        return;
    const char *target = relations_find(o->relations, xml_attribute_of(a, "/relationships", "id"));
    if (target != NULL)
        o->slides[o->n++] = target;
}

/* Or notes, which have a page of their own: its size is none of a slide. 1: it isn't shown. */
static int read_slide(const struct unpacked *u, const char *path, const struct order *o, struct parts *parts)
{
    struct reader r = { .parts = parts, .width = o != NULL ? o->width : 0, .height = o != NULL ? o->height : 0 };
    const struct buf *xml = unpacked_find(u, path);
    size_t before = parts->page.n;
    if (xml != NULL && xml_walk(buf_str(xml), &(struct xml_walk){ &r, start, end, text }, path, parts) < 0)
        return -1;
    if (r.not_shown)
        parts->page.n = before;
    return r.not_shown;
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
        done = read_slide(u, path, NULL, parts) < 0 ? -1 : 0;
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
        int shown = read_slide(u, o.slides[i], &o, parts);
        if (shown > 0)
            continue;
        done = shown;
        if (done == 0)
            done = read_notes(u, o.slides[i], parts);
        if (done == 0)
            done = parts_page(parts, TIDY_FLOW);
    }
    relations_fini(&r);
    return done < 0 ? -1 : parts->pages == 0 ? parts_page(parts, TIDY_FLOW) : 0;
}
