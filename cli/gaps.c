/* cli/gaps: offsets that were consumed and are in no ledger line. */
#include "cli/gaps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "letter/letter.h"

enum {
    GAPS_PER_ROUND = 20000,
    OFFSETS_PER_ROUND = 1000000, /* of one gap that is written out line by line */
    SWEEP_OVER = 20000,          /* gaps nearer than this are read in one sweep: opening a read costs more than so many messages */
    MISSED_AT_ONCE = 60000,      /* bytes of what is asked about in one question */
    READ_TIMEOUT_MS = 60000,
};

/* The values of ledger.verdict that the stream never gives. */
enum { LINE_EMPTY = 5, LINE_ABSENT = 6, LINE_UNPROVABLE = 7 };

struct gap {
    int64_t from, to; /* [from, to) */
};

struct look {
    const struct plan_source *source;
    int32_t partition;
    bool close;
    bool tail;    /* looks ahead of the position: ends at the first message with bytes */
    bool stopped; /* … and that was met */
    struct gaps *out;
    struct gap *gaps;
    size_t n_gaps, cap_gaps;
    size_t i;     /* the gap that the sweep is in */
    int64_t next; /* the first offset of it that nothing was said about */
    int64_t low;
    int64_t since_ms; /* lines from before are of a topic that is gone */
    int64_t now_ms;
    struct buf letters, lines; /* RowBinary */
    struct clickhouse *ch;
    struct buf missed; /* messages without a line, as Array(Tuple(what it began with, offset, sent)); n 0: none */
    struct err err;    /* what ended the sweep */
};

static int take_gap(void *context, const struct str *fields, size_t n_fields)
{
    struct look *k = context;
    if (n_fields != 2)
        return -1;
    if (k->n_gaps == k->cap_gaps) {
        size_t cap = k->cap_gaps > 0 ? k->cap_gaps * 2 : 64;
        struct gap *gaps = realloc(k->gaps, cap * sizeof *gaps);
        if (gaps == NULL)
            return -1;
        k->gaps = gaps;
        k->cap_gaps = cap;
    }
    char text[2][32];
    for (int f = 0; f < 2; f++)
        snprintf(text[f], sizeof text[f], "%.*s", STR_ARG(fields[f]));
    k->gaps[k->n_gaps++] = (struct gap){ strtoll(text[0], NULL, 10), strtoll(text[1], NULL, 10) };
    return 0;
}

static void put_line(struct look *k, int64_t offset, char verdict, int64_t appended_ms, int64_t sent_ms)
{
    struct buf *b = &k->lines;
    uint32_t partition = (uint32_t)k->partition;
    buf_put_string(b, str_of(k->source->stem));
    buf_put_string(b, str_of(k->source->topic));
    buf_put(b, &partition, 4);
    buf_put(b, &offset, 8);
    buf_putc(b, verdict);
    buf_put(b, &appended_ms, 8);
    buf_put(b, &k->now_ms, 8);
    buf_put(b, &sent_ms, 8);
}

static void put_letter(struct look *k, const struct kafka_message *m)
{
    struct buf *b = &k->letters;
    struct str origin = { "", 0 }, attempt = { "", 0 };
    uint32_t partition = (uint32_t)k->partition;
    buf_put_string(b, str_of(k->source->stem));
    buf_putc(b, LINE_EMPTY);
    buf_put_varint(b, 1);
    buf_put_string(b, m->value.p == NULL ? STR("byte 0: expected a JSON text, got a null message (a tombstone)")
                                         : STR("byte 0: expected a JSON text, got an empty message"));
    buf_put_string(b, STR("")); /* payload */
    buf_put_string(b, m->key);
    buf_put_varint(b, m->n_headers);
    for (size_t i = 0; i < m->n_headers; i++) {
        struct str name = str_of(m->headers[i].name);
        buf_put_string(b, name);
        if (str_eq(name, STR(LETTER_ORIGIN)))
            origin = m->headers[i].value;
        if (str_eq(name, STR(LETTER_ATTEMPT)))
            attempt = m->headers[i].value;
    }
    buf_put_varint(b, m->n_headers);
    for (size_t i = 0; i < m->n_headers; i++)
        buf_put_string(b, m->headers[i].value);
    buf_put_string(b, str_of(k->source->topic));
    buf_put(b, &partition, 4);
    buf_put(b, &m->offset, 8);
    buf_put_string(b, origin);
    uint16_t tries = 0;
    for (size_t i = 0; i < attempt.n && i < 5 && attempt.p[i] >= '0' && attempt.p[i] <= '9'; i++)
        tries = (uint16_t)(tries * 10 + (attempt.p[i] - '0'));
    buf_put(b, &tries, 2);
    buf_put(b, &m->timestamp_ms, 8);
    buf_put(b, &k->now_ms, 8);
    buf_put(b, &m->timestamp_ms, 8);
}

