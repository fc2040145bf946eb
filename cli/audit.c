/* cli/audit: proves that nothing was lost. */
#include "cli/audit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cli/gaps.h"
#include "cli/recreated.h"

enum {
    EXAMPLES = 20,           /* offsets that a problem names */
    LINES_AT_ONCE = 4000000, /* identities that one anti-join holds in memory, about 64 bytes each */
    QUERY_TIMEOUT_MS = 30 * 60000,
    TRIES = 4, /* a block that is just being written is in some tables and not yet in others */
};

struct audit {
    struct clickhouse *ch;
    struct kafka_admin *kafka;
    const struct plan_source *source;
    struct positions at;
    int64_t since_ms, until_ms; /* lines of messages that were appended in [since, until); until -1: no end */
    bool read_only;
    json_t *problems, *notes;
    char sealed_at[40]; /* the moment of the seals that count; "" where nothing was proven yet */
    struct buf todo;    /* SQL: lines from the proof to the position */
    struct buf done;    /* SQL: lines below the proof */
    struct buf ahead;   /* SQL: all lines from the proof on */
    struct buf young;   /* SQL over the rows: written by a message from the proof on */
    int64_t lines, ok;
};

static void say(json_t *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(json_t *list, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_array_append_new(list, json_string(text));
}

/* ---- statements ---- */

/* What was erased is neither among the rows nor among the dead letters, and nothing was lost. */
#define ERASED_RECORDS "(SELECT identity FROM erased WHERE source = {source:String} AND letter = '')"
#define ERASED_LETTERS "(SELECT splitByChar('@', letter)[1], sent_at FROM erased WHERE source = {source:String} AND letter != '')"

static int run(struct audit *a, struct buf *sql, struct buf *out, struct err *err)
{
    const struct clickhouse_param params[] = { { "source", str_of(a->source->stem) },
                                               { "topic", str_of(a->source->topic) },
                                               { "sealed_at",
                                                 str_of(a->sealed_at[0] != '\0' ? a->sealed_at : "1970-01-01 00:00:00.000") } };
    const struct clickhouse_query q = {
        .sql = buf_text(sql),
        .params = params,
        .n_params = sizeof params / sizeof *params,
        .timeout_ms = QUERY_TIMEOUT_MS,
        .settings = "do_not_merge_across_partitions_select_final=1&max_bytes_before_external_group_by=2000000000"
                    "&transform_null_in=0&max_execution_time=1800",
    };
    if (sql->failed)
        return err_set(err, ERR_STOP, "out of memory for a statement");
    return clickhouse_run(a->ch, &q, out, NULL, err);
}

/* One row of numbers and words, TabSeparated; fields point into `line`. */
static size_t split(struct str *rest, struct str *fields, size_t max)
{
    struct str line = str_cut(rest, '\n');
    size_t n = 0;
    while (n < max && (line.n > 0 || n == 0))
        fields[n++] = str_cut(&line, '\t');
    return n;
}

#define MOMENT "fromUnixTimestamp64Milli(%" PRId64 ", 'UTC')"

/* (partition = 0 AND offset >= 10 AND offset < 20) OR …, of this topic; to NULL: no end. Plain numbers, so that the primary key
 * prunes. */
static void put_ranges(struct buf *b, const struct audit *a, int64_t (*from)(const struct position *),
                       int64_t (*to)(const struct position *))
{
    const struct positions *at = &a->at;
    buf_puts(b, "(");
    if (a->since_ms > 0)
        buf_printf(b, "sent_at >= " MOMENT " AND ", a->since_ms);
    if (a->until_ms >= 0)
        buf_printf(b, "sent_at < " MOMENT " AND ", a->until_ms);
    buf_puts(b, "(0");
    for (int32_t i = 0; i < at->n; i++) {
        buf_printf(b, " OR (partition = %d AND offset >= %" PRId64, at->at[i].partition, from(&at->at[i]));
        if (to != NULL)
            buf_printf(b, " AND offset < %" PRId64, to(&at->at[i]));
        buf_puts(b, ")");
    }
    buf_puts(b, "))");
}

static int64_t start_of(const struct position *p)
{
    return p->start;
}

static int64_t proven_of(const struct position *p)
{
    return p->proven;
}

static int64_t committed_of(const struct position *p)
{
    return p->committed;
}

static void put_conditions(struct audit *a)
{
    struct buf *const all[] = { &a->todo, &a->done, &a->ahead, &a->young };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_clear(all[i]);
    put_ranges(&a->todo, a, proven_of, committed_of);
    /* What came through a topic of this name that is gone was proven when that was noted. */
    buf_printf(&a->done, "(sent_at < " MOMENT " OR ", a->since_ms);
    put_ranges(&a->done, a, start_of, proven_of);
    buf_puts(&a->done, ")");
    put_ranges(&a->ahead, a, proven_of, NULL);
    buf_printf(&a->young, "appended_at >= " MOMENT " AND _offset >= [", a->since_ms);
    for (int32_t i = 0; i < a->at.n; i++)
        buf_printf(&a->young, "%s%" PRId64, i > 0 ? ", " : "", a->at.at[i].proven);
    buf_puts(&a->young, "][_partition + 1]");
}

/* ---- the checks ---- */

static int check_gaps(struct audit *a, const struct gaps *tails, json_t *partitions, struct err *err)
{
    for (int32_t i = 0; i < a->at.n; i++) {
        const struct position *p = &a->at.at[i];
        struct gaps g, sum = tails[i];
        do {
            if (gaps_look(a->ch, a->kafka, a->source, p, p->proven, !a->read_only, &g, err) < 0)
                return -1;
            if (sum.lost == 0)
                sum.first_lost = g.first_lost;
            sum.empty += g.empty, sum.absent += g.absent, sum.unprovable += g.unprovable, sum.lost += g.lost;
        } while (g.more && !a->read_only && g.lost == 0);
        if (sum.lost > 0)
            say(a->problems,
                "topic %s, partition %d: %" PRId64 "%s message%s between offsets %" PRId64 " and %" PRId64
                " became neither a row nor a dead letter, the first at offset %" PRId64 "; the group's position passed over %s",
                a->source->topic, p->partition, sum.lost, g.more ? " or more" : "", sum.lost == 1 ? "" : "s", p->proven,
                p->committed, sum.first_lost, sum.lost == 1 ? "it" : "them");
        if (sum.empty > 0 && a->read_only)
            say(a->notes,
                "topic %s, partition %d: %" PRId64
                " empty messages have no dead letter yet; 'odw worker' writes them within a minute",
                a->source->topic, p->partition, sum.empty);
        if (sum.unprovable > 0)
            say(a->notes,
                "topic %s, partition %d: %" PRId64 " offsets without a line left the topic before they were looked at: unprovable",
                a->source->topic, p->partition, sum.unprovable);
        json_array_append_new(partitions, json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "partition", (int)p->partition,
                                                    "start", (json_int_t)p->start, "proven", (json_int_t)p->proven, "committed",
                                                    (json_int_t)p->committed, "high", (json_int_t)p->high, "lost",
                                                    (json_int_t)sum.lost, "empty", (json_int_t)sum.empty, "absent",
                                                    (json_int_t)sum.absent, "unprovable", (json_int_t)sum.unprovable));
    }
    return 0;
}

