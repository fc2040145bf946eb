/* lib/lint: the formats of text, a row on a line: TabSeparated, CSV, JSONEachRow. */
#include "lint/format.h"

#include <stdlib.h>

#include <jansson.h>

enum { LINE_BYTES = 1 << 30 };

/* Each row of a column as it stands on its line. */
typedef void value_writer(struct str json, bool is_string, struct str bytes, struct buf *out);

static void put_tsv(struct str json, bool is_string, struct str bytes, struct buf *out)
{
    static const char special[] = "\t\n\r\\'\b\f", letters[] = "tnr\\'bf";
    if (str_eq(json, STR("null"))) {
        buf_puts(out, "\\N");
        return;
    }
    if (!is_string) {
        bool quoted = json.n >= 2 && json.p[0] == '"';
        buf_put(out, json.p + quoted, json.n - 2 * (size_t)quoted);
        return;
    }
    for (size_t i = 0; i < bytes.n; i++) {
        const char *known = bytes.p[i] != '\0' ? strchr(special, bytes.p[i]) : NULL;
        if (bytes.p[i] == '\0')
            buf_puts(out, "\\0");
        else if (known != NULL) {
            buf_putc(out, '\\');
            buf_putc(out, letters[known - special]);
        } else
            buf_putc(out, bytes.p[i]);
    }
}

static void put_csv(struct str json, bool is_string, struct str bytes, struct buf *out)
{
    if (str_eq(json, STR("null"))) {
        buf_puts(out, "\\N");
        return;
    }
    if (!is_string) {
        buf_put_str(out, json);
        return;
    }
    buf_putc(out, '"');
    for (size_t i = 0; i < bytes.n; i++) {
        if (bytes.p[i] == '"')
            buf_putc(out, '"');
        buf_putc(out, bytes.p[i]);
    }
    buf_putc(out, '"');
}

static void put_json(struct str json, bool is_string, struct str bytes, struct buf *out)
{
    (void)is_string, (void)bytes;
    buf_put_str(out, json);
}

/* One line per row; `named`: each value after its column's name, as an object. */
static int write_lines(const struct chunk *chunk, value_writer *writer, const char *between, bool named, struct buf *out,
                       struct err *err)
{
    struct buf *json = calloc(chunk->n_cols + 1, sizeof *json);
    struct str *rest = calloc(chunk->n_cols + 1, sizeof *rest);
    size_t *at = calloc(chunk->n_cols + 1, sizeof *at);
    int done = json == NULL || rest == NULL || at == NULL ? -1 : 0;
    for (size_t i = 0; done == 0 && i < chunk->n_cols; i++) {
        buf_init(&json[i], (size_t)4 << 30);
        done = col_put_json_rows(&chunk->cols[i], &json[i]);
        rest[i] = buf_str(&json[i]);
    }
    for (size_t row = 0; done == 0 && row < chunk->rows; row++) {
        if (named)
            buf_putc(out, '{');
        for (size_t i = 0; i < chunk->n_cols; i++) {
            const struct col *c = &chunk->cols[i];
            struct str line = str_cut(&rest[i], '\n'), bytes = { 0 };
            if (c->kind == COL_LOW) {
                bytes = col_low(c, row);
            } else if (c->kind == COL_STRING) {
                uint64_t n = 0;
                at[i] += (size_t)varint_read(c->data.p + at[i], c->data.n - at[i], &n);
                bytes = (struct str){ c->data.p + at[i], n };
                at[i] += n;
            }
            if (i > 0)
                buf_puts(out, between);
            if (named) {
                buf_put_json(out, str_of(c->name));
                buf_putc(out, ':');
            }
            bool null = col_is_null(c, row), text = c->kind == COL_STRING || c->kind == COL_LOW;
            writer(null ? STR("null") : line, !null && text, bytes, out);
        }
        buf_puts(out, named ? "}\n" : "\n");
    }
    for (size_t i = 0; json != NULL && i < chunk->n_cols; i++)
        buf_fini(&json[i]);
    free(json);
    free(rest);
    free(at);
    return done < 0 || out->failed ? err_set(err, ERR_STOP, "no memory for a chunk of %zu rows", chunk->rows) : 0;
}

static int all_plain(const struct chunk *chunk, const char *format, struct err *err)
{
    for (size_t i = 0; i < chunk->n_cols; i++)
        if (chunk->cols[i].kind == COL_ARRAY || chunk->cols[i].kind == COL_TUPLE)
            return err_set(err, ERR_STOP, "argument %s: lint doesn't write %s in %s: try JSONEachRow, RowBinary or Native",
                           chunk->cols[i].name, chunk->cols[i].type, format);
    return 0;
}

