/* cli/audit_conflicts: the same identity with different content. */
#include "cli/audit_part.h"

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
int audit_conflicts(struct audit *a, json_t *conflicts, int64_t *n, struct err *err)
{
    struct buf sql, out = { 0 };
    int rc = 0;
    buf_init(&sql, 0);
    if (!a->read_only) {
        buf_puts(&sql, "INSERT INTO conflicts (source, identity, record_day, messages, found_at) ");
        put_conflicts(&sql, a);
        rc = audit_run(a, &sql, NULL, err);
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
        rc = audit_run(a, &sql, &out, err);
    for (struct str rest = buf_str(&out), f[3]; rc == 0 && rest.n > 0;) {
        if (audit_split(&rest, f, 3) != 3)
            break;
        json_array_append_new(conflicts, json_pack("{s:s%, s:s%}", "record_day", f[0].p, f[0].n, "messages", f[1].p, f[1].n));
        *n = str_integer(f[2]);
    }
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}
