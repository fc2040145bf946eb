/* cli/audit_seals: what was proven, per record day: so many identities, the sum of their hashes; the rows are held against it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/audit_part.h"

enum { TRIES = 4 }; /* a block that is just being written is in some tables and not yet in others */

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
    if (audit_run(a, &sql, &out, err) < 0)
        goto out;
    int64_t known = str_integer(str_trim(buf_str(&out)));
    if (known < sealed && there_in_all >= sealed) {
        audit_say(a->notes,
                  "%s: %s: %" PRId64 " rows where %" PRId64
                  " were sealed, proven by count alone: its ledger lines have expired and messages came again",
                  a->source->stem, day, there_in_all, sealed);
        rc = 0;
        goto out;
    }
    audit_say(a->problems, "%s: %s: expected %" PRId64 " rows that were proven earlier, found %" PRId64 "%s", a->source->stem, day,
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
    if (audit_run(a, &sql, &out, err) < 0)
        goto out;
    audit_list_lines(a, buf_str(&out), "messages were proven to be rows, and are none any more (offset, record day)");
    buf_clear(&sql);
    buf_fini(&out);
    buf_printf(&sql,
               "SELECT _partition, _offset, toString(%s) FROM %s FINAL WHERE toDate32(%s) = '%s' AND %s NOT IN"
               " (SELECT identity FROM ledger WHERE source = {source:String} AND verdict = 'ok' AND record_day = '%s') AND %d"
               " ORDER BY _partition, _offset LIMIT %d FORMAT TabSeparated",
               a->source->identity[0], a->source->rows->creates, a->source->identity[0], day, a->source->identity_hash, day,
               known >= sealed, EXAMPLES + 1);
    if (audit_run(a, &sql, &out, err) < 0)
        goto out;
    audit_list_lines(a, buf_str(&out), "rows are there that no message accounts for (the offset they claim, their time)");
    rc = 0;
out:
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}

/* The rows of each sealed day are the sealed ones, whatever came since. */
int audit_seals(struct audit *a, struct err *err)
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
        audit_put_kept_since(&sql, a); /* of a day of which rows may have expired nobody can tell how many there should be */
        buf_printf(&sql, ") ORDER BY record_day LIMIT %d FORMAT TabSeparated", EXAMPLES);
        if (audit_run(a, &sql, &out, err) < 0)
            goto out;
        if (out.n == 0 || try == TRIES - 1)
            break;
        buf_fini(&out);
        nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
    }
    for (struct str rest = buf_str(&out), f[4]; rest.n > 0;) {
        if (audit_split(&rest, f, 4) != 4)
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
int audit_erased(struct audit *a, struct err *err)
{
    struct buf sql, out = { 0 };
    struct str f[4];
    int rc = -1;
    buf_init(&sql, 0);
    buf_puts(&sql, "SELECT uniqExactIf(identity, letter = ''), uniqExactIf(letter, letter != ''),"
                   " (SELECT count() FROM (SELECT erasure FROM erasures WHERE source = {source:String} GROUP BY erasure"
                   "  HAVING max(status) != 'done'))"
                   " FROM erased WHERE source = {source:String} FORMAT TabSeparated");
    if (audit_run(a, &sql, &out, err) < 0)
        goto out;
    struct str rest = buf_str(&out);
    if (audit_split(&rest, f, 3) != 3) {
        err_set(err, ERR_STOP, "ClickHouse gave no count of what was erased");
        goto out;
    }
    int64_t records = str_integer(f[0]), letters = str_integer(f[1]), unfinished = str_integer(f[2]);
    if (records + letters > 0)
        audit_say(a->notes, "%s: %" PRId64 " records and %" PRId64 " dead letters were erased", a->source->stem, records, letters);
    if (unfinished > 0)
        audit_say(a->notes, "%s: an erasure was begun and isn't done: the same 'odw erase' again completes it", a->source->stem);
    if (records > 0 && unfinished == 0) {
        buf_clear(&sql);
        buf_fini(&out);
        buf_printf(&sql,
                   "SELECT _partition, _offset, toString(%s) FROM %s WHERE toDate32(%s) IN (SELECT record_day FROM erased"
                   " WHERE source = {source:String} AND letter = '') AND %s IN " ERASED_RECORDS
                   " ORDER BY _partition, _offset LIMIT %d FORMAT TabSeparated",
                   a->source->identity[0], a->source->rows->creates, a->source->identity[0], a->source->identity_hash,
                   EXAMPLES + 1);
        if (audit_run(a, &sql, &out, err) < 0)
            goto out;
        audit_list_lines(a, buf_str(&out), "rows are there that were erased (the offset they claim, their time)");
    }
    rc = 0;
out:
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}

/* Writes the seals of the days that were touched, then, in one block, the proof that makes them count. */
int audit_seal(struct audit *a, struct err *err)
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
    int rc = audit_run(a, &sql, NULL, err);
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
        rc = audit_run(a, &sql, NULL, err);
    }
    buf_fini(&sql);
    return rc;
}
