/* tests/functions: a program like odw-udf whose functions ask for trouble, and an echo to measure the loop by. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "udf/udf.h"

static volatile unsigned sink;

static int echo(struct udf_row *row)
{
    col_put_str(row->out, row->str[0]);
    return 0;
}

static int trouble(struct udf_row *row)
{
    struct str s = row->str[0];
    if (str_eq(s, STR("crash")))
        raise(SIGSEGV);
    while (str_eq(s, STR("loop")))
        sink++;
    while (str_eq(s, STR("eat"))) {
        char *p = malloc(1 << 20);
        memset(p, 1, 1 << 20);
        sink += (unsigned char)p[sink & 1023];
    }
    if (str_eq(s, STR("connect")) && socket(AF_INET, SOCK_STREAM, 0) < 0)
        return -1;
    if (str_eq(s, STR("run"))) {
        execl("/bin/true", "true", (char *)NULL);
        return -1;
    }
    if (str_eq(s, STR("write")) && open("/dev/null", O_WRONLY | O_CLOEXEC) < 0)
        return -1;
    if (str_eq(s, STR("print")))
        puts("printed");
    return echo(row);
}

static void say_why(struct udf_row *row, const char *why)
{
    buf_printf(row->scratch, "error: %s", why);
    col_put_str(row->out, buf_str(row->scratch));
}

static int join(struct udf_row *row)
{
    buf_printf(row->scratch, "%lld %.*s", (long long)row->fixed[0], STR_ARG(row->str[1]));
    col_put_str(row->out, buf_str(row->scratch));
    return 0;
}

static const struct udf functions[] = {
    { .name = "testEcho",
      .about = "Its argument.",
      .args = { { "text", "String" } },
      .returns = "String",
      .deterministic = true,
      .row = echo },
    { .name = "testTrouble",
      .about = "Its argument, but for a few words.",
      .args = { { "text", "String" } },
      .returns = "String",
      .deterministic = true,
      .row = trouble,
      .on_error = say_why },
    { .name = "testJoin",
      .about = "Both, with a space between.",
      .args = { { "n", "Int16" }, { "text", "String" } },
      .returns = "String",
      .deterministic = true,
      .row = join },
};

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    struct err err = ERR_INIT;
    log_setup("test_functions", LOG_LEVEL_INFO, false);
    bool xml = strcmp(name, "--xml") == 0;
    if (xml)
        puts("<functions>");
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (xml && udf_print_xml(&functions[i], "test_functions", stdout) < 0)
            return 1;
        if (strcmp(name, functions[i].name) == 0) {
            if (udf_serve(&functions[i], 0, 1, &err) < 0)
                log_error("%s", err.text);
            return err.class != ERR_NONE;
        }
    }
    if (xml)
        puts("</functions>");
    return xml ? 0 : 2;
}
