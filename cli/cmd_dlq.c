/* cli/cmd_dlq: odw dlq: looks at dead letters, and sends them again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/settings.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/dlq.h"
#include "declaration/declaration.h"

enum { COLUMNS = 6, CLIP_BYTES = 2000, NOT_ON_A_TERMINAL = 1000 };

static int bind(struct dlq_filter *f, const char *name, const char *value, const char *condition)
{
    f->params[f->n_params++] = (struct clickhouse_param){ name, str_of(value) };
    return buf_puts(&f->where, condition);
}

int dlq_filter_init(struct dlq_filter *f, const struct opts *o, const char *status, struct err *err)
{
    *f = (struct dlq_filter){ .n_params = 0 };
    buf_init(&f->where, 65536);
    buf_puts(&f->where, "1");
    if (opts_text(o, "source") != NULL)
        bind(f, "source", opts_text(o, "source"), " AND source = {source:String}");
    if (opts_text(o, "class") != NULL)
        bind(f, "class", opts_text(o, "class"), " AND class = {class:String}");
    if (status != NULL)
        bind(f, "status", status, " AND status = {status:String}");
    const char *since = opts_text(o, "since");
    if (since == NULL)
        return 0;
    long long ms = declaration_duration(since);
    if (ms >= 0) {
        snprintf(f->since, sizeof f->since, "%lld", ms);
        bind(f, "since", f->since, " AND failed_at >= now64(3) - toIntervalMillisecond({since:Int64})");
    } else if (since[0] >= '0' && since[0] <= '9' && strchr(since, '-') != NULL) {
        bind(f, "since", since, " AND failed_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')");
    } else {
        return err_set(err, ERR_STOP, "--since: expected a moment such as 2026-11-20T10:00:00Z or a time such as 2h, got '%s'",
                       since);
    }
    return 0;
}

void dlq_filter_fini(struct dlq_filter *f)
{
    buf_fini(&f->where);
}

int dlq_check_id(const char *id, struct err *err)
{
    const char *first = strchr(id, '/'), *second = first != NULL ? strchr(first + 1, '/') : NULL;
    bool good = first != NULL && first > id && second != NULL && second > first + 1 && second[1] != '\0';
    for (const char *c = first; good && *c != '\0'; c++)
        good = (*c >= '0' && *c <= '9') || c == first || c == second;
    if (!good)
        return err_set(err, ERR_STOP, "expected a dead letter's id as topic/partition/offset, got '%s'", id);
    return 0;
}

int dlq_read_file(const char *path, struct buf *out, struct err *err)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char chunk[65536];
    size_t n;
    if (f == NULL)
        return err_errno(err, ERR_DROP, "%s", path);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        if (buf_put(out, chunk, n) < 0)
            break;
    int rc = ferror(f) ? err_errno(err, ERR_DROP, "%s", path) : 0;
    if (out->failed)
        rc = err_set(err, ERR_DROP, "%s: more than %zu bytes are no message", path, out->max);
    if (f != stdin)
        fclose(f);
    return rc;
}

/* ---- list ---- */

static int terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return NOT_ON_A_TERMINAL;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

/* What can't be seen as such becomes an escape; nothing reaches the terminal that could command it. */
static void put_visible(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t len = utf8_length(s.p + i, s.n - i);
        unsigned char c = (unsigned char)s.p[i];
        if (len == 0 || c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)s.p[i + 1] < 0xa0)) {
            buf_printf(b, c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : "\\x%02x", c);
            i++;
        } else {
            buf_put(b, s.p + i, len);
            i += len;
        }
    }
}

static int list_row(void *context, const struct str *fields, size_t n_fields)
{
    static const int widths[COLUMNS] = { 24, 10, 9, 7, 23, 0 };
    int width = *(const int *)context;
    struct buf line;
    buf_init(&line, 0);
    for (size_t i = 0; i < n_fields && i < COLUMNS; i++) {
        size_t from = line.n;
        put_visible(&line, fields[i]);
        for (int at = (int)(line.n - from); at < widths[i]; at++)
            buf_putc(&line, ' ');
        if (i + 1 < n_fields)
            buf_puts(&line, "  ");
    }
    size_t n = line.n < (size_t)width ? line.n : (size_t)width;
    while (n > 0 && n < line.n && ((unsigned char)line.p[n] & 0xc0) == 0x80)
        n--; /* not within a character */
    printf("%.*s\n", (int)n, line.p);
    buf_fini(&line);
    return 0;
}

static int to_stdout(void *context, const char *p, size_t n)
{
    (void)context;
    return fwrite(p, 1, n, stdout) == n ? 0 : -1;
}

