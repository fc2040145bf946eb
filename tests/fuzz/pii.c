/* tests/fuzz/pii: what must hold for the redaction of any bytes. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "pii/scan.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_words[] = {
    "john.doe@example.com",
    "a@b.co",
    "@",
    "jörg@müller.de",
    "用户@例子.公司",
    "\"q s\"@x.org",
    "x@[192.0.2.1]",
    "%40",
    "+1 415 555 0132",
    "(415) 555-0132",
    "415-555-0132",
    "4155550132",
    "+44 (0)20 7123 4567",
    "+49 30 1234567",
    "090-1234-5678",
    " x123",
    " ext. 9",
    "phone ",
    "tel:",
    "call me at ",
    "my number is ",
    "ssn ",
    "social security ",
    "card ",
    "id=",
    "version ",
    "4111111111111111",
    "4111 1111 1111 1111",
    "3714-496353-98431",
    "6759649826438453",
    "122000000000003",
    "DE89370400440532013000",
    "DE89 3704 0044 0532 0130 00",
    "gb29nwbk60161331926819",
    "078-05-1123",
    "078 05 1123",
    "078051123",
    "192.168.1.1",
    "1.2.3.4",
    "10.0.0.1/8",
    ".5555",
    "2001:db8::1",
    "::",
    "::1",
    "fe80::1%eth0",
    "::ffff:1.2.3.4",
    "1:2:3:4:5:6:7:8",
    "12:34:56",
    "2026-11-23",
    "aa:bb:cc:dd:ee:ff",
    "AA-BB-CC-DD-EE-FF",
    "0012.3456.789a",
    "550e8400-e29b-41d4-a716-446655440000",
    "https://",
    "user:pa55@",
    "://a:b@c.org",
    "www.example.com",
    "dob: ",
    "born on ",
    "1980-05-04",
    "May 5, 1990",
    "5 May 1990",
    "5-MAY-1990",
    "password=",
    "api_key: ",
    "\"token\":\"",
    "--password ",
    " -p",
    "mysql ",
    "sshpass ",
    "curl -u a:",
    "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw5",
    "AKIAIOSFODNN7EXAMPLE:",
    ".atlasv1.",
    "hvs.",
    "756.9217.0769.85",
    "710319/2745",
    "11010519491231002X",
    "A123456(3)",
    "BOXW310820HNERXN09",
    "vat ",
    "ATU13585627",
    "IDENTIFIED BY '",
    "PASSWORD '",
    "<password>",
    "</password>",
    ";Pwd=",
    ";x=",
    "@tcp(",
    "Authorization: Digest ",
    "response=\"",
    "hunter2",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "Bearer ",
    "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----END RSA PRIVATE KEY-----",
    "-----",
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "AB123456C",
    "AA 12 34 56 B",
    "SW1A 1AA",
    "K1A 0B1",
    "943 476 5919",
    "401-023-2137",
    "nhs ",
    "pesel ",
    "44051401458",
    "12345678Z",
    "X1234567L",
    "RSSMRA85T10A562S",
    "131052-308T",
    "1EG4-TE5-MK73",
    "S1234567D",
    "ABCPE1234F",
    "85.07.30-033.28",
    "529.982.247-25",
    "11.222.333/0001-81",
    "811218-9876",
    "2 55 08 14 168 025 38",
    "passport ",
    "A12803456",
    "zip ",
    "Boulder, CO 80301",
    " is my phone",
    " (SSN)",
    "x: ",
    "[SECRET]",
    "[MAC]",
    "[DATE_OF_BIRTH]",
    "[CREDENTIALS]",
    "[NHS]",
    "[EMAIL]",
    "[PHONE]",
    "[IP]",
    "[CARD]",
    "[SSN]",
    "[IBAN]",
    " ",
    "-",
    ".",
    ",",
    "\n",
    "\xC2\xA0",
    "\xE2\x80\x91",
    "é",
    "漢",
    "😀",
    "\\u0040",
    "\\\"",
    "\\n",
    "\\ud83d\\ude00",
    "\\ud800",
    "\"",
    "{\"",
    "\":\"",
    "\",\"",
    "\"}",
    "[",
    "]",
    NULL,
};

static bool valid_utf8(struct str s)
{
    for (size_t i = 0, n; i < s.n; i += n)
        if ((n = utf8_length(s.p + i, s.n - i)) == 0)
            return false;
    return true;
}

static bool inside_character(struct str s, size_t i)
{
    return i < s.n && ((unsigned char)s.p[i] & 0xC0) == 0x80;
}

/* Every type that there is, the kept ones too: in order, within the text, between characters. */
static void check_all(struct str text, bool utf8)
{
    struct pii_scan scan;
    struct pii_span span;
    size_t done = 0;
    pii_scan_init_of(&scan, pii_set_all(), text, 0);
    while (pii_scan_next(&scan, &span)) {
        MUST(span.length > 0 && span.start >= done && span.start + span.length <= text.n);
        MUST(span.type < PII_TYPES && span.score > 0 && span.score <= 1);
        if (utf8)
            MUST(!inside_character(text, span.start) && !inside_character(text, span.start + span.length));
        done = span.start + span.length;
    }
}

/* Spans one by one are in order; a scan gives what redaction gives (it goes on where a token uncovers more); they lie in order,
 * within the text, between characters; twice is as once. */