/* Lines by verdict, from the start on (what was expired counts no more). */
static int count_lines(struct audit *a, json_t *counts, struct err *err)
{
    struct buf sql, out = { 0 };
    buf_init(&sql, 0);
    buf_puts(&sql, "SELECT verdict, count(), countIf(");
    buf_put_str(&sql, buf_str(&a->todo));
    buf_puts(&sql, ") FROM ledger FINAL WHERE source = {source:String} AND topic = {topic:String} AND ");
    put_ranges(&sql, a, start_of, committed_of);
    buf_puts(&sql, " GROUP BY verdict ORDER BY verdict FORMAT TabSeparated");
    int rc = run(a, &sql, &out, err);
    for (struct str rest = buf_str(&out), f[3]; rc == 0 && rest.n > 0;) {
        if (split(&rest, f, 3) != 3)
            break;
        char word[32];
        snprintf(word, sizeof word, "%.*s", STR_ARG(f[0]));
        json_object_set_new(counts, word, json_integer((json_int_t)str_integer(f[1])));
        a->lines += str_integer(f[2]);
        if (strcmp(word, "ok") == 0)
            a->ok = str_integer(f[2]);
    }
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}

/* A list of lines (partition, offset, more) that a problem is about. */
static void list_lines(struct audit *a, struct str rows, const char *what)
{
    struct buf text;
    buf_init(&text, 900);
    int64_t n = 0;
    for (struct str rest = rows, f[3]; rest.n > 0; n++) {
        size_t got = split(&rest, f, 3);
        if (n < EXAMPLES && got >= 2) {
            buf_printf(&text, "%s%s/%.*s/%.*s", n > 0 ? ", " : "", a->source->topic, STR_ARG(f[0]), STR_ARG(f[1]));
            if (got == 3)
                buf_printf(&text, " (%.*s)", STR_ARG(f[2]));
        }
    }
    if (n > 0)
        say(a->problems, "%s: %s%" PRId64 " %s: %s", a->source->stem, n > EXAMPLES ? "at least " : "", n > EXAMPLES ? n - 1 : n,
            what, buf_text(&text));
    buf_fini(&text);
}

