/* cli/check_explain: the engine's error about a statement, as one about a file's line. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check.h"
#include "declaration/sql_scan.h"

/* Removes every occurrence of `what`. */
static void remove_all(char *text, const char *what)
{
    size_t n = strlen(what);
    for (char *at = strstr(text, what); at != NULL; at = strstr(at, what))
        memmove(at, at + n, strlen(at + n) + 1);
}

/* Cuts from `from` to before the error's name at the end, "(UNKNOWN_IDENTIFIER)": the engine repeats the whole statement there. */
static void cut_middle(char *text, const char *from)
{
    char *at = strstr(text, from), *name = strrchr(text, '(');
    if (at == NULL)
        return;
    if (name != NULL && name > at && (isupper((unsigned char)name[1]))) {
        *at++ = ' ';
        memmove(at, name, strlen(name) + 1);
    } else {
        *at = '\0';
    }
}

/* The line of the first token of the statement that has this text; 0: none. */
static int line_of(const char *sent, struct str name)
{
    struct sql_scan scan = sql_scan_of(str_of(sent), 1);
    for (struct token t = sql_scan_code(&scan); t.kind != TOKEN_END; t = sql_scan_code(&scan)) {
        struct str text = t.kind == TOKEN_TEXT && t.text.n >= 2 ? (struct str){ t.text.p + 1, t.text.n - 2 } : t.text;
        if ((t.kind == TOKEN_WORD || t.kind == TOKEN_NAME || t.kind == TOKEN_TEXT) && str_eq(text, name))
            return t.line;
    }
    return 0;
}

/* `record.nosuch` → nosuch: what a token can be. */
static struct str last_part(struct str s)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == '.')
            return (struct str){ s.p + i, s.n - i };
    return s;
}

/* Where a message has no position, it has a name: quoted, or a bare word behind ": " or "engine ". */
static int find_line(const char *sent, const char *message)
{
    const char *at = strstr(message, "(line ");
    if (at != NULL && atoi(at + 6) > 0)
        return atoi(at + 6);
    for (const char *p = message; *p != '\0'; p++) {
        if (*p != '`' && *p != '\'')
            continue;
        const char *close = strchr(p + 1, *p);
        if (close == NULL)
            break;
        struct str name = { p + 1, (size_t)(close - p - 1) };
        int line = line_of(sent, name);
        if (line == 0)
            line = line_of(sent, last_part(name));
        if (line > 0)
            return line;
        p = close;
    }
    for (const char *p = message; *p != '\0';) {
        size_t n = 0;
        while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '.')
            n++;
        while (n > 0 && p[n - 1] == '.')
            n--;
        struct str word = last_part((struct str){ p, n });
        bool keyword = true;
        for (size_t i = 0; i < word.n; i++)
            keyword = keyword && (isupper((unsigned char)word.p[i]) || isdigit((unsigned char)word.p[i]));
        int line = word.n > 2 && !keyword ? line_of(sent, word) : 0;
        if (line > 0)
            return line;
        p += n > 0 ? n : 1;
    }
    return 1;
}

void check_explain(const struct declaration *d, const char *sent, const char *scratch, const struct err *engine, struct buf *line)
{
    char message[sizeof engine->text], prefix[128];
    const char *text = strstr(engine->text, "DB::Exception: ");
    snprintf(message, sizeof message, "%s", text != NULL ? text + 15 : engine->text);
    snprintf(prefix, sizeof prefix, "`%s`.", scratch);
    remove_all(message, prefix);
    snprintf(prefix, sizeof prefix, "%s.", scratch);
    remove_all(message, prefix);
    snprintf(prefix, sizeof prefix, "%s_", scratch);
    remove_all(message, prefix);
    char *sent_plain = strdup(sent);
    if (sent_plain != NULL)
        remove_all(sent_plain, prefix);
    int at = find_line(sent_plain != NULL ? sent_plain : sent, message);
    free(sent_plain);
    cut_middle(message, " in scope ");
    cut_middle(message, " In scope ");
    cut_middle(message, " Expected one of: ");
    cut_middle(message, ", available columns: ");
    buf_printf(line, "%s:%d: %s", d->path, d->sql_line + at - 1, message);
}
