/* cli/sample_text: templates and dates of made-up documents. */
#include <stdio.h>

#include "base/calendar.h"
#include "cli/sample.h"

static const char *value_of(const char *const *pairs, struct str word)
{
    for (; *pairs != NULL; pairs += 2)
        if (str_eq(str_of(pairs[0]), word))
            return pairs[1];
    return NULL;
}

static bool all_known(struct str part, const char *const *pairs)
{
    while (part.n > 0) {
        str_cut(&part, '{');
        if (part.n > 0 && value_of(pairs, str_cut(&part, '}')) == NULL)
            return false;
    }
    return true;
}

static void fill(struct buf *out, struct str part, const char *const *pairs)
{
    while (part.n > 0) {
        buf_put_str(out, str_cut(&part, '{'));
        const char *value = part.n > 0 ? value_of(pairs, str_cut(&part, '}')) : NULL;
        buf_puts(out, value != NULL ? value : "");
    }
}

/* Lines that are too long go on in the next, at a space. */
static void wrap(struct buf *out, struct str text)
{
    while (text.n > 0) {
        struct str line = str_cut(&text, '\n');
        while (line.n > SAMPLE_COLUMNS) {
            size_t at = SAMPLE_COLUMNS;
            while (at > 0 && line.p[at] != ' ')
                at--;
            if (at == 0)
                break;
            buf_put(out, line.p, at);
            buf_putc(out, '\n');
            line.p += at + 1, line.n -= at + 1;
        }
        buf_put_str(out, line);
        buf_putc(out, '\n');
    }
}

void sample_fill(struct buf *out, const char *template, const char *const *pairs)
{
    struct buf filled;
    struct str rest = str_of(template);
    buf_init(&filled, SAMPLE_TEXT_MAX);
    while (rest.n > 0) {
        fill(&filled, str_cut(&rest, '['), pairs);
        struct str optional = rest.n > 0 ? str_cut(&rest, ']') : STR("");
        if (all_known(optional, pairs))
            fill(&filled, optional, pairs);
    }
    wrap(out, buf_str(&filled));
    out->failed = out->failed || filled.failed;
    buf_fini(&filled);
}

void sample_put_date(struct buf *out, int64_t days, int minute, int format)
{
    static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December" };
    static const char *const weekdays[] = { "Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday" };
    char day[64], time[32] = "";

    int year, month, d;
    calendar_date(days, &year, &month, &d);
    const char *name = months[month - 1], *weekday = weekdays[days % 7];
    const char *suffix = d % 10 == 1 && d != 11 ? "st" : d % 10 == 2 && d != 12 ? "nd" : d % 10 == 3 && d != 13 ? "rd" : "th";
    int hour = minute / 60, past = minute % 60, twelve = hour % 12 == 0 ? 12 : hour % 12;
    bool us = false;
    switch (format % SAMPLE_DATE_FORMATS) {
    case 0:
        us = true, snprintf(day, sizeof day, "%s %d, %d", name, d, year);
        break;
    case 1:
        snprintf(day, sizeof day, "%d %s %d", d, name, year);
        break;
    case 2:
        snprintf(day, sizeof day, "%d-%02d-%02d", year, month, d);
        break;
    case 3:
        us = true, snprintf(day, sizeof day, "%s, %s %d%s, %d", weekday, name, d, suffix, year);
        break;
    case 4:
        snprintf(day, sizeof day, "%02d.%02d.%d", d, month, year);
        break;
    case 5:
        us = true, snprintf(day, sizeof day, "%.3s %d, %d", name, d, year);
        break;
    case 6:
        snprintf(day, sizeof day, "%s %d %s %d", weekday, d, name, year);
        break;
    default:
        us = true, snprintf(day, sizeof day, "%02d/%02d/%d", month, d > 12 ? d : d + 12, year);
        break;
    }
    if (minute >= 0 && us)
        snprintf(time, sizeof time, " at %d:%02d %s", twelve, past, hour < 12 ? "AM" : "PM");
    else if (minute >= 0)
        snprintf(time, sizeof time, format % 2 == 0 ? " %02d:%02d" : ", %02d:%02d", hour, past);
    buf_printf(out, "%s%s", day, time);
}