static void put_rows_hashes(struct buf *sql, const struct audit *a, const char *lines)
{
    buf_printf(sql,
               "SELECT %s AS h FROM %s WHERE toDate32(%s) IN (SELECT DISTINCT record_day FROM ledger WHERE source = {source:String}"
               " AND topic = {topic:String} AND verdict = 'ok' AND %s)",
               a->source->identity_hash, a->source->rows->creates, a->source->identity[0], lines);
}

/* The moment before which what was appended may have expired (`-- retention:` of the rows' table), with a day to spare for the
 * merge that does it; without retention, before all. */
static void put_kept_since(struct buf *sql, const struct audit *a)
{
    const char *retention = declaration_value(a->source->rows, "retention");
    int64_t kept = retention != NULL ? declaration_duration(retention) : -1;
    int64_t since = kept < 0 ? 0 : wall_ms() - kept + INT64_C(86400000);
    buf_printf(sql, "fromUnixTimestamp64Milli(%" PRId64 ", 'UTC')", since > 0 ? since : 0);
}

/* Every `ok` line's identity is among the rows, but for those that may have expired. */
static int check_rows(struct audit *a, struct err *err)
{
    struct buf sql, out = { 0 };
    int rc = 0;
    buf_init(&sql, 0);
    int64_t parts = a->ok / LINES_AT_ONCE + 1;
    for (int64_t part = 0; part < parts && rc == 0 && out.n == 0; part++) {
        buf_clear(&sql);
        buf_fini(&out);
        buf_printf(
            &sql,
            "SELECT partition, offset, toString(record_day) FROM ledger WHERE source = {source:String} AND topic = {topic:String}"
            " AND verdict = 'ok' AND %s AND identity %% %" PRId64 " = %" PRId64 " AND identity NOT IN " ERASED_RECORDS
            " AND appended_at >= ",
            buf_text(&a->todo), parts, part);
        put_kept_since(&sql, a);
        buf_puts(&sql, " AND identity NOT IN (SELECT h FROM (");
        put_rows_hashes(&sql, a, buf_text(&a->todo));
        buf_printf(&sql,
                   ") WHERE h %% %" PRId64 " = %" PRId64
                   ") ORDER BY partition, offset LIMIT 1 BY partition, offset LIMIT %d FORMAT TabSeparated",
                   parts, part, EXAMPLES + 1);
        rc = run(a, &sql, &out, err);
    }
    if (rc == 0)
        list_lines(a, buf_str(&out), "messages were found good, but their rows are not there (offset, record day)");
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}

/* Every other line is among the dead letters. */
static int check_letters(struct audit *a, struct err *err)
{
    struct buf sql, out = { 0 };
    buf_init(&sql, 0);
    buf_printf(&sql,
               "SELECT partition, offset, toString(verdict) FROM ledger WHERE source = {source:String} AND topic = {topic:String}"
               " AND verdict IN ('parse', 'contract', 'simulated', 'empty', 'document') AND %s"
               " AND (concat(topic, '/', toString(partition), '/', toString(offset)), sent_at) NOT IN " ERASED_LETTERS
               " AND (partition, offset, sent_at) NOT IN"
               " (SELECT partition, offset, sent_at FROM dead_letter_records WHERE source = {source:String} AND topic = "
               "{topic:String} AND ",
               buf_text(&a->todo));
    put_ranges(&sql, a, start_of, committed_of);
    buf_printf(&sql, ") ORDER BY partition, offset LIMIT 1 BY partition, offset LIMIT %d FORMAT TabSeparated", EXAMPLES + 1);
    int rc = run(a, &sql, &out, err);
    if (rc == 0)
        list_lines(a, buf_str(&out), "messages were refused, but their dead letters are not there (offset, verdict)");
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}

/* The seals that count, per day. */
static const char sealed_days[] =
    "SELECT record_day, argMax(identities, sealed_at) AS identities, argMax(identity_sum, sealed_at) AS identity_sum FROM "
    "ledger_seals"
    " WHERE source = {source:String} AND sealed_at <= toDateTime64({sealed_at:String}, 3, 'UTC') GROUP BY record_day";

