/* udfs: the functions for people and for programs: docs/functions.md, and a line of JSON for each. */
#include <stdlib.h>

#include <jansson.h>

#include "udfs/registry.h"

static const char head[] =
    "# Functions\n"
    "\n"
    "<!-- Written by odw-udf --docs from the functions' own declarations (udfs/*/*.c); make docs writes it anew. -->\n"
    "\n"
    "C functions that any SQL can call once they are on a server: [functions-only.md](functions-only.md) says how, in five lines, "
    "for a\n"
    "server that knows nothing else of odw. They run beside ClickHouse, in processes of their own: whatever a row does to its "
    "function\n"
    "costs that row, never the server and never the row's neighbours.\n"
    "\n"
    "What holds for all of them:\n"
    "\n"
    "- **Types**: a call takes exactly the arguments that are named here; ClickHouse casts what can be cast. There are no "
    "optional\n"
    "  arguments: a variant has a name of its own (`piiRedact`, `piiRedactWith`).\n"
    "- **NULL**: arguments aren't Nullable. A Nullable column is fine as long as the rows that reach the function hold no NULL; "
    "one\n"
    "  that does is refused by ClickHouse (error 349). Write `if(x IS NULL, NULL, f(assumeNotNull(x)))`, or `f(ifNull(x, ''))`.\n"
    "- **Bytes**: any are accepted, UTF-8 or not, NUL too. Spans count bytes.\n"
    "- **Errors**: a function never fails a query because of what a row holds. A row that it can't answer (it crashed, took more "
    "than\n"
    "  a second of its own computing, or more than 1 GiB) gets the empty value of the type, or what is said under *Errors* below, "
    "and the\n"
    "  server's log says so. What does fail a query: a file that the function needs is missing or damaged.\n"
    "- **Deterministic**: the same arguments give the same answer, on every server with the same version of odw; ClickHouse may "
    "then call it\n"
    "  once for a constant.\n"
    "- **Tuples**: `tupleElement(f(x), 'name')` works everywhere; newer servers take `f(x).name` as well (24.8 doesn't).\n"
    "- **Versions**: ClickHouse 23.8 and newer, where nothing else is said. The examples below were run on 23.6, 23.10, 24.8 and "
    "26.7.\n";

static int by_group(const void *a, const void *b)
{
    const struct udf *x = *(const struct udf *const *)a, *y = *(const struct udf *const *)b;
    int order = strcmp(x->group != NULL ? x->group : "", y->group != NULL ? y->group : "");
    return order != 0 ? order : strcasecmp(x->name, y->name);
}

static void put_signature(const struct udf *udf, FILE *to)
{
    fprintf(to, "%s(", udf->name);
    for (int i = 0; i < UDF_ARGS && udf->args[i].name != NULL; i++)
        fprintf(to, "%s%s %s", i > 0 ? ", " : "", udf->args[i].name, udf->args[i].type);
    fprintf(to, ") → %s", udf->returns);
}

/* GitHub's name for a heading: lower case, spaces become dashes. */
static void put_anchor(const char *name, FILE *to)
{
    for (; *name != '\0'; name++)
        fputc(*name == ' ' ? '-' : *name >= 'A' && *name <= 'Z' ? *name + 'a' - 'A' : *name, to);
}

static void put_function(const struct udf *udf, FILE *to)
{
    fprintf(to, "\n### %s\n\n```\n", udf->name);
    put_signature(udf, to);
    fprintf(to, "\n```\n\n%s\n\n*Errors*: %s%s\n\n```sql\n", udf->about, udf->errors,
            udf->deterministic ? "" : "\n\nNot deterministic.");
    for (const struct udf_example *e = udf->examples; e < udf->examples + UDF_EXAMPLES && e->call != NULL; e++) {
        fprintf(to, "SELECT %s\n", e->call);
        for (const char *line = e->answer; line != NULL;) {
            const char *end = strchr(line, '\n');
            fprintf(to, "-- %.*s\n", (int)(end != NULL ? (size_t)(end - line) : strlen(line)), line);
            line = end != NULL ? end + 1 : NULL;
        }
    }
    fputs("```\n", to);
    if (udf->since != NULL)
        fprintf(to, "\nNeeds ClickHouse %s.\n", udf->since);
}

int docs_print(FILE *to, struct err *err)
{
    const struct udf *all[1024];
    size_t n = 0;
    int done = 0;
    for (const struct udf_entry *e = udf_registry; e->folder != NULL && n < sizeof all / sizeof *all; e++) {
        const struct udf *udf = e->udf != NULL ? e->udf : e->family->pattern;
        const char *lacks = udf_undocumented(udf);
        all[n++] = udf;
        /* All of them are said, so that they can be mended at once. */
        if (lacks != NULL) {
            fprintf(stderr, "udfs/%s: the declaration of %s lacks %s\n", e->folder, udf->name, lacks);
            done = err_set(err, ERR_STOP, "expected each function to be declared for people too (lib/udf/udf.h)");
        }
    }
    if (done < 0)
        return -1;
    qsort(all, n, sizeof *all, by_group);
    if (strcmp(ODW_UDF_PROGRAM, "odw-udf") == 0) /* the other programs' functions come after its own */
        fputs(head, to);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(all[i]->group, all[i - 1]->group) != 0)
            fprintf(to, "\n**%s**: ", all[i]->group);
        else
            fputs(", ", to);
        fprintf(to, "[`%s`](#", all[i]->name);
        put_anchor(all[i]->name, to);
        fputc(')', to);
        if (i + 1 == n || strcmp(all[i]->group, all[i + 1]->group) != 0)
            fputc('\n', to);
    }
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(all[i]->group, all[i - 1]->group) != 0)
            fprintf(to, "\n## %s\n", all[i]->group);
        put_function(all[i], to);
    }
    return fflush(to) == 0 && !ferror(to) ? 0 : err_errno(err, ERR_STOP, "writing to standard output");
}

int describe_print(const struct udf *udf, const char *stem, void *to)
{
    json_t *args = json_array(), *examples = json_array();
    (void)stem;
    for (int i = 0; i < UDF_ARGS && udf->args[i].name != NULL; i++)
        json_array_append_new(args, json_pack("{s:s, s:s}", "name", udf->args[i].name, "type", udf->args[i].type));
    for (int i = 0; i < UDF_EXAMPLES && udf->examples[i].call != NULL; i++)
        json_array_append_new(examples, json_pack("{s:s, s:s}", "call", udf->examples[i].call, "answer", udf->examples[i].answer));
    json_t *line = json_pack("{s:s, s:s?, s:s?, s:s?, s:s, s:o, s:s, s:b, s:o}", "name", udf->name, "group", udf->group, "about",
                             udf->about, "errors", udf->errors, "since", udf->since != NULL ? udf->since : UDF_SINCE, "arguments",
                             args, "returns", udf->returns, "deterministic", udf->deterministic, "examples", examples);
    int done = line != NULL && json_dumpf(line, to, JSON_COMPACT) == 0 && fputc('\n', to) != EOF ? 0 : -1;
    json_decref(line);
    return done;
}
