/* loaders/logs: lines of log files and of standard input, as what they say; or generated ones. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "loaders/generate.h"
#include "loaders/loader.h"
#include "loaders/logs/generated.h"
#include "loaders/logs/tail.h"
#include "log/logline.h"

enum { KEY_MAX = 200, PATTERNS_MAX = 4096 };

struct logs {
    struct tail *tail; /* NULL: generate */
    struct logline_parser *parser;
    struct generated *generated;
    const char *source; /* for lines that say none; NULL: the file's stem */
    bool arrival;
    char **patterns;
};

static int open_files(struct logs *l, const struct opts *o, int64_t *total, struct err *err)
{
    static const char *const generator[] = { "count", "seed", "days", "until", "fail-percentage" };
    int n = opts_operands(o);
    bool once = opts_flag(o, "once"), only_in = true;
    for (size_t i = 0; i < sizeof generator / sizeof *generator; i++)
        if (opts_given(o, generator[i]))
            return err_set(err, ERR_STOP, "--%s is for generated lines; '%s' is read as it is", generator[i], opts_operand(o, 0));
    if (once && opts_flag(o, "follow"))
        return err_set(err, ERR_STOP, "--once and --follow exclude each other; give one of them");
    if (n > PATTERNS_MAX)
        return err_set(err, ERR_STOP, "expected at most %d files and patterns, got %d (quote a pattern to have it followed)",
                       PATTERNS_MAX, n);
    l->patterns = calloc((size_t)n + 1, sizeof *l->patterns); /* ends in NULL */
    l->parser = logline_parser_new();
    if (l->patterns == NULL || l->parser == NULL)
        return err_set(err, ERR_RETRY, "out of memory");
    for (int i = 0; i < n; i++) {
        l->patterns[i] = strdup(opts_operand(o, i));
        if (l->patterns[i] == NULL)
            return err_set(err, ERR_RETRY, "out of memory");
        only_in = only_in && strcmp(l->patterns[i], "-") == 0;
    }
    /* Standard input alone ends by itself. */
    bool follow = !once && !only_in;
    l->tail = tail_new(l->patterns, (size_t)n, follow, !opts_flag(o, "no-join"), err);
    l->source = opts_text(o, "source");
    l->arrival = opts_flag(o, "arrival-time");
    *total = follow ? LOADER_ENDLESS : -1;
    return l->tail != NULL ? 0 : -1;
}

static void logs_close(void *state)
{
    struct logs *l = state;
    if (l == NULL)
        return;
    tail_free(l->tail);
    logline_parser_free(l->parser);
    generated_free(l->generated);
    for (size_t i = 0; l->patterns != NULL && l->patterns[i] != NULL; i++)
        free(l->patterns[i]);
    free(l->patterns);
    free(l);
}

static int logs_open(const struct opts *o, void **state, int64_t *total, struct err *err)
{
    struct logs *l = calloc(1, sizeof *l);
    if (l == NULL)
        return err_set(err, ERR_RETRY, "out of memory");
    int rc = -1;
    if (opts_operands(o) > 0) {
        rc = open_files(l, o, total, err);
    } else {
        l->generated = generated_new(o, total, err);
        rc = l->generated != NULL ? 0 : -1;
    }
    if (rc < 0) {
        logs_close(l);
        return -1;
    }
    *state = l;
    return 0;
}

/* A piece of a line that is too long: its text, and where it belongs. */
static void put_piece(const struct tail_event *e, struct str source, struct buf *record)
{
    struct logline_value text = { e->text, LOGLINE_TEXT }, from = { source, LOGLINE_TEXT };
    buf_puts(record, "\"timestamp\":\"");
    gen_put_time(record, *e->last_time_ms);
    buf_puts(record, "\",\"level\":null,\"source\":");
    logline_put_json(from, record);
    buf_puts(record, ",\"message\":");
    logline_put_json(text, record);
    buf_printf(record, ",\"attributes\":{\"part\":%u}", e->part);
}

