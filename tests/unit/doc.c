/* tests/unit/doc: what a document's processes may do, how text is made fit, charsets, mail's encodings. The kinds of
 * files: documents.kinds. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "doc/charset.h"
#include "doc/css.h"
#include "doc/mime.h"
#include "doc/parts.h"
#include "doc/process.h"

static struct doc_limits limits;

static int set_limits(void **state)
{
    (void)state;
    limits = doc_limits_default;
    limits.cpu_s = 1;
    limits.memory_bytes = 64 << 20;
    limits.deadline_ms = 60000;
    limits.text_bytes = 1 << 20;
    return 0;
}

/* ---- what a process may do ---- */

enum attempt { OPEN_PASSWORDS, OPEN_LIBRARIES, CONNECT, WRITE_FILE, RUN, FORK, CRASH, LOOP, EAT, TALK, SLEEP };

static void say(int out, const char *text)
{
    ssize_t n = write(out, text, strlen(text));
    (void)n;
}

static void attempt(void *context, int out)
{
    static volatile unsigned sink;
    switch (*(enum attempt *)context) {
    case OPEN_PASSWORDS:
        say(out, open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? "refused" : "open");
        break;
    case OPEN_LIBRARIES:
        say(out, open("/usr/lib", O_RDONLY | O_CLOEXEC) < 0 ? "refused" : "open");
        break;
    case CONNECT:
        say(out, socket(AF_INET, SOCK_STREAM, 0) < 0 ? "refused" : "open");
        break;
    case WRITE_FILE:
        say(out, open("/dev/null", O_WRONLY | O_CLOEXEC) < 0 ? "refused" : "open");
        break;
    case RUN:
        execl("/bin/true", "true", (char *)NULL);
        say(out, "refused");
        break;
    case FORK:
        say(out, fork() < 0 ? "refused" : "open");
        break;
    case CRASH:
        signal(SIGSEGV, SIG_DFL); /* cmocka has a handler */
        raise(SIGSEGV);
        break;
    case LOOP:
        for (;;)
            sink++;
    case EAT:
        for (int i = 0; i < 1000; i++) {
            char *p = malloc(1 << 20);
            if (p == NULL)
                say(out, "no memory");
            if (p == NULL)
                break;
            memset(p, 1, 1 << 20);
            sink += (unsigned char)p[sink & 1023];
        }
        break;
    case TALK:
        for (int i = 0; i < 100000; i++)
            say(out, "0123456789");
        break;
    case SLEEP:
        pause();
    }
}

static struct outcome try(enum attempt what, const char *says, int64_t deadline_ms)
{
    struct outcome o;
    struct buf out;
    buf_init(&out, 10000);
    process_work(&limits, monotonic_ms() + deadline_ms, attempt, &what, &out, &o);
    if (says != NULL)
        assert_string_equal(buf_text(&out), says);
    buf_fini(&out);
    return o;
}

static void confines(void **state)
{
    (void)state;
    if (!process_is_confined())
        skip();
    assert_true(try(OPEN_LIBRARIES, "open", 60000).well);
    assert_true(try(FORK, "refused", 60000).well);
    for (enum attempt what = CONNECT; what <= RUN; what++) {
        struct outcome o = try(what, "", 60000);
        assert_false(o.well);
        assert_non_null(strstr(o.why, "signal 31"));
    }
    assert_true(try(EAT, "no memory", 60000).well);
    struct outcome o = try(LOOP, "", 60000);
    assert_non_null(strstr(o.why, "took more than 1 s of computing"));
}

/* Where the kernel has landlock. */
static void reads_no_other_files(void **state)
{
    (void)state;
    if (!process_is_confined())
        skip();
    FILE *f = fopen("/proc/sys/kernel/osrelease", "r");
    int major = 0, minor = 0;
    if (f == NULL || fscanf(f, "%d.%d", &major, &minor) != 2 || major * 100 + minor < 513)
        major = 0;
    if (f != NULL)
        fclose(f);
    if (major == 0)
        skip();
    assert_true(try(OPEN_PASSWORDS, "refused", 60000).well);
}

static void says_how_it_ended(void **state)
{
    (void)state;
    assert_non_null(strstr(try(CRASH, "", 60000).why, "crashed (signal 11)"));
    assert_string_equal(try(TALK, NULL, 60000).why, "gave more than it may");
    assert_string_equal(try(SLEEP, "", 100).why, "took longer than it may");
}

