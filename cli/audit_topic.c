/* cli/audit_topic: a topic that was deleted and created again: what came from the former one is proven for the last time. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/audit_part.h"
#include "cli/recreated.h"

/* How far the ledger goes with the topic that is gone, into committed; what of that it doesn't have nobody can look at any more. */
static int end_of_former(struct audit *former, int64_t *missing, struct err *err)
{
    struct buf sql, out = { 0 };
    int64_t has = 0;
    buf_init(&sql, 0);
    buf_puts(&sql, "SELECT partition, max(offset) + 1, uniqExact(offset) FROM ledger WHERE source = {source:String} AND topic ="
                   " {topic:String} AND ");
    audit_put_ranges(&sql, former, audit_proven, NULL);
    buf_puts(&sql, " GROUP BY partition FORMAT TabSeparated");
    int rc = audit_run(former, &sql, &out, err);
    for (int32_t i = 0; i < former->at.n; i++)
        former->at.at[i].committed = former->at.at[i].proven;
    for (struct str rest = buf_str(&out), f[3]; rc == 0 && rest.n > 0;) {
        if (audit_split(&rest, f, 3) != 3)
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
    int rc = audit_run(a, &sql, NULL, err);
    buf_fini(&sql);
    return rc;
}

/* Looks at all that came from the former topic for the last time, seals it, and notes that there is another one. */
int audit_change_topic(struct audit *a, struct err *err)
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
    audit_say(a->notes, "topic %s: it was deleted and created again; its messages since %s are another topic's, from offset 0 on%s",
              a->source->topic, moment, a->read_only ? "; 'odw audit' without --read-only, or the worker, notes it" : "");
    if (a->read_only)
        return 0;
    struct buf *const all[] = { &former.todo, &former.done, &former.ahead, &former.young };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_init(all[i], 0);
    json_t *counts = json_object();
    if (end_of_former(&former, &missing, err) < 0)
        goto out;
    audit_put_conditions(&former);
    size_t problems = json_array_size(a->problems);
    if (audit_count(&former, counts, err) < 0 || audit_rows(&former, err) < 0 || audit_letters(&former, err) < 0)
        goto out;
    if (missing > 0)
        audit_say(a->notes, "topic %s: %" PRId64 " offsets of the topic that is gone have no line: unprovable", a->source->topic,
                  missing);
    rc = 0;
    if (json_array_size(a->problems) == problems) {
        bool moved = false;
        rc = recreated_begin(a->ch, a->kafka, a->source, &a->at, &moved, err) < 0 || audit_seal(&former, err) < 0 ||
                     note_topic(a, err) < 0
                 ? -1
                 : 0;
        if (!moved)
            audit_say(
                a->notes,
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