/* Of those, what was erased since: a seal counts on what it once counted. */
static const char erased_days[] = "SELECT record_day, count() AS n, sum(identity) AS total FROM"
                                  " (SELECT DISTINCT record_day, identity FROM erased"
                                  "  WHERE source = {source:String} AND letter = '' AND sealed) GROUP BY record_day";

/* Identities below the proof that come again above it: a message sent twice, whose row has moved on to the newer one. */
static void put_again(struct buf *sql, struct audit *a)
{
    buf_printf(sql,
               "SELECT identity FROM ledger WHERE source = {source:String} AND topic = {topic:String} AND verdict = 'ok' AND %s "
               "AND identity IN"
               " (SELECT identity FROM ledger WHERE source = {source:String} AND topic = {topic:String} AND verdict = 'ok' AND %s)",
               buf_text(&a->done), buf_text(&a->ahead));
}

/* One day whose rows are not what was sealed. Where the lines are still there they say which message it is; where they have expired
 * and a message came again since, only the count can be held against the rows. */
static int explain_day(struct audit *a, const char *day, int64_t sealed, int64_t there, int64_t there_in_all, struct err *err)
{
    struct buf sql, out = { 0 };
    int rc = -1;
    buf_init(&sql, 0);
    buf_printf(&sql,
               "SELECT uniqExact(identity) FROM ledger WHERE source = {source:String} AND topic = {topic:String} AND verdict = 'ok'"
               " AND record_day = '%s' AND %s AND identity NOT IN " ERASED_RECORDS " FORMAT TabSeparated",
               day, buf_text(&a->done));
    if (run(a, &sql, &out, err) < 0)
        goto out;
    int64_t known = str_integer(str_trim(buf_str(&out)));
    if (known < sealed && there_in_all >= sealed) {
        say(a->notes,
            "%s: %s: %" PRId64 " rows where %" PRId64
            " were sealed, proven by count alone: its ledger lines have expired and messages came again",
            a->source->stem, day, there_in_all, sealed);
        rc = 0;
        goto out;
    }
    say(a->problems, "%s: %s: expected %" PRId64 " rows that were proven earlier, found %" PRId64 "%s", a->source->stem, day,
        sealed, there,
        there == sealed  ? ", but not the same ones"
        : there > sealed ? ": more than the messages account for"
                         : "");
    buf_clear(&sql);
    buf_fini(&out);
    buf_printf(
        &sql,
        "SELECT partition, offset, toString(record_day) FROM ledger WHERE source = {source:String} AND topic = {topic:String}"
        " AND verdict = 'ok' AND record_day = '%s' AND identity NOT IN " ERASED_RECORDS
        " AND identity NOT IN (SELECT %s FROM %s WHERE toDate32(%s) = '%s')"
        " ORDER BY partition, offset LIMIT 1 BY partition, offset LIMIT %d FORMAT TabSeparated",
        day, a->source->identity_hash, a->source->rows->creates, a->source->identity[0], day, EXAMPLES + 1);
    if (run(a, &sql, &out, err) < 0)
        goto out;
    list_lines(a, buf_str(&out), "messages were proven to be rows, and are none any more (offset, record day)");
    buf_clear(&sql);
    buf_fini(&out);
    buf_printf(&sql,
               "SELECT _partition, _offset, toString(%s) FROM %s FINAL WHERE toDate32(%s) = '%s' AND %s NOT IN"
               " (SELECT identity FROM ledger WHERE source = {source:String} AND verdict = 'ok' AND record_day = '%s') AND %d"
               " ORDER BY _partition, _offset LIMIT %d FORMAT TabSeparated",
               a->source->identity[0], a->source->rows->creates, a->source->identity[0], day, a->source->identity_hash, day,
               known >= sealed, EXAMPLES + 1);
    if (run(a, &sql, &out, err) < 0)
        goto out;
    list_lines(a, buf_str(&out), "rows are there that no message accounts for (the offset they claim, their time)");
    rc = 0;
out:
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}

