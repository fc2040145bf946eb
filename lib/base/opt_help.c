/* lib/base/opt_help: --help from the option table: what, default, variable and key of each row. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/opt_rows.h"

enum { WIDTH = 100, COLUMN = 32 };

/* Columns that the text takes: code points, which is right for what our tables hold. */
static size_t columns(const char *p, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)p[i] & 0xC0) != 0x80;
    return count;
}

/* Prints text in words, wrapped at WIDTH; lines after the first begin at `indent`. `at`: the column reached. Newlines in the
 * text are kept. */
static void wrap(FILE *to, const char *text, size_t at, size_t indent)
{
    bool fresh = true;
    while (*text != '\0') {
        if (*text == '\n') {
            fprintf(to, "\n%*s", text[1] != '\0' && text[1] != '\n' ? (int)indent : 0, "");
            at = indent;
            fresh = true;
            text++;
            continue;
        }
        size_t n = strcspn(text, " \n"), wide = columns(text, n);
        if (!fresh && at + 1 + wide > WIDTH) {
            fprintf(to, "\n%*s", (int)indent, "");
            at = indent;
            fresh = true;
        }
        at += (size_t)fprintf(to, "%s", fresh ? "" : " ") + wide;
        fprintf(to, "%.*s", (int)n, text);
        fresh = false;
        text += n;
        while (*text == ' ')
            text++;
    }
}

static void print_row(FILE *to, const struct opt_row *row)
{
    const struct opt *opt = row->opt;
    char left[160], section[40];
    const char *key;
    const char *arg = opt->arg != NULL ? opt->arg : opt->type == OPT_CHOICE ? opt->choices : NULL;
    snprintf(left, sizeof left, "  --%s%s%s", opt->name, arg != NULL ? " " : "", arg != NULL ? arg : "");
    opt_row_key(row, section, &key);

    struct buf text;
    buf_init(&text, 8192);
    buf_puts(&text, opt->help);
    if (opt->type == OPT_CHOICE && opt->arg != NULL)
        buf_printf(&text, " (%s)", opt->choices);
    buf_puts(&text, " [");
    if (opt->fallback != NULL && opt->type != OPT_FLAG)
        buf_printf(&text, "default: %s; ", opt->fallback);
    buf_printf(&text, "%s", row->variable);
    if (strcmp(row->full, "config") != 0)
        buf_printf(&text, ", %s%s%s%s", section[0] != '\0' ? "[" : "", section, section[0] != '\0' ? "] " : "", key);
    buf_puts(&text, "]");

    size_t wide = columns(left, strlen(left));
    fputs(left, to);
    if (wide + 2 > COLUMN)
        fprintf(to, "\n%*s", COLUMN, "");
    else
        fprintf(to, "%*s", (int)(COLUMN - wide), "");
    wrap(to, buf_text(&text), COLUMN, COLUMN);
    fputc('\n', to);
    buf_fini(&text);
}

static void print_built_in(FILE *to, const char *flag, const char *help)
{
    fprintf(to, "  %-*s%s\n", COLUMN - 2, flag, help);
}

void opt_help(const struct opt_usage *usage, FILE *to)
{
    struct opts o = { 0 };
    if (opt_rows_init(&o, usage, NULL) < 0)
        return;
    fprintf(to, "Usage: %s [OPTION]…%s%s\n\n", usage->program, usage->operands != NULL ? " " : "",
            usage->operands != NULL ? usage->operands : "");
    wrap(to, usage->about, 0, 0);
    fputs("\n\nOptions:\n", to);
    for (size_t i = 0; i < o.n_rows; i++)
        if (o.rows[i].own)
            print_row(to, &o.rows[i]);
    print_built_in(to, "--help", "Print this and exit");
    print_built_in(to, "--version", "Print versions and exit");
    if (usage->shared != NULL && usage->shared->name != NULL) {
        fputs("\nShared settings:\n", to);
        for (size_t i = 0; i < o.n_rows; i++)
            if (!o.rows[i].own)
                print_row(to, &o.rows[i]);
        fputc('\n', to);
        wrap(to,
             "A value is taken from the first that has one: option, variable, key in odw.conf, the running stack's stack.env, "
             "default.",
             0, 0);
        fputc('\n', to);
    }
    if (usage->more != NULL)
        fprintf(to, "\n%s%s", usage->more, usage->more[0] != '\0' && usage->more[strlen(usage->more) - 1] == '\n' ? "" : "\n");
    free(o.rows);
}
