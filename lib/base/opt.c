/* lib/base/opt: options from one table: the command line, the variables, and what was given. */
#include "base/opt.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/opt_rows.h"

const char *opt_version_more = "";

enum { HELP_FLAG, VERSION_FLAG, N_BUILT_IN };
static const char *const built_in[N_BUILT_IN] = { "help", "version" };

/* ---- names ---- */

/* Edits (insert, delete, replace, swap neighbours) from a to b; names longer than 63 count as far away. */
static size_t edits(const char *a, const char *b)
{
    enum { MAX = 64 };
    size_t n = strlen(a), m = strlen(b);
    if (n >= MAX || m >= MAX)
        return MAX;
    size_t rows[3][MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t cost = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < cost)
                cost = last[j] + 1;
            if (now[j - 1] + 1 < cost)
                cost = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < cost)
                cost = before[j - 2] + 1;
            now[j] = cost;
        }
        size_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}

const char *opt_nearest(const char *name, const char *const *names, size_t n)
{
    size_t len = strlen(name), best = len / 3 > 2 ? len / 3 : 2;
    if (best > 3)
        best = 3;
    if (len <= best)
        best = len > 0 ? len - 1 : 0;
    const char *nearest = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t d = edits(name, names[i]);
        if (d < best || (d == best && nearest == NULL)) {
            best = d;
            nearest = names[i];
        }
    }
    /* "brokers" for "kafka-brokers": a part of the name, and only one has it. */
    for (size_t i = 0, hits = 0; nearest == NULL && len >= 3 && i < n; i++) {
        if (strstr(names[i], name) == NULL)
            continue;
        hits = 1;
        for (size_t j = i + 1; j < n; j++)
            hits += strstr(names[j], name) != NULL;
        if (hits == 1)
            nearest = names[i];
        break;
    }
    return nearest;
}

/* "odw-shim" → "shim", "odw load events" → "load", "odw" → "odw". */
static void word_of(const char *program, char *word, size_t size)
{
    const char *from = program;
    if (strncmp(program, "odw-", 4) == 0)
        from = program + 4;
    else if (strchr(program, ' ') != NULL)
        from = strchr(program, ' ') + 1;
    size_t n = strcspn(from, " ");
    snprintf(word, size, "%.*s", (int)n, from);
}

static void names_of(struct opt_row *row, const char *word)
{
    const char *name = row->opt->name;
    size_t n = strlen(word);
    if (row->own && !(strncmp(name, word, n) == 0 && name[n] == '-'))
        snprintf(row->full, sizeof row->full, "%s-%s", word, name);
    else
        snprintf(row->full, sizeof row->full, "%s", name);
    if (strcmp(row->full, "config") == 0) {
        snprintf(row->variable, sizeof row->variable, "ODW_CONF");
        return;
    }
    snprintf(row->variable, sizeof row->variable, "ODW_%s", row->full);
    for (char *c = row->variable; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

void opt_row_key(const struct opt_row *row, char section[40], const char **key)
{
    const char *dash = strchr(row->full, '-');
    /* A shared name without a server's or program's prefix stands above the sections. */
    static const char *const prefixes[] = { "kafka-", "clickhouse-", "shim-" };
    bool in_section = row->own;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        in_section = in_section || strncmp(row->full, prefixes[i], strlen(prefixes[i])) == 0;
    if (dash == NULL || !in_section) {
        section[0] = '\0';
        *key = row->full;
    } else {
        snprintf(section, 40, "%.*s", (int)(dash - row->full), row->full);
        *key = dash + 1;
    }
}

int opt_rows_init(struct opts *o, const struct opt_usage *usage, struct err *err)
{
    size_t n = 0;
    for (const struct opt *p = usage->own; p != NULL && p->name != NULL; p++)
        n++;
    for (const struct opt *p = usage->shared; p != NULL && p->name != NULL; p++)
        n++;
    word_of(usage->program, o->word, sizeof o->word);
    o->rows = calloc(n + 1, sizeof *o->rows);
    if (o->rows == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    for (const struct opt *p = usage->own; p != NULL && p->name != NULL; p++)
        o->rows[o->n_rows++] = (struct opt_row){ .opt = p, .own = true };
    size_t own = o->n_rows;
    for (const struct opt *p = usage->shared; p != NULL && p->name != NULL; p++) {
        bool hidden = false;
        for (size_t i = 0; i < own; i++)
            hidden = hidden || strcmp(o->rows[i].opt->name, p->name) == 0;
        if (!hidden)
            o->rows[o->n_rows++] = (struct opt_row){ .opt = p };
    }
    for (size_t i = 0; i < o->n_rows; i++)
        names_of(&o->rows[i], o->word);
    return 0;
}

/* ---- values ---- */

/* Digits, then what stands behind them in *rest. Leading white space, a plus sign and overflow are refused. */
static int read_digits(const char *text, int64_t *out, const char **rest)
{
    const char *digits = *text == '-' ? text + 1 : text;
    if (!isdigit((unsigned char)*digits))
        return -1;
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno != 0)
        return -1;
    *out = v;
    *rest = end;
    return 0;
}

static int scale(int64_t v, int64_t by, int64_t *out)
{
    return __builtin_mul_overflow(v, by, out) ? -1 : 0;
}

int opt_read_duration(const char *text, int64_t *ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
    int64_t v;
    const char *unit;
    if (read_digits(text, &v, &unit) < 0 || v < 0)
        return -1;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].unit) == 0)
            return scale(v, units[i].ms, ms);
    *ms = 0;
    return v == 0 && *unit == '\0' ? 0 : -1;
}