/* The rows of each sealed day are the sealed ones, whatever came since. */
static int check_seals(struct audit *a, struct err *err)
{
    if (a->sealed_at[0] == '\0')
        return 0;
    struct buf sql, out = { 0 };
    int rc = -1;
    buf_init(&sql, 0);
    for (int try = 0;; try++) {
        buf_clear(&sql);
        buf_printf(
            &sql,
            "WITH erased_days AS (%s), sealed AS (SELECT record_day, toUInt64(s.identities - e.n) AS identities,"
            " toUInt64(s.identity_sum - e.total) AS identity_sum FROM (%s) AS s LEFT JOIN erased_days AS e USING record_day),"
            " again AS (",
            erased_days, sealed_days);
        put_again(&sql, a);
        buf_printf(
            &sql,
            "), young AS (SELECT identity FROM ledger WHERE source = {source:String} AND topic = {topic:String} AND verdict = 'ok' "
            "AND %s)"
            " SELECT toString(record_day), identities, n, whole FROM sealed LEFT JOIN"
            " (SELECT day, countIf(was) AS n, sumIf(h, was) AS total, count() AS whole FROM"
            "  (SELECT toDate32(%s) AS day, %s AS h, if(%s OR h IN (young), h IN (again), 1) AS was FROM %s FINAL"
            "   WHERE toDate32(%s) IN (SELECT record_day FROM sealed)) GROUP BY day) AS found ON found.day = sealed.record_day"
            " WHERE (n != identities OR total != identity_sum) AND record_day NOT IN"
            " (SELECT record_day FROM ledger_seals WHERE source = {source:String} AND sealed_at < ",
            buf_text(&a->ahead), a->source->identity[0], a->source->identity_hash, buf_text(&a->young), a->source->rows->creates,
            a->source->identity[0]);
        put_kept_since(&sql, a); /* of a day of which rows may have expired nobody can tell how many there should be */
        buf_printf(&sql, ") ORDER BY record_day LIMIT %d FORMAT TabSeparated", EXAMPLES);
        if (run(a, &sql, &out, err) < 0)
            goto out;
        if (out.n == 0 || try == TRIES - 1)
            break;
        buf_fini(&out);
        nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
    }
    for (struct str rest = buf_str(&out), f[4]; rest.n > 0;) {
        if (split(&rest, f, 4) != 4)
            break;
        char day[16];
        snprintf(day, sizeof day, "%.*s", STR_ARG(f[0]));
        if (explain_day(a, day, str_integer(f[1]), str_integer(f[2]), str_integer(f[3]), err) < 0)
            goto out;
    }
    rc = 0;
out:
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}

/* What was erased is gone, and how much that was. */
static int check_erased(struct audit *a, struct err *err)
{
    struct buf sql, out = { 0 };
    struct str f[4];
    int rc = -1;
    buf_init(&sql, 0);
    buf_puts(&sql, "SELECT uniqExactIf(identity, letter = ''), uniqExactIf(letter, letter != ''),"
                   " (SELECT count() FROM (SELECT erasure FROM erasures WHERE source = {source:String} GROUP BY erasure"
                   "  HAVING max(status) != 'done'))"
                   " FROM erased WHERE source = {source:String} FORMAT TabSeparated");
    if (run(a, &sql, &out, err) < 0)
        goto out;
    struct str rest = buf_str(&out);
    if (split(&rest, f, 3) != 3) {
        err_set(err, ERR_STOP, "ClickHouse gave no count of what was erased");
        goto out;
    }
    int64_t records = str_integer(f[0]), letters = str_integer(f[1]), unfinished = str_integer(f[2]);
    if (records + letters > 0)
        say(a->notes, "%s: %" PRId64 " records and %" PRId64 " dead letters were erased", a->source->stem, records, letters);
    if (unfinished > 0)
        say(a->notes, "%s: an erasure was begun and isn't done: the same 'odw erase' again completes it", a->source->stem);
    if (records > 0 && unfinished == 0) {
        buf_clear(&sql);
        buf_fini(&out);
        buf_printf(&sql,
                   "SELECT _partition, _offset, toString(%s) FROM %s WHERE toDate32(%s) IN (SELECT record_day FROM erased"
                   " WHERE source = {source:String} AND letter = '') AND %s IN " ERASED_RECORDS
                   " ORDER BY _partition, _offset LIMIT %d FORMAT TabSeparated",
                   a->source->identity[0], a->source->rows->creates, a->source->identity[0], a->source->identity_hash,
                   EXAMPLES + 1);
        if (run(a, &sql, &out, err) < 0)
            goto out;
        list_lines(a, buf_str(&out), "rows are there that were erased (the offset they claim, their time)");
    }
    rc = 0;
out:
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}

/* Records of which messages came with different content, by one contract and sent by somebody, not again by odw: the newest is the
 * row. */
