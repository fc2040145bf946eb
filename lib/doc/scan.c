/* lib/doc/scan: pages of a PDF that are pictures: rendered, made upright, read by OCR, several at a time. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doc/process.h"
#include "doc/reading.h"

enum {
    DPI = 300,
    POINTS_PER_INCH = 72,
    MOST = 64, /* at a time */
};
static const double PIXELS = 20e6; /* of a rendered page; a large sheet is rendered coarser */

struct rendered {
    struct str picture;
    const struct doc_limits *limits;
};

/* In the sandbox: a rendered page made upright. */
static void upright(void *context, int out)
{
    struct rendered *rendered = context;
    struct parts parts;
    if (parts_init(&parts, rendered->limits) < 0)
        return;
    parse_image(rendered->picture, &parts);
    parts_write(&parts, out);
}

static int read_scan(struct reading *r, struct str pdf, const struct scan *scan, struct buf *text)
{
    struct outcome o;
    struct buf picture, parts;
    char number[16], dpi[16];
    double pixels = scan->width * scan->height * DPI * DPI / POINTS_PER_INCH / POINTS_PER_INCH, resolution = DPI;
    while (pixels > PIXELS && resolution > 10) {
        resolution /= 1.25;
        pixels /= 1.25 * 1.25;
    }
    snprintf(number, sizeof number, "%u", scan->page);
    snprintf(dpi, sizeof dpi, "%.0f", resolution);
    const char *const argv[] = {
        "pdftoppm", "-q", "-cropbox", "-gray", "-r", dpi, "-f", number, "-l", number, PROCESS_INPUT, NULL
    };
    buf_init(&picture, (size_t)(3 * PIXELS) + 1024);
    buf_init(&parts, (size_t)1 << 30);
    process_program(r->limits, r->deadline, argv, pdf, &picture, &o);
    int done = o.well ? 0 : reading_pdf_failed(r, &o);
    if (done == 0) {
        struct rendered rendered = { buf_str(&picture), r->limits };
        process_work(r->limits, r->deadline, upright, &rendered, &parts, &o);
        struct str rest = buf_str(&parts);
        struct part part;
        bool found = false;
        while (done == 0 && parts_next(&rest, &part) > 0)
            if (part.kind == PART_IMAGE) {
                found = true;
                done = reading_ocr(r, part.bytes, text);
            }
        if (done == 0 && !found)
            done = parts_fail(&r->answer, "page %u of the PDF could not be rendered%s%s", scan->page,
                              o.why[0] != '\0' ? ": poppler " : "", o.why);
    }
    buf_fini(&picture);
    buf_fini(&parts);
    return done;
}

/* ---- several at a time ---- */

struct running {
    pid_t pid;
    int fd;
    size_t i; /* which scan */
    struct buf said;
};

/* A process that starts those that are confined, as the document's own does; it ends with that. */
static int begin(struct reading *r, struct str pdf, const struct scan *scan, struct running *run)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        struct parts parts;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || parts_init(&parts, r->limits) < 0)
            _exit(0);
        r->answer = parts;
        if (read_scan(r, pdf, scan, &r->answer.page) == 0)
            parts_page(&r->answer, TIDY_VERBATIM);
        parts_write(&r->answer, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return -1;
    }
    *run = (struct running){ .pid = pid, .fd = ends[0] };
    buf_init(&run->said, (size_t)1 << 30);
    return 0;
}

/* 1: more may come. */
static int take_some(struct running *run)
{
    enum { BYTES = 64 << 10 };
    if (buf_reserve(&run->said, BYTES) < 0)
        return 0;
    ssize_t n = read(run->fd, run->said.p + run->said.n, BYTES);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    run->said.n += (size_t)n;
    return n > 0;
}

static int finish(struct reading *r, struct running *run, struct scan *scan)
{
    struct str rest = buf_str(&run->said);
    struct part part;
    close(run->fd);
    while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    int done = 0;
    if (parts_next(&rest, &part) <= 0)
        done = parts_fail(&r->answer, "page %u of the PDF could not be read: its process ended early", scan->page);
    else if (part.kind == PART_ERROR)
        done = parts_fail(&r->answer, "%.*s", STR_ARG(part.bytes));
    else
        buf_put_str(&scan->text, part.bytes);
    buf_fini(&run->said);
    return done;
}

int reading_scans(struct reading *r, struct str pdf, struct scan *scans, size_t n)
{
    struct running runs[MOST];
    struct pollfd p[MOST];
    int running = 0, done = 0, at_once = r->at_once < 1 ? 1 : r->at_once < MOST ? r->at_once : MOST;
    size_t next = 0;
    while (running > 0 || (done == 0 && next < n)) {
        while (done == 0 && next < n && running < at_once) {
            if (begin(r, pdf, &scans[next], &runs[running]) < 0) {
                if (running == 0)
                    done = parts_fail(&r->answer, "the document could not be read: this machine starts no more processes");
                break;
            }
            runs[running++].i = next++;
        }
        for (int i = 0; i < running; i++)
            p[i] = (struct pollfd){ .fd = runs[i].fd, .events = POLLIN };
        poll(p, (nfds_t)running, 1000);
        for (int i = running - 1; i >= 0; i--) {
            if (p[i].revents == 0 || take_some(&runs[i]))
                continue;
            if (finish(r, &runs[i], &scans[runs[i].i]) < 0)
                done = -1;
            runs[i] = runs[--running];
            p[i] = p[running];
        }
    }
    r->scans += (unsigned)n;
    r->by_ocr = r->by_ocr || n > 0;
    return done;
}
