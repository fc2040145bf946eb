/* lib/s3/answer: reads the store's XML with expat. */
#include "s3/answer.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEPTH_MAX = 8, TEXT_MAX = 65536, PAGE_MAX = 100000 };

/* Elements by their local names, as deep as answers of S3 go. */
struct reader {
    XML_Parser parser;
    char path[DEPTH_MAX][32];
    int depth;
    struct buf text; /* of the element that is open */
    bool url_encoded, no_memory;
    struct s3_page *page;
    struct s3_failure *failure;
    struct s3_object *object; /* that is being read */
};

int s3_time_read(const char *text, int64_t *ms)
{
    struct tm t = { 0 };
    char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);
    if (end == NULL)
        return -1;
    *ms = (int64_t)timegm(&t) * 1000;
    if (*end == '.') {
        int64_t unit = 100;
        for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
            *ms += (*end - '0') * unit;
    }
    return strcmp(end, "Z") == 0 ? 0 : -1;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* As EncodingType url has it: a space is '+' or %20, a plus sign %2B. In place. */
static void decode(struct buf *b)
{
    size_t to = 0;
    for (size_t i = 0; i < b->n; i++) {
        char c = b->p[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%' && i + 2 < b->n && hex(b->p[i + 1]) >= 0 && hex(b->p[i + 2]) >= 0) {
            c = (char)(hex(b->p[i + 1]) << 4 | hex(b->p[i + 2]));
            i += 2;
        }
        b->p[to++] = c;
    }
    b->n = to;
}

static struct str keep(struct reader *r)
{
    char *copy = arena_copy(&r->page->arena, buf_str(&r->text));
    r->no_memory = r->no_memory || copy == NULL;
    return (struct str){ copy, copy != NULL ? r->text.n : 0 };
}

static void add_object(struct reader *r)
{
    struct s3_page *p = r->page;
    if (p->n == p->cap) {
        size_t cap = p->cap > 0 ? 2 * p->cap : 1000;
        struct s3_object *more = cap <= PAGE_MAX ? realloc(p->objects, cap * sizeof *more) : NULL;
        if (more == NULL) {
            r->no_memory = true;
            return;
        }
        p->objects = more;
        p->cap = cap;
    }
    r->object = &p->objects[p->n++];
    *r->object = (struct s3_object){ .size = -1 };
}

static bool at(const struct reader *r, int depth, const char *parent, const char *name)
{
    return r->depth == depth && strcmp(r->path[depth - 1], name) == 0 && strcmp(r->path[depth - 2], parent) == 0;
}

static void on_start(void *context, const char *name, const char **attributes)
{
    struct reader *r = context;
    const char *colon = strrchr(name, ':');
    (void)attributes;
    if (r->depth >= DEPTH_MAX) {
        XML_StopParser(r->parser, XML_FALSE);
        return;
    }
    snprintf(r->path[r->depth++], sizeof r->path[0], "%s", colon != NULL ? colon + 1 : name);
    buf_clear(&r->text);
    if (r->page != NULL && at(r, 2, "ListBucketResult", "Contents"))
        add_object(r);
    if (r->no_memory)
        XML_StopParser(r->parser, XML_FALSE);
}

static void on_text(void *context, const char *p, int n)
{
    struct reader *r = context;
    buf_put(&r->text, p, (size_t)n);
}

static void end_of_page(struct reader *r)
{
    const char *text = buf_text(&r->text);
    struct s3_object *o = r->object;
    if (at(r, 2, "ListBucketResult", "IsTruncated"))
        r->page->more = strcmp(text, "true") == 0;
    else if (at(r, 2, "ListBucketResult", "NextContinuationToken"))
        r->page->token = (char *)keep(r).p;
    else if (at(r, 2, "ListBucketResult", "EncodingType"))
        r->url_encoded = strcmp(text, "url") == 0;
    if (o == NULL || r->depth != 3 || strcmp(r->path[1], "Contents") != 0)
        return;
    if (at(r, 3, "Contents", "Key")) {
        o->key = keep(r);
    } else if (at(r, 3, "Contents", "Size")) {
        o->size = strtoll(text, NULL, 10);
    } else if (at(r, 3, "Contents", "LastModified")) {
        o->has_modified = s3_time_read(text, &o->modified_ms) == 0;
    } else if (at(r, 3, "Contents", "ETag")) {
        if (r->text.n >= 2 && text[0] == '"' && text[r->text.n - 1] == '"') {
            memmove(r->text.p, r->text.p + 1, r->text.n - 2);
            r->text.n -= 2;
        }
        o->etag = keep(r);
    }
}

