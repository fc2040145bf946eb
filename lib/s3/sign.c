/* lib/s3/sign: AWS Signature Version 4. */
#include "s3/sign.h"

#include <stdio.h>
#include <string.h>

#include "base/sha256.h"

enum { DIGEST = 32 };

static void put_hex(struct buf *b, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%02x", bytes[i]);
}

static void hmac(struct str secret, struct str text, uint8_t out[DIGEST])
{
    struct hmac_key key;
    hmac_sha256_init(&key, secret);
    hmac_sha256(&key, text, out);
    explicit_bzero(&key, sizeof key);
}

static void put_names(struct buf *b, const struct s3_signing *s)
{
    for (size_t i = 0; i < s->n_headers; i++)
        buf_printf(b, "%s%s", i > 0 ? ";" : "", s->headers[i].name);
}

/* What is signed of the request, on lines of its own. */
static void put_request(struct buf *b, const struct s3_signing *s)
{
    buf_printf(b, "%s\n", s->method);
    buf_put_str(b, s->path);
    buf_putc(b, '\n');
    buf_put_str(b, s->query);
    buf_putc(b, '\n');
    for (size_t i = 0; i < s->n_headers; i++) {
        buf_printf(b, "%s:", s->headers[i].name);
        buf_put_str(b, s->headers[i].value);
        buf_putc(b, '\n');
    }
    buf_putc(b, '\n');
    put_names(b, s);
    buf_printf(b, "\n%s", s->payload);
}

/* A key for this day, region and service, so that the secret itself signs nothing else. */
static int signing_key(const struct s3_signing *s, uint8_t key[DIGEST])
{
    const struct str steps[] = { { s->moment, 8 }, str_of(s->region), str_of(s->service), STR("aws4_request") };
    struct buf first;
    buf_init(&first, 0);
    buf_printf(&first, "AWS4%s", s->secret_key);
    int rc = first.failed ? -1 : 0;
    struct str secret = buf_str(&first);
    for (size_t i = 0; rc == 0 && i < sizeof steps / sizeof *steps; i++) {
        hmac(secret, steps[i], key);
        secret = (struct str){ (const char *)key, DIGEST };
    }
    if (first.p != NULL)
        explicit_bzero(first.p, first.cap);
    buf_fini(&first);
    return rc;
}

int s3_sign(const struct s3_signing *s, struct buf *out)
{
    uint8_t key[DIGEST], digest[DIGEST];
    char scope[256];
    struct buf text, request;
    int rc = -1;
    buf_init(&text, 0);
    buf_init(&request, 0);
    snprintf(scope, sizeof scope, "%.8s/%s/%s/aws4_request", s->moment, s->region, s->service);
    put_request(&request, s);
    if (request.failed)
        goto out;
    sha256(buf_str(&request), digest);
    buf_printf(&text, "AWS4-HMAC-SHA256\n%s\n%s\n", s->moment, scope);
    put_hex(&text, digest, DIGEST);
    if (text.failed || signing_key(s, key) < 0)
        goto out;
    hmac((struct str){ (const char *)key, DIGEST }, buf_str(&text), digest);
    buf_printf(out, "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=", s->access_key, scope);
    put_names(out, s);
    buf_puts(out, ", Signature=");
    put_hex(out, digest, DIGEST);
    rc = out->failed ? -1 : 0;
out:
    explicit_bzero(key, sizeof key);
    buf_fini(&text);
    buf_fini(&request);
    return rc;
}