static void check_text(struct str text)
{
    struct buf once, twice, by_hand;
    buf_init(&once, 0);
    buf_init(&twice, 0);
    buf_init(&by_hand, 0);
    bool utf8 = valid_utf8(text);
    size_t found = pii_redact(text, &once), done = 0, spans = 0;
    struct pii_span span;
    struct pii_scan scan;
    while (pii_next(text, done, &span)) {
        MUST(span.length > 0 && span.start >= done && span.start + span.length <= text.n);
        done = span.start + span.length;
    }
    MUST((done > 0) == (found > 0));
    done = 0;
    pii_scan_init(&scan, text, 0);
    while (pii_scan_next(&scan, &span)) {
        MUST(span.length > 0 && span.start >= done && span.start + span.length <= text.n);
        MUST(span.type < PII_TYPES && span.score > 0 && span.score <= 1);
        if (utf8)
            MUST(!inside_character(text, span.start) && !inside_character(text, span.start + span.length));
        buf_put(&by_hand, text.p + done, span.start - done);
        buf_puts(&by_hand, pii_token(span.type));
        done = span.start + span.length;
        spans++;
    }
    buf_put(&by_hand, text.p + done, text.n - done);
    MUST((spans > 0) == (found > 0));
    /* Where tokens uncover nothing more, one scan is all there is to it; a later round may find a span that covers several. */
    if (spans == 0 || !pii_next(buf_str(&by_hand), 0, &span))
        MUST(spans == found && str_eq(buf_str(&once), buf_str(&by_hand)));
    MUST(found > 0 || str_eq(buf_str(&once), text));
    pii_redact(buf_str(&once), &twice);
    if (!str_eq(buf_str(&once), buf_str(&twice)))
        fprintf(stderr, "once:  %.*s\ntwice: %.*s\n", STR_ARG(once), STR_ARG(twice));
    MUST(str_eq(buf_str(&once), buf_str(&twice)));
    check_all(text, utf8);
    buf_fini(&once);
    buf_fini(&twice);
    buf_fini(&by_hand);
}

/* What was JSON stays JSON; what wasn't is treated as text. */
static void check_json(struct str json)
{
    struct buf once;
    json_error_t error;
    buf_init(&once, 0);
    size_t spans = pii_redact_json(json, &once);
    /* Jansson takes a NUL behind the value for the end of its input; RFC 8259 doesn't. */
    json_t *before = NULL;
    if (json.n > 0 && memchr(json.p, 0, json.n) == NULL)
        before = json_loadb(json.p, json.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (before != NULL) {
        json_t *after = json_loadb(once.p, once.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
        MUST(after != NULL);
        MUST(json_typeof(after) == json_typeof(before));
        json_decref(after);
        json_decref(before);
        struct buf twice;
        buf_init(&twice, 0);
        MUST(pii_redact_json_read(json, &twice) == spans && str_eq(buf_str(&once), buf_str(&twice)));
        buf_clear(&twice);
        pii_redact_json(buf_str(&once), &twice);
        if (!str_eq(buf_str(&once), buf_str(&twice)))
            fprintf(stderr, "once:  %.*s\ntwice: %.*s\n", STR_ARG(once), STR_ARG(twice));
        MUST(str_eq(buf_str(&once), buf_str(&twice)));
        buf_fini(&twice);
    }
    buf_fini(&once);
}

/* The text as a string of a document, once plainly and once with every byte of ASCII as \u00XX: the same spans. */
static void check_wrapped(struct str text)
{
    struct buf plain, escaped, a, b;
    buf_init(&plain, 0);
    buf_init(&escaped, 0);
    buf_init(&a, 0);
    buf_init(&b, 0);
    buf_puts(&plain, "{\"k\":");
    buf_put_json(&plain, text);
    buf_puts(&plain, ",\"n\":4111111111111111}");
    buf_puts(&escaped, "{\"k\":\"");
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < 0x80)
            buf_printf(&escaped, "\\u%04x", (unsigned char)text.p[i]);
        else
            buf_putc(&escaped, text.p[i]);
    }
    buf_puts(&escaped, "\",\"n\":4111111111111111}");
    check_json(buf_str(&plain));
    if (valid_utf8(text)) {
        size_t n = pii_redact_json(buf_str(&plain), &a), m = pii_redact_json(buf_str(&escaped), &b);
        if (memchr(text.p, '"', text.n) == NULL)
            MUST(n == m);
        check_json(buf_str(&escaped));
    }
    buf_fini(&plain);
    buf_fini(&escaped);
    buf_fini(&a);
    buf_fini(&b);
}

/* Its lines as strings of one array: what begins in one of them never goes on in the next. */
static void check_lines(struct str text)
{
    struct buf json;
    buf_init(&json, 0);
    buf_putc(&json, '[');
    while (text.n > 0) {
        buf_puts(&json, json.n > 1 ? "," : "");
        buf_put_json(&json, str_cut(&text, '\n'));
    }
    buf_putc(&json, ']');
    check_json(buf_str(&json));
    buf_fini(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    /* A copy of exactly n bytes: a sanitizer sees every read beyond. */
    char *copy = malloc(n > 0 ? n : 1);
    MUST(copy != NULL);
    memcpy(copy, data, n);
    struct str text = { copy, n };
    check_text(text);
    check_json(text);
    if (n > 0)
        check_wrapped(text);
    check_lines(text);
    struct buf out;
    buf_init(&out, 0);
    MUST(ip_anonymise(text, &out) || out.n == 0);
    buf_fini(&out);
    free(copy);
    return 0;
}
