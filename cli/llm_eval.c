/* cli/llm_eval: odw llm eval: asks a model about documents whose truth is known, and says how much of it was found. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/settings.h"
#include "cli/llm.h"
#include "cli/progress.h"
#include "doc/doc.h"
#include "llm/llm.h"
#include "score/score.h"

enum { BLOCK = 64, FILE_BYTES = 64 << 20, TRUTH_BYTES = 16 << 20, STATUSES = 16 };

static const struct opt options[] = {
    { .name = "contract",
      .type = OPT_TEXT,
      .arg = "NAME",
      .help = "What is to be found in them: contracts/NAME.schema.json below the root" },
    { .name = "model",
      .type = OPT_TEXT,
      .arg = "NAME,…",
      .help = "Models of llm.json to ask, one after another; without it the one that llm.json has for the contract" },
    { .name = "instructions",
      .type = OPT_TEXT,
      .arg = "TEXT",
      .help = "What the model is told besides the contract, as a document's instructions" },
    { .name = "instructions-file", .type = OPT_TEXT, .arg = "FILE", .help = "The same from a file" },
    { .name = "limit",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "1000000",
      .min = 1,
      .max = 1000000,
      .help = "Only the first N documents, by name" },
    { .name = "home",
      .type = OPT_TEXT,
      .arg = "DIR",
      .help = "The folder that holds llm/llm.json; without it odw/ in ClickHouse's user scripts (--user-scripts)" },
    { .name = "wrong",
      .type = OPT_FLAG,
      .help = "Also a line for each document whose record isn't right: what was expected, what came" },
    { .name = "json", .type = OPT_FLAG, .help = "One JSON object for each model instead of tables" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw llm eval",
    .about =
        "Asks a model about each document of a folder that has its truth beside it (NAME.txt, NAME.pdf, NAME.png or any other "
        "kind, and "
        "NAME.json: the record as the contract has it), and says how many fields were right, what it cost and how long it took. "
        "Models and "
        "instructions can be compared so before they meet real documents. Answers go through the same cache, limits and checks as "
        "llmExtract's; what was answered before costs nothing. 'odw llm sample' makes such a folder.",
    .operands = "DIR",
    .min_operands = 1,
    .max_operands = 1,
    .own = options,
    .shared = settings_shared,
    .more = "Right is a field with the same value (numbers as numbers; texts whatever their case and white space), or rightly left "
            "out; missed:\n"
            "the document says it, the record doesn't; made up: the other way round. A document without a record has all its "
            "fields missed.\n\n"
            "Exit codes: 0 done, whatever the score, 1 failed (nothing was answered at all, too), 2 the command line is wrong.\n",
};

struct document {
    const char *name; /* of the file with its text */
    json_t *truth;
    struct buf text;
    char error[320]; /* why it has no text */
};

struct eval {
    const struct opts *opts;
    const char *dir, *contract;
    struct arena arena;
    struct buf instructions;
    struct document *documents;
    size_t n;
};

/* ---- documents ---- */

static int is_truth(const struct dirent *e)
{
    return e->d_name[0] != '.' && str_ends(str_of(e->d_name), STR(".json"));
}

/* The file of the same name with another ending. */
static const char *document_of(struct eval *e, const char *truth, struct dirent **all, int n_all)
{
    size_t stem = strlen(truth) - strlen("json");
    for (int i = 0; i < n_all; i++)
        if (strncmp(all[i]->d_name, truth, stem) == 0 && strcmp(all[i]->d_name, truth) != 0 &&
            strchr(all[i]->d_name + stem, '.') == NULL)
            return arena_copy(&e->arena, str_of(all[i]->d_name));
    return NULL;
}

static int read_json(const char *path, json_t **out, struct err *err)
{
    struct buf text;
    json_error_t why;
    buf_init(&text, TRUTH_BYTES);
    int rc = file_read(path, &text, err);
    *out = rc == 0 ? json_loadb(text.p != NULL ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &why) : NULL;
    if (rc == 0 && !json_is_object(*out)) {
        rc = err_set(err, ERR_STOP, "%s: expected a JSON object: %s (line %d)", path,
                     *out != NULL ? "it is another value" : why.text, *out != NULL ? 1 : why.line);
        json_decref(*out);
        *out = NULL;
    }
    buf_fini(&text);
    return rc;
}

