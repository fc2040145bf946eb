/* shim/cursor: where a page ended, as an opaque signed text. */
#include "shim/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In bytes: version, context (16), number of values, each value with a two-byte length before it, then the first 16 bytes of
 * HMAC-SHA-256 over all that. As base64url without padding. */
enum { VERSION = 1, HEAD = 1 + CURSOR_CONTEXT + 1, TAG = 16, RAW_MAX = CURSOR_TEXT_MAX / 4 * 3 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int create_secret(const char *path, struct err *err)
{
    unsigned char random[CURSOR_SECRET];
    char draft[4096];
    int rc = -1;
    if (RAND_bytes(random, sizeof random) != 1)
        return err_set(err, ERR_STOP, "%s: no random numbers to make it from", path);
    if (snprintf(draft, sizeof draft, "%s.%d", path, (int)getpid()) >= (int)sizeof draft)
        return err_set(err, ERR_STOP, "%s: the path is too long", path);
    int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, ERR_STOP, "%s: can't be created", draft);
    if (write(fd, random, sizeof random) != (ssize_t)sizeof random || fsync(fd) != 0)
        err_errno(err, ERR_STOP, "%s: can't be written", draft);
    /* link() fails where another process was first: then its file stands. */
    else if (link(draft, path) != 0 && errno != EEXIST)
        err_errno(err, ERR_STOP, "%s: can't be created", path);
    else
        rc = 0;
    close(fd);
    unlink(draft);
    OPENSSL_cleanse(random, sizeof random);
    return rc;
}

int cursor_secret_load(const char *path, int create, struct cursor_secret *out, struct err *err)
{
    unsigned char content[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && create) {
        if (create_secret(path, err) < 0)
            return -1;
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0)
        return err_errno(err, ERR_STOP, "%s: the key of the cursors can't be read", path);
    ssize_t n = read(fd, content, sizeof content);
    close(fd);
    if (n < 16)
        return err_set(err, ERR_STOP, "%s: expected a key of at least 16 bytes, found %zd", path, n);
    static const char label[] = "odw-shim cursor 1";
    unsigned length = 0;
    int ok = HMAC(EVP_sha256(), content, (int)n, (const unsigned char *)label, sizeof label - 1, out->bytes, &length) != NULL;
    OPENSSL_cleanse(content, sizeof content);
    return ok && length == CURSOR_SECRET ? 0 : err_set(err, ERR_STOP, "%s: SHA-256 isn't available", path);
}

void cursor_context(const struct str *parts, size_t n, unsigned char out[CURSOR_CONTEXT])
{
    unsigned char digest[SHA256_DIGEST_LENGTH] = { 0 };
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    if (sha != NULL && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1) {
        for (size_t i = 0; i < n; i++) {
            uint64_t length = parts[i].n; /* so that "ab","c" and "a","bc" differ */
            EVP_DigestUpdate(sha, &length, sizeof length);
            EVP_DigestUpdate(sha, parts[i].p, parts[i].n);
        }
        EVP_DigestFinal_ex(sha, digest, NULL);
    }
    EVP_MD_CTX_free(sha);
    memcpy(out, digest, CURSOR_CONTEXT);
}

static void sign(const struct cursor_secret *secret, const unsigned char *p, size_t n, unsigned char tag[TAG])
{
    unsigned char full[EVP_MAX_MD_SIZE] = { 0 };
    unsigned length = 0;
    HMAC(EVP_sha256(), secret->bytes, CURSOR_SECRET, p, n, full, &length);
    memcpy(tag, full, TAG);
}

static int put_base64(struct buf *out, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);
        buf_putc(out, alphabet[v >> 18]);
        buf_putc(out, alphabet[v >> 12 & 63]);
        if (left > 1)
            buf_putc(out, alphabet[v >> 6 & 63]);
        if (left > 2)
            buf_putc(out, alphabet[v & 63]);
    }
    return out->failed ? -1 : 0;
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* The one spelling of each text only: bits that are left over must be zero. Returns the length, or -1. */
static ssize_t get_base64(struct str s, unsigned char *out)
{
    size_t n = 0;
    if (s.n % 4 == 1)
        return -1;
    for (size_t i = 0; i < s.n; i += 4) {
        size_t left = s.n - i < 4 ? s.n - i : 4;
        uint32_t v = 0;
        for (size_t k = 0; k < 4; k++) {
            int bits = k < left ? sextet(s.p[i + k]) : 0;
            if (bits < 0)
                return -1;
            v = v << 6 | (uint32_t)bits;
        }
        out[n++] = (unsigned char)(v >> 16);
        if (left > 2)
            out[n++] = (unsigned char)(v >> 8);
        if (left > 3)
            out[n++] = (unsigned char)v;
        if ((left == 2 && (v & 0xFFFF) != 0) || (left == 3 && (v & 0xFF) != 0))
            return -1;
    }
    return (ssize_t)n;
}

int cursor_put(const struct cursor_secret *secret, const unsigned char context[CURSOR_CONTEXT], const struct str *values, size_t n,
               struct buf *out)
{
    struct buf raw;
    unsigned char tag[TAG];
    int rc = -1;
    buf_init(&raw, RAW_MAX);
    buf_putc(&raw, VERSION);
    buf_put(&raw, context, CURSOR_CONTEXT);
    buf_putc(&raw, (char)n);
    for (size_t i = 0; i < n; i++) {
        if (values[i].n > UINT16_MAX)
            goto out;
        buf_putc(&raw, (char)(values[i].n >> 8));
        buf_putc(&raw, (char)values[i].n);
        buf_put_str(&raw, values[i]);
    }
    if (raw.failed)
        goto out;
    sign(secret, (const unsigned char *)raw.p, raw.n, tag);
    if (buf_put(&raw, tag, TAG) == 0)
        rc = put_base64(out, (const unsigned char *)raw.p, raw.n);
out:
    buf_fini(&raw);
    return rc;
}

enum cursor_outcome cursor_get(const struct cursor_secret *secret, const unsigned char context[CURSOR_CONTEXT], struct str text,
                               struct arena *a, struct str *values, size_t n)
{
    unsigned char tag[TAG];
    if (text.n > CURSOR_TEXT_MAX)
        return CURSOR_DAMAGED;
    unsigned char *raw = arena_alloc(a, text.n + 4);
    ssize_t size = raw != NULL ? get_base64(text, raw) : -1;
    if (size < HEAD + TAG || raw[0] != VERSION)
        return CURSOR_DAMAGED;
    sign(secret, raw, (size_t)size - TAG, tag);
    if (CRYPTO_memcmp(tag, raw + size - TAG, TAG) != 0)
        return CURSOR_DAMAGED;
    if (memcmp(raw + 1, context, CURSOR_CONTEXT) != 0 || raw[1 + CURSOR_CONTEXT] != n)
        return CURSOR_FOREIGN;
    const unsigned char *p = raw + HEAD, *end = raw + size - TAG;
    for (size_t i = 0; i < n; i++) {
        size_t length = end - p >= 2 ? (size_t)p[0] << 8 | p[1] : SIZE_MAX;
        if (length > (size_t)(end - p) - 2)
            return CURSOR_DAMAGED;
        values[i] = (struct str){ (const char *)p + 2, length };
        p += 2 + length;
    }
    return p == end ? CURSOR_OK : CURSOR_DAMAGED;
}
