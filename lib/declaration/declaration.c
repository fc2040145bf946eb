/* lib/declaration: reads a .sql file's head and finds its statement. What the head must say is checked in check.c. */
#include "declaration/declaration.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/opt.h"
#include "base/utf8.h"
#include "declaration/check.h"
#include "declaration/sql_scan.h"

enum { FILE_MAX = 1 << 20, KEYS_MAX = 64, VALUE_MAX = 4096 };

const char *declaration_value(const struct declaration *d, const char *key)
{
    for (size_t i = 0; i < d->n_keys; i++)
        if (strcmp(d->keys[i].name, key) == 0)
            return d->keys[i].value;
    return NULL;
}

int declaration_line(const struct declaration *d, const char *key)
{
    for (size_t i = 0; i < d->n_keys; i++)
        if (strcmp(d->keys[i].name, key) == 0)
            return d->keys[i].line;
    return d->sql_line;
}

long long declaration_duration(const char *value)
{
    int64_t ms;
    if (strcmp(value, "forever") == 0)
        return -1;
    return opt_read_duration(value, &ms) == 0 ? ms : -2;
}

long long declaration_size(const char *value)
{
    int64_t bytes;
    return opt_read_size(value, &bytes) == 0 ? bytes : -2;
}

/* ---- the file ---- */

static int check_bytes(const char *path, struct str text, struct err *err)
{
    int line = 1;
    for (size_t i = 0; i < text.n;) {
        size_t n = utf8_length(text.p + i, text.n - i);
        if (n == 0 || text.p[i] == '\0')
            return err_set(err, ERR_STOP, "%s:%d: expected UTF-8 text, found the byte 0x%02x", path, line,
                           (unsigned char)text.p[i]);
        line += text.p[i] == '\n';
        i += n;
    }
    return 0;
}

/* ---- the head ---- */

struct head {
    struct declaration_key keys[KEYS_MAX];
    size_t n;
    struct buf value; /* of the last key, while it may go on */
    bool open;
};

static int close_key(struct arena *a, const char *path, struct head *h, struct err *err)
{
    if (!h->open)
        return 0;
    h->open = false;
    struct declaration_key *k = &h->keys[h->n - 1];
    if (h->value.failed)
        return err_set(err, ERR_STOP, "%s:%d: the value of '%s' is longer than %d bytes", path, k->line, k->name, (int)VALUE_MAX);
    if (h->value.n == 0)
        return err_set(err, ERR_STOP, "%s:%d: '%s' has no value", path, k->line, k->name);
    k->value = arena_copy(a, buf_str(&h->value));
    return k->value != NULL ? 0 : err_set(err, ERR_STOP, "%s: out of memory", path);
}

/* A key: words of lower-case letters, digits, '-' and '_': "max-message-bytes", "param event_name". */
static bool is_key(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-_ ", s.p[i]) == NULL)
            return false;
    return s.n > 0;
}

static int read_head_line(struct arena *a, const char *path, int number, struct str line, struct head *h, struct err *err)
{
    struct str text = { line.p + 2, line.n - 2 };
    if (str_starts(text, STR("   "))) {
        if (!h->open)
            return err_set(err, ERR_STOP, "%s:%d: this line goes on with a value, but no '-- key: value' stands above it", path,
                           number);
        text = str_trim(text);
        if (text.n > 0) {
            buf_putc(&h->value, ' ');
            buf_put_str(&h->value, text);
        }
        return 0;
    }
    if (close_key(a, path, h, err) < 0)
        return -1;
    struct str value = str_trim(text);
    struct str name = str_trim(str_cut(&value, ':'));
    if (text.n == 0 || memchr(text.p, ':', text.n) == NULL || !is_key(name) || (text.n > 0 && text.p[0] != ' '))
        return err_set(err, ERR_STOP, "%s:%d: expected '-- key: value' or the statement, got '%.*s'", path, number,
                       line.n < 60 ? (int)line.n : 60, line.p);
    if (h->n == KEYS_MAX)
        return err_set(err, ERR_STOP, "%s:%d: expected at most %d keys", path, number, (int)KEYS_MAX);
    struct declaration_key *k = &h->keys[h->n];
    *k = (struct declaration_key){ .name = arena_copy(a, name), .line = number };
    if (k->name == NULL)
        return err_set(err, ERR_STOP, "%s: out of memory", path);
    for (size_t i = 0; i < h->n; i++)
        if (strcmp(h->keys[i].name, k->name) == 0)
            return err_set(err, ERR_STOP, "%s:%d: '%s' was given on line %d already", path, number, k->name, h->keys[i].line);
    h->n++;
    h->open = true;
    buf_clear(&h->value);
    buf_put_str(&h->value, str_trim(value));
    return 0;
}

