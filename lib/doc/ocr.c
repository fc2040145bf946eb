/* lib/doc/ocr: tesseract, as a program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doc/process.h"
#include "doc/reading.h"

/* "eng", "eng+deu": letters, and what joins them. Anything else isn't handed to a program. */
static const char *languages(void)
{
    const char *wish = getenv("ODW_OCR_LANGUAGES");
    if (wish == NULL || *wish == '\0' || wish[strspn(wish, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_+")] != '\0')
        return "eng";
    return wish;
}

int reading_ocr(struct reading *r, struct str image, struct buf *text)
{
    struct outcome o;
    struct buf raw;
    /* Page layout with its orientation: a page that lies on its side or its head is read as well. */
    const char *const argv[] = { "tesseract", "stdin", "stdout", "-l", languages(), "--psm", "1", NULL };
    if (++r->scans > r->limits->scans)
        return parts_fail(&r->answer, "more than %u of its pages are pictures: that many are read by OCR at most",
                          r->limits->scans);
    buf_init(&raw, r->limits->text_bytes);
    process_program(r->limits, r->deadline, argv, image, &raw, &o);
    if (o.well)
        tidy(buf_str(&raw), TIDY_FLOW, text);
    else if (strstr(o.said, "Failed loading language") != NULL)
        parts_fail(&r->answer, "OCR has no model for the language %s", languages());
    else
        parts_fail(&r->answer, "a picture could not be read: tesseract %s", o.why[0] != '\0' ? o.why : "found it damaged");
    buf_fini(&raw);
    r->by_ocr = true;
    return o.well ? 0 : -1;
}
