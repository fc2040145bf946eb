/* bench/pii: MB/s of redaction on generated lines, beside PCRE2-JIT with a pattern per type, in one run. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pii/policy.h"

enum { PATTERNS = 7, ROUNDS = 5 };

/* What people write for these types. PCRE2 gives spans; a checksum would still have to follow. */
static const char *const patterns[PATTERNS] = {
    "[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}",
    "(?<!\\w)(?:\\+\\d{1,3}[ .-]?)?(?:\\(\\d{3}\\)|\\d{3})[ .-]?\\d{3}[ .-]?\\d{4}(?!\\w)",
    "\\b(?:\\d[ -]?){12,18}\\d\\b",
    "\\b[A-Z]{2}\\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\\b",
    "\\b(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\b",
    "(?<![\\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![\\w:])",
    "\\b(?!000|666|9)\\d{3}-(?!00)\\d{2}-(?!0000)\\d{4}\\b",
};

struct lines {
    char *p;
    size_t n, max, count;
    size_t *end; /* of each line */
};

static uint64_t state = 42;

static unsigned below(unsigned n)
{
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)((state >> 33) % n);
}

static const char *hit(char *out, size_t size)
{
    static const char *const fixed[] = { "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "378282246310005",
                                         "GB29NWBK60161331926819", "2001:db8:85a3::8a2e:370:7334" };
    switch (below(6)) {
    case 0:
    case 1:
        snprintf(out, size, "user%u.name@mail%u.example.com", below(1000), below(50));
        break;
    case 2:
        snprintf(out, size, "203.0.%u.%u", below(256), below(256));
        break;
    case 3:
        snprintf(out, size, "+1 415 555 %04u", below(10000));
        break;
    case 4:
        snprintf(out, size, "%03u-%02u-%04u", 100 + below(500), 1 + below(99), 1 + below(9999));
        break;
    default:
        return fixed[below(5)];
    }
    return out;
}

/* Lines as ClickHouse, Kafka and nginx write them; percent of them hold one piece of personal data. */
static int log_line(char *out, size_t size, unsigned percent)
{
    char room[64];
    const char *who = below(100) < percent ? hit(room, sizeof room) : "-";
    unsigned s = below(60), ms = below(1000);
    switch (below(4)) {
    case 0:
        return snprintf(
            out, size,
            "2026.11.23 12:%02u:%02u.%06u [ %u ] {6f2b958e-%04x-4716-a446-%012x} <Debug> executeQuery: read %u rows, %u.%02u "
            "MiB in 0.%06u sec., user %s",
            below(60), s, below(1000000), 100000 + below(900000), below(65536), below(1u << 31), below(100000000), below(900),
            below(100), below(1000000), who);
    case 1:
        return snprintf(
            out, size,
            "[2026-11-23 12:%02u:%02u,%03u] INFO [GroupCoordinator 1]: Member consumer-%u-%08x in group odw_events has left, "
            "removing from offset %u (%s) (kafka.coordinator.group.GroupCoordinator)",
            below(60), s, ms, below(90), below(1u << 31), below(100000000), who);
    case 2:
        return snprintf(
            out, size,
            "%s - - [23/Nov/2026:12:%02u:%02u +0000] \"GET /api/events?cursor=%08x%08x&limit=100 HTTP/1.1\" 200 %u \"-\" "
            "\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36\"",
            who, below(60), s, below(1u << 31), below(1u << 31), below(100000));
    default:
        return snprintf(out, size,
                        "2026-11-23T12:%02u:%02u.%03uZ WARN worker-%u: request 550e8400-e29b-41d4-a716-%012x of %s took %u ms",
                        below(60), s, ms, below(16), below(1u << 31), who, below(5000));
    }
}

static int properties(char *out, size_t size, unsigned percent)
{
    char room[64];
    const char *who = below(100) < percent ? hit(room, sizeof room) : "free";
    return snprintf(
        out, size,
        "{\"$browser\":\"Chrome\",\"$browser_version\":%u,\"$screen_height\":1080,\"$current_url\":\"https://app.example.com/"
        "project/%u?tab=%u\",\"plan\":\"%s\",\"duration_ms\":%u,\"tags\":[\"a\",\"b%u\"],\"ab\":true}",
        100 + below(30), below(100000), below(9), who, below(100000), below(99));
}

