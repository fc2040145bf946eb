/* lib/doc/image: a picture as OCR wants it: grey, upright, neither tiny nor huge. */
#include <leptonica/allheaders.h>
#include <math.h>

#include "doc/parse.h"

enum {
    SMALL = 1800, /* a picture whose longer side is shorter is a screenshot or a thumbnail: twice as large it reads better */
    ENOUGH = 25 * 1000000, /* pixels: what is beyond is detail that no letter needs */
    PAGE = 500,            /* pixels of either side: a page of letters has at least that many */
    SWEEP = 45,            /* degrees to either side that a page may be askew */
};

static const float SURE = 3.0f; /* leptonica's confidence from which an angle is believed */

/* Turned so that lines are level. Takes pix. */
static PIX *straighten(PIX *pix)
{
    float angle = 0, confidence = 0;
    PIX *binary = pixConvertTo1(pix, 140), *turned = NULL;
    if (binary == NULL)
        return pix;
    int longer = pixGetWidth(pix) > pixGetHeight(pix) ? pixGetWidth(pix) : pixGetHeight(pix);
    int reduce = longer > 2400 ? 4 : longer > 1200 ? 2 : 1;
    if (pixFindSkewSweepAndSearch(binary, &angle, &confidence, reduce, reduce > 1 ? reduce / 2 : 1, SWEEP, 1.0f, 0.05f) == 0 &&
        confidence >= SURE && fabsf(angle) >= 0.3f)
        turned =
            pixRotate(pix, (float)(angle * M_PI / 180), L_ROTATE_AREA_MAP, L_BRING_IN_WHITE, pixGetWidth(pix), pixGetHeight(pix));
    pixDestroy(&binary);
    if (turned == NULL)
        return pix;
    pixDestroy(&pix);
    return turned;
}

/* Takes pix. NULL: no memory. */
static PIX *prepare(PIX *pix)
{
    PIX *steps[3] = { NULL };
    PIX *opaque = pixGetSpp(pix) == 4 ? pixAlphaBlendUniform(pix, 0xFFFFFF00) : pixClone(pix);
    pixDestroy(&pix);
    steps[0] = opaque != NULL ? pixConvertTo8(opaque, 0) : NULL;
    pixDestroy(&opaque);
    if (steps[0] == NULL)
        return NULL;
    double w = pixGetWidth(steps[0]), h = pixGetHeight(steps[0]), scale = 1;
    if (w * h > ENOUGH)
        scale = sqrt(ENOUGH / (w * h));
    else if ((w > h ? w : h) < SMALL)
        scale = 2;
    if (scale != 1 && (steps[1] = pixScale(steps[0], (float)scale, (float)scale)) != NULL) {
        pixDestroy(&steps[0]);
        steps[0] = steps[1];
    }
    return straighten(steps[0]);
}

/* Takes pix. */
static int put_image(PIX *pix, struct parts *parts)
{
    l_uint8 *bytes = NULL;
    size_t n = 0;
    pix = prepare(pix);
    int done =
        pix == NULL || pixWriteMemPnm(&bytes, &n, pix) != 0 ? parts_fail(parts, "the picture takes more memory than there is") : 0;
    if (done == 0) {
        parts_put(parts, PART_IMAGE, (struct str){ (const char *)bytes, n });
        if (parts->out.failed)
            done = parts_fail(parts, "its pictures take more memory than there is");
    }
    lept_free(bytes);
    pixDestroy(&pix);
    return done;
}

/* Before anything of it is unpacked. */
static int check_size(int w, int h, struct parts *parts)
{
    double megapixels = (double)w * h / 1e6;
    if (w <= 0 || h <= 0)
        return parts_fail(parts, "the picture is damaged: its header says %d by %d pixels", w, h);
    if (megapixels > parts->limits->megapixels)
        return parts_fail(parts, "the picture has %.0f megapixels (%d by %d); at most %u are read", megapixels, w, h,
                          parts->limits->megapixels);
    return 0;
}

static int parse_tiff(struct str bytes, struct parts *parts)
{
    size_t offset = 0;
    unsigned page = 0;
    do {
        l_int32 w = 0, h = 0;
        if (page >= parts->limits->scans)
            return parts_fail(parts, "the TIFF has more than %u pages", parts->limits->scans);
        if (readHeaderMemTiff((const l_uint8 *)bytes.p, bytes.n, (l_int32)page, &w, &h, NULL, NULL, NULL, NULL, NULL) != 0)
            return parts_fail(parts, "the TIFF is damaged: page %u has no header that can be read", page + 1);
        if (check_size(w, h, parts) < 0)
            return -1;
        PIX *pix = pixReadMemFromMultipageTiff((const l_uint8 *)bytes.p, bytes.n, &offset);
        if (pix == NULL)
            return parts_fail(parts, "the TIFF is damaged: page %u can't be read", page + 1);
        if (put_image(pix, parts) < 0)
            return -1;
        page++;
    } while (offset != 0);
    return 0;
}

static int big_endian(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    uint32_t v = (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
    return v < 1 << 30 ? (int)v : 1 << 30;
}

bool image_is_page(struct str bytes)
{
    l_int32 format = 0, w = 0, h = 0;
    setMsgSeverity(L_SEVERITY_NONE);
    return pixReadHeaderMem((const l_uint8 *)bytes.p, bytes.n, &format, &w, &h, NULL, NULL, NULL) != 0 || (w >= PAGE && h >= PAGE);
}

int parse_image(struct str bytes, struct parts *parts)
{
    l_int32 format = 0, w = 0, h = 0;
    setMsgSeverity(L_SEVERITY_NONE);
    /* A PNG says its size in its first chunk (RFC 2083, 4.1.1): before leptonica, which takes no header alone. */
    if (bytes.n >= 24 && str_starts(bytes, STR("\x89PNG")) &&
        check_size(big_endian(bytes.p + 16), big_endian(bytes.p + 20), parts) < 0)
        return -1;
    if (pixReadHeaderMem((const l_uint8 *)bytes.p, bytes.n, &format, &w, &h, NULL, NULL, NULL) != 0)
        return parts_fail(parts, "the picture is damaged: its header can't be read");
    if (check_size(w, h, parts) < 0)
        return -1;
    if (L_FORMAT_IS_TIFF(format))
        return parse_tiff(bytes, parts);
    PIX *pix = pixReadMem((const l_uint8 *)bytes.p, bytes.n);
    if (pix == NULL)
        return parts_fail(parts, "the picture is damaged: it can't be unpacked");
    return put_image(pix, parts);
}
