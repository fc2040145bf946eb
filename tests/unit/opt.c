/* tests/unit/opt: options from the command line, variables, odw.conf and stack.env; each test in an empty folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/settings.h"

static const struct opt own[] = {
    { .name = "count", .type = OPT_NUMBER, .arg = "N", .fallback = "1000", .min = 1, .max = 1000000, .help = "How many events" },
    { .name = "rate", .type = OPT_NUMBER, .arg = "N", .help = "How many a second" },
    { .name = "quiet", .type = OPT_FLAG, .help = "No progress bar" },
    { .name = "buffer", .type = OPT_SIZE, .arg = "BYTES", .fallback = "64k", .help = "How much to hold" },
    { .name = "wait", .type = OPT_DURATION, .arg = "TIME", .fallback = "10s", .min = 1, .max = 60000, .help = "How long to wait" },
    { .name = "mode", .type = OPT_CHOICE, .fallback = "fast", .choices = "fast|exact", .help = "How to count" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw load events",
    .about = "Makes events.",
    .operands = "[FILE|-]",
    .max_operands = 1,
    .own = own,
    .shared = settings_shared,
};

static char folder[] = P_tmpdir "/odw-opt-XXXXXX";
static struct opts *o;
static struct err err;

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return chdir("/") == 0 ? system(command) : -1;
}

static int clean(void **state)
{
    static const char *const names[] = { "ODW_LOAD_COUNT", "ODW_KAFKA_BROKERS", "ODW_CONF", "ODW_LOAD_QUIET" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    opts_free(o);
    o = NULL;
    return system("rm -rf * .odw");
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* Words are separated by one space. */
static enum opt_outcome parse(const char *line)
{
    char copy[512], *argv[32] = { "odw load events" };
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    opts_free(o);
    o = NULL;
    err = ERR_INIT;
    return opts_parse(&usage, argc, argv, &o, &err);
}

static void good(const char *line)
{
    if (parse(line) != OPT_OK)
        fail_msg("%s: %s", line, err.text);
}

static void bad(const char *line, const char *message)
{
    char expected[1024];
    snprintf(expected, sizeof expected, "%s\nTry 'odw load events --help'.", message);
    assert_int_equal(parse(line), OPT_USAGE);
    assert_null(o);
    assert_string_equal(err.text, expected);
}

static void reads_the_command_line(void **state)
{
    (void)state;
    good("");
    assert_int_equal(opts_number(o, "count"), 1000);
    assert_int_equal(opts_number(o, "buffer"), 65536);
    assert_int_equal(opts_number(o, "wait"), 10000);
    assert_string_equal(opts_text(o, "mode"), "fast");
    assert_false(opts_given(o, "count"));
    assert_null(opts_text(o, "rate"));
    assert_int_equal(opts_number(o, "rate"), 0);
    assert_false(opts_flag(o, "quiet"));
    assert_int_equal(opts_operands(o), 0);
    good("--count=7 --quiet --buffer 2M --wait 250ms --mode exact --count 8 -");
    assert_int_equal(opts_number(o, "count"), 8);
    assert_true(opts_given(o, "count"));
    assert_true(opts_flag(o, "quiet"));
    assert_int_equal(opts_number(o, "buffer"), 2 << 20);
    assert_int_equal(opts_number(o, "wait"), 250);
    assert_string_equal(opts_operand(o, 0), "-");
    assert_null(opts_operand(o, 1));
    good("--quiet=no -- --count");
    assert_false(opts_flag(o, "quiet"));
    assert_string_equal(opts_operand(o, 0), "--count");
}