static void put_conflicts(struct buf *sql, struct audit *a)
{
    buf_printf(sql,
               "SELECT source, identity, any(record_day) AS record_day, arrayMap(m -> m.2, arraySort(groupUniqArray(10)((sent_at,"
               " concat(topic, '/', toString(partition), '/', toString(offset)))))) AS messages, now64(3, 'UTC') AS found_at"
               " FROM ledger WHERE source = {source:String} AND verdict = 'ok' AND content != 0 AND origin = '' AND identity IN"
               " (SELECT identity FROM ledger WHERE source = {source:String} AND topic = {topic:String} AND verdict = 'ok' AND %s)"
               " GROUP BY source, identity, contract HAVING min(content) != max(content)",
               buf_text(&a->todo));
}

/* Into `conflicts`, and of all that were found lately their number and the newest into the report. */
static int list_conflicts(struct audit *a, json_t *conflicts, int64_t *n, struct err *err)
{
    struct buf sql, out = { 0 };
    int rc = 0;
    buf_init(&sql, 0);
    if (!a->read_only) {
        buf_puts(&sql, "INSERT INTO conflicts (source, identity, record_day, messages, found_at) ");
        put_conflicts(&sql, a);
        rc = run(a, &sql, NULL, err);
        buf_clear(&sql);
    }
    buf_puts(&sql, "SELECT toString(max(record_day)), arrayStringConcat(argMax(messages, found_at), ', '), count() OVER () FROM"
                   " (SELECT identity, record_day, messages, found_at FROM conflicts WHERE source = {source:String}");
    if (a->read_only) {
        buf_puts(&sql, " UNION ALL SELECT identity, record_day, messages, found_at FROM (");
        put_conflicts(&sql, a);
        buf_puts(&sql, ")");
    }
    buf_printf(&sql, ") GROUP BY identity ORDER BY max(found_at) DESC, identity LIMIT %d FORMAT TabSeparated", EXAMPLES);
    if (rc == 0)
        rc = run(a, &sql, &out, err);
    for (struct str rest = buf_str(&out), f[3]; rc == 0 && rest.n > 0;) {
        if (split(&rest, f, 3) != 3)
            break;
        json_array_append_new(conflicts, json_pack("{s:s%, s:s%}", "record_day", f[0].p, f[0].n, "messages", f[1].p, f[1].n));
        *n = str_integer(f[2]);
    }
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}

/* Writes the seals of the days that were touched, then, in one block, the proof that makes them count. */
static int seal(struct audit *a, struct err *err)
{
    bool moved = false;
    for (int32_t i = 0; i < a->at.n; i++)
        moved = moved || a->at.at[i].committed > a->at.at[i].proven;
    if (!moved)
        return 0;
    struct buf sql;
    buf_init(&sql, 0);
    char at[80];
    int64_t ms = wall_ms();
    snprintf(at, sizeof at, "fromUnixTimestamp64Milli(%" PRId64 ", 'UTC')", ms);
    buf_printf(&sql,
               "INSERT INTO ledger_seals (source, record_day, identities, identity_sum, sealed_at)"
               " WITH erased_days AS (%s), sealed AS (%s), again AS (",
               erased_days, sealed_days);
    put_again(&sql, a);
    /* Where a day's earlier lines have expired nobody can tell which identities come again: the rows themselves are sealed then. */
    buf_printf(&sql,
               "), fresh AS (SELECT record_day, count() AS n, sum(identity) AS total FROM"
               "  (SELECT record_day, identity FROM ledger WHERE source = {source:String} AND topic = {topic:String} AND verdict = "
               "'ok' AND %s"
               "   AND identity NOT IN (again) AND identity NOT IN " ERASED_RECORDS
               "   GROUP BY record_day, identity) GROUP BY record_day),",
               buf_text(&a->todo));
    buf_printf(&sql,
               " known AS (SELECT record_day, uniqExact(identity) AS n FROM ledger WHERE source = {source:String} AND topic = "
               "{topic:String}"
               "  AND verdict = 'ok' AND %s AND record_day IN (SELECT record_day FROM fresh) GROUP BY record_day),"
               " expired AS (SELECT sealed.record_day AS record_day FROM sealed JOIN fresh ON fresh.record_day = sealed.record_day"
               "  LEFT JOIN known ON known.record_day = sealed.record_day WHERE known.n < sealed.identities),"
               " rows AS (SELECT toDate32(%s) AS record_day, count() AS n, sum(%s) AS total FROM %s FINAL"
               "  WHERE toDate32(%s) IN (expired) GROUP BY record_day)",
               buf_text(&a->done), a->source->identity[0], a->source->identity_hash, a->source->rows->creates,
               a->source->identity[0]);
    buf_printf(&sql,
               " SELECT {source:String}, fresh.record_day, if(rows.n > 0, rows.n + gone.n, sealed.identities + fresh.n),"
               " if(rows.n > 0, rows.total + gone.total, sealed.identity_sum + fresh.total), %s FROM fresh"
               " LEFT JOIN sealed ON sealed.record_day = fresh.record_day LEFT JOIN rows ON rows.record_day = fresh.record_day"
               " LEFT JOIN erased_days AS gone ON gone.record_day = fresh.record_day",
               at);
    int rc = run(a, &sql, NULL, err);
    if (rc == 0) {
        buf_clear(&sql);
        buf_printf(&sql,
                   "INSERT INTO ledger_proofs (source, topic, partition, proven_offset, proven_at, since) SELECT {source:String},"
                   " {topic:String}, p.1, p.2, %s, " MOMENT " FROM (SELECT arrayJoin([",
                   at, a->since_ms);
        for (int32_t i = 0; i < a->at.n; i++)
            buf_printf(&sql, "%s(toUInt32(%d), toUInt64(%" PRId64 "))", i > 0 ? ", " : "", a->at.at[i].partition,
                       a->at.at[i].committed);
        buf_puts(&sql, "]) AS p)");
        rc = run(a, &sql, NULL, err);
    }
    buf_fini(&sql);
    return rc;
}

