/* lib/contract/text: the rules for strings: length, pattern, format, choices, and our words for them. */
#include <stdio.h>

#include "contract/datetime.h"
#include "contract/format.h"
#include "contract/reader.h"
#include "log/level.h"

static size_t code_points(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

static bool check_length(struct reader *r, const struct node *node, struct str s, struct str raw)
{
    /* A code point takes one to four bytes: most texts needn't be counted. */
    if (s.n <= node->max_length && s.n / 4 >= node->min_length)
        return true;
    size_t n = code_points(s);
    if (n <= node->max_length && n >= node->min_length)
        return true;
    char why[64];
    snprintf(why, sizeof why, "%zu character%s", n, n == 1 ? "" : "s");
    if (n > node->max_length)
        violation_expected(r, raw, why, "at most %zu character%s", node->max_length, node->max_length == 1 ? "" : "s");
    else
        violation_expected(r, raw, why, "at least %zu character%s", node->min_length, node->min_length == 1 ? "" : "s");
    return false;
}

static bool check_pattern(struct reader *r, const struct node *node, struct str s, struct str raw)
{
    /* UTF-8 was checked while parsing, and NULs are fine. */
    int rc = pcre2_match(node->regex, (PCRE2_SPTR)(s.n > 0 ? s.p : ""), s.n, 0, PCRE2_NO_UTF_CHECK, r->match, r->match_context);
    if (rc >= 0)
        return true;
    if (rc == PCRE2_ERROR_NOMEMORY) {
        r->failed = true;
        return false;
    }
    violation_expected(r, raw, rc == PCRE2_ERROR_NOMATCH ? NULL : "the match went over its limit", "text that matches %.200s",
                       node->pattern);
    return false;
}

static bool check_format(struct reader *r, const struct node *node, struct str s, struct str raw, int64_t *time)
{
    char why[DATETIME_WHY];
    int32_t days;
    switch ((enum format)node->format) {
    case FORMAT_NONE:
        return true;
    case FORMAT_DATE_TIME:
        if (datetime_parse(s, time, why) < 0) {
            violation_expected(r, raw, why, "a date-time");
            return false;
        }
        if (node->windowed) {
            int64_t until;
            if (__builtin_add_overflow(r->appended_ms, r->c->window_ahead, &until))
                until = INT64_MAX;
            if (*time < r->c->window_from || *time > until) {
                char from[DATETIME_TEXT], to[DATETIME_TEXT];
                datetime_write(r->c->window_from, from);
                datetime_write(until > DATETIME_MAX ? DATETIME_MAX : until, to);
                violation_expected(r, raw, NULL, "a time from %s to %s (%s)", from, to, r->c->window_text);
                return false;
            }
        }
        if (node->typed && (*time < DATETIME_MIN || *time > DATETIME_MAX)) {
            violation_expected(r, raw, NULL, "a date-time in the years 1900 to 2299");
            return false;
        }
        return true;
    case FORMAT_DATE:
        if (date_parse(s, &days, why) < 0) {
            violation_expected(r, raw, why, "a date");
            return false;
        }
        if (node->typed && !date_fits(days)) {
            violation_expected(r, raw, NULL, "a date in the years 1900 to 2299");
            return false;
        }
        *time = days;
        return true;
    case FORMAT_TIME:
        if (time_check(s, why) < 0) {
            violation_expected(r, raw, why, "a time");
            return false;
        }
        return true;
    case FORMAT_UUID:
        if (format_uuid(s))
            return true;
        violation_expected(r, raw, NULL, "a UUID");
        return false;
    case FORMAT_EMAIL:
        if (format_email(s))
            return true;
        violation_expected(r, raw, NULL, "an e-mail address");
        return false;
    case FORMAT_IPV4:
        if (format_ipv4(s))
            return true;
        violation_expected(r, raw, NULL, "an IPv4 address");
        return false;
    case FORMAT_IPV6:
        if (format_ipv6(s))
            return true;
        violation_expected(r, raw, NULL, "an IPv6 address");
        return false;
    case FORMAT_URI:
        if (format_uri(s))
            return true;
        violation_expected(r, raw, NULL, "a URI");
        return false;
    }
    return true;
}

static bool is_choice(const struct node *node, struct str s)
{
    for (size_t i = 0; i < node->n_choices; i++)
        if (node->choices[i].type == T_STRING && str_eq(node->choices[i].text, s))
            return true;
    return false;
}

static bool check_all(struct reader *r, const struct node *node, struct str *value, struct str raw, int64_t *time)
{
    if (node->simulated.n > 0 && str_starts(*value, node->simulated))
        r->simulated = true;
    if (node->normalise) {
        const char *level = level_normalise(*value);
        if (level == NULL) {
            violation_expected(r, raw, NULL, "a log level");
            return false;
        }
        *value = str_of(level);
    }
    if (node->n_choices > 0 && !is_choice(node, *value)) {
        violation_choices(r, node, raw);
        return false;
    }
    return check_length(r, node, *value, raw) && (node->regex == NULL || check_pattern(r, node, *value, raw)) &&
           check_format(r, node, *value, raw, time);
}

bool text_check(struct reader *r, const struct node *node, struct str *value, struct str raw, int64_t *time)
{
    uint8_t personal = r->personal;
    r->personal = quoting_of(node, personal);
    bool good = check_all(r, node, value, raw, time);
    r->personal = personal;
    return good;
}