static void runs_programs(void **state)
{
    (void)state;
    struct outcome o;
    struct buf out;
    buf_init(&out, 1000);
    const char *const copy[] = { "cat", PROCESS_INPUT, "-", NULL };
    process_program(&limits, monotonic_ms() + 60000, copy, STR("input"), &out, &o);
    assert_true(o.well);
    assert_string_equal(buf_text(&out), "inputinput");
    buf_clear(&out);
    const char *const environment[] = { "env", NULL };
    setenv("A_SECRET", "x", 1);
    process_program(&limits, monotonic_ms() + 60000, environment, STR(""), &out, &o);
    assert_true(o.well);
    assert_null(strstr(buf_text(&out), "A_SECRET"));
    const char *const none[] = { "no-such-program", NULL };
    process_program(&limits, monotonic_ms() + 60000, none, STR(""), &out, &o);
    assert_false(o.well);
    assert_string_equal(o.why, "no-such-program is not installed");
    assert_true(process_can_run("cat"));
    assert_false(process_can_run("no-such-program"));
    const char *const fails[] = { "cat", "/no/such/file", NULL };
    process_program(&limits, monotonic_ms() + 60000, fails, STR(""), &out, &o);
    assert_int_equal(o.exit_code, 1);
    assert_non_null(strstr(o.said, "/no/such/file"));
    /* One that would write (fontconfig its cache) can't, and goes on. */
    const char *const writes[] = { "sh", "-c", "echo x 2>&- >/dev/null || echo refused", NULL };
    buf_clear(&out);
    process_program(&limits, monotonic_ms() + 60000, writes, STR(""), &out, &o);
    if (process_is_confined())
        assert_string_equal(buf_text(&out), "refused\n");
    buf_fini(&out);
}

/* ---- text ---- */

static void tidied(const char *text, enum tidy how, const char *expected)
{
    struct buf out;
    buf_init(&out, 0);
    tidy(str_of(text), how, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_fini(&out);
}

static void tidies(void **state)
{
    (void)state;
    tidied("a\r\nb\rc\x01\x7F\xC2\x85\xC2\xAD\xFF  d \n\n\n", TIDY_VERBATIM, "a\nb\nc\xEF\xBF\xBD  d \n\n\n");
    tidied(" \n a   b \n\n\n\nc\t\td  \n", TIDY_FLOW, "a b\n\nc\t\td");
    tidied("   a    b c\n", TIDY_LAYOUT, "a  b c");
    tidied("", TIDY_FLOW, "");
}

static void decoded(struct str bytes, const char *declared, const char *expected)
{
    struct buf out;
    buf_init(&out, 0);
    charset_decode(bytes, str_of(declared), &out);
    assert_string_equal(buf_text(&out), expected);
    buf_fini(&out);
}

static void decodes(void **state)
{
    (void)state;
    decoded(STR("\xEF\xBB\xBF\xC3\xBC"), "iso-8859-1", "ü"); /* a mark counts more than what is declared */
    decoded(STR("\xFC"), "ISO-8859-1", "ü");
    decoded(STR("\x80"), "iso-8859-1", "€"); /* windows-1252, as on the web */
    decoded(STR("\xC3\xBC"), "iso-8859-1", "ü");
    decoded(STR("\x82\xA0"), "Shift_JIS", "あ");
    decoded(STR("\xFF\xFE"
                "a\0"),
            "", "a");
    decoded(STR("a\0b\0c\0d\0e\0f\0"), "", "abcdef");
    decoded(STR("\0a\0b\0c\0d\0e\0f"), "", "abcdef");
    decoded(STR("abc\xC3"), "utf-8", "abc\xC3"); /* cut within its last character: tidy says so */
    decoded(STR("x"), "no-such-charset", "x");
    decoded(STR("x"), "utf-8//IGNORE", "x");
    assert_true(str_eq(charset_parameter(STR("text/html; a=b; Charset=\"utf-8\""), "charset"), STR("utf-8")));
    assert_true(str_eq(charset_in_markup(STR("<meta charset=koi8-r>")), STR("koi8-r")));
    assert_true(str_eq(charset_in_markup(STR("<?xml version='1.0' encoding='euc-jp'?>")), STR("euc-jp")));
    assert_int_equal(charset_in_markup(STR("no markup: charset=x")).n, 0);
}

static void words(const char *text, const char *expected)
{
    struct buf out;
    buf_init(&out, 0);
    mime_words(str_of(text), &out);
    assert_string_equal(buf_text(&out), expected);
    buf_fini(&out);
}

static void parameter(const char *value, const char *expected)
{
    struct buf out;
    buf_init(&out, 0);
    mime_parameter(str_of(value), "filename", &out);
    assert_string_equal(buf_text(&out), expected);
    buf_fini(&out);
}

/* The examples of RFC 2047, 8, and RFC 2231, 4.1. */
static void reads_mail(void **state)
{
    (void)state;
    words("(=?ISO-8859-1?Q?a?=)", "(a)");
    words("(=?ISO-8859-1?Q?a?= b)", "(a b)");
    words("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)");
    words("(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)");
    words("(=?ISO-8859-1?Q?a_b?=)", "(a b)");
    words("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
          "If you can read this you understand the example.");
    words("=?not a word?= a=b =?x", "=?not a word?= a=b =?x");
    parameter("attachment; filename=plain.txt", "plain.txt");
    parameter("attachment; filename=\"a; b.txt\"; x=y", "a; b.txt");
    parameter("attachment; filename*0*=us-ascii'en'This%20is%20even%20more%20; filename*1*=%2A%2A%2Afun%2A%2A%2A%20; "
              "filename*2=\"isn't it!\"",
              "This is even more ***fun*** isn't it!");
    parameter("attachment; filename=old; filename*=utf-8''%e2%82%ac", "€");
    assert_true(str_eq(mime_field(STR("A: 1\r\nSubject: one\r\n two\r\nSubject: three"), "subject"), STR("one\r\n two")));
}

static void keeps_to_limits(void **state)
{
    struct parts p;
    struct part part;
    (void)state;
    limits.pages = 2;
    assert_int_equal(parts_init(&p, &limits), 0);
    buf_puts(&p.page, "one");
    assert_int_equal(parts_page(&p, TIDY_FLOW), 0);
    assert_int_equal(parts_page(&p, TIDY_FLOW), 0);
    assert_int_equal(parts_page(&p, TIDY_FLOW), -1);
    struct str rest = buf_str(&p.out); /* the error alone is left */
    assert_int_equal(parts_next(&rest, &part), 1);
    assert_int_equal(part.kind, PART_ERROR);
    assert_true(str_eq(part.bytes, STR("the document has more than 2 pages")));
    assert_int_equal(parts_next(&rest, &part), 0);
    rest = STR("P\xFF\xFF\xFF\xFFx"); /* a length that isn't there */
    assert_int_equal(parts_next(&rest, &part), -1);
    parts_fini(&p);
}

/* ---- style sheets ---- */

static unsigned below(unsigned n)
{
    static uint64_t state = 7;
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)(state >> 33) % n;
}

