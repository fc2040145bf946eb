/* cli/dlq_export: odw dlq export: letters as JSON lines, each payload exact. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/settings.h"
#include "base/utf8.h"
#include "cli/dlq.h"

enum { BATCH = 5000, BATCH_BYTES = 32 << 20 };

/* Names of the fields in the order of COLUMNS; those in `bytes` may be anything, the others are JSON of ClickHouse's making. */
static const char *const texts[] = { "id",       "source", "class",       "status",    "note",     "origin",
                                     "contract", "topic",  "appended_at", "failed_at", "offspring" };
static const char *const numbers[] = { "partition", "offset", "attempt" };
static const char *const json[] = { "violations" };
static const char *const bytes[] = { "key", "payload", "corrected" };
#define TEXTS                                                                                                                      \
    "id, source, class, status, note, origin, contract, topic, formatDateTime(appended_at, '%Y-%m-%dT%H:%i:%S.%fZ'), "             \
    "formatDateTime(failed_at, '%Y-%m-%dT%H:%i:%S.%fZ'), offspring"
#define COLUMNS                                                                                                                    \
    TEXTS ", partition, offset, attempt, toJSONString(violations), key, payload, corrected, "                                      \
          "arrayStringConcat(arrayMap((n, v) -> concat(hex(n), '=', hex(v)), header_names, header_values), ',')"
enum {
    N_TEXTS = sizeof texts / sizeof *texts,
    N_NUMBERS = sizeof numbers / sizeof *numbers,
    N_BYTES = sizeof bytes / sizeof *bytes
};
enum { FIELDS = N_TEXTS + N_NUMBERS + 1 + N_BYTES + 1 };

static bool is_utf8(struct str s)
{
    for (size_t i = 0, n; i < s.n; i += n)
        if ((n = utf8_length(s.p + i, s.n - i)) == 0)
            return false;
    return true;
}

/* RFC 4648, with padding. */
static void put_base64(struct buf *b, struct str s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        size_t left = s.n - i;
        uint32_t v = (uint32_t)(unsigned char)s.p[i] << 16;
        v |= left > 1 ? (uint32_t)(unsigned char)s.p[i + 1] << 8 : 0;
        v |= left > 2 ? (uint32_t)(unsigned char)s.p[i + 2] : 0;
        buf_putc(b, digits[v >> 18]);
        buf_putc(b, digits[v >> 12 & 63]);
        buf_putc(b, left > 1 ? digits[v >> 6 & 63] : '=');
        buf_putc(b, left > 2 ? digits[v & 63] : '=');
    }
}

/* "name": "text", or "name_base64": "…" where the bytes are no UTF-8. */
static void put_bytes(struct buf *b, const char *name, struct str s)
{
    bool plain = is_utf8(s);
    buf_printf(b, ",\"%s%s\":", name, plain ? "" : "_base64");
    if (plain) {
        buf_put_json(b, s);
        return;
    }
    buf_putc(b, '"');
    put_base64(b, s);
    buf_putc(b, '"');
}

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10);
}

static void unhex(struct buf *out, struct str hex)
{
    buf_clear(out);
    for (size_t i = 0; i + 1 < hex.n; i += 2)
        buf_putc(out, (char)(digit(hex.p[i]) << 4 | digit(hex.p[i + 1])));
}

static void put_headers(struct buf *b, struct str list)
{
    struct buf text;
    buf_init(&text, 0);
    buf_puts(b, ",\"headers\":[");
    for (bool first = true; list.n > 0; first = false) {
        struct str value = str_cut(&list, ',');
        unhex(&text, str_cut(&value, '='));
        buf_puts(b, first ? "{\"name\":" : ",{\"name\":");
        buf_put_json(b, buf_str(&text));
        unhex(&text, value);
        put_bytes(b, "value", buf_str(&text));
        buf_putc(b, '}');
    }
    buf_putc(b, ']');
    buf_fini(&text);
}

static int take(void *context, const struct str *f, size_t n)
{
    struct buf *b = context;
    if (n != FIELDS)
        return -1;
    buf_clear(b);
    for (size_t i = 0; i < N_TEXTS; i++) {
        buf_printf(b, "%c\"%s\":", i == 0 ? '{' : ',', texts[i]);
        buf_put_json(b, *f++);
    }
    for (size_t i = 0; i < N_NUMBERS; i++, f++)
        buf_printf(b, ",\"%s\":%.*s", numbers[i], STR_ARG(*f));
    buf_printf(b, ",\"%s\":", json[0]);
    buf_put_str(b, *f++);
    for (size_t i = 0; i < N_BYTES; i++, f++)
        if (f->n > 0 || strcmp(bytes[i], "payload") == 0)
            put_bytes(b, bytes[i], *f);
    put_headers(b, *f);
    buf_puts(b, "}\n");
    return !b->failed && fwrite(b->p, 1, b->n, stdout) == b->n ? 0 : -1;
}

static void missing(void *context, const char *id)
{
    (void)context;
    fprintf(stderr, "odw dlq export: there is no dead letter '%s'\n", id);
}

static const struct opt options[] = {
    DLQ_FILTERS("Only"),
    DLQ_STATUS,
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw dlq export",
    .about = "Writes dead letters to stdout, one JSON object a line, with all that was received. Bytes that are no UTF-8 stand as "
             "base64 in a field of that name (payload_base64). Payloads are raw: they may hold personal data.",
    .operands = "[ID]...",
    .max_operands = -1,
    .own = options,
    .shared = settings_shared,
    .more = "Exit codes: 0 all are written, 1 some are not, 2 the command line is wrong.\n",
};

static int export(const struct opts *o, struct err *err)
{
    struct progress progress;
    struct buf line;
    int rc = 0;
    buf_init(&line, (size_t)256 << 20);
    progress_init(&progress, "export", "letters", -1);
    struct clickhouse *ch = NULL;
    for (int i = 0; i < opts_operands(o) && rc == 0; i++)
        rc = letter_check_id(opts_operand(o, i), err);
    if (rc == 0 && (ch = clickhouse_new(o, err)) == NULL)
        rc = -1;
    struct dlq_walk walk = { .ch = ch,
                             .opts = o,
                             .status = opts_text(o, "status"),
                             .columns = COLUMNS,
                             .page_rows = BATCH,
                             .page_bytes = BATCH_BYTES,
                             .each = take,
                             .missing = missing,
                             .context = &line,
                             .progress = isatty(STDOUT_FILENO) ? NULL : &progress };
    if (rc == 0)
        rc = dlq_walk(&walk, err);
    if (rc == 0 && fflush(stdout) != 0)
        rc = err_errno(err, ERR_DROP, "writing to stdout");
    if (rc == 0 && walk.seen < opts_operands(o))
        rc = err_set(err, ERR_DROP, "not every letter is there");
    clickhouse_free(ch);
    buf_fini(&line);
    return rc;
}

static int run(int argc, char **argv)
{
    return dlq_verb(&usage, export, argc, argv);
}

const struct dlq_verb dlq_export = { "export", "all of them that a filter lets through, as JSON lines with their payloads", run };
