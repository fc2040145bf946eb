/* lib/ua/generator: reads the lists of rules. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "ua/generator/generator.h"

enum { FILE_MAX = 64 << 20 };

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* A Python string literal at the start of *s, without prefix, of printable text; escapes \\ \' \" \n \t \r \xHH below 0x80. NULL:
 * it's something else. */
static const char *python_string(struct str *s, struct arena *arena)
{
    if (s->n < 2 || (s->p[0] != '\'' && s->p[0] != '"'))
        return NULL;
    char quote = s->p[0], *text = arena_alloc(arena, s->n), *to = text;
    if (text == NULL)
        return NULL;
    for (size_t i = 1; i < s->n; i++) {
        char c = s->p[i];
        if (c == quote) {
            *s = (struct str){ s->p + i + 1, s->n - i - 1 };
            return text;
        }
        if (c == '\\' && i + 1 < s->n) {
            static const char from[] = "\\'\"ntr", is[] = "\\'\"\n\t\r";
            c = s->p[++i];
            const char *simple = c != '\0' ? strchr(from, c) : NULL;
            if (simple != NULL) {
                c = is[simple - from];
            } else if (c == 'x' && i + 2 < s->n && hex(s->p[i + 1]) >= 0 && hex(s->p[i + 1]) < 8 && hex(s->p[i + 2]) >= 0) {
                c = (char)(hex(s->p[i + 1]) * 16 + hex(s->p[i + 2]));
                i += 2;
            } else {
                return NULL;
            }
        } else if ((unsigned char)c < ' ' || c == 0x7F) {
            return NULL;
        }
        if (c == '\0')
            return NULL;
        *to++ = c;
    }
    return NULL;
}

/* The arguments of one call, up to its ")": strings, or None as NULL. The number of them, or -1. */
static int python_arguments(struct str *s, const char *args[], int max, struct arena *arena)
{
    for (int n = 0; n < max;) {
        if (str_starts(*s, STR("None"))) {
            *s = (struct str){ s->p + 4, s->n - 4 };
            args[n++] = NULL;
        } else if ((args[n++] = python_string(s, arena)) == NULL) {
            return -1;
        }
        if (str_starts(*s, STR(")")))
            return n;
        if (!str_starts(*s, STR(", ")))
            return -1;
        *s = (struct str){ s->p + 2, s->n - 2 };
    }
    return -1;
}

int read_rules(struct rules *rules, enum ua_list list, const char *path, struct err *err)
{
    struct str call = str_of(list == UA_BROWSER ? "UserAgentParser(" : list == UA_OS ? "OSParser(" : "DeviceParser(");
    struct buf text;
    buf_init(&text, FILE_MAX);
    if (file_read(path, &text, err) < 0)
        goto fail;
    struct str rest = buf_str(&text);
    for (int at = 1; rest.n > 0; at++) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (!str_starts(line, call))
            continue;
        const char *args[UA_TEMPLATES + 2] = { NULL };
        struct rule *rule = rules_add(rules);
        line = (struct str){ line.p + call.n, line.n - call.n };
        if (rule == NULL || python_arguments(&line, args, UA_TEMPLATES + 2, &rules->arena) < 1 || args[0] == NULL) {
            err_set(err, ERR_STOP, "%s:%d: expected a call with strings or None", path, at);
            goto fail;
        }
        rule->pattern = args[0];
        bool flag = list == UA_DEVICE; /* which has its flags as the second argument */
        if (flag && args[1] != NULL && strcmp(args[1], "i") != 0) {
            err_set(err, ERR_STOP, "%s:%d: expected the flag i or none, got \"%.20s\"", path, at, args[1]);
            goto fail;
        }
        rule->caseless = flag && args[1] != NULL;
        for (int i = 0; i < UA_TEMPLATES; i++)
            rule->templates[i] = args[1 + flag + i];
    }
    buf_fini(&text);
    return 0;
fail:
    buf_fini(&text);
    return -1;
}

int read_crawlers(struct rules *rules, const char *path, struct err *err)
{
    json_error_t error;
    json_t *list = json_load_file(path, 0, &error), *entry;
    size_t i;
    int result = -1;
    if (!json_is_array(list)) {
        err_set(err, ERR_STOP, "%s:%d: expected an array of objects: %s", path, error.line, error.text);
        goto out;
    }
    json_array_foreach(list, i, entry)
    {
        const char *pattern = json_string_value(json_object_get(entry, "pattern"));
        struct rule *rule = pattern != NULL ? rules_add(rules) : NULL;
        if (rule == NULL || (rule->pattern = arena_copy(&rules->arena, str_of(pattern))) == NULL) {
            err_set(err, ERR_STOP, "%s: expected entry %zu to have a pattern", path, i);
            goto out;
        }
    }
    result = 0;
out:
    json_decref(list);
    return result;
}
