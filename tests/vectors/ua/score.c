/* tests/vectors/ua: how many of uap-core's own cases uaParse answers as they expect. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "ua/ua.h"

enum { KINDS = 3, SHOWN = 20 };

static const char *const kinds[KINDS] = { "ua", "os", "device" };

static struct str text(const json_t *row, const char *key)
{
    const json_t *value = json_object_get(row, key);
    return json_is_string(value) ? (struct str){ json_string_value(value), json_string_length(value) } : STR("");
}

/* major.minor.patch[.patch_minor], as many as there are. */
static void put_version(struct buf *to, const json_t *row)
{
    static const char *const parts[] = { "major", "minor", "patch", "patch_minor" };
    buf_clear(to);
    for (int i = 0; i < 4; i++) {
        struct str part = text(row, parts[i]);
        if (part.n > 0) {
            if (to->n > 0)
                buf_putc(to, '.');
            buf_put_str(to, part);
        }
    }
}

/* Where the case names no patch_minor, ours may be there. */
static bool version_holds(const json_t *row, struct str expected, struct str got)
{
    if (json_object_get(row, "patch_minor") != NULL || got.n <= expected.n)
        return str_eq(expected, got);
    return str_starts(got, expected) && got.p[expected.n] == '.' && json_is_string(json_object_get(row, "patch"));
}

static bool holds(const json_t *row, int kind, const struct ua_answer *a, struct buf *version)
{
    put_version(version, row);
    switch (kind) {
    case 0:
        return str_eq(text(row, "family"), a->browser) && version_holds(row, buf_str(version), a->browser_version);
    case 1:
        return str_eq(text(row, "family"), a->os) && version_holds(row, buf_str(version), a->os_version);
    default:
        return str_eq(text(row, "family"), a->device) && str_eq(text(row, "brand"), a->brand) &&
               str_eq(text(row, "model"), a->model);
    }
}

static int score(struct ua *ua, FILE *f, size_t cases[KINDS], size_t right[KINDS])
{
    char *line = NULL;
    size_t size = 0, shown = 0;
    int at = 0, result = 0;
    struct buf version;
    buf_init(&version, 0);
    while (result == 0 && getline(&line, &size, f) > 0) {
        json_error_t error;
        json_t *row = json_loads(line, 0, &error);
        struct ua_answer a;
        at++;
        int kind = 0;
        while (kind < KINDS && !str_eq(text(row, "kind"), str_of(kinds[kind])))
            kind++;
        if (kind == KINDS || ua_parse(ua, text(row, "user_agent_string"), &a) < 0) {
            fprintf(stderr, "score_ua: line %d: expected a case of kind ua, os or device\n", at);
            result = -1;
        } else if (cases[kind]++, holds(row, kind, &a, &version)) {
            right[kind]++;
        } else if (shown++ < SHOWN) {
            printf("%s: %s\n  browser %.*s %.*s, os %.*s %.*s, device %.*s, brand %.*s, model %.*s\n", kinds[kind], line,
                   STR_ARG(a.browser), STR_ARG(a.browser_version), STR_ARG(a.os), STR_ARG(a.os_version), STR_ARG(a.device),
                   STR_ARG(a.brand), STR_ARG(a.model));
        }
        json_decref(row);
    }
    free(line);
    buf_fini(&version);
    return result;
}

int main(int argc, char **argv)
{
    size_t cases[KINDS] = { 0 }, right[KINDS] = { 0 };
    struct err err = ERR_INIT;
    FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
    struct ua *ua = f != NULL ? ua_new(&err) : NULL;
    if (ua == NULL) {
        fprintf(stderr, "Usage: score_ua FILE.jsonl: %s\n", argc == 2 ? "it can't be read" : "expected one file");
        return 2;
    }
    int result = score(ua, f, cases, right);
    bool all = result == 0;
    printf("%-10s %8s %8s %9s\n", "uaParse", "cases", "right", "share");
    for (int i = 0; i < KINDS; i++) {
        printf("%-10s %8zu %8zu %8.2f%%\n", kinds[i], cases[i], right[i], cases[i] > 0 ? 100.0 * right[i] / cases[i] : 0.0);
        all = all && right[i] == cases[i] && cases[i] > 0;
    }
    ua_free(ua);
    fclose(f);
    return all ? 0 : 1;
}