static void end_of_failure(struct reader *r)
{
    struct s3_failure *f = r->failure;
    const char *text = buf_text(&r->text);
    if (at(r, 2, "Error", "Code"))
        snprintf(f->code, sizeof f->code, "%s", text);
    else if (at(r, 2, "Error", "Message"))
        snprintf(f->message, sizeof f->message, "%s", text);
    else if (at(r, 2, "Error", "Region"))
        snprintf(f->region, sizeof f->region, "%s", text);
}

static void on_end(void *context, const char *name)
{
    struct reader *r = context;
    (void)name;
    if (r->text.failed || r->no_memory) {
        XML_StopParser(r->parser, XML_FALSE);
        return;
    }
    if (r->page != NULL && r->depth >= 2)
        end_of_page(r);
    if (r->failure != NULL && r->depth >= 2)
        end_of_failure(r);
    buf_clear(&r->text);
    r->depth--;
}

static int read_xml(struct reader *r, struct str xml, const char *root, struct err *err)
{
    int rc = -1;
    buf_init(&r->text, TEXT_MAX);
    r->parser = XML_ParserCreate(NULL);
    if (r->parser == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        goto out;
    }
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    enum XML_Status status = XML_Parse(r->parser, xml.p != NULL ? xml.p : "", (int)xml.n, 1);
    if (r->no_memory)
        err_set(err, ERR_STOP, "out of memory for a page of the listing, or over %d objects on it", PAGE_MAX);
    else if (status != XML_STATUS_OK)
        err_set(err, ERR_STOP, "expected <%s>, got what is no XML, line %lu: %s", root,
                (unsigned long)XML_GetCurrentLineNumber(r->parser), XML_ErrorString(XML_GetErrorCode(r->parser)));
    else if (strcmp(r->path[0], root) != 0)
        err_set(err, ERR_STOP, "expected <%s>, got <%s>", root, r->path[0]);
    else
        rc = 0;
out:
    if (r->parser != NULL)
        XML_ParserFree(r->parser);
    buf_fini(&r->text);
    return rc;
}

void s3_page_init(struct s3_page *p)
{
    *p = (struct s3_page){ 0 };
    arena_init(&p->arena, 0);
}

void s3_page_fini(struct s3_page *p)
{
    free(p->objects);
    arena_fini(&p->arena);
}

int s3_page_read(struct s3_page *p, struct str xml, struct err *err)
{
    struct reader r = { .page = p };
    arena_reset(&p->arena);
    p->n = 0;
    p->more = false;
    p->token = NULL;
    if (xml.n > INT32_MAX)
        return err_set(err, ERR_STOP, "a page of the listing has %zu bytes", xml.n);
    if (read_xml(&r, xml, "ListBucketResult", err) < 0)
        return -1;
    for (size_t i = 0; i < p->n; i++) {
        struct s3_object *o = &p->objects[i];
        if (o->key.n == 0 || o->size < 0 || !o->has_modified)
            return err_set(err, ERR_STOP, "expected each object with Key, Size and LastModified; number %zu of a page lacks one",
                           i + 1);
        /* EncodingType may stand behind what it is about. */
        if (r.url_encoded) {
            struct buf key = { .p = (char *)o->key.p, .n = o->key.n };
            decode(&key);
            o->key.n = key.n;
        }
    }
    if (p->more && p->token == NULL)
        return err_set(err, ERR_STOP, "the page says that there are more, but not where: no NextContinuationToken");
    return 0;
}

void s3_failure_read(struct s3_failure *f, struct str xml)
{
    struct err err = ERR_INIT;
    struct reader r = { .failure = f };
    *f = (struct s3_failure){ 0 };
    if (xml.n == 0 || xml.n > INT32_MAX || read_xml(&r, xml, "Error", &err) < 0)
        *f = (struct s3_failure){ 0 };
}