static void refuses_what_it_does_not_know(void **state)
{
    (void)state;
    bad("--cuont 3", "unknown option --cuont; did you mean --count?");
    bad("--brokers a", "unknown option --brokers; did you mean --kafka-brokers?");
    bad("--xyzzy=1", "unknown option --xyzzy");
    bad("-c", "unknown option -c (options are whole words: --name)");
    bad("a b", "unexpected operand 'b'");
    bad("--count", "--count needs a value: --count N");
    bad("--count 0", "--count: expected 1 to 1000000, got '0'");
    bad("--count 1e3", "--count: expected a whole number, got '1e3'");
    bad("--count 99999999999999999999", "--count: expected a whole number, got '99999999999999999999'");
    bad("--rate -1", "--rate: expected 0 or more, got '-1'");
    bad("--buffer 5X", "--buffer: expected a size such as 4096, 64k, 16M or 2G, got '5X'");
    bad("--buffer 99999999999G", "--buffer: expected a size such as 4096, 64k, 16M or 2G, got '99999999999G'");
    bad("--wait 5", "--wait: expected a duration such as 250ms, 10s, 5m, 2h or 7d, got '5'");
    bad("--wait 2m", "--wait: expected 1 to 60000 ms, got '2m'");
    bad("--mode fas", "--mode: expected one of fast|exact, got 'fas'");
    bad("--quiet=perhaps", "--quiet: expected true or false, got 'perhaps'");
}

static void takes_the_strongest_source(void **state)
{
    (void)state;
    assert_int_equal(mkdir(".odw", 0700), 0);
    put(".odw/stack.env", "# the stack's\nODW_KAFKA_BROKERS=stack:1\nODW_OTHER=1\nODW_CLICKHOUSE_URL='http://stack'\n");
    good("--state-dir .odw");
    assert_string_equal(opts_text(o, "kafka-brokers"), "stack:1");
    assert_string_equal(opts_text(o, "clickhouse-url"), "http://stack");
    assert_true(opts_given(o, "kafka-brokers"));
    put("odw.conf",
        "database = d ; ours\n[kafka]\nbrokers = \"file:1 # not a comment\" # a comment\n[load]\ncount = 5\nquiet = yes\n");
    good("--state-dir .odw");
    assert_string_equal(opts_text(o, "kafka-brokers"), "file:1 # not a comment");
    assert_string_equal(opts_text(o, "database"), "d");
    assert_int_equal(opts_number(o, "count"), 5);
    assert_true(opts_flag(o, "quiet"));
    setenv("ODW_KAFKA_BROKERS", "variable:1", 1);
    setenv("ODW_LOAD_COUNT", "6", 1);
    good("--state-dir .odw");
    assert_string_equal(opts_text(o, "kafka-brokers"), "variable:1");
    assert_int_equal(opts_number(o, "count"), 6);
    good("--state-dir .odw --count 7 --kafka-brokers flag:1");
    assert_string_equal(opts_text(o, "kafka-brokers"), "flag:1");
    assert_int_equal(opts_number(o, "count"), 7);
    setenv("ODW_LOAD_COUNT", "", 1);
    good("");
    assert_int_equal(opts_number(o, "count"), 5);
    setenv("ODW_LOAD_COUNT", "x", 1);
    bad("", "ODW_LOAD_COUNT: expected a whole number, got 'x'");
}

static void names_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "[kafka]\nbrokrs = a\n", "odw.conf:2: unknown key 'brokrs' under [kafka]; did you mean 'brokers'?" },
        { "databse = a\n", "odw.conf:1: unknown key 'databse'; did you mean 'database'?" },
        { "\n[kafak]\n", "odw.conf:2: unknown section [kafak]; did you mean [kafka]?" },
        { "[load]\nxyzzy = 1\n", "odw.conf:2: unknown key 'xyzzy' under [load]" },
        { "[load]\ncount = many\n", "odw.conf:2: count: expected a whole number, got 'many'" },
        { "[load]\ncount = 1\nrate = 1\ncount = 2\n", "odw.conf:4: 'count' was given on line 2 already" },
        { "[load\n", "odw.conf:1: expected [section], got '[load'" },
        { "just words\n", "odw.conf:1: expected KEY = VALUE, got 'just words'" },
        { "= a\n", "odw.conf:1: expected a key of 1 to 63 bytes before the =" },
        { "database = \"open\n", "odw.conf:1: 'database' has a quote that isn't closed, or text behind it" },
        { "count = 1\n", "odw.conf:1: unknown key 'count'" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put("odw.conf", cases[i].text);
        bad("", cases[i].message);
    }
    /* Others' sections are left to them; no newline at the end, a BOM and CRLF are fine. */
    put("odw.conf", "\xef\xbb\xbf# ours\r\n[worker]\r\nanything = 1\r\n[shim]\r\nlisten = 1\r\n[kafka]\r\nsecurity_protocol = ssl");
    good("");
    assert_string_equal(opts_text(o, "kafka-security-protocol"), "ssl");
    put("other.conf", "database = other");
    good("--config other.conf");
    assert_string_equal(opts_text(o, "database"), "other");
    setenv("ODW_CONF", "other.conf", 1);
    good("");
    assert_string_equal(opts_text(o, "database"), "other");
    bad("--config none.conf", "none.conf: No such file or directory");
}

