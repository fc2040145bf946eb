/* loaders/blobs/record: an object's JSON. */
#include "loaders/blobs/record.h"

#include "base/sha256.h"
#include "base/utf8.h"
#include "loaders/generate.h"

static void put_text(struct buf *out, const char *name, struct str text)
{
    buf_printf(out, ",\"%s\":", name);
    buf_put_json(out, text);
}

static void put_moment(struct buf *out, const char *name, int64_t ms)
{
    buf_printf(out, ",\"%s\":\"", name);
    gen_put_time(out, ms);
    buf_putc(out, '"');
}

/* JSON has no bytes that aren't UTF-8. */
static void put_path(struct buf *out, const char *name, const char *marker, struct str path)
{
    struct buf text;
    buf_init(&text, 0);
    buf_puts(&text, marker);
    for (size_t i = 0, n; i < path.n; i += n) {
        n = utf8_length(path.p + i, path.n - i);
        if (n > 0)
            buf_put(&text, path.p + i, n);
        else
            buf_printf(&text, "\\x%02x", (unsigned char)path.p[i]);
        n = n > 0 ? n : 1;
    }
    put_text(out, name, buf_str(&text));
    out->failed = out->failed || text.failed;
    buf_fini(&text);
}

/* The same for all versions of an object. */
static void put_id(struct buf *out, struct str bucket, struct str path)
{
    struct buf whole;
    uint8_t digest[32];
    buf_init(&whole, 0);
    buf_put_str(&whole, bucket);
    buf_putc(&whole, '\0');
    buf_put_str(&whole, path);
    sha256(buf_str(&whole), digest);
    out->failed = out->failed || whole.failed;
    buf_fini(&whole);
    buf_puts(out, "{\"id\":\"");
    for (int i = 0; i < 16; i++)
        gen_put_hex(out, digest[i], 2);
    buf_putc(out, '"');
}

static void put_permissions(struct buf *out, mode_t mode)
{
    static const char *const words[] = { "owner:read",    "owner:write", "owner:execute", "group:read",   "group:write",
                                         "group:execute", "other:read",  "other:write",   "other:execute" };
    const char *before = ",\"permissions\":[\"";
    for (int i = 0; i < 9; i++)
        if (mode & (0400u >> i)) {
            buf_printf(out, "%s%s\"", before, words[i]);
            before = ",\"";
        }
    buf_puts(out, before[1] == '"' && before[2] == '\0' ? "]" : ",\"permissions\":[]");
}

void blob_record_put(struct buf *out, const struct blob_record *r)
{
    const struct blob *b = r->blob;
    struct str name = b->path;
    for (size_t i = b->path.n; i-- > 0;)
        if (b->path.p[i] == '/') {
            name = (struct str){ b->path.p + i + 1, b->path.n - i - 1 };
            break;
        }
    put_id(out, r->bucket, b->path);
    put_path(out, "bucket_name", "", r->bucket);
    put_path(out, "file_path", "", b->path);
    put_path(out, "file_name", r->marker, name);
    buf_puts(out, ",\"file_size\":");
    gen_put_number(out, (uint64_t)b->size);
    if (b->has_mode)
        put_permissions(out, b->mode);
    if (r->content_type.n > 0)
        put_text(out, "content_type", r->content_type);
    if (b->etag.n > 0)
        put_text(out, "etag", b->etag);
    put_moment(out, "modified_at", b->modified_ms);
    put_moment(out, "ingested_at", r->ingested_ms);
    if (r->gone)
        put_moment(out, "deleted_at", r->ingested_ms);
    buf_putc(out, '}');
}
