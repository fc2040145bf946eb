/* lib/log/continues: which lines go on what was begun before them. */
#include "log/shape.h"

static bool starts(struct str s, const char *z)
{
    return str_starts(s, str_of(z));
}

/* "com.foo.BarException: …", "java.lang.Error": a class that says it is one, alone or with a message. */
static bool is_exception(struct str line)
{
    size_t i = 0, dots = 0;
    while (i < line.n && i < 200 && (is_alpha(line.p[i]) || is_digit(line.p[i]) || strchr("._$", line.p[i]) != NULL))
        dots += line.p[i++] == '.';
    struct str name = str_head(line, i);
    if (i == 0 || (i < line.n && line.p[i] != ':'))
        return false;
    return (dots > 0 && (str_ends(name, STR("Exception")) || str_ends(name, STR("Error")) || str_ends(name, STR("Throwable")))) ||
           (i < line.n && (str_ends(name, STR("Error")) || str_ends(name, STR("Exception")) || str_ends(name, STR("Interrupt"))) &&
            name.n > 5 && name.p[0] >= 'A' && name.p[0] <= 'Z');
}

bool logline_continues(struct str line)
{
    if (line.n == 0)
        return false;
    switch (line.p[0]) {
    case ' ':
    case '\t':
        return true;
    case '}':
    case ')':
        return line.n <= 3;
    case 'C':
        return starts(line, "Caused by: ");
    case 'S':
        if (starts(line, "Suppressed: "))
            return true;
        break;
    case 'T':
        return starts(line, "Traceback (most recent call last)") || starts(line, "The above exception was the direct cause") ||
               is_exception(line);
    case 'D':
        if (starts(line, "During handling of the above exception"))
            return true;
        break;
    case 'g':
        if (starts(line, "goroutine ") && memchr(line.p, '[', line.n < 40 ? line.n : 40) != NULL)
            return true;
        break;
    case 'c':
        if (starts(line, "created by "))
            return true;
        break;
    case '[':
        return starts(line, "[signal ");
    case '-':
        return starts(line, "--- End of ");
    case '.':
        return starts(line, "... ") && line.n < 40;
    default:
        break;
    }
    if (is_exception(line))
        return true;
    /* Go's frames: "main.f(0x1, …)", "net/http.(*conn).serve(…)", "main.main()". */
    if (is_alpha(line.p[0]) && line.p[line.n - 1] == ')') {
        size_t i = 0;
        while (i < line.n && (is_alpha(line.p[i]) || is_digit(line.p[i]) || strchr("._/-*()", line.p[i]) != NULL) &&
               line.p[i] != '\0')
            i++;
        const char *open = memrchr(line.p, '(', line.n);
        return open != NULL && memchr(line.p, '.', line.n) != NULL &&
               (i == line.n || starts(str_from(line, (size_t)(open - line.p)), "(0x") ||
                starts(str_from(line, (size_t)(open - line.p)), "({")) &&
               memchr(line.p, ' ', (size_t)(open - line.p)) == NULL;
    }
    return false;
}

bool logline_expects_more(struct str line)
{
    int64_t ms;
    bool known;
    if (line.n < 6)
        return false;
    if (line.p[line.n - 1] == ']' && line.p[4] == ':') { /* .NET: "info: Category[14]" */
        static const char *const words[] = { "info", "warn", "fail", "crit", "dbug", "trce" };
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (starts(line, words[i]))
                return true;
    }
    /* java.util.logging: "Nov 25, 2026 10:00:00 AM class method". */
    if (!is_alpha(line.p[0]) || line.n < 24 || line.p[3] != ' ')
        return false;
    size_t n = log_time_read(line, 0, &ms, &known);
    if (n < 20 || (line.p[n - 1] | 0x20) != 'm')
        return false;
    struct str rest = trim_left(str_from(line, n)), class = str_cut(&rest, ' ');
    return class.n > 0 && rest.n > 0 && memchr(rest.p, ' ', rest.n) == NULL;
}
