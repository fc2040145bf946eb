/* cli/dlq_edit: odw dlq edit: corrects a letter, holds it to its contract, then sends it or keeps it. What was received stays. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/settings.h"
#include "cli/dlq.h"
#include "cli/json_set.h"
#include "cli/resend.h"
#include "declaration/plan.h"

enum { BATCH = 500, BATCH_BYTES = 32 << 20, PAYLOAD_MAX = 64 << 20 };

struct edit {
    const struct opts *opts;
    struct plan *plan;
    struct resend resend;
    struct arena arena;
    struct buf states, file;
    const char *sets[64]; /* "/timestamp=2026-11-20T10:00:00Z" */
    size_t n_sets;
    bool has_file;
    char who[64];
    int64_t saved, would, refused;
    struct err err;
};

static void refuse(struct edit *e, const char *id, const char *why)
{
    fprintf(stderr, "odw dlq edit: %s%s%s\n", id, why[0] != '\0' ? ": " : "", why);
    e->refused++;
}

static void missing(void *context, const char *id)
{
    char text[400];
    snprintf(text, sizeof text, "there is no dead letter '%s'", id);
    refuse(context, text, "");
}

/* ---- three ways to a corrected payload ---- */

static int by_sets(struct edit *e, struct str payload, struct buf *out, struct err *why)
{
    json_error_t error;
    json_t *root = json_loadb(payload.p, payload.n, JSON_REJECT_DUPLICATES, &error);
    int rc = 0;
    if (root == NULL)
        return err_set(why, ERR_DROP,
                       "a field can't be set in what isn't JSON (%s): correct the text with --payload-file or an editor",
                       error.text);
    for (size_t i = 0; i < e->n_sets && rc == 0; i++)
        rc = json_set(root, e->sets[i], why);
    char *text = rc == 0 ? json_dumps(root, JSON_COMPACT) : NULL;
    if (rc == 0 && (text == NULL || buf_puts(out, text) < 0))
        rc = err_set(why, ERR_DROP, "out of memory for the corrected text");
    free(text);
    json_decref(root);
    return rc;
}

static int run_editor(const char *path, struct err *why)
{
    const char *editor = getenv("VISUAL") != NULL && getenv("VISUAL")[0] != '\0' ? getenv("VISUAL") : getenv("EDITOR");
    if (editor == NULL || editor[0] == '\0')
        return err_set(why, ERR_STOP, "expected --payload-file FILE, /FIELD=VALUE, or an editor in $VISUAL or $EDITOR");
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "eval \"$0 \\\"\\$1\\\"\"", editor, path, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(why, ERR_DROP, "the editor '%s' failed: nothing was changed", editor);
    return 0;
}

/* The file is for its owner's eyes, and gone afterwards. */
static int by_editor(struct str payload, struct buf *out, struct err *why)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/odw-letter-XXXXXX.json", folder != NULL && folder[0] != '\0' ? folder : "/tmp");
    int fd = mkstemps(path, 5);
    if (fd < 0)
        return err_errno(why, ERR_DROP, "%s", path);
    int rc = write(fd, payload.p, payload.n) == (ssize_t)payload.n ? 0 : err_errno(why, ERR_DROP, "%s", path);
    close(fd);
    if (rc == 0)
        rc = run_editor(path, why);
    if (rc == 0)
        rc = dlq_read_file(path, out, why);
    unlink(path);
    /* Editors end a file with a newline; a message had none. */
    if (rc == 0 && out->n > 0 && out->p[out->n - 1] == '\n' && (payload.n == 0 || payload.p[payload.n - 1] != '\n'))
        out->n--;
    return rc;
}

/* ---- is it right now? ---- */

/* By the contract that is declared here, read by the engine that the stream reads with. 0: it holds; 1: not, and it was said. */
static int check(struct edit *e, const struct letter *l, struct str payload, struct err *why)
{
    const struct plan_source *s = plan_source(e->plan, l->source);
    if (s == NULL)
        return err_set(why, ERR_DROP, "expected kafka-engine/%s.sql below %s, to know its contract", l->source, e->plan->root);
    struct reader *reader = reader_new(s->contract, why);
    if (reader == NULL)
        return -1;
    const struct str *violations;
    enum verdict verdict = reader_read(reader, payload, strtoll(l->appended_text, NULL, 10), NULL);
    size_t n = reader_violations(reader, &violations);
    int rc = reader_failed(reader) ? err_set(why, ERR_DROP, "out of memory") : verdict != VERDICT_OK;
    if (rc > 0) {
        struct buf text;
        buf_init(&text, 0);
        for (size_t i = 0; i < n; i++) {
            buf_puts(&text, "\n  ");
            dlq_put_visible(&text, violations[i]);
        }
        if (verdict == VERDICT_SIMULATED)
            buf_puts(&text, "\n  a field still begins with its x-simulated marker");
        fprintf(stderr, "odw dlq edit: %s doesn't keep contracts/%s.schema.json:%s\n", l->id, contract_stem(s->contract),
                buf_text(&text));
        buf_fini(&text);
    }
    reader_free(reader);
    return rc;
}

