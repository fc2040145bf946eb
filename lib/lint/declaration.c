/* lib/lint: reads a function's declaration from ClickHouse's *_function.xml. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "base/file.h"
#include "lint/function.h"

enum { XML_BYTES = 64 << 20 };

struct reading {
    struct lint_function now, *out;
    const char *wanted; /* NULL: the only one */
    int depth, found;
    bool in_argument, too_many;
    struct buf text;
};

void lint_function_init(struct lint_function *f)
{
    *f = (struct lint_function){
        .return_name = "result",
        .pool = true,
        .direct = true,
        .read_timeout_ms = 10000,
        .termination_timeout_ms = 10000,
    };
}

static void XMLCALL on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *r = context;
    (void)attributes;
    r->depth++;
    buf_clear(&r->text);
    if (r->depth == 2)
        lint_function_init(&r->now);
    if (r->depth == 3 && strcmp(name, "argument") == 0) {
        r->in_argument = r->now.n_args < LINT_ARGS;
        r->too_many |= !r->in_argument;
        if (r->in_argument) {
            int n = ++r->now.n_args;
            snprintf(r->now.args[n - 1].name, LINT_NAME, "c%d", n); /* ClickHouse's own, where it has none */
        }
    }
}

static void XMLCALL on_text(void *context, const XML_Char *text, int n)
{
    struct reading *r = context;
    buf_put(&r->text, text, (size_t)n);
}

static bool yes(struct str s)
{
    return str_eq(s, STR("1")) || str_eq(s, STR("true"));
}

static void copy(char *to, size_t size, struct str s)
{
    snprintf(to, size, "%.*s", STR_ARG(s));
}

static void take_element(struct reading *r, const char *name, struct str s)
{
    struct lint_function *f = &r->now;
    if (strcmp(name, "name") == 0)
        copy(f->name, sizeof f->name, s);
    else if (strcmp(name, "type") == 0)
        f->pool = str_eq(s, STR("executable_pool"));
    else if (strcmp(name, "command") == 0)
        copy(f->command, sizeof f->command, s);
    else if (strcmp(name, "format") == 0)
        copy(f->format, sizeof f->format, s);
    else if (strcmp(name, "return_type") == 0)
        copy(f->returns, sizeof f->returns, s);
    else if (strcmp(name, "return_name") == 0)
        copy(f->return_name, sizeof f->return_name, s);
    else if (strcmp(name, "send_chunk_header") == 0)
        f->chunk_header = yes(s);
    else if (strcmp(name, "execute_direct") == 0)
        f->direct = yes(s);
    else if (strcmp(name, "deterministic") == 0)
        f->deterministic = yes(s);
    else if (strcmp(name, "stderr_reaction") == 0)
        f->stderr_throws = str_eq(s, STR("throw"));
    else if (strcmp(name, "command_read_timeout") == 0)
        f->read_timeout_ms = (unsigned)str_integer(s);
    else if (strcmp(name, "command_termination_timeout") == 0)
        f->termination_timeout_ms = (unsigned)str_integer(s) * 1000;
}

static void XMLCALL on_end(void *context, const XML_Char *name)
{
    struct reading *r = context;
    struct str text = str_trim(buf_str(&r->text));
    r->depth--;
    if (r->depth == 3 && r->in_argument) {
        struct lint_arg *arg = &r->now.args[r->now.n_args - 1];
        if (strcmp(name, "type") == 0)
            copy(arg->type, sizeof arg->type, text);
        else if (strcmp(name, "name") == 0)
            copy(arg->name, sizeof arg->name, text);
    } else if (r->depth == 2 && r->in_argument) {
        r->in_argument = false;
    } else if (r->depth == 2) {
        take_element(r, name, text);
    } else if (r->depth == 1 && strcmp(name, "function") == 0 && (r->wanted == NULL || strcmp(r->now.name, r->wanted) == 0)) {
        r->found++;
        *r->out = r->now;
    }
    buf_clear(&r->text);
}

int lint_declaration_read(struct lint_function *f, const char *path, const char *name, struct err *err)
{
    struct reading *r = calloc(1, sizeof *r);
    XML_Parser parser = XML_ParserCreate(NULL);
    struct buf text;
    int done = r == NULL || parser == NULL ? err_set(err, ERR_STOP, "no memory") : 0;
    buf_init(&text, XML_BYTES);
    if (done == 0 && (done = file_read(path, &text, err)) == 0) {
        *r = (struct reading){ .out = f, .wanted = name };
        buf_init(&r->text, XML_BYTES);
        XML_SetUserData(parser, r);
        XML_SetElementHandler(parser, on_start, on_end);
        XML_SetCharacterDataHandler(parser, on_text);
        if (XML_Parse(parser, text.p != NULL ? text.p : "", (int)text.n, 1) != XML_STATUS_OK)
            done = err_set(err, ERR_STOP, "%s:%lu: expected XML: %s", path, XML_GetCurrentLineNumber(parser),
                           XML_ErrorString(XML_GetErrorCode(parser)));
        else if (r->found == 0)
            done =
                err_set(err, ERR_STOP, "%s: expected the declaration of %s, found none", path, name != NULL ? name : "a function");
        else if (r->found > 1 && name == NULL)
            done = err_set(err, ERR_STOP, "%s: it declares %d functions: name one by --name", path, r->found);
        else if (r->too_many)
            done = err_set(err, ERR_STOP, "%s: expected at most %d arguments", path, LINT_ARGS);
        buf_fini(&r->text);
    }
    buf_fini(&text);
    XML_ParserFree(parser);
    free(r);
    return done;
}