/* ---- a topic that was deleted and created again ---- */

/* How far the ledger goes with the topic that is gone, into committed; what of that it doesn't have nobody can look at any more. */
static int end_of_former(struct audit *former, int64_t *missing, struct err *err)
{
    struct buf sql, out = { 0 };
    int64_t has = 0;
    buf_init(&sql, 0);
    buf_puts(&sql, "SELECT partition, max(offset) + 1, uniqExact(offset) FROM ledger WHERE source = {source:String} AND topic ="
                   " {topic:String} AND ");
    put_ranges(&sql, former, proven_of, NULL);
    buf_puts(&sql, " GROUP BY partition FORMAT TabSeparated");
    int rc = run(former, &sql, &out, err);
    for (int32_t i = 0; i < former->at.n; i++)
        former->at.at[i].committed = former->at.at[i].proven;
    for (struct str rest = buf_str(&out), f[3]; rc == 0 && rest.n > 0;) {
        if (split(&rest, f, 3) != 3)
            break;
        struct position *p = &former->at.at[str_integer(f[0])];
        p->committed = str_integer(f[1]);
        has += str_integer(f[2]);
        *missing += p->committed - p->proven;
    }
    *missing -= has;
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}

static int note_topic(struct audit *a, struct err *err)
{
    struct buf sql;
    buf_init(&sql, 0);
    buf_puts(&sql, "INSERT INTO ledger_starts (source, topic, partition, start_offset, noted_at, since) SELECT {source:String},"
                   " {topic:String}, p, 0, now64(3), ");
    buf_printf(&sql, MOMENT " FROM (SELECT arrayJoin(range(toUInt32(%d))) AS p)", a->since_ms, a->at.n);
    int rc = run(a, &sql, NULL, err);
    buf_fini(&sql);
    return rc;
}

/* Looks at all that came from the former topic for the last time, seals it, and notes that there is another one. */
static int change_topic(struct audit *a, struct err *err)
{
    struct audit former = *a;
    int64_t missing = 0;
    int rc = -1;
    former.at.at = a->at.before;
    former.at.n = a->at.n_before;
    former.since_ms = former.at.n > 0 ? former.at.at[0].since_ms : 0;
    former.until_ms = a->since_ms;
    former.lines = former.ok = 0;
    memset(&former.todo, 0, 4 * sizeof former.todo);
    char moment[32];
    time_t since = (time_t)(a->since_ms / 1000);
    strftime(moment, sizeof moment, "%Y-%m-%dT%H:%M:%SZ", gmtime(&since));
    say(a->notes, "topic %s: it was deleted and created again; its messages since %s are another topic's, from offset 0 on%s",
        a->source->topic, moment, a->read_only ? "; 'odw audit' without --read-only, or the worker, notes it" : "");
    if (a->read_only)
        return 0;
    struct buf *const all[] = { &former.todo, &former.done, &former.ahead, &former.young };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_init(all[i], 0);
    json_t *counts = json_object();
    if (end_of_former(&former, &missing, err) < 0)
        goto out;
    put_conditions(&former);
    size_t problems = json_array_size(a->problems);
    if (count_lines(&former, counts, err) < 0 || check_rows(&former, err) < 0 || check_letters(&former, err) < 0)
        goto out;
    if (missing > 0)
        say(a->notes, "topic %s: %" PRId64 " offsets of the topic that is gone have no line: unprovable", a->source->topic,
            missing);
    rc = 0;
    if (json_array_size(a->problems) == problems) {
        bool moved = false;
        rc =
            recreated_begin(a->ch, a->kafka, a->source, &a->at, &moved, err) < 0 || seal(&former, err) < 0 || note_topic(a, err) < 0
                ? -1
                : 0;
        if (!moved)
            say(a->notes,
                "topic %s: consumers of group %s go on where they stood in the former topic; what lies below is read once they "
                "have "
                "ended and the group's position is set to the beginning",
                a->source->topic, a->source->group);
    }
out:
    json_decref(counts);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_fini(all[i]);
    return rc;
}