int opt_read_size(const char *text, int64_t *bytes)
{
    int64_t v;
    const char *unit;
    if (read_digits(text, &v, &unit) < 0 || v < 0)
        return -1;
    if (*unit == '\0') {
        *bytes = v;
        return 0;
    }
    static const char letters[] = "KMGT";
    const char *at = strchr(letters, toupper((unsigned char)*unit));
    if (at == NULL || (strcmp(unit + 1, "") != 0 && strcmp(unit + 1, "iB") != 0 && strcmp(unit + 1, "B") != 0))
        return -1;
    return scale(v, (int64_t)1 << (10 * (at - letters + 1)), bytes);
}

static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);
    for (const char *p = choices; p != NULL; p = strchr(p, '|'), p = p != NULL ? p + 1 : NULL)
        if (n > 0 && strncmp(p, value, n) == 0 && (p[n] == '|' || p[n] == '\0'))
            return true;
    return false;
}

static int read_flag(const char *value, int64_t *out)
{
    static const char *const words[] = { "false", "no", "0", "off", "true", "yes", "1", "on" };
    for (size_t i = 0; i < 8; i++)
        if (strcasecmp(value, words[i]) == 0) {
            *out = i >= 4;
            return 0;
        }
    return -1;
}

static int read_value(const struct opt *opt, const char *value, const char *where, int64_t *number, struct err *err)
{
    const char *rest;
    bool any = opt->min == 0 && opt->max == 0;
    switch (opt->type) {
    case OPT_TEXT:
        return 0;
    case OPT_FLAG:
        if (read_flag(value, number) < 0)
            return err_set(err, ERR_STOP, "%s: expected true or false, got '%.64s'", where, value);
        return 0;
    case OPT_CHOICE:
        if (!is_choice(opt->choices, value))
            return err_set(err, ERR_STOP, "%s: expected one of %s, got '%.64s'", where, opt->choices, value);
        return 0;
    case OPT_NUMBER:
        if (read_digits(value, number, &rest) < 0 || *rest != '\0')
            return err_set(err, ERR_STOP, "%s: expected a whole number, got '%.64s'", where, value);
        break;
    case OPT_SIZE:
        if (opt_read_size(value, number) < 0)
            return err_set(err, ERR_STOP, "%s: expected a size such as 4096, 64k, 16M or 2G, got '%.64s'", where, value);
        break;
    case OPT_DURATION:
        if (opt_read_duration(value, number) < 0)
            return err_set(err, ERR_STOP, "%s: expected a duration such as 250ms, 10s, 5m, 2h or 7d, got '%.64s'", where, value);
        break;
    }
    if (any && *number < 0)
        return err_set(err, ERR_STOP, "%s: expected 0 or more, got '%.64s'", where, value);
    if (!any && (*number < opt->min || *number > opt->max))
        return err_set(err, ERR_STOP, "%s: expected %" PRId64 " to %" PRId64 "%s, got '%.64s'", where, opt->min, opt->max,
                       opt->type == OPT_SIZE       ? " bytes"
                       : opt->type == OPT_DURATION ? " ms"
                                                   : "",
                       value);
    return 0;
}

