/* cli/json_set: one field of a JSON text, by a pointer. */
#include "cli/json_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* "a~1b" → "a/b" */
static void put_step(struct buf *out, struct str step)
{
    buf_clear(out);
    for (size_t i = 0; i < step.n; i++) {
        bool escape = step.p[i] == '~' && i + 1 < step.n && (step.p[i + 1] == '0' || step.p[i + 1] == '1');
        buf_putc(out, !escape ? step.p[i] : step.p[i + 1] == '0' ? '~' : '/');
        i += escape;
    }
}

static json_t *read_value(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    return value != NULL ? value : json_string(text);
}

/* An array's index; -1: it isn't one. */
static long index_of(const char *step)
{
    char *end = NULL;
    long i = step[0] >= '0' && step[0] <= '9' ? strtol(step, &end, 10) : -1;
    return end != NULL && *end == '\0' ? i : -1;
}

static int put(json_t *at, const char *step, const char *value)
{
    long i = json_is_array(at) ? index_of(step) : -1;
    if (!json_is_object(at) && i < 0)
        return -1;
    if (value == NULL)
        return json_is_object(at) ? json_object_del(at, step) : json_array_remove(at, (size_t)i);
    if (json_is_object(at))
        return json_object_set_new(at, step, read_value(value));
    return (size_t)i == json_array_size(at) ? json_array_append_new(at, read_value(value))
                                            : json_array_set_new(at, (size_t)i, read_value(value));
}

int json_set(json_t *root, const char *set, struct err *err)
{
    const char *equals = strchr(set, '=');
    struct str rest = { set, equals != NULL ? (size_t)(equals - set) : strlen(set) };
    struct str path = rest;
    struct buf step;
    json_t *at = root;
    int rc = -1;
    buf_init(&step, 65536);
    str_cut(&rest, '/'); /* what stands before the first '/' is nothing */
    while (at != NULL) {
        bool last = rest.n == 0 || memchr(rest.p, '/', rest.n) == NULL;
        put_step(&step, str_cut(&rest, '/'));
        const char *name = buf_text(&step);
        if (last) {
            rc = put(at, name, equals != NULL ? equals + 1 : NULL);
            break;
        }
        at = json_is_array(at) && index_of(name) >= 0 ? json_array_get(at, (size_t)index_of(name)) : json_object_get(at, name);
    }
    buf_fini(&step);
    return rc == 0 ? 0 : err_set(err, ERR_DROP, "there is no place '%.*s' in the message", STR_ARG(path));
}
