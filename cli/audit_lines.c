/* cli/audit_lines: each line of the ledger from the last proof on: no offset is missing, every record has its row or its letter. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit_part.h"

enum { LINES_AT_ONCE = 4000000 }; /* identities that one anti-join holds in memory, about 64 bytes each */

int audit_gaps(struct audit *a, const struct gaps *tails, json_t *partitions, struct err *err)
{
    for (int32_t i = 0; i < a->at.n; i++) {
        const struct position *p = &a->at.at[i];
        struct gaps g, sum = tails[i];
        do {
            if (gaps_look(a->ch, a->kafka, a->source, p, p->proven, !a->read_only, &g, err) < 0)
                return -1;
            if (sum.lost == 0)
                sum.first_lost = g.first_lost;
            if (g.lost > 0)
                sum.last_lost = g.last_lost;
            sum.empty += g.empty, sum.absent += g.absent, sum.unprovable += g.unprovable, sum.lost += g.lost;
        } while (g.more && !a->read_only && g.lost == 0);
        if (sum.lost > 0)
            audit_say(a->problems,
                      "topic %s, partition %d: %" PRId64 "%s message%s between offsets %" PRId64 " and %" PRId64
                      " became neither a row nor a dead letter, the first at offset %" PRId64
                      "; the group's position passed over %s."
                      " odw replay --source %s --partition %d --offsets %" PRId64 "-%" PRId64 " sends them again",
                      a->source->topic, p->partition, sum.lost, g.more ? " or more" : "", sum.lost == 1 ? "" : "s", p->proven,
                      p->committed, sum.first_lost, sum.lost == 1 ? "it" : "them", a->source->stem, p->partition, sum.first_lost,
                      sum.last_lost);
        if (sum.empty > 0 && a->read_only)
            audit_say(a->notes,
                      "topic %s, partition %d: %" PRId64
                      " empty messages have no dead letter yet; 'odw worker' writes them within a minute",
                      a->source->topic, p->partition, sum.empty);
        if (sum.unprovable > 0)
            audit_say(a->notes,
                      "topic %s, partition %d: %" PRId64
                      " offsets without a line left the topic before they were looked at: unprovable",
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
int audit_count(struct audit *a, json_t *counts, struct err *err)
{
    struct buf sql, out = { 0 };
    buf_init(&sql, 0);
    buf_puts(&sql, "SELECT verdict, count(), countIf(");
    buf_put_str(&sql, buf_str(&a->todo));
    buf_puts(&sql, ") FROM ledger FINAL WHERE source = {source:String} AND topic = {topic:String} AND ");
    audit_put_ranges(&sql, a, audit_start, audit_committed);
    buf_puts(&sql, " GROUP BY verdict ORDER BY verdict FORMAT TabSeparated");
    int rc = audit_run(a, &sql, &out, err);
    for (struct str rest = buf_str(&out), f[3]; rc == 0 && rest.n > 0;) {
        if (audit_split(&rest, f, 3) != 3)
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

static void put_rows_hashes(struct buf *sql, const struct audit *a, const char *lines)
{
    buf_printf(sql,
               "SELECT %s AS h FROM %s WHERE toDate32(%s) IN (SELECT DISTINCT record_day FROM ledger WHERE source = {source:String}"
               " AND topic = {topic:String} AND verdict = 'ok' AND %s)",
               a->source->identity_hash, a->source->rows->creates, a->source->identity[0], lines);
}

/* Every `ok` line's identity is among the rows, but for those that may have expired. */
int audit_rows(struct audit *a, struct err *err)
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
        audit_put_kept_since(&sql, a);
        buf_puts(&sql, " AND identity NOT IN (SELECT h FROM (");
        put_rows_hashes(&sql, a, buf_text(&a->todo));
        buf_printf(&sql,
                   ") WHERE h %% %" PRId64 " = %" PRId64
                   ") ORDER BY partition, offset LIMIT 1 BY partition, offset LIMIT %d FORMAT TabSeparated",
                   parts, part, EXAMPLES + 1);
        rc = audit_run(a, &sql, &out, err);
    }
    if (rc == 0)
        audit_list_lines(a, buf_str(&out), "messages were found good, but their rows are not there (offset, record day)");
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}

/* Every other line is among the dead letters. */
int audit_letters(struct audit *a, struct err *err)
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
    audit_put_ranges(&sql, a, audit_start, audit_committed);
    buf_printf(&sql, ") ORDER BY partition, offset LIMIT 1 BY partition, offset LIMIT %d FORMAT TabSeparated", EXAMPLES + 1);
    int rc = audit_run(a, &sql, &out, err);
    if (rc == 0)
        audit_list_lines(a, buf_str(&out), "messages were refused, but their dead letters are not there (offset, verdict)");
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}