/* Takes the head off *text; *line is where the rest begins. */
static int read_head(struct arena *a, const char *path, struct str *text, int *line, struct head *h, struct err *err)
{
    *line = 1;
    while (text->n > 0) {
        struct str rest = *text;
        struct str one = str_trim(str_cut(&rest, '\n'));
        if (one.n > 0 && !str_starts(one, STR("--")))
            break;
        if (one.n > 0 && read_head_line(a, path, *line, one, h, err) < 0)
            return -1;
        *text = rest;
        ++*line;
    }
    return close_key(a, path, h, err);
}

/* ---- the statement ---- */

/* Cuts *text to the one statement in it. */
static int find_statement(const char *path, struct str *text, int line, struct err *err)
{
    struct sql_scan scan = sql_scan_of(*text, line);
    const char *end = NULL, *last = NULL;
    for (struct token t = sql_scan_next(&scan); t.kind != TOKEN_END; t = sql_scan_next(&scan)) {
        if (t.kind == TOKEN_OPEN_END)
            return err_set(err, ERR_STOP, "%s:%d: a quote or comment begins here and isn't closed", path, t.line);
        if (t.kind == TOKEN_COMMENT) {
            /* A mark behind the last line ("-- if given") belongs to it. */
            if (end == NULL)
                last = t.raw.p + t.raw.n;
            continue;
        }
        if (end != NULL)
            return err_set(err, ERR_STOP, "%s:%d: expected one statement, found a second one", path, t.line);
        if (token_is_sign(t, ';'))
            end = t.raw.p;
        else
            last = t.raw.p + t.raw.n;
    }
    if (last == NULL)
        return err_set(err, ERR_STOP, "%s:%d: expected a statement after the head, found none", path, line);
    text->n = (size_t)(last - text->p);
    return 0;
}

static const char *file_stem(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct str name = str_of(slash != NULL ? slash + 1 : path);
    if (str_ends(name, STR(".sql")))
        name.n -= 4;
    return arena_copy(a, name);
}

struct declaration *declaration_load(struct arena *a, enum room room, const char *path, struct err *err)
{
    struct declaration *d = NULL;
    struct buf file;
    struct head *head = calloc(1, sizeof *head);
    buf_init(&file, FILE_MAX);
    if (head == NULL) {
        err_set(err, ERR_STOP, "%s: out of memory", path);
        goto out;
    }
    buf_init(&head->value, VALUE_MAX);
    if (file_read(path, &file, err) < 0 || check_bytes(path, buf_str(&file), err) < 0)
        goto out;
    struct str text = buf_str(&file);
    int line;
    if (str_starts(text, STR("\xef\xbb\xbf"))) {
        text.p += 3;
        text.n -= 3;
    }
    if (read_head(a, path, &text, &line, head, err) < 0 || find_statement(path, &text, line, err) < 0)
        goto out;

    struct declaration *made = arena_alloc(a, sizeof *made);
    struct declaration_key *keys = arena_alloc(a, head->n * sizeof *keys);
    if (made == NULL || keys == NULL) {
        err_set(err, ERR_STOP, "%s: out of memory", path);
        goto out;
    }
    if (head->n > 0)
        memcpy(keys, head->keys, head->n * sizeof *keys);
    *made = (struct declaration){ .room = room,
                                  .path = arena_copy(a, str_of(path)),
                                  .stem = file_stem(a, path),
                                  .sql = arena_copy(a, text),
                                  .sql_line = line,
                                  .keys = keys,
                                  .n_keys = head->n };
    if (made->path == NULL || made->stem == NULL || made->sql == NULL) {
        err_set(err, ERR_STOP, "%s: out of memory", path);
        goto out;
    }
    if (declaration_check(a, made, err) == 0)
        d = made;
out:
    if (head != NULL)
        buf_fini(&head->value);
    free(head);
    buf_fini(&file);
    return d;
}