int opt_row_set(struct opt_row *row, enum opt_source source, const char *value, const char *where, struct err *err)
{
    int64_t number = 0;
    /* A wrong value is refused even where a stronger source hides it: it would bite the next time. */
    if (read_value(row->opt, value, where, &number, err) < 0)
        return -1;
    if (row->source > source)
        return 0;
    char *copy = strdup(value);
    if (copy == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    free(row->value);
    row->value = copy;
    row->number = number;
    row->source = source;
    return 0;
}

/* ---- the command line ---- */

static struct opt_row *row_named(const struct opts *o, const char *name, size_t n)
{
    for (size_t i = 0; i < o->n_rows; i++)
        if (strlen(o->rows[i].opt->name) == n && memcmp(o->rows[i].opt->name, name, n) == 0)
            return &o->rows[i];
    return NULL;
}

static int unknown_option(const struct opts *o, const char *name, size_t n, struct err *err)
{
    char given[64];
    snprintf(given, sizeof given, "%.*s", (int)n, name);
    const char **names = calloc(o->n_rows + N_BUILT_IN, sizeof *names);
    if (names == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    for (size_t i = 0; i < o->n_rows; i++)
        names[i] = o->rows[i].opt->name;
    for (size_t i = 0; i < N_BUILT_IN; i++)
        names[o->n_rows + i] = built_in[i];
    const char *near = opt_nearest(given, names, o->n_rows + N_BUILT_IN);
    free(names);
    if (near != NULL)
        return err_set(err, ERR_STOP, "unknown option --%s; did you mean --%s?", given, near);
    return err_set(err, ERR_STOP, "unknown option --%s", given);
}

/* One "--name…" at argv[*i]; moves *i on where the value is the next argument. */
static int read_option(struct opts *o, int argc, char **argv, int *i, struct err *err)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t n = equals != NULL ? (size_t)(equals - name) : strlen(name);
    struct opt_row *row = row_named(o, name, n);
    if (row == NULL)
        return unknown_option(o, name, n, err);
    char where[96];
    snprintf(where, sizeof where, "--%s", row->opt->name);
    const char *value = equals != NULL ? equals + 1 : NULL;
    if (value == NULL && row->opt->type == OPT_FLAG)
        value = "true";
    if (value == NULL) {
        if (*i + 1 >= argc)
            return err_set(err, ERR_STOP, "--%s needs a value: --%s %s", row->opt->name, row->opt->name,
                           row->opt->arg != NULL ? row->opt->arg : "VALUE");
        value = argv[++*i];
    }
    return opt_row_set(row, OPT_FROM_FLAG, value, where, err);
}

static int read_arguments(struct opts *o, const struct opt_usage *usage, int argc, char **argv, struct err *err)
{
    o->operands = calloc((size_t)(argc > 0 ? argc : 1), sizeof *o->operands);
    if (o->operands == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    bool only_operands = false;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        if (!only_operands && strcmp(a, "--") == 0) {
            only_operands = true;
        } else if (!only_operands && strncmp(a, "--", 2) == 0) {
            if (read_option(o, argc, argv, &i, err) < 0)
                return -1;
        } else if (!only_operands && a[0] == '-' && a[1] != '\0') {
            return err_set(err, ERR_STOP, "unknown option %.64s (options are whole words: --name)", a);
        } else if ((o->operands[o->n_operands++] = strdup(a)) == NULL) {
            return err_set(err, ERR_STOP, "out of memory");
        }
    }
    int most = usage->operands == NULL ? 0 : usage->max_operands;
    if (most >= 0 && o->n_operands > most)
        return err_set(err, ERR_STOP, "unexpected operand '%.64s'", o->operands[most]);
    if (o->n_operands < usage->min_operands)
        return err_set(err, ERR_STOP, "expected %s", usage->operands != NULL ? usage->operands : "an operand");
    return 0;
}

/* ---- everything else ---- */

static bool has_folders(void)
{
    return access("contracts", R_OK) == 0 && access("kafka-engine", R_OK) == 0;
}

/* The two defaults that depend on where we are; see settings.h. */
static int place_defaults(struct opts *o, struct err *err)
{
    struct opt_row *root = row_named(o, "root", 4), *state = row_named(o, "state-dir", 9);
    if (root != NULL && root->source == OPT_FROM_NOTHING &&
        opt_row_set(root, OPT_FROM_DEFAULT, has_folders() ? "." : ODW_SOURCE_DIR, "root", err) < 0)
        return -1;
    if (state == NULL || state->source != OPT_FROM_NOTHING)
        return 0;
    char path[4096];
    const char *base = root != NULL ? root->value : ".";
    snprintf(path, sizeof path, "%s%s.odw", strcmp(base, ".") == 0 ? "" : base, strcmp(base, ".") == 0 ? "" : "/");
    return opt_row_set(state, OPT_FROM_DEFAULT, path, "state-dir", err);
}

static int read_variables(struct opts *o, struct err *err)
{
    for (size_t i = 0; i < o->n_rows; i++) {
        const char *value = getenv(o->rows[i].variable);
        if (value != NULL && *value != '\0' && opt_row_set(&o->rows[i], OPT_FROM_VARIABLE, value, o->rows[i].variable, err) < 0)
            return -1;
    }
    return 0;
}

static int read_configuration(struct opts *o, struct err *err)
{
    struct opt_row *config = row_named(o, "config", 6);
    if (config == NULL)
        return 0;
    if (config->value != NULL)
        return opt_file_read(o, config->value, err);
    static const char *const places[] = { "odw.conf", "/etc/odw/odw.conf" };
    for (size_t i = 0; i < 2; i++)
        if (access(places[i], F_OK) == 0)
            return opt_file_read(o, places[i], err);
    return 0;
}

static int read_stack(struct opts *o, struct err *err)
{
    struct opt_row *state = row_named(o, "state-dir", 9);
    if (state == NULL)
        return 0;
    char path[4200];
    snprintf(path, sizeof path, "%s/stack.env", state->value);
    return opt_stack_read(o, path, err);
}

static int fill_defaults(struct opts *o, struct err *err)
{
    for (size_t i = 0; i < o->n_rows; i++) {
        struct opt_row *row = &o->rows[i];
        if (row->source == OPT_FROM_NOTHING && row->opt->fallback != NULL &&
            opt_row_set(row, OPT_FROM_DEFAULT, row->opt->fallback, row->opt->name, err) < 0)
            return -1;
    }
    return 0;
}

enum opt_outcome opts_parse(const struct opt_usage *usage, int argc, char **argv, struct opts **out, struct err *err)
{
    *out = NULL;
    /* --help works beside any other mistake, and needs no file. */
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            opt_help(usage, stdout);
            return OPT_DONE;
        }
        if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "-V") == 0) {
            printf("odw %s\n%s", ODW_VERSION, opt_version_more);
            return OPT_DONE;
        }
    }
    struct opts *o = calloc(1, sizeof *o);
    if (o == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        return OPT_USAGE;
    }
    if (opt_rows_init(o, usage, err) < 0 || read_arguments(o, usage, argc, argv, err) < 0 || read_variables(o, err) < 0 ||
        read_configuration(o, err) < 0 || place_defaults(o, err) < 0 || read_stack(o, err) < 0 || fill_defaults(o, err) < 0) {
        size_t n = err != NULL ? strlen(err->text) : 0;
        if (err != NULL)
            snprintf(err->text + n, sizeof err->text - n, "\nTry '%s --help'.", usage->program);
        opts_free(o);
        return OPT_USAGE;
    }
    *out = o;
    return OPT_OK;
}

