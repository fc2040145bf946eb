/* udfs: answers as text, for people and for the golden cases. */
#include "base/utf8.h"
#include "udfs/registry.h"

/* Readable, and every byte can be told from it. */
static void put_escaped(struct str s, struct buf *out)
{
    static const char names[] = "\0"
                                "0\t"
                                "t\n"
                                "n\r"
                                "r\\"
                                "\\";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        size_t k = 0;
        while (k < sizeof names - 1 && (unsigned char)names[k] != ch)
            k += 2;
        if (k < sizeof names - 1)
            buf_printf(out, "\\%c", names[k + 1]);
        else if (ch < ' ' || ch == 0x7F)
            buf_printf(out, "\\x%02x", ch);
        else if (ch < 0x80)
            buf_putc(out, (char)ch);
        else {
            size_t len = utf8_length(s.p + i, s.n - i);
            if (len == 0) {
                buf_printf(out, "\\x%02x", ch);
            } else {
                buf_put(out, s.p + i, len);
                i += len - 1;
            }
        }
    }
}

int print_rows(const struct col *c, struct buf *out)
{
    if (c->kind != COL_STRING || c->nullable)
        return col_put_json_rows(c, out);
    for (size_t at = 0; at < c->data.n;) {
        uint64_t n = 0;
        at += (size_t)varint_read(c->data.p + at, c->data.n - at, &n);
        put_escaped((struct str){ c->data.p + at, n }, out);
        buf_putc(out, '\n');
        at += n;
    }
    return out->failed ? -1 : 0;
}
