/* lib/pii/redact: text out with a token in place of each span. */
#include "pii/scan.h"

size_t pii_redact(struct str text, struct buf *out)
{
    struct pii_scan scan;
    struct pii_span span;
    size_t done = 0, found = 0;
    pii_scan_init(&scan, text, 0);
    while (pii_scan_next(&scan, &span)) {
        buf_put(out, text.p + done, span.start - done);
        buf_puts(out, pii_token(span.type));
        done = span.start + span.length;
        found++;
    }
    buf_put(out, text.p + done, text.n - done);
    return found;
}