void opts_free(struct opts *o)
{
    if (o == NULL)
        return;
    for (size_t i = 0; i < o->n_rows; i++)
        free(o->rows[i].value);
    for (int i = 0; i < o->n_operands; i++)
        free(o->operands[i]);
    free(o->rows);
    free(o->operands);
    free(o);
}

static const struct opt_row *row_of(const struct opts *o, const char *name)
{
    const struct opt_row *row = row_named(o, name, strlen(name));
    if (row == NULL) {
        fprintf(stderr, "bug: the option '%s' is in no table of this program\n", name);
        abort();
    }
    return row;
}

const char *opts_text(const struct opts *o, const char *name)
{
    return row_of(o, name)->value;
}

int64_t opts_number(const struct opts *o, const char *name)
{
    return row_of(o, name)->number;
}

bool opts_flag(const struct opts *o, const char *name)
{
    return row_of(o, name)->number != 0;
}

bool opts_given(const struct opts *o, const char *name)
{
    return row_of(o, name)->source > OPT_FROM_DEFAULT;
}

bool opts_from_stack(const struct opts *o, const char *name)
{
    return row_of(o, name)->source == OPT_FROM_STACK;
}

int opts_operands(const struct opts *o)
{
    return o->n_operands;
}

const char *opts_operand(const struct opts *o, int i)
{
    return i >= 0 && i < o->n_operands ? o->operands[i] : NULL;
}
