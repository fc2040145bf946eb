/* lib/base/opt_file: reads odw.conf (INI) and a stack's stack.env (KEY=VALUE). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/opt_rows.h"
#include "base/str.h"

enum { FILE_MAX = 1 << 20 };

static int slurp(const char *path, struct buf *text, bool may_lack, struct err *err)
{
    if (may_lack && access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (file_read(path, text, err) < 0)
        return -1;
    if (text->n > 0 && memchr(text->p, '\0', text->n) != NULL)
        return err_set(err, ERR_STOP, "%s: expected text, found a NUL byte", path);
    return 0;
}

/* Without quotes around it, or without the comment behind it. -1: a quote that isn't closed. */
static int plain_value(struct str v, bool comments, struct str *out)
{
    v = str_trim(v);
    if (v.n > 0 && (v.p[0] == '"' || v.p[0] == '\'')) {
        const char *close = memchr(v.p + 1, v.p[0], v.n - 1);
        if (close == NULL)
            return -1;
        struct str rest = str_trim((struct str){ close + 1, (size_t)(v.p + v.n - close - 1) });
        if (rest.n > 0 && !(comments && (rest.p[0] == '#' || rest.p[0] == ';')))
            return -1;
        *out = (struct str){ v.p + 1, (size_t)(close - v.p - 1) };
        return 0;
    }
    for (size_t i = 1; comments && i < v.n; i++)
        if ((v.p[i] == '#' || v.p[i] == ';') && (v.p[i - 1] == ' ' || v.p[i - 1] == '\t')) {
            v.n = i;
            v = str_trim(v);
        }
    *out = v;
    return 0;
}

static bool is_section(const struct opts *o, const char *section, bool own)
{
    char named[40];
    const char *key;
    for (size_t i = 0; i < o->n_rows; i++) {
        opt_row_key(&o->rows[i], named, &key);
        if (o->rows[i].own == own && named[0] != '\0' && strcmp(named, section) == 0)
            return true;
    }
    return false;
}

/* [shim] is another program's whole section though it has one shared key (url). */
static bool is_foreign(const struct opts *o, const char *section)
{
    if (strcmp(section, o->word) == 0 || is_section(o, section, true))
        return false;
    return strcmp(section, "shim") == 0 || !is_section(o, section, false);
}

/* Sections are only known by their rows, so a slip in a shared section's name would silence all of its keys. */
static int check_section(const struct opts *o, const char *section, const char *where, struct err *err)
{
    static const char *const shared[] = { "kafka", "clickhouse", "s3" };
    const char *near = opt_nearest(section, shared, sizeof shared / sizeof *shared);
    if (is_foreign(o, section) && near != NULL)
        return err_set(err, ERR_STOP, "%s: unknown section [%s]; did you mean [%s]?", where, section, near);
    return 0;
}