int audit_source(struct clickhouse *ch, struct kafka_admin *kafka, const struct plan_source *s, const struct audit_options *options,
                 json_t *report, bool *holds, struct err *err)
{
    struct arena arena;
    struct audit a = { .ch = ch, .kafka = kafka, .source = s, .until_ms = -1, .read_only = options->read_only };
    json_t *partitions = json_array(), *counts = json_object(), *conflicts = json_array(), *one = NULL;
    int64_t n_conflicts = 0;
    int rc = -1;
    arena_init(&arena, 0);
    a.problems = json_array();
    a.notes = json_array();
    struct buf *const all[] = { &a.todo, &a.done, &a.ahead, &a.young };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_init(all[i], 0);

    if (positions_load(&arena, ch, kafka, s, &a.at, err) < 0)
        goto out;
    a.since_ms = a.at.since_ms;
    if (a.at.before != NULL) {
        if (change_topic(&a, err) < 0 || (!a.read_only && positions_load(&arena, ch, kafka, s, &a.at, err) < 0))
            goto out;
        a.since_ms = a.at.since_ms;
    }
    struct gaps *tails = arena_alloc(&arena, sizeof *tails * (size_t)a.at.n);
    if (tails == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        goto out;
    }
    for (int32_t i = 0; i < a.at.n; i++)
        if (gaps_tail(ch, kafka, s, &a.at.at[i], !a.read_only, &tails[i], err) < 0)
            goto out;
    snprintf(a.sealed_at, sizeof a.sealed_at, "%s", a.at.proven_at);
    put_conditions(&a);
    if (check_gaps(&a, tails, partitions, err) < 0 || count_lines(&a, counts, err) < 0 || check_rows(&a, err) < 0 ||
        check_letters(&a, err) < 0 || check_seals(&a, err) < 0 || check_erased(&a, err) < 0 ||
        list_conflicts(&a, conflicts, &n_conflicts, err) < 0)
        goto out;
    bool good = json_array_size(a.problems) == 0;
    if (good && !a.read_only && seal(&a, err) < 0)
        goto out;
    *holds = *holds && good;
    int64_t lag = 0;
    for (int32_t i = 0; i < a.at.n; i++)
        lag += a.at.at[i].high - a.at.at[i].committed;
    one = json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:O, s:O, s:O, s:O, s:O}", "source", s->stem, "topic", s->topic, "holds", good,
                    "looked_at", (json_int_t)a.lines, "lag", (json_int_t)lag, "conflicting", (json_int_t)n_conflicts, "conflicts",
                    conflicts, "lines", counts, "partitions", partitions, "problems", a.problems, "notes", a.notes);
    if (one == NULL || json_array_append_new(json_object_get(report, "sources"), one) < 0) {
        err_set(err, ERR_STOP, "out of memory for the report");
        goto out;
    }
    rc = 0;
out:
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_fini(all[i]);
    json_decref(partitions);
    json_decref(counts);
    json_decref(conflicts);
    json_decref(a.problems);
    json_decref(a.notes);
    arena_fini(&arena);
    return rc < 0 ? err_at(err, "%s", s->stem) : 0;
}

json_t *audit_all(struct clickhouse *ch, struct kafka_admin *kafka, const struct plan *plan, const struct audit_options *options,
                  bool *holds, struct err *err)
{
    char at[40];
    time_t now = time(NULL);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    json_t *report = json_pack("{s:b, s:s, s:[]}", "holds", 1, "audited_at", at, "sources");
    *holds = true;
    for (size_t i = 0; i < plan->n_sources; i++) {
        if (report == NULL || audit_source(ch, kafka, &plan->sources[i], options, report, holds, err) < 0) {
            json_decref(report);
            return NULL;
        }
    }
    if (report != NULL)
        json_object_set_new(report, "holds", json_boolean(*holds));
    return report;
}
