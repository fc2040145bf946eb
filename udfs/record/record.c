/* udfs/record: a function per contract: a message comes in, its violations, its verdict and its typed fields go out. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "contract/contract.h"
#include "udfs/family.h"
#include "udfs/policies.h"
#include "udfs/record/derive.h"

enum { HASH = 16, CONTRACT_BYTES = 16 << 20 };

static const char suffix[] = ".schema.json";

struct record {
    struct reader *reader;
    struct pii_policies *policies;
    struct contract_deriver *derivers;
    size_t n_derivers;
};

static void close_record(void *state)
{
    struct record *r = state;
    reader_free(r->reader);
    pii_policies_free(r->policies);
    for (size_t i = 0; i < r->n_derivers; i++)
        derive_close(&r->derivers[i]);
    free(r->derivers);
    free(r);
}

static int open_derivers(struct record *r, const struct contract *c, struct err *err)
{
    size_t n = 0;
    while (contract_derives(c, n) != NULL)
        n++;
    if ((r->derivers = calloc(n + 1, sizeof *r->derivers)) == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    for (size_t i = 0; i < n; i++) {
        if (derive_open(contract_derives(c, i), &r->derivers[i], err) < 0)
            return -1;
        r->n_derivers++;
        reader_use_deriver(r->reader, i, &r->derivers[i]);
    }
    return 0;
}

static void *open_record(const struct udf *udf, struct err *err)
{
    struct record *r = calloc(1, sizeof *r);
    if (r == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    if ((r->reader = reader_new(udf->more, err)) != NULL && (r->policies = policies_open(udf, err)) != NULL &&
        reader_use_policies(r->reader, r->policies, err) == 0 && open_derivers(r, udf->more, err) == 0)
        return r;
    close_record(r);
    return NULL;
}

static int row(struct udf_row *row)
{
    struct record *r = row->state;
    reader_read(r->reader, row->str[1], (int64_t)row->fixed[0], row->out);
    return 0;
}

/* The message isn't lost by it: the verdict sends it to the dead letters, with the reason. */
static void on_error(struct udf_row *row, const char *why)
{
    struct col *record = row->out, *violations = &record->kids[0], *verdict = &record->kids[1];
    buf_printf(row->scratch, "this message made the record function fail: %s", why);
    col_put_str(&violations->kids[0], buf_str(row->scratch));
    col_end_array(violations);
    col_put_u64(verdict, VERDICT_CONTRACT);
    for (size_t i = 2; i < record->n_kids; i++)
        col_put_default(&record->kids[i]);
    col_end_tuple(record);
}

static const struct udf pattern = {
    .name = "NAMERecord_HASH",
    .group = "Contracts",
    .about =
        "Reads a message as contracts/NAME.schema.json asks, in one pass: parsed, checked, typed, and cleaned of personal data "
        "where the contract says so. There is one for each contract; HASH is the contract's content. appended_at is when the "
        "message was received: the end of the contract's window of time.",
    .errors = "Any bytes are accepted: a message that doesn't hold has its violations in words, a verdict other than 'ok', and the "
              "defaults of its fields.",
    .examples = { { "tupleElement(eventsRecord_HASH(toDateTime64('2026-11-20 10:00:01', 3, 'UTC'), '{\"id\": \"7\", "
                    "\"event_name\": \"signup\", "
                    "\"timestamp\": \"2026-11-20T10:00:00Z\", \"distinct_id\": \"ada\", \"project_id\": \"web\"}'), 'verdict')",
                    "ok" },
                  { "tupleElement(eventsRecord_HASH(toDateTime64('2026-11-20 10:00:01', 3, 'UTC'), '{\"id\": 7}'), "
                    "'violations')[1]",
                    "/id: expected a string, got 7" } },
    .args = { { "appended_at", "DateTime64(3, 'UTC')" }, { "message", "String" } },
    .returns = "Tuple(violations Array(String), verdict Enum8('ok' = 1, 'parse' = 2, 'contract' = 3, 'simulated' = 4), and the "
               "contract's fields)",
    .deterministic = true,
    .open = open_record,
    .close = close_record,
    .row = row,
    .on_error = on_error,
};

/* The pattern's examples that are of this contract, with its hash. Valid until the next declaration. */
static void put_examples(struct udf *out)
{
    static char calls[UDF_EXAMPLES][1024];
    char word[300];
    size_t n = 0;
    memset(out->examples, 0, sizeof out->examples);
    snprintf(word, sizeof word, "(%.*s_HASH(", (int)(strrchr(out->name, '_') - out->name), out->name);
    for (const struct udf_example *e = pattern.examples; e < pattern.examples + UDF_EXAMPLES && e->call != NULL; e++) {
        const char *at = strstr(e->call, word);
        if (at == NULL)
            continue;
        snprintf(calls[n], sizeof calls[n], "%.*s(%s(%s", (int)(at - e->call), e->call, out->name, at + strlen(word));
        out->examples[n] = (struct udf_example){ calls[n], e->answer };
        n++;
    }
}