static bool again(void)
{
    char line[16];
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return false;
    fputs("Edit it again? [Y/n] ", stderr);
    return fgets(line, sizeof line, stdin) != NULL && line[0] != 'n' && line[0] != 'N';
}

/* Into `out`. 0, 1 where it was refused and said, -1 and why. */
static int correct(struct edit *e, const struct letter *l, struct buf *out, struct err *why)
{
    struct str from = l->corrected.n > 0 ? l->corrected : l->payload;
    struct buf last;
    int rc;
    buf_init(&last, PAYLOAD_MAX);
    for (;;) {
        buf_clear(out);
        if (e->has_file)
            rc = buf_put_str(out, buf_str(&e->file));
        else if (e->n_sets > 0)
            rc = by_sets(e, from, out, why);
        else
            rc = by_editor(from, out, why);
        if (rc == 0 && out->failed)
            rc = err_set(why, ERR_DROP, "expected at most %d MiB", PAYLOAD_MAX >> 20);
        if (rc == 0)
            rc = opts_flag(e->opts, "force") ? 0 : check(e, l, buf_str(out), why);
        if (rc <= 0 || e->has_file || e->n_sets > 0 || !again())
            break;
        buf_clear(&last);
        buf_put_str(&last, buf_str(out));
        from = buf_str(&last);
    }
    buf_fini(&last);
    return rc;
}

static int take(void *context, const struct str *fields, size_t n_fields)
{
    struct edit *e = context;
    const struct letter *l = letter_read(&e->arena, fields, n_fields);
    struct err why = ERR_INIT;
    struct buf text;
    if (l == NULL)
        return -1;
    if (strcmp(l->status, "recovered") == 0) {
        refuse(e, l->id, "is recovered already");
        return 0;
    }
    if (letter_is_extraction(l)) {
        refuse(e, l->id,
               "is about a document that no record could be made of: change its contract, its instructions or the model, then "
               "replay it");
        return 0;
    }
    buf_init(&text, PAYLOAD_MAX);
    int rc = correct(e, l, &text, &why), done = 0;
    const char *copy = rc == 0 ? arena_copy(&e->arena, buf_str(&text)) : NULL;
    struct str payload = { copy, text.n };
    buf_fini(&text);
    if (rc < 0) {
        if (why.class == ERR_STOP) {
            e->err = why;
            return -1;
        }
        refuse(e, l->id, why.text);
    } else if (rc > 0) {
        e->refused++;
    } else if (copy == NULL) {
        return -1;
    } else if (payload.n == 0 || str_eq(payload, l->corrected.n > 0 ? l->corrected : l->payload)) {
        refuse(e, l->id, payload.n == 0 ? "an empty message is none" : "nothing was changed");
    } else if (opts_flag(e->opts, "dry-run")) {
        printf("%s: would %s %zu bytes that keep their contract\n", l->id, opts_flag(e->opts, "save") ? "save" : "send", payload.n);
        e->would++;
    } else if (opts_flag(e->opts, "save")) {
        letter_state_put(&e->states, &(struct letter_state){ .letter = l->id,
                                                             .status = LETTER_OPEN,
                                                             .attempt = l->attempt - 1,
                                                             .changed_by = e->who,
                                                             .reason = "corrected, not sent yet",
                                                             .payload = payload });
        e->saved++;
    } else {
        done = resend_letter(&e->resend, l, payload, e->who, &e->err);
    }
    return done;
}

static void tell(void *context, const struct resend_item *item)
{
    const struct edit *e = context;
    if (item->offspring[0] == '\0')
        fprintf(stderr, "odw dlq edit: %s: %s\n", item->letter->id, item->err.text);
    else if (!opts_flag(e->opts, "all"))
        printf("%s: sent as %s, attempt %d\n", item->letter->id, item->offspring, item->letter->attempt);
}

static int end_page(void *context, struct err *err)
{
    struct edit *e = context;
    int rc = letter_states_write(e->resend.ch, &e->states, err);
    buf_clear(&e->states);
    if (rc == 0)
        rc = resend_finish(&e->resend, tell, e, err);
    arena_reset(&e->arena);
    return rc;
}

static const struct opt options[] = {
    { .name = "payload-file", .type = OPT_TEXT, .arg = "FILE", .help = "The corrected message ('-' is stdin); for one ID" },
    { .name = "set", .type = OPT_TEXT, .arg = "/FIELD=VALUE", .help = "As the operand /FIELD=VALUE" },
    { .name = "save", .type = OPT_FLAG, .help = "Keep the correction, send nothing: 'odw dlq replay' sends it" },
    { .name = "force", .type = OPT_FLAG, .help = "Take a correction that doesn't keep the contract" },
    DLQ_ALL,
    DLQ_BY,
    { .name = "dry-run", .type = OPT_FLAG, .help = "Check the corrections, keep and send nothing" },
    DLQ_TIMEOUT,
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw dlq edit",
    .about =
        "Corrects dead letters and sends them. A correction is held to the contract first, by the engine that the stream reads "
        "with. What was received is kept as it is.",
    .operands = "[ID]... [/FIELD=VALUE]...",
    .max_operands = -1,
    .own = options,
    .shared = settings_shared,
    .more = "/FIELD is a JSON pointer (RFC 6901). VALUE is JSON, else a text; without '=' the field is taken away. Without "
            "--payload-file\n"
            "and /FIELD the message opens in $VISUAL or $EDITOR.\n\n"
            "  odw dlq edit events/0/17\n"
            "  odw dlq edit events/0/17 /timestamp=2026-02-28T10:00:00Z\n"
            "  odw dlq edit --all --reason /project_id /project_id=web --dry-run\n\n"
            "Exit codes: 0 all sent or saved, 1 some were not, 2 the command line is wrong.\n",
};