static int write_tsv(const struct chunk *chunk, struct buf *out, struct err *err)
{
    return all_plain(chunk, "TabSeparated", err) < 0 ? -1 : write_lines(chunk, put_tsv, "\t", false, out, err);
}

static int write_csv(const struct chunk *chunk, struct buf *out, struct err *err)
{
    return all_plain(chunk, "CSV", err) < 0 ? -1 : write_lines(chunk, put_csv, ",", false, out, err);
}

static int write_json(const struct chunk *chunk, struct buf *out, struct err *err)
{
    return write_lines(chunk, put_json, ",", true, out, err);
}

/* The next line without its end. In CSV a line's end may stand within quotes. */
static enum got take_line(struct program *p, bool quotes, struct str *line, struct answer *a)
{
    bool inside = false;
    for (size_t n = 0;; n++) {
        if (n >= LINE_BYTES)
            return damaged(a, "a line of more than %d bytes", LINE_BYTES);
        enum got got = n < program_left(p) ? GOT_ALL : program_need(p, n + 1);
        if (got == GOT_END && program_left(p) > 0) {
            char text[200];
            preview((struct str){ p->got.p + p->at, program_left(p) }, text, sizeof text);
            return damaged(a, "the answer ends in a line that isn't ended: %s", text);
        }
        if (got != GOT_ALL)
            return got;
        const char *start = p->got.p + p->at;
        if (!quotes) {
            const char *end = memchr(start + n, '\n', program_left(p) - n);
            n = end != NULL ? (size_t)(end - start) : program_left(p) - 1;
        }
        inside ^= quotes && start[n] == '"';
        if (start[n] == '\n' && !inside) {
            *line = (struct str){ program_take(p, n + 1), n };
            return GOT_ALL;
        }
    }
}

/* What a number must look like; other types aren't looked at. */
static bool fits(struct str text, const char *type)
{
    char copy[64], *end = copy;
    bool integer = strncmp(type, "UInt", 4) == 0 || strncmp(type, "Int", 3) == 0;
    if (!integer && strncmp(type, "Float", 5) != 0)
        return true;
    if (text.n == 0 || text.n >= sizeof copy)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    integer ? (void)strtoull(copy, &end, 10) : (void)strtod(copy, &end);
    return *end == '\0';
}

static enum got read_lines(struct program *p, const struct col *returns, size_t rows, struct answer *a, bool csv, bool json)
{
    for (size_t row = 0; row < rows; row++) {
        struct str line;
        char text[200];
        enum got got = take_line(p, csv, &line, a);
        if (got != GOT_ALL)
            return got;
        preview(line, text, sizeof text);
        if (json) {
            json_error_t why;
            json_t *object = json_loadb(line.p, line.n, JSON_ALLOW_NUL, &why);
            bool named = json_object_get(object, returns->name) != NULL;
            json_decref(object);
            if (object == NULL)
                return damaged(a, "row %zu isn't JSON (%s): %s", row, why.text, text);
            if (!named)
                return damaged(a, "row %zu isn't an object with the key \"%s\": %s", row, returns->name, text);
        } else if (!csv && memchr(line.p, '\t', line.n) != NULL) {
            return damaged(a, "row %zu has a tab, so more than one column: %s", row, text);
        } else if (!csv && !fits(line, returns->type)) {
            return damaged(a, "row %zu isn't a value of type %s: %s", row, returns->type, text);
        }
        uint64_t hash = hash_bytes(HASH_SEED, line.p, line.n);
        if (buf_put(&a->hashes, &hash, sizeof hash) < 0)
            return damaged(a, "no memory for it");
    }
    return GOT_ALL;
}

static enum got read_tsv(struct program *p, const struct col *returns, size_t rows, struct answer *a)
{
    return read_lines(p, returns, rows, a, false, false);
}

static enum got read_csv(struct program *p, const struct col *returns, size_t rows, struct answer *a)
{
    return read_lines(p, returns, rows, a, true, false);
}

static enum got read_json(struct program *p, const struct col *returns, size_t rows, struct answer *a)
{
    return read_lines(p, returns, rows, a, false, true);
}

const struct format format_tsv = { .names = { "TabSeparated", "TSV" }, .any_type = true, .write = write_tsv, .read = read_tsv };
const struct format format_csv = { .names = { "CSV" }, .any_type = true, .write = write_csv, .read = read_csv };
const struct format format_json_lines = {
    .names = { "JSONEachRow", "JSONLines", "NDJSON" }, .any_type = true, .write = write_json, .read = read_json
};