static void declare(const struct contract *c, struct udf *out)
{
    *out = pattern;
    out->name = contract_function(c);
    out->about = contract_description(c);
    out->returns = contract_type(c);
    out->more = c;
    put_examples(out);
}

/* The stem of NAME.schema.json or NAME.<hash>.schema.json, and the hash (empty where the name has none). False: another file. */
static bool split_name(const char *file, char stem[256], char hash[HASH + 1])
{
    struct str s = str_of(file);
    if (s.n >= 256 || !str_ends(s, str_of(suffix)) || s.p[0] == '.')
        return false;
    s.n -= sizeof suffix - 1;
    hash[0] = '\0';
    const char *dot = memrchr(s.p, '.', s.n);
    if (dot != NULL && (size_t)(s.p + s.n - dot - 1) == HASH && strspn(dot + 1, "0123456789abcdef") == HASH) {
        memcpy(hash, dot + 1, HASH);
        hash[HASH] = '\0';
        s.n = (size_t)(dot - s.p);
    }
    memcpy(stem, s.p, s.n);
    stem[s.n] = '\0';
    return s.n > 0;
}

/* Loads a contract; one whose file name has a hash must have that content. */
static struct contract *load(const char *folder, const char *file, struct err *err)
{
    char path[4096], stem[256], hash[HASH + 1];
    struct buf text;
    struct contract *c = NULL;
    buf_init(&text, CONTRACT_BYTES);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    if (!split_name(file, stem, hash))
        err_set(err, ERR_STOP, "%s: expected a name that ends in %s", path, suffix);
    else if (file_read(path, &text, err) == 0 && (c = contract_compile(stem, buf_str(&text), path, err)) != NULL &&
             hash[0] != '\0' && strcmp(hash, contract_hash(c)) != 0) {
        err_set(err, ERR_STOP, "%s: expected a contract whose hash is %s, got one with %s: it was changed or damaged", path, hash,
                contract_hash(c));
        contract_free(c);
        c = NULL;
    }
    buf_fini(&text);
    return c;
}

static int is_contract(const struct dirent *e)
{
    char stem[256], hash[HASH + 1];
    return split_name(e->d_name, stem, hash);
}

/* eventsRecord_0123456789abcdef → its hash; NULL: not a name of this family. */
static const char *hash_of(const char *name)
{
    const char *at = strrchr(name, '_');
    if (at == NULL || at - name < 7 || strncmp(at - 6, "Record", 6) != 0 || strlen(at + 1) != HASH ||
        strspn(at + 1, "0123456789abcdef") != HASH)
        return NULL;
    return at + 1;
}

static int make(const char *name, const char *contracts, struct udf *out, struct err *err)
{
    const char *hash = hash_of(name);
    struct dirent **files = NULL;
    int found = -1;
    if (hash == NULL)
        return 0;
    int n = scandir(contracts, &files, is_contract, alphasort);
    if (n < 0)
        return err_errno(err, ERR_STOP, "%s: the folder of its contract, %s", name, contracts);
    /* First the file that is named after the hash; then any that has it, as in a source tree. */
    for (int named = 1; named >= 0 && found < 0; named--)
        for (int i = 0; i < n && found < 0; i++) {
            char stem[256], in_name[HASH + 1];
            if (!split_name(files[i]->d_name, stem, in_name) || (named != 0) != (in_name[0] != '\0') ||
                (named != 0 && strcmp(in_name, hash) != 0))
                continue;
            struct err bad = ERR_INIT;
            struct contract *c = load(contracts, files[i]->d_name, &bad);
            if (c == NULL && named) {
                err_set(err, ERR_STOP, "%s", bad.text);
                goto out;
            }
            if (c != NULL && strcmp(contract_function(c), name) == 0) {
                declare(c, out);
                found = 1;
            } else {
                contract_free(c);
            }
        }
    if (found < 0)
        err_set(err, ERR_STOP, "%s: expected its contract as %s/*.%s%s, found none (odw functions install puts it there)", name,
                contracts, hash, suffix);
out:
    for (int i = 0; i < n; i++)
        free(files[i]);
    free(files);
    return found;
}

static int all(const char *contracts, int (*each)(const struct udf *, const char *, void *), void *arg, struct err *err)
{
    struct dirent **files = NULL;
    int n = scandir(contracts, &files, is_contract, alphasort), done = 0;
    if (n < 0)
        return err_errno(err, ERR_STOP, "the folder of contracts, %s", contracts);
    for (int i = 0; i < n && done == 0; i++) {
        struct udf udf;
        struct contract *c = load(contracts, files[i]->d_name, err);
        if (c == NULL) {
            done = -1;
            break;
        }
        declare(c, &udf);
        done = each(&udf, contract_stem(c), arg);
        contract_free(c);
    }
    for (int i = 0; i < n; i++)
        free(files[i]);
    free(files);
    return done;
}

const struct udf_family family_record = {
    .pattern = &pattern,
    .make = make,
    .all = all,
};
