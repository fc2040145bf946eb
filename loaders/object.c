/* loaders/object: fields of records. */
#include "loaders/object.h"

#include "base/sha256.h"
#include "base/utf8.h"
#include "loaders/generate.h"

void object_put_text(struct buf *out, const char *name, struct str text)
{
    buf_printf(out, ",\"%s\":", name);
    buf_put_json(out, text);
}

void object_put_moment(struct buf *out, const char *name, int64_t ms)
{
    buf_printf(out, ",\"%s\":\"", name);
    gen_put_time(out, ms);
    buf_putc(out, '"');
}

void object_put_path(struct buf *out, const char *name, const char *marker, struct str path)
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
    object_put_text(out, name, buf_str(&text));
    out->failed = out->failed || text.failed;
    buf_fini(&text);
}

void object_put_id(struct buf *out, const struct str *parts, size_t n)
{
    struct buf whole;
    uint8_t digest[32];
    buf_init(&whole, 0);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_putc(&whole, '\0');
        buf_put_str(&whole, parts[i]);
    }
    sha256(buf_str(&whole), digest);
    out->failed = out->failed || whole.failed;
    buf_fini(&whole);
    buf_puts(out, "{\"id\":\"");
    for (int i = 0; i < 16; i++)
        gen_put_hex(out, digest[i], 2);
    buf_putc(out, '"');
}
