/* tests/fuzz/logline: what must hold for any line: it is understood somehow, borrows only from what it may, and becomes a JSON
 * record. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "log/level.h"
#include "log/logline.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_words[] = {
    "2026-11-25T10:00:00.123Z",
    "261125 10:00:00 ",
    "11-25 10:00:00.123  1  2 I Tag: ",
    "10:00AM ",
    "11/25/2026 10:00:00 AM",
    "[ 11-25 10:00:00.123 1: 2 I/T ]",
    "[    1.234567] ",
    "IN=eth0 SRC=1.2.3.4 DST=5.6.7.8 ",
    "type=SYSCALL msg=audit(1364481363.243:1): ",
    "msg='op=x acct=\"y\"'",
    "CEF:0|a|b|1|2|c|10|",
    "LEEF:2.0|a|b|1|2|0x5E|",
    "\\|",
    "%ASA-6-302013: ",
    "__CURSOR=a\n__REALTIME_TIMESTAMP=1764064800123456\nMESSAGE\n",
    "\x03",
    "# Time: ",
    "# User@Host: a[b] @ c [d]  Id: 1\n# Query_time: 1  Lock_time: 0\n",
    ",\"a\",\"b\"\"\",1,",
    ":1.2.3.4(5):a@b:[1]:ERROR:  ",
    "- 1117838570 2005.06.03 n 2005-06-03-15.42.50.675872 n RAS KERNEL INFO ",
    "10.0.0.1:5 [06/Feb/2009:12:14:14.655] a b/c 1/2/3/4/5 200 1 - - ---- 1/1/1/1/0 0/0 ",
    "http 2018-07-02T22:23:00.186641Z a 1.1.1.1:2 - 0.0 0.0 0.0 200 200 1 2 \"GET / HTTP/1.1\" ",
    "o b [06/Feb/2019:00:00:38 +0000] 1.1.1.1 r i REST.GET - \"GET / HTTP/1.1\" 200 - 1 - 7 - ",
    "2019-12-04\t21:02:31\tL\t1\t1.1.1.1\tGET\th\t/\t200\t-\t-\t-\t-\tHit\ti",
    "2 1 eni-1 1.1.1.1 2.2.2.2 1 2 6 1 1 1418530010 1418530070 ACCEPT OK",
    "\x1b[32m",
    "\x1b[",
    "2026-11-25 10:00:00,123",
    "25/Nov/2026:10:00:00 +0000",
    "Nov 25 10:00:00 ",
    "10:00:00.123",
    "1764064800.123",
    "Wed Nov 25 10:00:00 2026",
    "Nov 25, 2026 10:00:00 AM ",
    "I1125 10:00:00.123456 ",
    "<34>1 ",
    "<13>",
    "[",
    "]",
    "{",
    "}",
    "\"",
    ":",
    "=",
    "\\\"",
    "\\u00e9",
    "\\ud800",
    "\n",
    "\t",
    " ",
    " - ",
    "|",
    "--- ",
    "INFO",
    "ERROR",
    "warn",
    "<Error>",
    "[main]",
    "com.foo.Bar",
    "{\"level\":",
    "\"msg\":\"",
    "\"time\":",
    "\"log\":\"",
    "\"message\":\"",
    "trace_id=",
    "request_id=",
    "0af7651916cd43dd8448eb211c80319c",
    "traceparent: ",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "level=error ",
    "msg=\"",
    "127.0.0.1 - - [",
    "\"GET / HTTP/1.1\" 200 5",
    "stdout F ",
    "[error] 31#31: ",
    "[MY-010116]",
    "-- : ",
    "info: A.B[1]",
    "\xff",
    "\xc3\xa9",
    "-",
    "0",
    NULL,
};

static bool is_level(const char *level)
{
    struct str s = str_of(level);
    return s.n == 0 || level_normalise(s) == level || str_eq(str_of(level_normalise(s)), s);
}

/* jansson refuses numbers that a double can't hold, more than 2048 levels, and a NUL in a name; RFC 8259 doesn't. */
static bool is_limit(const json_error_t *error)
{
    return strstr(error->text, "too big") != NULL || strstr(error->text, "real number overflow") != NULL ||
           strstr(error->text, "NUL byte in object key") != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct logline_parser *p;
    if (p == NULL)
        p = logline_parser_new();
    MUST(p != NULL);
    /* A copy of exactly n bytes: a sanitizer sees every read beyond. */
    char *copy = malloc(n > 0 ? n : 1);
    MUST(copy != NULL);
    memcpy(copy, data, n);
    struct str line = { copy, n };
    struct buf record, again;
    buf_init(&record, 0);
    buf_init(&again, 0);
    (void)logline_continues(line);
    (void)logline_expects_more(line);
    for (int known = 0; known < 2; known++) {
        const struct logline *l = logline_parse(p, line, known ? INT64_C(1764064800000) : LOG_TIME_UNKNOWN);
        MUST(l != NULL && l->n_attributes <= LOGLINE_ATTRIBUTES && is_level(l->level));
        MUST(!l->has_time || (l->time_ms > INT64_C(-62200000000000) && l->time_ms < INT64_C(253500000000000)));
        for (size_t i = 0; i < l->n_attributes; i++)
            for (size_t k = 0; k < i; k++)
                MUST(!str_eq(l->attributes[i].name.text, l->attributes[k].name.text));
        buf_clear(&record);
        buf_putc(&record, '{');
        logline_put_members(l, 0, STR(""), &record);
        buf_putc(&record, '}');
        MUST(!record.failed);
        json_error_t error;
        json_t *json = json_loadb(record.p, record.n, JSON_ALLOW_NUL, &error);
        if (json == NULL && !is_limit(&error))
            fprintf(stderr, "%s\n%.*s\n", error.text, STR_ARG(record));
        MUST(json != NULL || is_limit(&error));
        json_decref(json);
        /* The same line says the same. */
        l = logline_parse(p, line, known ? INT64_C(1764064800000) : LOG_TIME_UNKNOWN);
        buf_clear(&again);
        buf_putc(&again, '{');
        logline_put_members(l, 0, STR(""), &again);
        buf_putc(&again, '}');
        MUST(str_eq(buf_str(&record), buf_str(&again)));
    }
    buf_fini(&record);
    buf_fini(&again);
    free(copy);
    return 0;
}