/* Of all selectors together what any of them says by itself. */
static void styles(void **state)
{
    enum { RULES = 300, ELEMENTS = 2000 };
    static const char *const names[] = { "p", "P", "div", "span", "Em" };
    static struct css all, one[RULES];
    struct buf rule;
    size_t hidden = 0;
    (void)state;
    css_init(&all);
    buf_init(&rule, 0);
    for (unsigned i = 0; i < RULES; i++) {
        buf_clear(&rule);
        if (i == 0 || below(2) == 0)
            buf_puts(&rule, i == 0 ? "eM" : names[below(4)]);
        for (unsigned k = i == 0 ? 0 : 1 + below(3); k > 0; k--)
            buf_printf(&rule, below(4) == 0 ? "#i%u" : ".c%u", below(40));
        buf_puts(&rule, "{display:none}");
        css_init(&one[i]);
        css_put(&one[i], buf_str(&rule));
        css_put(&all, buf_str(&rule));
    }
    for (unsigned i = 0; i < ELEMENTS; i++) {
        char id[16] = "", classes[64];
        const char *name = names[below(5)];
        bool expected = false;
        if (below(2) == 0)
            snprintf(id, sizeof id, "i%u", below(40));
        snprintf(classes, sizeof classes, " c%u\tC%u c%u ", below(90), below(40), below(90));
        for (unsigned k = 0; k < RULES; k++)
            expected |= css_hides(&one[k], name, id, classes);
        assert_int_equal(css_hides(&all, name, id, classes), expected);
        hidden += expected;
    }
    assert_in_range(hidden, ELEMENTS / 10, ELEMENTS * 9 / 10);
    for (unsigned i = 0; i < RULES; i++)
        css_fini(&one[i]);
    css_fini(&all);
    buf_fini(&rule);
}

/* Twice as many rules are no more work for an element, nor are those that have a class in common. */
static void styles_are_looked_up(void **state)
{
    enum { RULES = 10000, ELEMENTS = 1000 };
    static struct css c;
    struct buf rule;
    (void)state;
    css_init(&c);
    buf_init(&rule, 0);
    for (unsigned i = 0; i < RULES; i++) {
        buf_clear(&rule);
        buf_printf(&rule, i % 2 == 0 ? "p.c%u{display:none}" : "p.button.c%u{display:none}", i);
        css_put(&c, buf_str(&rule));
    }
    for (unsigned i = 0; i < ELEMENTS; i++) {
        char classes[32];
        snprintf(classes, sizeof classes, "x%u button c%u", i, i * 10 + i % 2);
        assert_false(css_hides(&c, "div", "", classes));
        assert_true(css_hides(&c, "p", "", classes));
    }
    assert_in_range(c.tried, 2 * ELEMENTS, 100 * ELEMENTS);
    css_fini(&c);
    buf_fini(&rule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(confines, set_limits),
        cmocka_unit_test_setup(reads_no_other_files, set_limits),
        cmocka_unit_test_setup(says_how_it_ended, set_limits),
        cmocka_unit_test_setup(runs_programs, set_limits),
        cmocka_unit_test(tidies),
        cmocka_unit_test(decodes),
        cmocka_unit_test(reads_mail),
        cmocka_unit_test(styles),
        cmocka_unit_test(styles_are_looked_up),
        cmocka_unit_test_setup(keeps_to_limits, set_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