static int unknown_key(const struct opts *o, const char *section, const char *key, const char *where, struct err *err)
{
    const char **names = calloc(o->n_rows + 1, sizeof *names);
    if (names == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    size_t n = 0;
    char of[40];
    const char *known;
    for (size_t i = 0; i < o->n_rows; i++) {
        opt_row_key(&o->rows[i], of, &known);
        if (strcmp(of, section) == 0 && (section[0] != '\0' || !o->rows[i].own) && strcmp(known, "config") != 0)
            names[n++] = known;
    }
    const char *near = opt_nearest(key, names, n);
    char under[64] = "";
    if (section[0] != '\0')
        snprintf(under, sizeof under, " under [%s]", section);
    err_set(err, ERR_STOP, "%s: unknown key '%s'%s%s%s%s", where, key, under, near != NULL ? "; did you mean '" : "",
            near != NULL ? near : "", near != NULL ? "'?" : "");
    free(names);
    return -1;
}

static struct opt_row *row_for(struct opts *o, const char *section, const char *key)
{
    char full[128];
    snprintf(full, sizeof full, "%s%s%s", section, section[0] != '\0' ? "-" : "", key);
    for (size_t i = 0; i < o->n_rows; i++)
        if (strcmp(o->rows[i].full, full) == 0 && (section[0] != '\0' || !o->rows[i].own) && strcmp(o->rows[i].full, "config") != 0)
            return &o->rows[i];
    return NULL;
}

static int read_line(struct opts *o, char section[40], struct str line, const char *path, int number, struct err *err)
{
    char where[4200], key[64], value[4096];
    snprintf(where, sizeof where, "%s:%d", path, number);
    if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
        return 0;
    if (line.p[0] == '[') {
        struct str name = str_trim((struct str){ line.p + 1, line.n - 1 });
        const char *close = memchr(name.p, ']', name.n);
        struct str rest = close != NULL ? str_trim((struct str){ close + 1, (size_t)(name.p + name.n - close - 1) }) : STR("");
        if (close == NULL || (rest.n > 0 && rest.p[0] != '#' && rest.p[0] != ';'))
            return err_set(err, ERR_STOP, "%s: expected [section], got '%.*s'", where, line.n < 64 ? (int)line.n : 64, line.p);
        name = str_trim((struct str){ name.p, (size_t)(close - name.p) });
        if (name.n == 0 || name.n >= 40)
            return err_set(err, ERR_STOP, "%s: expected a section's name of 1 to 39 bytes", where);
        snprintf(section, 40, "%.*s", STR_ARG(name));
        return check_section(o, section, where, err);
    }
    struct str rest = line;
    struct str name = str_trim(str_cut(&rest, '='));
    if (rest.p == line.p + line.n && line.p[line.n - 1] != '=')
        return err_set(err, ERR_STOP, "%s: expected KEY = VALUE, got '%.*s'", where, line.n < 64 ? (int)line.n : 64, line.p);
    if (name.n == 0 || name.n >= sizeof key)
        return err_set(err, ERR_STOP, "%s: expected a key of 1 to 63 bytes before the =", where);
    snprintf(key, sizeof key, "%.*s", STR_ARG(name));
    for (char *c = key; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
    struct opt_row *row = row_for(o, section, key);
    if (row == NULL)
        return is_foreign(o, section) && section[0] != '\0' ? 0 : unknown_key(o, section, key, where, err);
    if (row->line != 0)
        return err_set(err, ERR_STOP, "%s: '%s' was given on line %d already", where, key, row->line);
    row->line = number;
    struct str text;
    if (plain_value(rest, true, &text) < 0)
        return err_set(err, ERR_STOP, "%s: '%s' has a quote that isn't closed, or text behind it", where, key);
    if (text.n >= sizeof value)
        return err_set(err, ERR_STOP, "%s: '%s' is longer than %zu bytes", where, key, sizeof value - 1);
    snprintf(value, sizeof value, "%.*s", STR_ARG(text));
    size_t n = strlen(where);
    snprintf(where + n, sizeof where - n, ": %s", key);
    return opt_row_set(row, OPT_FROM_FILE, value, where, err);
}

int opt_file_read(struct opts *o, const char *path, struct err *err)
{
    struct buf text;
    buf_init(&text, FILE_MAX);
    char section[40] = "";
    int failed = slurp(path, &text, false, err);
    struct str rest = buf_str(&text);
    if (str_starts(rest, STR("\xef\xbb\xbf"))) {
        rest.p += 3;
        rest.n -= 3;
    }
    for (int number = 1; failed == 0 && rest.n > 0; number++)
        failed = read_line(o, section, str_trim(str_cut(&rest, '\n')), path, number, err);
    buf_fini(&text);
    return failed;
}

int opt_stack_read(struct opts *o, const char *path, struct err *err)
{
    struct buf text;
    buf_init(&text, FILE_MAX);
    int failed = slurp(path, &text, true, err);
    struct str rest = buf_str(&text);
    for (int number = 1; failed == 0 && rest.n > 0; number++) {
        struct str value = str_trim(str_cut(&rest, '\n'));
        if (value.n == 0 || value.p[0] == '#')
            continue;
        struct str name = str_trim(str_cut(&value, '='));
        char where[4200], plain[4096];
        if (plain_value(value, false, &value) < 0 || value.n >= sizeof plain) {
            failed = err_set(err, ERR_STOP, "%s:%d: expected KEY=VALUE", path, number);
            break;
        }
        snprintf(plain, sizeof plain, "%.*s", STR_ARG(value));
        /* The stack writes more keys than any one program knows. */
        for (size_t i = 0; failed == 0 && i < o->n_rows; i++) {
            struct opt_row *row = &o->rows[i];
            snprintf(where, sizeof where, "%s:%d: %s", path, number, row->variable);
            if (str_eq(str_of(row->variable), name) && value.n > 0 && strcmp(row->full, "config") != 0)
                failed = opt_row_set(row, OPT_FROM_STACK, plain, where, err);
        }
    }
    buf_fini(&text);
    return failed;
}
