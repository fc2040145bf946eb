/* cli/progress: a line on the terminal for what takes over two seconds. */
#include "cli/progress.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { SILENT_MS = 2000, DRAW_EVERY_MS = 100, WIDTH_MAX = 512 };

char *progress_count(char *out, int64_t n)
{
    char plain[24];
    int len = snprintf(plain, sizeof plain, "%lld", (long long)n), at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0 && plain[i - 1] != '-')
            out[at++] = ',';
        out[at++] = plain[i];
    }
    out[at] = '\0';
    return out;
}

void progress_init(struct progress *p, const char *what, const char *unit, int64_t total)
{
    const char *term = getenv("TERM");
    *p = (struct progress){
        .what = what,
        .unit = unit,
        .total = total,
        .started_ms = monotonic_ms(),
        .terminal = isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0,
    };
}

static int columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
        return 80;
    return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

static void duration(char *out, size_t max, int64_t s)
{
    if (s < 60)
        snprintf(out, max, "%lld s", (long long)s);
    else if (s < 3600)
        snprintf(out, max, "%lld:%02lld min", (long long)(s / 60), (long long)(s % 60));
    else
        snprintf(out, max, "%lld:%02lld h", (long long)(s / 3600), (long long)(s / 60 % 60));
}

static void draw(struct progress *p, int64_t done, int64_t now)
{
    char count[32], total[32], rate[32], left[48] = "", text[WIDTH_MAX];
    int64_t took = now - p->started_ms;
    int64_t per_second = took > 0 ? (int64_t)((double)done * 1000 / (double)took) : 0;
    progress_count(rate, per_second);
    progress_count(count, done);
    bool bar = p->total > 0;
    if (p->note[0] != '\0')
        snprintf(left, sizeof left, "%s", p->note);
    else if (bar && per_second > 0 && done < p->total)
        duration(left, sizeof left, (p->total - done + per_second - 1) / per_second);
    else
        duration(left, sizeof left, took / 1000);

    int width = columns() - 1, n;
    if (bar) {
        double share = done >= p->total ? 1 : (double)done / (double)p->total;
        char cells[21];
        for (int i = 0; i < 20; i++)
            cells[i] = share * 20 >= i + 1 ? '#' : '.';
        cells[20] = '\0';
        n = snprintf(text, sizeof text, "%s [%s] %3d%%  %s of %s %s  %s/s  %s", p->what, cells, (int)(share * 100), count,
                     progress_count(total, p->total), p->unit, rate, left);
    } else {
        n = snprintf(text, sizeof text, "%s  %s %s  %s/s  %s", p->what, count, p->unit, rate, left);
    }
    if (n > (int)sizeof text - 1)
        n = (int)sizeof text - 1;
    fprintf(stderr, "\r%.*s\033[K", n < width ? n : width, text);
    fflush(stderr);
    p->shown = true;
}

void progress_set(struct progress *p, int64_t done)
{
    if (!p->terminal)
        return;
    int64_t now = monotonic_ms();
    if (now - p->started_ms < SILENT_MS || now - p->drawn_ms < DRAW_EVERY_MS)
        return;
    p->drawn_ms = now;
    draw(p, done, now);
}

void progress_note(struct progress *p, const char *note)
{
    snprintf(p->note, sizeof p->note, "%s", note != NULL ? note : "");
}

void progress_clear(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    fflush(stderr);
    p->shown = false;
}