/* Nothing is on the topic at [k->next, to). */
static void pass_over(struct look *k, int64_t to)
{
    for (int64_t o = k->next; o < to; o++) {
        bool gone = o < k->low;
        *(gone ? &k->out->unprovable : &k->out->absent) += 1;
        if (k->close && to - k->next <= OFFSETS_PER_ROUND)
            put_line(k, o, gone ? LINE_UNPROVABLE : LINE_ABSENT, k->now_ms, k->since_ms);
    }
    if (k->next < to)
        k->next = to;
}

/* Ends every gap that lies before `offset`. */
static void end_gaps(struct look *k, size_t last, int64_t offset)
{
    while (k->i < last && offset >= k->gaps[k->i].to) {
        pass_over(k, k->gaps[k->i].to);
        if (++k->i < last)
            k->next = k->gaps[k->i].from;
    }
}

/* A message that a group's position passed over is lost, unless it was sent again since: then a line that names what it began with
 * was written later. */
static int take_missed(void *context, const struct str *fields, size_t n_fields)
{
    struct look *k = context;
    if (n_fields != 3)
        return -1;
    int64_t lost = str_integer(fields[0]), first = str_integer(fields[1]), last = str_integer(fields[2]);
    if (lost > 0 && (k->out->lost == 0 || first < k->out->first_lost))
        k->out->first_lost = first;
    if (lost > 0 && last > k->out->last_lost)
        k->out->last_lost = last;
    k->out->lost += lost;
    return 0;
}

static int ask_missed(struct look *k, struct err *err)
{
    if (k->missed.n == 0)
        return 0;
    buf_putc(&k->missed, ']');
    const struct clickhouse_param params[] = {
        { "source", str_of(k->source->stem) },
        { "missed", buf_str(&k->missed) },
    };
    int rc = clickhouse_rows(
        k->ch,
        "SELECT count(), min(missed.2), max(missed.2) FROM"
        " (SELECT arrayJoin({missed:Array(Tuple(String, Int64, Int64))}) AS missed) AS all"
        " LEFT JOIN (SELECT origin, toUnixTimestamp64Milli(max(sent_at)) AS again FROM ledger"
        "  WHERE source = {source:String} AND origin IN arrayMap(m -> m.1, {missed:Array(Tuple(String, Int64, Int64))})"
        "  GROUP BY origin) AS copies ON copies.origin = missed.1"
        " WHERE again <= missed.3",
        params, 2, take_missed, k, err);
    buf_clear(&k->missed);
    return rc;
}

static int put_missed(struct look *k, const struct kafka_message *m)
{
    struct str origin = { "", 0 };
    struct buf root;
    buf_init(&root, 1024);
    for (size_t i = 0; i < m->n_headers; i++)
        if (strcmp(m->headers[i].name, LETTER_ORIGIN) == 0)
            origin = m->headers[i].value;
    if (origin.n > 0 && origin.n < 512)
        buf_put_str(&root, origin);
    else
        buf_printf(&root, "%s/%d/%lld", k->source->topic, k->partition, (long long)m->offset);
    if (origin.n == 0 && k->since_ms > 0)
        buf_printf(&root, "@%lld", (long long)m->timestamp_ms);
    buf_puts(&k->missed, k->missed.n == 0 ? "[(" : ",(");
    clickhouse_put_text(&k->missed, buf_str(&root));
    buf_printf(&k->missed, ",%lld,%lld)", (long long)m->offset, (long long)m->timestamp_ms);
    buf_fini(&root);
    return k->missed.n > MISSED_AT_ONCE ? ask_missed(k, &k->err) : 0;
}

struct sweep {
    struct look *look;
    size_t last;
};

static int see_message(void *context, const struct kafka_message *m)
{
    struct sweep *w = context;
    struct look *k = w->look;
    end_gaps(k, w->last, m->offset);
    if (k->i >= w->last)
        return 1;
    if (m->offset < k->next)
        return 0;
    pass_over(k, m->offset);
    if (k->tail && m->value.n > 0) {
        k->stopped = true;
        return 1;
    }
    if (m->value.n == 0) {
        k->out->empty++;
        if (k->close) {
            put_letter(k, m);
            put_line(k, m->offset, LINE_EMPTY, m->timestamp_ms, m->timestamp_ms);
        }
    } else if (put_missed(k, m) < 0) {
        return 1;
    }
    k->next = m->offset + 1;
    return 0;
}

static int insert(struct clickhouse *ch, const char *sql, const struct buf *rows, struct err *err)
{
    if (rows->failed)
        return err_set(err, ERR_STOP, "out of memory for what the gaps held");
    if (rows->n == 0)
        return 0;
    const struct clickhouse_query q = { .sql = sql, .data = buf_str(rows) };
    return clickhouse_run(ch, &q, NULL, NULL, err);
}

/* The letter first: a line without its letter would be a broken promise, a letter without its line is written again. */
static int write_down(struct look *k, struct clickhouse *ch, struct err *err)
{
    if (insert(ch,
               "INSERT INTO dead_letter_records (source, class, violations, payload, key, header_names, header_values, topic, "
               "partition,"
               " offset, origin, attempt, appended_at, failed_at, sent_at) FORMAT RowBinary",
               &k->letters, err) < 0)
        return -1;
    return insert(
        ch, "INSERT INTO ledger (source, topic, partition, offset, verdict, appended_at, judged_at, sent_at) FORMAT RowBinary",
        &k->lines, err);
}