static const struct opt list_options[] = {
    { .name = "source", .type = OPT_TEXT, .arg = "NAME", .help = "Only this source's" },
    { .name = "class", .type = OPT_CHOICE, .arg = "CLASS", .choices = DLQ_CLASSES, .help = "Only this kind of failure" },
    { .name = "status", .type = OPT_CHOICE, .arg = "STATUS", .choices = "open|replayed|recovered|discarded", .help = "Only these" },
    { .name = "since",
      .type = OPT_TEXT,
      .arg = "WHEN",
      .help = "Only those that failed since: a moment, or a time such as 2h or 7d" },
    { .name = "limit",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "50",
      .min = 1,
      .max = 1000000,
      .help = "At most so many, the newest first" },
    { .name = "json", .type = OPT_FLAG, .help = "One JSON object per letter, without payloads" },
    { .name = NULL },
};

static const struct opt_usage list_usage = {
    .program = "odw dlq list",
    .about = "Lists dead letters, the newest first. Payloads are not shown: they may hold personal data.",
    .own = list_options,
    .shared = settings_shared,
};

static int list(const struct opts *o, struct err *err)
{
    int rc = -1;
    struct dlq_filter f;
    struct buf sql;
    struct clickhouse *ch = NULL;
    bool json = opts_flag(o, "json");
    buf_init(&sql, 65536);
    if (dlq_filter_init(&f, o, opts_text(o, "status"), err) < 0 || (ch = clickhouse_new(o, err)) == NULL)
        goto out;
    buf_printf(
        &sql, "SELECT %s FROM dead_letters WHERE %s ORDER BY failed_at DESC, topic, partition, offset DESC LIMIT %" PRId64 "%s",
        json
            ? "id, source, class, status, violations, origin, attempt, contract, appended_at, failed_at, length(payload) AS bytes, "
              "offspring"
            : "id, class, status, concat(toString(length(payload)), ' B'), toString(failed_at), violations[1]",
        buf_text(&f.where), opts_number(o, "limit"), json ? " FORMAT JSONEachRow" : "");
    if (json) {
        const struct clickhouse_query q = {
            .sql = buf_text(&sql),
            .params = f.params,
            .n_params = f.n_params,
            .settings = "output_format_json_quote_64bit_integers=0&output_format_json_validate_utf8=1",
            .on_body = to_stdout,
        };
        rc = clickhouse_run(ch, &q, NULL, NULL, err);
    } else {
        int width = terminal_width();
        static const struct str heads[COLUMNS] = {
            { "ID", 2 }, { "CLASS", 5 }, { "STATUS", 6 }, { "SIZE", 4 }, { "FAILED AT (UTC)", 15 }, { "WHY", 3 }
        };
        list_row(&width, heads, COLUMNS);
        rc = clickhouse_rows(ch, buf_text(&sql), f.params, f.n_params, list_row, &width, err);
    }
out:
    clickhouse_free(ch);
    dlq_filter_fini(&f);
    buf_fini(&sql);
    return rc;
}

/* ---- show ---- */

static const struct opt show_options[] = {
    { .name = "payload", .type = OPT_FLAG, .help = "Write the message to stdout, byte for byte, and nothing else" },
    { .name = NULL },
};

static const struct opt_usage show_usage = {
    .program = "odw dlq show",
    .about = "Shows one dead letter: what was received, why it did not hold, where it came from and what was done about it.",
    .operands = "ID",
    .min_operands = 1,
    .max_operands = 1,
    .own = show_options,
    .shared = settings_shared,
    .more = "An ID is topic/partition/offset, as in 'odw dlq list'.\n\n"
            "  odw dlq show events/0/17 --payload > letter.json     then correct it, and\n"
            "  odw dlq replay events/0/17 --payload letter.json\n",
};

struct shown {
    bool payload_only;
    int rows;
};

static int show_payload(void *context, const struct str *fields, size_t n_fields)
{
    struct shown *s = context;
    s->rows++;
    return n_fields == 1 && fwrite(fields[0].p, 1, fields[0].n, stdout) == fields[0].n ? 0 : -1;
}

