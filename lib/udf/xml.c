/* lib/udf: a function's declaration for ClickHouse, from the one that the program itself uses. */
#include "udf/part.h"

/* Each limit is written out: ClickHouse's defaults differ between versions. */
static const struct {
    const char *key, *value, *why;
} settings[] = {
    { "pool_size", "64", "processes are started as needed, one per thread that calls; a full pool makes queries wait" },
    { "command_read_timeout", "60000",
      "ms of silence; a row that hangs is cut off after 1 s (10 s if it merely waits), is tried once more alone, and larger rows "
      "have longer" },
    { "command_write_timeout", "60000", "ms; as above: nothing is read while such a row is tried" },
    { "command_termination_timeout", "1", "s; the process keeps nothing that it would have to save" },
    { "max_command_execution_time", "10", "s to wait for a process while all of the pool are in use" },
    { "stderr_reaction", "log_last", "stderr holds warnings, such as a row that had no answer; they must not fail the query" },
    { "check_exit_code", "1", NULL },
    { "lifetime", "0", "seconds; 0: reloaded when this file changes or on SYSTEM RELOAD FUNCTIONS" },
};

static void put_text(FILE *to, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", to);
            break;
        case '<':
            fputs("&lt;", to);
            break;
        case '>':
            fputs("&gt;", to);
            break;
        case '"':
            fputs("&quot;", to);
            break;
        default:
            /* XML has no way to write the other control characters. */
            if ((unsigned char)*text >= ' ' || *text == '\n' || *text == '\t')
                fputc(*text, to);
        }
}

/* "--" would end a comment. */
static void put_comment(FILE *to, const char *text)
{
    fputs("<!-- ", to);
    for (char before = ' '; *text != '\0'; before = *text++)
        if (*text != '-' || before != '-')
            fputc(*text, to);
    fputs(" -->\n", to);
}

static void put_element(FILE *to, const char *indent, const char *key, const char *value)
{
    fprintf(to, "%s<%s>", indent, key);
    put_text(to, value);
    fprintf(to, "</%s>\n", key);
}

/* What a function's own limits make of a setting. */
static const char *setting(const struct udf *udf, const char *key, const char *value, char own[32])
{
    if (udf->pool_size > 0 && strcmp(key, "pool_size") == 0)
        snprintf(own, 32, "%u", udf->pool_size);
    else if (udf->block_ms > 0 && (strcmp(key, "command_read_timeout") == 0 || strcmp(key, "command_write_timeout") == 0))
        snprintf(own, 32, "%u", udf->block_ms + 2 * BLOCK_SLACK_MS);
    else if (udf->block_ms > 0 && strcmp(key, "max_command_execution_time") == 0)
        snprintf(own, 32, "%u", udf->block_ms / 1000);
    else
        return value;
    return own;
}

int udf_print_xml(const struct udf *udf, const char *command, FILE *to)
{
    char own[32];
    const char *in = "        ";
    fputs("    <function>\n", to);
    fputs(in, to);
    put_comment(to, udf->about);
    put_element(to, in, "type", "executable_pool");
    put_element(to, in, "name", udf->name);
    for (int i = 0; i < UDF_ARGS && udf->args[i].name != NULL; i++) {
        fprintf(to, "%s<argument>\n", in);
        put_element(to, "            ", "name", udf->args[i].name);
        put_element(to, "            ", "type", udf->args[i].type);
        fprintf(to, "%s</argument>\n", in);
    }
    put_element(to, in, "return_type", udf->returns);
    put_element(to, in, "return_name", "result");
    put_element(to, in, "format", "Native");
    put_element(to, in, "send_chunk_header", "1");
    put_element(to, in, "execute_direct", "1");
    fprintf(to, "%s<command>", in);
    put_text(to, command);
    fputc(' ', to);
    put_text(to, udf->name);
    fputs("</command>\n", to);
    put_element(to, in, "deterministic", udf->deterministic ? "1" : "0");
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (settings[i].why != NULL && setting(udf, settings[i].key, settings[i].value, own) == settings[i].value) {
            fputs(in, to);
            put_comment(to, settings[i].why);
        }
        put_element(to, in, settings[i].key, setting(udf, settings[i].key, settings[i].value, own));
    }
    fputs("    </function>\n", to);
    return ferror(to) ? -1 : 0;
}