static void make(struct lines *lines, int (*line)(char *, size_t, unsigned), unsigned percent)
{
    lines->n = lines->count = 0;
    while (lines->n + 1024 < lines->max) {
        lines->n += (size_t)line(lines->p + lines->n, 1024, percent);
        lines->end[lines->count++] = lines->n;
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double ours(const struct lines *lines, size_t (*redact)(struct str, struct buf *), size_t *found)
{
    struct buf out;
    double best = 1e9;
    buf_init(&out, 0);
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        size_t from = 0;
        *found = 0;
        for (size_t i = 0; i < lines->count; i++) {
            buf_clear(&out);
            *found += redact((struct str){ lines->p + from, lines->end[i] - from }, &out);
            from = lines->end[i];
        }
        double took = now() - start;
        best = took < best ? took : best;
    }
    buf_fini(&out);
    return best;
}

static double theirs(const struct lines *lines, pcre2_code *const *code, pcre2_match_data *data, size_t *found)
{
    double start = now();
    size_t from = 0;
    *found = 0;
    for (size_t i = 0; i < lines->count; i++) {
        size_t n = lines->end[i] - from;
        for (int k = 0; k < PATTERNS; k++) {
            size_t at = 0;
            while (at < n && pcre2_jit_match(code[k], (PCRE2_SPTR)lines->p + from, n, at, 0, data, NULL) > 0) {
                size_t end = pcre2_get_ovector_pointer(data)[1];
                at = end > at ? end : at + 1;
                ++*found;
            }
        }
        from = lines->end[i];
    }
    return now() - start;
}

/* The family, as each function of ClickHouse's does its row. */
static struct pii_spans spans;
static const struct pii_policy *policy;
static const struct hmac_key *key;

static size_t contains(struct str text, struct buf *out)
{
    (void)out;
    return pii_contains(text);
}

static size_t detect(struct str text, struct buf *out)
{
    (void)out;
    pii_find(text, pii_set_all(), &spans);
    return spans.n;
}

static size_t redact_with(struct str text, struct buf *out)
{
    return (size_t)pii_redact_with(policy, text, out);
}

static size_t redact_json_with(struct str text, struct buf *out)
{
    return (size_t)pii_redact_json_with(policy, text, out);
}

static size_t tokenise(struct str text, struct buf *out)
{
    return pii_tokenise(key, text, out);
}

static int family(struct lines *lines)
{
    static const struct {
        const char *name, *policy;
        bool json;
        size_t (*call)(struct str, struct buf *);
    } calls[] = {
        { "piiRedact", NULL, false, pii_redact },
        { "piiContains", NULL, false, contains },
        { "piiDetect", NULL, false, detect },
        { "piiRedactWith, default", "default", false, redact_with },
        { "piiRedactWith, support", "support", false, redact_with },
        { "piiRedactWith, strict", "strict", false, redact_with },
        { "piiTokenize", NULL, false, tokenise },
        { "piiRedactJSON", NULL, true, pii_redact_json },
        { "piiRedactJSONWith, support", "support", true, redact_json_with },
    };
    struct err err = ERR_INIT;
    struct pii_policies *policies = pii_policies_load(ODW_SOURCE_DIR "/udfs/pii_redact_with/share/policies", &err);
    if (policies == NULL || (key = pii_key(policies, STR("not-secret"), &err)) == NULL)
        return fprintf(stderr, "%s\n", err.text), -1;
    pii_spans_init(&spans);
    printf("\n%-26s %14s %14s %14s\n", "MB/s, lines with one", "none", "2 %", "60 %");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (calls[i].policy != NULL && (policy = pii_policy(policies, str_of(calls[i].policy), &err)) == NULL)
            return fprintf(stderr, "%s\n", err.text), -1;
        printf("%-26s", calls[i].name);
        for (unsigned percent = 0, k = 0; k < 3; percent = k++ == 0 ? 2 : 60) {
            size_t found;
            make(lines, calls[i].json ? properties : log_line, percent);
            printf(" %14.0f", (double)lines->n / 1e6 / ours(lines, calls[i].call, &found));
        }
        puts("");
    }
    pii_spans_fini(&spans);
    pii_policies_free(policies);
    return 0;
}

int main(int argc, char **argv)
{
    struct lines lines = { .max = (size_t)(argc > 1 ? atoi(argv[1]) : 16) << 20 };
    lines.p = malloc(lines.max + 1);
    lines.end = malloc((lines.max / 16 + 1) * sizeof *lines.end);
    pcre2_code *code[PATTERNS];
    for (int k = 0; k < PATTERNS; k++) {
        int error;
        size_t at;
        code[k] = pcre2_compile((PCRE2_SPTR)patterns[k], PCRE2_ZERO_TERMINATED, 0, &error, &at, NULL);
        if (code[k] == NULL || pcre2_jit_compile(code[k], PCRE2_JIT_COMPLETE) != 0) {
            fprintf(stderr, "pattern %d: error %d at %zu\n", k, error, at);
            return 1;
        }
    }
    pcre2_match_data *data = pcre2_match_data_create(8, NULL);
    static const struct {
        const char *name;
        int (*line)(char *, size_t, unsigned);
        unsigned percent;
        size_t (*redact)(struct str, struct buf *);
    } cases[] = {
        { "logs, clean", log_line, 0, pii_redact },
        { "logs, 2 % with one", log_line, 2, pii_redact },
        { "logs, 60 % with one", log_line, 60, pii_redact },
        { "JSON properties, 10 %", properties, 10, pii_redact_json },
        { "JSON properties, 60 %", properties, 60, pii_redact_json },
    };
    printf("%-24s %9s %9s %10s %9s %9s %7s\n", "lines", "bytes", "MB/s", "found", "PCRE2", "found", "ratio");
    for (size_t i = 0; i < sizeof cases / sizeof *cases + (argc > 2); i++) {
        size_t mine = 0, regex = 0;
        bool file = i == sizeof cases / sizeof *cases;
        size_t (*redact)(struct str, struct buf *) = file ? pii_redact : cases[i].redact;
        if (!file) {
            make(&lines, cases[i].line, cases[i].percent);
        } else {
            FILE *f = fopen(argv[2], "re");
            if (f == NULL) {
                perror(argv[2]);
                return 1;
            }
            lines.n = lines.count = 0;
            while (lines.n + 65536 < lines.max && lines.count < lines.max / 16 && fgets(lines.p + lines.n, 65536, f) != NULL) {
                lines.n += strlen(lines.p + lines.n);
                lines.end[lines.count++] = lines.n;
            }
            fclose(f);
        }
        double a = ours(&lines, redact, &mine), b = theirs(&lines, code, data, &regex), mb = (double)lines.n / 1e6;
        printf("%-24s %9zu %9.0f %10zu %9.0f %9zu %6.1fx\n", file ? argv[2] : cases[i].name, lines.n / (lines.count + !lines.count),
               mb / a, mine, mb / b, regex, b / a);
    }
    int done = family(&lines);
    pcre2_match_data_free(data);
    for (int k = 0; k < PATTERNS; k++)
        pcre2_code_free(code[k]);
    free(lines.p);
    free(lines.end);
    return done < 0;
}
