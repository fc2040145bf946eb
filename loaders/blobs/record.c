/* loaders/blobs/record: an object's JSON. */
#include "loaders/blobs/record.h"

#include "loaders/generate.h"
#include "loaders/object.h"

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
    object_put_id(out, (const struct str[]){ r->bucket, b->path }, 2);
    object_put_path(out, "bucket_name", "", r->bucket);
    object_put_path(out, "file_path", "", b->path);
    object_put_path(out, "file_name", r->marker, name);
    buf_puts(out, ",\"file_size\":");
    gen_put_number(out, (uint64_t)b->size);
    if (b->has_mode)
        put_permissions(out, b->mode);
    if (r->content_type.n > 0)
        object_put_text(out, "content_type", r->content_type);
    if (b->etag.n > 0)
        object_put_text(out, "etag", b->etag);
    object_put_moment(out, "modified_at", b->modified_ms);
    object_put_moment(out, "ingested_at", r->ingested_ms);
    if (r->gone)
        object_put_moment(out, "deleted_at", r->ingested_ms);
    buf_putc(out, '}');
}