static int find_documents(struct eval *e, struct err *err)
{
    struct dirent **truths = NULL, **all = NULL;
    char path[4096];
    int rc = -1, n = scandir(e->dir, &truths, is_truth, alphasort), n_all = n >= 0 ? scandir(e->dir, &all, NULL, alphasort) : -1;
    int64_t limit = opts_number(e->opts, "limit");
    if (n_all < 0) {
        err_errno(err, ERR_STOP, "the folder %s can't be read", e->dir);
        goto out;
    }
    e->documents = calloc((size_t)n + 1, sizeof *e->documents);
    if (e->documents == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        goto out;
    }
    for (int i = 0; i < n && (int64_t)e->n < limit; i++) {
        const char *name = document_of(e, truths[i]->d_name, all, n_all);
        if (name == NULL) {
            fprintf(stderr, "odw llm eval: %s/%s has no document beside it\n", e->dir, truths[i]->d_name);
            continue;
        }
        struct document *d = &e->documents[e->n];
        snprintf(path, sizeof path, "%s/%s", e->dir, truths[i]->d_name);
        if (read_json(path, &d->truth, err) < 0)
            goto out;
        d->name = name;
        buf_init(&d->text, 0);
        e->n++;
    }
    rc = e->n > 0 ? 0
                  : err_set(err, ERR_STOP, "%s: expected documents with their truth beside them (NAME.pdf, NAME.json), found none",
                            e->dir);
out:
    for (int i = 0; i < n; i++)
        free(truths[i]);
    for (int i = 0; i < n_all; i++)
        free(all[i]);
    free(truths);
    free(all);
    return rc;
}

/* As docText does. */
static int read_texts(struct eval *e, struct progress *progress, struct err *err)
{
    struct doc_reader *reader = doc_reader_new(&doc_limits_default, err);
    int rc = reader != NULL ? 0 : -1;
    for (size_t i = 0; i < e->n && rc == 0; i++) {
        struct document *d = &e->documents[i];
        struct buf bytes;
        struct doc_answer answer = { .pages = 0 };
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", e->dir, d->name);
        buf_init(&bytes, FILE_BYTES);
        if ((rc = file_read(path, &bytes, err)) == 0) {
            const struct doc_task task = { .bytes = buf_str(&bytes), .content_type = STR("") };
            doc_read(reader, &task, &answer, 1);
            buf_put_str(&d->text, buf_str(&answer.text));
            snprintf(d->error, sizeof d->error, "%s", answer.error);
            doc_answers_fini(&answer, 1);
        }
        buf_fini(&bytes);
        progress_set(progress, (int64_t)i + 1);
    }
    doc_reader_free(reader);
    return rc;
}

/* ---- one model ---- */

struct outcome {
    struct score score;
    const char *model;
    char why[512]; /* of the first that waits */
    int64_t statuses[STATUSES], unread, cached, requests, tokens_in, tokens_out, ms;
    double cost;
};

static void tell_wrong(const struct document *d, const char *status, const char *why, const json_t *record)
{
    char *expected = json_dumps(d->truth, JSON_COMPACT), *got = record != NULL ? json_dumps(record, JSON_COMPACT) : NULL;
    printf("%s: %s%s%.*s\n  expected %s\n  got      %s\n", d->name, status, why[0] != '\0' ? ": " : "", (int)strcspn(why, "\n"),
           why, expected != NULL ? expected : "?", got != NULL ? got : "no record");
    free(expected);
    free(got);
}

static int count_result(struct eval *e, struct outcome *o, const struct document *d, struct llm_result *r, struct err *err)
{
    json_t *record = r->status == LLM_OK ? json_loadb(r->record.p, r->record.n, 0, NULL) : NULL;
    int64_t perfect = o->score.perfect;
    int rc = score_add(&o->score, d->truth, record);
    if (rc < 0)
        err_set(err, ERR_STOP, "out of memory");
    if ((int)r->status < STATUSES)
        o->statuses[r->status]++;
    if (r->status == LLM_PENDING && o->why[0] == '\0')
        snprintf(o->why, sizeof o->why, "%s", buf_text(&r->error));
    o->cached += r->cached;
    o->requests += r->attempts;
    o->tokens_in += (int64_t)r->tokens_in;
    o->tokens_out += (int64_t)r->tokens_out;
    o->cost += r->cost;
    if (r->model != NULL)
        o->model = arena_copy(&e->arena, str_of(r->model));
    if (rc == 0 && opts_flag(e->opts, "wrong") && !opts_flag(e->opts, "json") && o->score.perfect == perfect)
        tell_wrong(d, llm_status_name(r->status), buf_text(&r->error), record);
    json_decref(record);
    return rc;
}

