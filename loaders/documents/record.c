/* loaders/documents/record: a file's JSON. */
#include "loaders/documents/record.h"

#include "loaders/generate.h"
#include "loaders/object.h"

void put_base64(struct buf *out, struct str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)bytes.p;
    if (bytes.n == 0 || buf_reserve(out, (bytes.n + 2) / 3 * 4) < 0)
        return;
    char *to = out->p + out->n;
    size_t i = 0;
    for (; i + 2 < bytes.n; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];
        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & 63];
        *to++ = digits[v >> 6 & 63];
        *to++ = digits[v & 63];
    }
    if (i < bytes.n) {
        bool two = i + 1 < bytes.n;
        uint32_t v = (uint32_t)p[i] << 16 | (two ? (uint32_t)p[i + 1] << 8 : 0);
        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & 63];
        *to++ = two ? digits[v >> 6 & 63] : '=';
        *to++ = '=';
    }
    out->n = (size_t)(to - out->p);
}

/* One contract's record of a file is another document than another's. */
void document_record_put(struct buf *out, const struct document_record *r)
{
    struct buf path;
    const char *contract = r->contract != NULL ? r->contract : "";
    buf_init(&path, 0);
    buf_put_str(&path, r->source);
    buf_put_str(&path, r->blob->path);
    object_put_id(out, (const struct str[]){ r->source, r->blob->path, str_of(contract) }, 3);
    object_put_path(out, "source_file_path", "", buf_str(&path));
    buf_fini(&path);
    if (r->whole) {
        buf_puts(out, ",\"content\":\"");
        put_base64(out, r->bytes);
        buf_putc(out, '"');
        object_put_text(out, "content_type", r->content_type);
        object_put_text(out, "sha256", r->sha256);
    }
    buf_puts(out, ",\"bytes\":");
    gen_put_number(out, r->whole ? r->bytes.n : (uint64_t)r->blob->size);
    if (r->blob->etag.n > 0 && !str_eq(r->blob->etag, r->sha256))
        object_put_text(out, "etag", r->blob->etag);
    if (r->contract != NULL)
        object_put_text(out, "contract", str_of(r->contract));
    if (r->instructions != NULL)
        object_put_text(out, "instructions", str_of(r->instructions));
    object_put_moment(out, "modified_at", r->blob->modified_ms);
    object_put_moment(out, "ingested_at", r->ingested_ms);
    buf_putc(out, '}');
}
