/* cli/audit: proves that nothing was lost. */
#include "cli/audit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/audit_part.h"

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
        if (audit_change_topic(&a, err) < 0 || (!a.read_only && positions_load(&arena, ch, kafka, s, &a.at, err) < 0))
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
    audit_put_conditions(&a);
    if (audit_gaps(&a, tails, partitions, err) < 0 || audit_count(&a, counts, err) < 0 || audit_rows(&a, err) < 0 ||
        audit_letters(&a, err) < 0 || audit_seals(&a, err) < 0 || audit_erased(&a, err) < 0 ||
        audit_conflicts(&a, conflicts, &n_conflicts, err) < 0)
        goto out;
    bool good = json_array_size(a.problems) == 0;
    if (good && !a.read_only && audit_seal(&a, err) < 0)
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