static int is_sql(const struct dirent *e)
{
    return e->d_name[0] != '.' && str_ends(str_of(e->d_name), STR(".sql"));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int declaration_load_folder(struct arena *a, enum room room, const char *folder, struct declaration **first, struct err *err)
{
    struct dirent **names = NULL;
    *first = NULL;
    int n = scandir(folder, &names, is_sql, by_name);
    if (n < 0)
        return errno == ENOENT ? 0 : err_errno(err, ERR_STOP, "%s", folder);
    int failed = 0;
    struct declaration **next = first;
    for (int i = 0; i < n; i++) {
        char *path = failed == 0 ? arena_printf(a, "%s/%s", folder, names[i]->d_name) : NULL;
        if (failed == 0 && path == NULL)
            failed = err_set(err, ERR_STOP, "%s: out of memory", folder);
        if (failed == 0) {
            *next = declaration_load(a, room, path, err);
            failed = *next == NULL ? -1 : 0;
            next = *next != NULL ? &(*next)->next : next;
        }
        free(names[i]);
    }
    free(names);
    if (failed != 0)
        *first = NULL;
    return failed;
}

/* ---- stamping ---- */

static const char *pair_value(const char *const *pairs, struct str name)
{
    for (; pairs != NULL && pairs[0] != NULL; pairs += 2)
        if (str_eq(str_of(pairs[0]), name))
            return pairs[1];
    return NULL;
}

static int unknown_word(const struct declaration *d, int line, struct str name, const char *const *pairs, struct err *err)
{
    char list[512] = "";
    size_t n = 0;
    for (; pairs != NULL && pairs[0] != NULL && n < sizeof list; pairs += 2)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s{%s}", n > 0 ? ", " : "", pairs[0]);
    return err_set(err, ERR_STOP, "%s:%d: unknown word {%.*s}; expected %s%s", d->path, line, (int)(name.n < 64 ? name.n : 64),
                   name.p, n > 0 ? "one of " : "no {word} in this folder", list);
}

/* Lines whose `-- if {word}` was stamped with nothing go; of the others only the mark does. */
static void take_marks(struct buf *text)
{
    static const char mark[] = "-- if";
    struct str rest = buf_str(text);
    char *to = text->p;
    while (rest.n > 0) {
        struct str line = str_cut(&rest, '\n'), trimmed = str_trim(line);
        const char *at = memmem(line.p, line.n, mark, sizeof mark - 1);
        bool last = rest.n == 0 && (line.n == 0 || line.p + line.n == text->p + text->n);
        if (at != NULL && str_ends(trimmed, str_of(mark)))
            continue;
        if (at != NULL)
            line.n = (size_t)(at - line.p);
        while (at != NULL && line.n > 0 && line.p[line.n - 1] == ' ')
            line.n--;
        memmove(to, line.p, line.n);
        to += line.n;
        if (!last)
            *to++ = '\n';
    }
    text->n = (size_t)(to - text->p);
}

char *declaration_stamp(struct arena *a, const struct declaration *d, const char *const *pairs, struct err *err)
{
    struct buf out;
    char *stamped = NULL;
    buf_init(&out, FILE_MAX * 4);
    struct sql_scan scan = sql_scan_of(str_of(d->sql), d->sql_line);
    const char *from = d->sql;
    for (struct token t = sql_scan_next(&scan); t.kind != TOKEN_END; t = sql_scan_next(&scan)) {
        buf_put(&out, from, (size_t)(t.raw.p - from));
        from = t.raw.p + t.raw.n;
        int line = t.line;
        for (size_t i = 0; i < t.raw.n;) {
            struct str here = { t.raw.p + i, t.raw.n - i };
            size_t n = t.kind == TOKEN_PLACEHOLDER ? 0 : sql_stamp_length(here);
            struct str name = { here.p + 1, n > 2 ? n - 2 : 0 };
            const char *value = n > 0 ? pair_value(pairs, name) : NULL;
            /* Words in comments are prose where we don't know them. */
            if (n > 0 && value == NULL && t.kind != TOKEN_COMMENT) {
                unknown_word(d, line, name, pairs, err);
                goto out;
            }
            if (value != NULL) {
                buf_puts(&out, value);
                i += n;
                continue;
            }
            line += here.p[0] == '\n';
            buf_putc(&out, here.p[0]);
            i++;
        }
    }
    buf_puts(&out, from);
    if (d->room == ROOM_EACH_SOURCE && !out.failed)
        take_marks(&out);
    stamped = out.failed ? NULL : arena_copy(a, buf_str(&out));
    if (stamped == NULL)
        err_set(err, ERR_STOP, "%s: out of memory", d->path);
out:
    buf_fini(&out);
    return stamped;
}