/* Operands that begin with '/' are fields; what is left are ids. */
static int read_operands(struct edit *e, struct err *err)
{
    const struct opts *o = e->opts;
    if (opts_text(o, "set") != NULL)
        e->sets[e->n_sets++] = opts_text(o, "set");
    for (int i = 0; i < opts_operands(o); i++) {
        const char *text = opts_operand(o, i);
        if (text[0] != '/')
            continue;
        if (e->n_sets == sizeof e->sets / sizeof *e->sets)
            return err_set(err, ERR_STOP, "expected at most %zu fields", e->n_sets);
        e->sets[e->n_sets++] = text;
    }
    e->has_file = opts_text(o, "payload-file") != NULL;
    for (size_t i = 0; i < e->n_sets; i++)
        if (e->sets[i][0] != '/')
            return err_set(err, ERR_STOP, "expected /FIELD=VALUE, got '%s'", e->sets[i]);
    if (e->has_file && (dlq_ids(o) != 1 || e->n_sets > 0))
        return err_set(err, ERR_STOP, "--payload-file stands for one message: give one ID and no fields");
    if (opts_flag(o, "all") && e->n_sets == 0)
        return err_set(err, ERR_STOP, "--all goes with /FIELD=VALUE");
    return 0;
}

static int edit(const struct opts *o, struct err *err)
{
    struct progress progress;
    struct edit e = { .opts = o, .resend = { .arena = &e.arena, .timeout_ms = opts_number(o, "timeout") } };
    int rc = -1;
    arena_init(&e.arena, (size_t)1 << 30);
    buf_init(&e.file, PAYLOAD_MAX);
    buf_init(&e.states, 0);
    progress_init(&progress, "edit", "letters", -1);
    if (read_operands(&e, err) < 0 || dlq_check_selection(o, err) < 0)
        goto out;
    dlq_who(o, e.who);
    if ((e.has_file && dlq_read_file(opts_text(o, "payload-file"), &e.file, err) < 0) ||
        (e.plan = plan_load(opts_text(o, "root"), opts_text(o, "database"), err)) == NULL ||
        (e.resend.ch = clickhouse_new(o, err)) == NULL)
        goto out;
    const struct kafka_producer_options po = { .linger_ms = 5,
                                               .timeout_ms = e.resend.timeout_ms,
                                               .max_message_bytes = PAYLOAD_MAX };
    if (!opts_flag(o, "dry-run") && !opts_flag(o, "save") &&
        ((e.resend.producer = kafka_producer_new(o, &po, err)) == NULL || kafka_producer_check(e.resend.producer, 4000, err) < 0))
        goto out;
    struct dlq_walk walk = { .ch = e.resend.ch,
                             .opts = o,
                             .status = "open",
                             .columns = LETTER_COLUMNS,
                             .page_rows = BATCH,
                             .page_bytes = BATCH_BYTES,
                             .each = take,
                             .page = end_page,
                             .missing = missing,
                             .context = &e,
                             .progress = &progress };
    rc = dlq_walk(&walk, err);
    progress_clear(&progress);
    if (e.err.class != ERR_NONE)
        *err = e.err;
    if (opts_flag(o, "dry-run") || opts_flag(o, "save"))
        fprintf(stderr, "%" PRId64 " %s, %" PRId64 " left as they are\n", opts_flag(o, "dry-run") ? e.would : e.saved,
                opts_flag(o, "dry-run") ? "would be corrected" : "saved", e.refused);
    else
        fprintf(stderr, "%" PRId64 " corrected and sent, %" PRId64 " failed, %" PRId64 " left as they are\n", e.resend.sent,
                e.resend.failed, e.refused);
    if (rc == 0 && (e.resend.failed > 0 || e.refused > 0))
        rc = err_set(err, ERR_DROP, "not every letter was corrected");
out:
    kafka_producer_free(e.resend.producer);
    clickhouse_free(e.resend.ch);
    plan_free(e.plan);
    arena_fini(&e.arena);
    buf_fini(&e.file);
    buf_fini(&e.states);
    return rc;
}

static int run(int argc, char **argv)
{
    return dlq_verb(&usage, edit, argc, argv);
}

const struct verb dlq_edit = { "edit", "correct them, hold them to their contract, send them", run };