static int ask_block(struct eval *e, struct llm_engine *engine, struct document *const *block, size_t n, struct outcome *o,
                     struct err *err)
{
    struct llm_question questions[BLOCK] = { 0 };
    struct llm_result results[BLOCK] = { 0 };
    for (size_t i = 0; i < n; i++)
        questions[i] = (struct llm_question){ str_of(e->contract), buf_str(&e->instructions), buf_str(&block[i]->text) };
    int rc = llm_ask(engine, questions, n, NULL, results, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = count_result(e, o, block[i], &results[i], err);
    llm_results_fini(results, n);
    return rc;
}

static int ask_all(struct eval *e, struct llm_engine *engine, struct progress *progress, struct outcome *o, struct err *err)
{
    struct document *block[BLOCK];
    size_t n = 0;
    int rc = 0;
    int64_t began = monotonic_ms();
    for (size_t i = 0; i < e->n && rc == 0; i++) {
        struct document *d = &e->documents[i];
        if (d->error[0] != '\0') {
            o->unread++;
            rc = score_add(&o->score, d->truth, NULL) < 0 ? err_set(err, ERR_STOP, "out of memory") : 0;
            if (opts_flag(e->opts, "wrong") && !opts_flag(e->opts, "json"))
                tell_wrong(d, "no text", d->error, NULL);
        } else {
            block[n++] = d;
        }
        if (rc == 0 && n > 0 && (n == BLOCK || i + 1 == e->n)) {
            rc = ask_block(e, engine, block, n, o, err);
            n = 0;
        }
        progress_set(progress, (int64_t)(i + 1 - n));
    }
    if (rc == 0 && n > 0)
        rc = ask_block(e, engine, block, n, o, err);
    o->ms = monotonic_ms() - began;
    return rc;
}

/* ---- what is said ---- */

static void print_outcome(const struct eval *e, const struct outcome *o)
{
    printf("%s, contract %s, %zu documents\n", o->model != NULL ? o->model : "no model was asked", e->contract, e->n);
    score_print(&o->score, stdout);
    printf("%" PRId64 " documents with every field right; records:", o->score.perfect);
    for (int i = 0; i < STATUSES; i++)
        if (o->statuses[i] > 0)
            printf(" %" PRId64 " %s", o->statuses[i], llm_status_name((enum llm_status)i));
    if (o->unread > 0)
        printf(" %" PRId64 " without text", o->unread);
    printf("\n%" PRId64 " requests, %" PRId64 " answers from the cache; tokens: %" PRId64 " in, %" PRId64
           " out; cost %.6g; %.1f s, %.2f s a document\n",
           o->requests, o->cached, o->tokens_in, o->tokens_out, o->cost, (double)o->ms / 1000, (double)o->ms / 1000 / (double)e->n);
}

static int print_json(const struct eval *e, const struct outcome *o)
{
    json_t *statuses = json_object(), *all = score_json(&o->score);
    for (int i = 0; i < STATUSES; i++)
        if (o->statuses[i] > 0)
            json_object_set_new(statuses, llm_status_name((enum llm_status)i), json_integer(o->statuses[i]));
    json_object_set_new(all, "model", o->model != NULL ? json_string(o->model) : json_null());
    json_object_set_new(all, "contract", json_string(e->contract));
    json_object_set_new(all, "statuses", statuses);
    json_object_set_new(all, "without_text", json_integer(o->unread));
    json_object_set_new(all, "requests", json_integer(o->requests));
    json_object_set_new(all, "cached", json_integer(o->cached));
    json_object_set_new(all, "tokens_in", json_integer(o->tokens_in));
    json_object_set_new(all, "tokens_out", json_integer(o->tokens_out));
    json_object_set_new(all, "cost", json_real(o->cost));
    json_object_set_new(all, "seconds", json_real((double)o->ms / 1000));
    int rc = json_dumpf(all, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(all);
    return rc;
}

/* model: NULL: the one that llm.json has. */
static int eval_model(struct eval *e, const char *home, const char *contracts, const char *model, struct err *err)
{
    struct outcome o = { .score = { .arena = &e->arena } };
    struct progress progress;
    struct llm_engine *engine = llm_engine_new(home, contracts, err);
    progress_init(&progress, model != NULL ? model : "model", "documents", (int64_t)e->n);
    int rc = engine != NULL ? 0 : -1;
    if (rc == 0 && model != NULL)
        rc = llm_engine_use_model(engine, model, err);
    if (rc == 0)
        rc = ask_all(e, engine, &progress, &o, err);
    progress_clear(&progress);
    llm_engine_free(engine);
    if (rc == 0 && opts_flag(e->opts, "json"))
        rc = print_json(e, &o) < 0 ? err_set(err, ERR_STOP, "out of memory") : 0;
    else if (rc == 0)
        print_outcome(e, &o);
    int64_t waiting = o.statuses[LLM_PENDING];
    if (rc == 0 && waiting > 0 && waiting == (int64_t)e->n - o.unread)
        rc = err_set(err, ERR_STOP, "no document was answered: %s", o.why);
    else if (rc == 0 && waiting > 0)
        fprintf(stderr, "odw llm eval: %" PRId64 " documents were not answered, the first because of %s\n", waiting, o.why);
    return rc;
}

static int eval_models(struct eval *e, struct err *err)
{
    char home[4096], contracts[4096];
    const char *models = opts_text(e->opts, "model"), *given = opts_text(e->opts, "home"),
               *scripts = opts_text(e->opts, "user-scripts");
    if (given == NULL && scripts == NULL)
        return err_set(
            err, ERR_STOP,
            "expected --home, the folder with llm/llm.json, or --user-scripts, ClickHouse's, where odw/llm/llm.json is installed");
    snprintf(home, sizeof home, "%s%s", given != NULL ? given : scripts, given != NULL ? "" : "/odw");
    snprintf(contracts, sizeof contracts, "%s/contracts", opts_text(e->opts, "root"));
    if (models == NULL)
        return eval_model(e, home, contracts, NULL, err);
    struct str rest = str_of(models);
    do {
        const char *one = arena_copy(&e->arena, str_trim(str_cut(&rest, ',')));
        if (one == NULL)
            return err_set(err, ERR_STOP, "out of memory");
        if (eval_model(e, home, contracts, one, err) < 0)
            return -1;
        if (rest.n > 0 && !opts_flag(e->opts, "json"))
            putchar('\n');
    } while (rest.n > 0);
    return 0;
}

static int eval(const struct opts *o, struct err *err)
{
    struct eval e = { .opts = o, .dir = opts_operand(o, 0), .contract = opts_text(o, "contract") };
    struct progress progress;
    const char *words = opts_text(o, "instructions"), *file = opts_text(o, "instructions-file");
    int rc = -1;
    arena_init(&e.arena, 0);
    buf_init(&e.instructions, TRUTH_BYTES);
    progress_init(&progress, "reading", "documents", -1);
    if ((words != NULL && buf_puts(&e.instructions, words) < 0) || (file != NULL && file_read(file, &e.instructions, err) < 0) ||
        find_documents(&e, err) < 0 || read_texts(&e, &progress, err) < 0)
        goto out;
    progress_clear(&progress);
    rc = eval_models(&e, err);
out:
    progress_clear(&progress);
    for (size_t i = 0; i < e.n; i++) {
        json_decref(e.documents[i].truth);
        buf_fini(&e.documents[i].text);
    }
    free(e.documents);
    buf_fini(&e.instructions);
    arena_fini(&e.arena);
    return rc;
}

static int run(int argc, char **argv)
{
    struct opts *o = NULL;
    struct err err = ERR_INIT;
    int code = settings_start(&usage, "odw llm eval", argc, argv, &o);
    if (code >= 0)
        return code;
    if (opts_text(o, "contract") == NULL || (opts_text(o, "instructions") != NULL && opts_text(o, "instructions-file") != NULL)) {
        fprintf(stderr, "odw llm eval: %s\nTry 'odw llm eval --help'.\n",
                opts_text(o, "contract") == NULL ? "expected --contract NAME"
                                                 : "--instructions and --instructions-file: one of them");
        opts_free(o);
        return 2;
    }
    code = eval(o, &err) < 0 ? 1 : 0;
    if (code != 0)
        fprintf(stderr, "odw llm eval: %s\n", err.text);
    opts_free(o);
    return code;
}

const struct verb llm_eval = { "eval", "score a model, and instructions, on documents whose truth is known", run };