static int read_event(struct logs *l, struct buf *record, struct buf *key, struct err *err)
{
    struct tail_event e;
    int rc = tail_next(l->tail, &e, err);
    if (rc != 1)
        return rc;
    struct str source = str_of(l->source != NULL ? l->source : e.stem[0] != '\0' ? e.stem : "stdin");
    buf_puts(record, "{\"id\":\"");
    buf_puts(record, e.file_id);
    buf_putc(record, '-');
    int width = 1;
    for (uint64_t rest = (uint64_t)e.offset; rest >= 16; rest >>= 4)
        width++;
    gen_put_hex(record, (uint64_t)e.offset, width);
    buf_puts(record, "\",");
    if (e.part > 1) {
        put_piece(&e, source, record);
    } else {
        const struct logline *line = logline_parse(l->parser, e.text, e.modified_ms);
        if (line == NULL)
            return err_set(err, ERR_DROP, "out of memory for a line of %zu bytes", e.text.n);
        if (line->has_time)
            *e.last_time_ms = line->time_ms;
        else if (l->arrival)
            *e.last_time_ms = wall_ms();
        logline_put_members(line, *e.last_time_ms, source, record);
        if (line->source.text.n > 0)
            source = line->source.text;
    }
    buf_putc(record, '}');
    buf_put(key, source.p, source.n < KEY_MAX ? source.n : KEY_MAX);
    return record->failed ? err_set(err, ERR_DROP, "%s, byte %" PRId64 ": the line as a record is larger than the topic takes",
                                    e.stem, e.offset)
                          : 1;
}

static int logs_next(void *state, struct buf *record, struct buf *key, struct err *err)
{
    struct logs *l = state;
    return l->tail != NULL ? read_event(l, record, key, err) : generated_next(l->generated, record, key, err);
}

static int64_t logs_skipped(const void *state)
{
    const struct logs *l = state;
    return l->tail != NULL ? tail_blank(l->tail) : 0;
}

static int logs_position(void *state, struct buf *out)
{
    struct logs *l = state;
    return l->tail != NULL ? tail_position(l->tail, out) : 0;
}

static int logs_resume(void *state, struct str position, struct err *err)
{
    struct logs *l = state;
    return tail_resume(l->tail, position, err);
}

static const struct opt options[] = {
    { .name = "once", .type = OPT_FLAG, .help = "Read what is there, then end; the next time only what is new" },
    { .name = "follow",
      .type = OPT_FLAG,
      .help = "Go on as the files grow, are rotated, and new ones appear: the default where files are named" },
    { .name = "source",
      .type = OPT_TEXT,
      .arg = "NAME",
      .help = "Who wrote lines that don't say it; without it the file's name, less .log and what rotation appends" },
    { .name = "arrival-time",
      .type = OPT_FLAG,
      .help = "A line that says no time was logged when it is read; without it, at the time of the line before it, or when the "
              "file was made "
              "(so that it is the same however often it is read)" },
    { .name = "no-join",
      .type = OPT_FLAG,
      .help = "Each line by itself; without it the lines of a stack trace go with the line before them" },
    { .name = "count", .type = OPT_NUMBER, .arg = "N", .fallback = "10000", .help = "How many lines to generate" },
    { .name = "seed",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "1",
      .help = "The same seed gives the same lines, where --until is given too" },
    { .name = "days",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "1",
      .max = 36500,
      .help = "Over how many days the lines' times spread; 0 without --until: each line is logged when it is sent" },
    { .name = "until",
      .type = OPT_TEXT,
      .arg = "MOMENT",
      .help = "When the last line was logged, as 2026-11-20T10:00:00Z; without it now" },
    { .name = "fail-percentage",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "0",
      .max = 100,
      .help = "Share of lines whose message begins with [DLQ], which the contract turns into dead letters" },
    { .name = NULL },
};

const struct loader loader_logs = {
    .name = "logs",
    .about = "What programs log. With FILE (a path, a pattern in quotes such as '/var/log/*.log', or '-' for standard input) the "
             "lines are read, "
             "understood and followed; without it, lines are generated as services would log them.",
    .operands = "[FILE|PATTERN|-]…",
    .max_operands = -1,
    .options = options,
    .more =
        "Recognised: JSON, logfmt, syslog, access logs, klog, and what Java, Python, Go, .NET, Ruby and servers write (see "
        "logParse in\n"
        "docs/functions.md); anything else is a message. A line over 250,000 bytes is cut into pieces; bytes that aren't UTF-8\n"
        "become \\xHH in the text; files that begin as gzip does are unpacked. A line's id comes from machine, file, first line\n"
        "and offset, so that reading it twice is one row.\n"
        "\n"
        "Examples:\n"
        "  odw load logs '/var/log/nginx/*.log' /var/log/syslog   until it is stopped\n"
        "  odw load logs --once 'old/app.log*'                    also what was rotated and compressed\n"
        "  odw load logs '/srv/**/*.log'                          in all folders below\n"
        "  journalctl -o json | odw load logs -\n"
        "  odw load logs --count 1000000                          a million lines of the last day\n",
    .open = logs_open,
    .next = logs_next,
    .skipped = logs_skipped,
    .close = logs_close,
    .position = logs_position,
    .resume = logs_resume,
    .incremental = true,
};