static void finds_root_and_state(void **state)
{
    (void)state;
    good("");
    assert_string_equal(opts_text(o, "root"), ODW_SOURCE_DIR);
    assert_string_equal(opts_text(o, "state-dir"), ODW_SOURCE_DIR "/.odw");
    assert_int_equal(mkdir("contracts", 0700) | mkdir("kafka-engine", 0700), 0);
    good("");
    assert_string_equal(opts_text(o, "root"), ".");
    assert_string_equal(opts_text(o, "state-dir"), ".odw");
    good("--root /x");
    assert_string_equal(opts_text(o, "state-dir"), "/x/.odw");
    good("--root /x --state-dir y");
    assert_string_equal(opts_text(o, "state-dir"), "y");
}

/* --help is the table: every row with its default, variable and key; no line over 100 columns. */
static void helps(void **state)
{
    char *text = NULL;
    size_t size = 0;
    (void)state;
    FILE *f = open_memstream(&text, &size);
    opt_help(&usage, f);
    fclose(f);
    assert_non_null(strstr(text, "Usage: odw load events [OPTION]… [FILE|-]\n"));
    assert_non_null(
        strstr(text, "  --count N                     How many events [default: 1000; ODW_LOAD_COUNT, [load] count]\n"));
    assert_non_null(strstr(text, "ODW_KAFKA_BROKERS, [kafka] brokers]"));
    assert_non_null(strstr(text, "  --mode fast|exact "));
    for (const struct opt *p = settings_shared; p->name != NULL; p++)
        assert_non_null(strstr(text, p->name));
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        size_t wide = 0;
        for (char *c = line; *c != '\0'; c++)
            wide += ((unsigned char)*c & 0xC0) != 0x80;
        if (wide > 100)
            fail_msg("%zu columns: %s", wide, line);
    }
    free(text);
    assert_int_equal(parse("--nonsense --version"), OPT_DONE);
}

static void reads_secrets(void **state)
{
    (void)state;
    put("secret", "pa ss\nsecond\n");
    err = ERR_INIT;
    char *secret = settings_secret("secret", &err);
    assert_string_equal(secret, "pa ss");
    free(secret);
    put("secret", "\n");
    assert_null(settings_secret("secret", &err));
    assert_string_equal(err.text, "secret: expected a secret on the first line, found none");
    err = ERR_INIT;
    assert_null(settings_secret("none", &err));
    assert_string_equal(err.text, "none: expected a file with a password: No such file or directory");
    char long_line[5000];
    memset(long_line, 'x', sizeof long_line);
    long_line[sizeof long_line - 1] = '\0';
    put("secret", long_line);
    err = ERR_INIT;
    assert_null(settings_secret("secret", &err));
    assert_string_equal(err.text, "secret: expected a first line shorter than 4096 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_the_command_line, clean),
        cmocka_unit_test_teardown(refuses_what_it_does_not_know, clean),
        cmocka_unit_test_teardown(takes_the_strongest_source, clean),
        cmocka_unit_test_teardown(names_file_and_line, clean),
        cmocka_unit_test_teardown(finds_root_and_state, clean),
        cmocka_unit_test_teardown(helps, clean),
        cmocka_unit_test_teardown(reads_secrets, clean),
    };
    /* A caller's own settings must not decide. */
    extern char **environ;
    for (size_t i = 0; environ[i] != NULL;) {
        char name[128];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(environ[i], "="), environ[i]);
        if (strncmp(name, "ODW_", 4) == 0)
            unsetenv(name);
        else
            i++;
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