static int show_letter(void *context, const struct str *fields, size_t n_fields)
{
    static const char *const names[] = { "id",       "source",   "class",  "status", "offspring", "origin",  "attempt",
                                         "contract", "appended", "failed", "key",    "headers",   "reasons", "payload" };
    struct shown *s = context;
    struct buf b;
    buf_init(&b, 0);
    s->rows++;
    for (size_t i = 0; i < n_fields && i < sizeof names / sizeof names[0]; i++) {
        struct str value = fields[i];
        if (value.n == 0 && strcmp(names[i], "payload") != 0)
            continue;
        buf_printf(&b, "%-10s ", names[i]);
        if (strcmp(names[i], "payload") == 0) {
            bool clip = value.n > CLIP_BYTES;
            buf_printf(&b, "%zu bytes%s\n", value.n, clip ? ", the first of them:" : "");
            put_visible(&b, (struct str){ value.p, clip ? CLIP_BYTES : value.n });
        } else if (strcmp(names[i], "reasons") == 0) {
            for (bool first = true; value.n > 0; first = false) {
                if (!first)
                    buf_puts(&b, "\n           ");
                put_visible(&b, str_cut(&value, '\n'));
            }
        } else {
            put_visible(&b, value);
        }
        buf_putc(&b, '\n');
    }
    fwrite(b.p, 1, b.n, stdout);
    buf_fini(&b);
    return 0;
}

static int show_state(void *context, const struct str *fields, size_t n_fields)
{
    (void)context;
    if (n_fields == 4)
        printf("%-10s %.*s  %.*s by %.*s%s%.*s\n", "state", STR_ARG(fields[0]), STR_ARG(fields[1]), STR_ARG(fields[3]),
               fields[2].n > 0 ? ", as " : "", STR_ARG(fields[2]));
    return 0;
}

static int show(const struct opts *o, struct err *err)
{
    int rc = -1;
    const char *id = opts_operand(o, 0);
    struct shown s = { .payload_only = opts_flag(o, "payload") };
    if (dlq_check_id(id, err) < 0)
        return -1;
    const struct clickhouse_param params[] = { { "id", str_of(id) } };
    struct clickhouse *ch = clickhouse_new(o, err);
    if (ch == NULL)
        return -1;
    if (s.payload_only)
        rc = clickhouse_rows(ch, "SELECT payload FROM dead_letters WHERE " DLQ_BY_ID " LIMIT 1", params, 1, show_payload, &s, err);
    else
        rc = clickhouse_rows(ch,
                             "SELECT id, source, class, status, offspring, origin, attempt, contract, appended_at, failed_at, key, "
                             "arrayStringConcat(arrayMap((n, v) -> concat(n, '=', v), header_names, header_values), ' '), "
                             "arrayStringConcat(violations, '\\n'), payload FROM dead_letters WHERE " DLQ_BY_ID " LIMIT 1",
                             params, 1, show_letter, &s, err);
    if (rc == 0 && s.rows == 0)
        rc = err_set(err, ERR_DROP, "there is no dead letter '%s'", id);
    if (rc == 0 && !s.payload_only)
        rc = clickhouse_rows(ch,
                             "SELECT changed_at, status, offspring, changed_by FROM dead_letter_states WHERE letter = {id:String} "
                             "ORDER BY changed_at",
                             params, 1, show_state, NULL, err);
    clickhouse_free(ch);
    return rc;
}

/* ---- which of them ---- */

int dlq_verb(const struct opt_usage *usage, int (*work)(const struct opts *, struct err *), int argc, char **argv)
{
    struct opts *o = NULL;
    struct err err = ERR_INIT;
    int code = settings_start(usage, "odw", argc, argv, &o);
    if (code >= 0)
        return code;
    code = EXIT_SUCCESS;
    if (work(o, &err) < 0) {
        fprintf(stderr, "%s: %s\n", usage->program, err.text);
        code = err.class == ERR_STOP ? 2 : EXIT_FAILURE;
        if (code == 2)
            fprintf(stderr, "Try '%s --help'.\n", usage->program);
    }
    opts_free(o);
    return code;
}

static void help(FILE *to)
{
    fputs("Usage: odw dlq list|show|replay [OPTION]... [ID]...\n"
          "Dead letters: messages that were not JSON or broke their contract. Nothing of them is lost.\n\n"
          "  list    which there are, and why\n"
          "  show    one of them: reasons, lineage, payload\n"
          "  replay  send them to their topic again, as they are or corrected\n\n"
          "'odw dlq VERB --help' shows a verb's own options.\n",
          to);
}

static int run(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        help(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(word, "list") == 0)
        return dlq_verb(&list_usage, list, argc - 1, argv + 1);
    if (strcmp(word, "show") == 0)
        return dlq_verb(&show_usage, show, argc - 1, argv + 1);
    if (strcmp(word, "replay") == 0)
        return dlq_replay(argc - 1, argv + 1);
    if (word[0] == '\0')
        fputs("odw dlq: expected list, show or replay\n", stderr);
    else
        fprintf(stderr, "odw dlq: expected list, show or replay, got '%s'\n", word);
    fputs("Try 'odw dlq --help'.\n", stderr);
    return 2;
}

const struct command command_dlq = {
    .name = "dlq",
    .about = "list, show and replay dead letters",
    .order = 50,
    .run = run,
};
