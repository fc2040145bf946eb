/* lib/letter: a dead letter: finding it, the message that is sent in its place, noting what was done. */
#include "letter/letter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int letter_check_id(const char *id, struct err *err)
{
    const char *first = strchr(id, '/'), *second = first != NULL ? strchr(first + 1, '/') : NULL;
    const char *time = second != NULL ? strchr(second, '@') : NULL;
    size_t digits = second == NULL ? 0 : time != NULL ? (size_t)(time - second) - 1 : strlen(second + 1);
    bool good = first != NULL && first > id && first - id <= 249 && second != NULL && second > first + 1 && second - first <= 10 &&
                digits > 0 && digits <= 19 && (time == NULL || (time[1] != '\0' && strlen(time + 1) <= 15));
    for (const char *c = first; good && *c != '\0'; c++)
        good = (*c >= '0' && *c <= '9') || c == first || c == second || c == time;
    if (!good)
        return err_set(err, ERR_STOP, "expected a dead letter's id as topic/partition/offset, got '%.300s'", id);
    return 0;
}

/* "6f6477,78": takes the first run of bytes off the list. */
static struct str unhex(struct arena *a, struct str *list)
{
    struct str hex = str_cut(list, ',');
    char *p = arena_alloc(a, hex.n / 2 + 1);
    if (p == NULL)
        return (struct str){ NULL, 0 };
    for (size_t i = 0; i + 1 < hex.n; i += 2) {
        char pair[3] = { hex.p[i], hex.p[i + 1], '\0' };
        p[i / 2] = (char)strtoul(pair, NULL, 16);
    }
    return (struct str){ p, hex.n / 2 };
}

static bool is_ours(struct str name)
{
    return str_eq(name, STR(LETTER_ORIGIN)) || str_eq(name, STR(LETTER_ATTEMPT)) || str_eq(name, STR(LETTER_APPENDED));
}

bool letter_is_extraction(const struct letter *l)
{
    return strcmp(l->class, "extraction") == 0;
}

struct letter *letter_read(struct arena *a, const struct str *f, size_t n_fields)
{
    const char *text[9];
    struct letter *l = n_fields == LETTER_FIELDS ? arena_alloc(a, sizeof *l) : NULL;
    if (l == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        if ((text[i] = arena_copy(a, f[i])) == NULL)
            return NULL;
    *l = (struct letter){ .id = text[0],
                          .source = text[1],
                          .topic = text[2],
                          .origin = text[3][0] != '\0' ? text[3] : text[0],
                          .status = text[4],
                          .class = text[5],
                          .note = text[6],
                          .attempt = (int)strtol(text[7], NULL, 10) + 1 };
    snprintf(l->attempt_text, sizeof l->attempt_text, "%d", l->attempt);
    snprintf(l->appended_text, sizeof l->appended_text, "%s", text[8]);
    l->key = (struct str){ f[9].n > 0 ? arena_copy(a, f[9]) : NULL, f[9].n };
    l->payload = (struct str){ arena_copy(a, f[10]), f[10].n };
    l->corrected = (struct str){ arena_copy(a, f[11]), f[11].n };
    if (l->payload.p == NULL || l->corrected.p == NULL || (l->key.p == NULL && f[9].n > 0))
        return NULL;
    l->headers[l->n_headers++] = (struct kafka_header){ LETTER_ORIGIN, str_of(l->origin) };
    l->headers[l->n_headers++] = (struct kafka_header){ LETTER_ATTEMPT, str_of(l->attempt_text) };
    l->headers[l->n_headers++] = (struct kafka_header){ LETTER_APPENDED, str_of(l->appended_text) };
    struct str names = f[12], values = f[13];
    const char *count = arena_copy(a, f[14]);
    for (long left = count != NULL ? strtol(count, NULL, 10) : 0; left > 0 && l->n_headers < LETTER_HEADERS_MAX; left--) {
        struct str name = unhex(a, &names), value = unhex(a, &values);
        const char *copy = name.p != NULL && value.p != NULL ? arena_copy(a, name) : NULL;
        if (copy == NULL)
            return NULL;
        if (!is_ours(name))
            l->headers[l->n_headers++] = (struct kafka_header){ copy, value };
    }
    return l;
}

/* ---- what was done ---- */

static void put_text(struct buf *b, const char *text)
{
    buf_put_string(b, text != NULL ? str_of(text) : STR(""));
}

void letter_state_put(struct buf *b, const struct letter_state *s)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    int64_t now_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    uint16_t attempt = (uint16_t)(s->attempt < UINT16_MAX ? s->attempt : UINT16_MAX);
    put_text(b, s->letter);
    buf_putc(b, (char)s->status);
    buf_put(b, &now_ms, 8);
    put_text(b, s->offspring);
    buf_put(b, &attempt, 2);
    put_text(b, s->changed_by);
    put_text(b, s->reason);
    buf_put_string(b, s->payload);
}

int letter_states_write(struct clickhouse *ch, const struct buf *rows, struct err *err)
{
    const struct clickhouse_query q = {
        .sql = "INSERT INTO dead_letter_states (letter, status, changed_at, offspring, attempt, changed_by, reason, payload)"
               " FORMAT RowBinary",
        .data = buf_str(rows),
    };
    if (rows->failed)
        return err_set(err, ERR_STOP, "out of memory for the states of dead letters");
    return rows->n > 0 ? clickhouse_run(ch, &q, NULL, NULL, err) : 0;
}