static int find_gaps(struct look *k, struct clickhouse *ch, const struct position *p, int64_t from, struct err *err)
{
    char partition[16], begin[24], end[24], since[24];
    snprintf(partition, sizeof partition, "%d", p->partition);
    snprintf(begin, sizeof begin, "%lld", (long long)from);
    snprintf(end, sizeof end, "%lld", (long long)p->committed);
    snprintf(since, sizeof since, "%lld", (long long)p->since_ms);
    const struct clickhouse_param params[] = {
        { "source", str_of(k->source->stem) },
        { "topic", str_of(k->source->topic) },
        { "partition", str_of(partition) },
        { "from", str_of(begin) },
        { "to", str_of(end) },
        { "since", str_of(since) },
    };
    /* The committed position stands in as a last line, so that a gap at the end is a gap like any other. */
    return clickhouse_rows(
        ch,
        "SELECT before + 1, here FROM"
        " (SELECT here, lagInFrame(here, 1, {from:Int64} - 1) OVER (ORDER BY here ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS "
        "before"
        "  FROM (SELECT toInt64(offset) AS here FROM ledger WHERE source = {source:String} AND topic = {topic:String}"
        "    AND partition = {partition:UInt32} AND offset >= {from:UInt64} AND offset < {to:UInt64}"
        "    AND sent_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')"
        "    UNION ALL SELECT {to:Int64}))"
        " WHERE here > before + 1 ORDER BY here LIMIT 20001",
        params, sizeof params / sizeof *params, take_gap, k, err);
}

int gaps_look(struct clickhouse *ch, struct kafka_admin *kafka, const struct plan_source *s, const struct position *p, int64_t from,
              bool close, struct gaps *out, struct err *err)
{
    struct look k = { .source = s,
                      .partition = p->partition,
                      .close = close,
                      .out = out,
                      .low = p->low,
                      .since_ms = p->since_ms,
                      .now_ms = wall_ms(),
                      .ch = ch,
                      .err = ERR_INIT };
    int rc = -1;
    *out = (struct gaps){ .first_lost = -1, .last_lost = -1 };
    buf_init(&k.letters, 0);
    buf_init(&k.lines, 0);
    buf_init(&k.missed, 0);
    if (from >= p->committed) {
        rc = 0;
        goto out;
    }
    if (find_gaps(&k, ch, p, from, err) < 0)
        goto out;
    if (k.n_gaps > GAPS_PER_ROUND) {
        k.n_gaps = GAPS_PER_ROUND;
        out->more = true;
    }
    while (k.i < k.n_gaps) {
        size_t last = k.i + 1;
        while (last < k.n_gaps && k.gaps[last].from - k.gaps[last - 1].to < SWEEP_OVER)
            last++;
        struct sweep w = { &k, last };
        k.next = k.gaps[k.i].from;
        int64_t to = k.gaps[last - 1].to;
        int64_t begin = k.next > p->low ? k.next : p->low;
        if (begin < to && kafka_read(kafka, s->topic, p->partition, begin, to, READ_TIMEOUT_MS, see_message, &w, err) < 0)
            goto out;
        if (k.err.class != ERR_NONE) {
            *err = k.err;
            goto out;
        }
        end_gaps(&k, last, to);
    }
    if (ask_missed(&k, err) < 0)
        goto out;
    if (write_down(&k, ch, err) < 0)
        goto out;
    rc = 0;
out:
    buf_fini(&k.letters);
    buf_fini(&k.lines);
    buf_fini(&k.missed);
    free(k.gaps);
    return rc;
}

int gaps_tail(struct clickhouse *ch, struct kafka_admin *kafka, const struct plan_source *s, struct position *p, bool close,
              struct gaps *out, struct err *err)
{
    struct look k = { .source = s,
                      .partition = p->partition,
                      .close = close,
                      .tail = true,
                      .out = out,
                      .low = p->low,
                      .since_ms = p->since_ms,
                      .now_ms = wall_ms() };
    struct gap all = { p->committed, p->high };
    struct sweep w = { &k, 1 };
    int rc = -1;
    *out = (struct gaps){ .first_lost = -1, .last_lost = -1 };
    if (all.from >= all.to || all.from < p->low)
        return 0;
    buf_init(&k.letters, 0);
    buf_init(&k.lines, 0);
    k.gaps = &all;
    k.n_gaps = 1;
    k.next = all.from;
    int read = kafka_read(kafka, s->topic, p->partition, all.from, all.to, READ_TIMEOUT_MS, see_message, &w, err);
    if (read < 0)
        goto out;
    if (!k.stopped)
        end_gaps(&k, 1, all.to);
    if (write_down(&k, ch, err) < 0)
        goto out;
    p->committed = k.stopped ? k.next : all.to;
    rc = 0;
out:
    buf_fini(&k.letters);
    buf_fini(&k.lines);
    return rc;
}
