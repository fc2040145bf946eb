/* lib/s3/sign: AWS Signature Version 4 in the Authorization header, as "Signature Calculations for the Authorization Header:
 * Transferring Payload in a Single Chunk" in Amazon's S3 API reference has it. */
#ifndef ODW_S3_SIGN_H
#define ODW_S3_SIGN_H

#include "base/buf.h"
#include "base/str.h"

struct s3_header {
    const char *name; /* lower case */
    struct str value; /* without white space around it */
};

struct s3_signing {
    const char *method;
    struct str path;  /* encoded, as it is sent: "/bucket/a%20b" */
    struct str query; /* encoded, its parameters sorted, each with its '=': "list-type=2&prefix=a%2F"; may be empty */
    const struct s3_header *headers; /* all that are signed, sorted by name; host, x-amz-date and x-amz-content-sha256 among them */
    size_t n_headers;
    const char *payload; /* the body's SHA-256 in hex, or UNSIGNED-PAYLOAD */
    const char *moment;  /* 20130524T000000Z, as in x-amz-date */
    const char *region, *service;
    const char *access_key, *secret_key;
};

/* SHA-256 of nothing. */
#define S3_EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* Appends the header's value: "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…". 0, or -1 without memory. */
int s3_sign(const struct s3_signing *s, struct buf *out);

#endif
