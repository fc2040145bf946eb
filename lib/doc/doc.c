/* lib/doc: documents in, texts out: a process for each document, which starts others to take its file apart. */
#include "doc/doc.h"

#include <errno.h>
#include <fcntl.h>
#include <magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "doc/process.h"
#include "doc/reading.h"

const struct doc_limits doc_limits_default = {
    .bytes = (size_t)64 << 20,
    .text_bytes = (size_t)16 << 20,
    .unpacked_bytes = (size_t)256 << 20,
    .ratio = 200,
    .pages = 5000,
    .scans = 200,
    .megapixels = 80,
    .parts = 200,
    .depth = 8,
    .cpu_s = 60,
    .memory_bytes = (size_t)1 << 30,
    .deadline_ms = 600000,
};

struct doc_reader {
    const struct doc_limits *limits;
    magic_t magic;
    int at_once;
};

struct doc_reader *doc_reader_new(const struct doc_limits *limits, struct err *err)
{
    struct doc_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        err_set(err, ERR_RETRY, "out of memory");
        return NULL;
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    r->limits = limits;
    r->at_once = processors > 0 ? (int)processors : 1;
    r->magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_CDF);
    if (r->magic == NULL || magic_load(r->magic, NULL) != 0) {
        err_set(err, ERR_STOP, "libmagic has no database of file types: %s",
                r->magic != NULL ? magic_error(r->magic) : "no memory");
        doc_reader_free(r);
        return NULL;
    }
    return r;
}

void doc_reader_free(struct doc_reader *r)
{
    if (r != NULL && r->magic != NULL)
        magic_close(r->magic);
    free(r);
}

int doc_programs_check(struct err *err)
{
    static const char *const programs[][2] = { { "pdftotext", "poppler-utils" },
                                               { "pdfinfo", "poppler-utils" },
                                               { "pdftoppm", "poppler-utils" },
                                               { "pdfimages", "poppler-utils" },
                                               { "tesseract", "tesseract-ocr" } };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (!process_can_run(programs[i][0]))
            return err_set(err, ERR_STOP, "expected the program %s on this machine, found none: apt-get install %s", programs[i][0],
                           programs[i][1]);
    return 0;
}

/* ---- within a document's process ---- */

struct parsing {
    const struct file *file;
    struct reading *reading;
};

/* In the sandbox. */
static void take_apart(void *context, int out)
{
    struct parsing *p = context;
    struct parts parts;
    if (parts_init(&parts, p->reading->limits) < 0)
        return;
    parse(p->file, p->reading->magic, &parts);
    parts_write(&parts, out);
}

static int read_file(struct reading *r, const struct file *file, unsigned depth);

/* A file within the file: its text follows under its name, if it has one. One that can't be read is said in its place: the rest is
 * worth having, if there is any. */
static int read_attachment(struct reading *r, struct str bytes, unsigned depth)
{
    struct file file = { .content_type = str_cut(&bytes, '\0') };
    file.name = str_cut(&bytes, '\0');
    file.bytes = bytes;
    if (++r->files > r->limits->parts)
        return parts_fail(&r->answer, "it has more than %u attachments or pictures, theirs included", r->limits->parts);
    if (file.name.n > 0)
        buf_printf(&r->answer.page, "[%.*s]\n\n", STR_ARG(file.name));
    struct reading within = *r;
    if (parts_init(&within.answer, r->limits) < 0)
        return -1;
    int done = depth >= r->limits->depth ? parts_fail(&within.answer, "it is nested deeper than %u files", r->limits->depth)
                                         : read_file(&within, &file, depth + 1);
    struct str rest = buf_str(&within.answer.out);
    struct part part;
    r->scans = within.scans;
    r->files = within.files;
    bool any = false;
    while (done == 0 && parts_next(&rest, &part) > 0)
        if (part.kind == PART_PAGE) {
            buf_put_str(&r->answer.page, part.bytes);
            any = true;
            if (parts_page(&r->answer, TIDY_VERBATIM) < 0)
                break;
        }
    bool says_why = done < 0 && parts_next(&rest, &part) > 0 && part.kind == PART_ERROR;
    if (says_why && file.name.n == 0 && r->answer.pages == 0)
        parts_fail(&r->answer, "%.*s", STR_ARG(part.bytes));
    else if (says_why)
        buf_printf(&r->answer.page, "[not read: %.*s]", STR_ARG(part.bytes));
    if (done < 0 || !any)
        parts_page(&r->answer, TIDY_VERBATIM);
    parts_fini(&within.answer);
    return r->answer.failed ? -1 : 0;
}

static int read_part(struct reading *r, const struct file *file, const struct part *part, unsigned depth)
{
    switch (part->kind) {
    case PART_PAGE:
        buf_put_str(&r->answer.page, part->bytes);
        return parts_page(&r->answer, TIDY_VERBATIM);
    case PART_IMAGE:
        if (reading_ocr(r, part->bytes, &r->answer.page) < 0)
            return -1;
        return parts_page(&r->answer, TIDY_FLOW);
    case PART_PDF:
        if (reading_pdf(r, file->bytes) < 0)
            return -1;
        if (depth == 0)
            parts_put(&r->answer, PART_METHOD, r->by_pdf && r->by_ocr ? STR("pdf+ocr") : r->by_pdf ? STR("pdf") : STR("ocr"));
        return 0;
    case PART_FILE:
        return read_attachment(r, part->bytes, depth);
    case PART_METHOD:
        if (depth == 0)
            parts_put(&r->answer, PART_METHOD, part->bytes);
        return 0;
    case PART_ERROR:
        return parts_fail(&r->answer, "%.*s", part->bytes.n < 290 ? (int)part->bytes.n : 290, part->bytes.p);
    }
    return parts_fail(&r->answer, "the file's parser gave what isn't an answer");
}

static int read_file(struct reading *r, const struct file *file, unsigned depth)
{
    struct outcome o;
    struct buf found;
    struct part part;
    int done = 0, more;
    /* A PDF is told by its first bytes: that takes no process. */
    if (str_starts(file->bytes, STR("%PDF-")) && file->bytes.n <= r->limits->bytes)
        return read_part(r, file, &(struct part){ .kind = PART_PDF }, depth);
    buf_init(&found, (size_t)1 << 30);
    process_work(r->limits, r->deadline, take_apart, &(struct parsing){ file, r }, &found, &o);
    struct str rest = buf_str(&found);
    if (!o.well)
        done = parts_fail(&r->answer, "the file could not be taken apart: its parser %s", o.why);
    while (done == 0 && (more = parts_next(&rest, &part)) != 0)
        done = more < 0 ? parts_fail(&r->answer, "the file's parser gave half an answer") : read_part(r, file, &part, depth);
    buf_fini(&found);
    return done;
}

static void read_document(const struct doc_reader *reader, const struct doc_task *task, int at_once, int out)
{
    struct reading r = { .limits = reader->limits,
                         .magic = reader->magic,
                         .at_once = at_once,
                         .deadline = monotonic_ms() + reader->limits->deadline_ms };
    struct file file = { .bytes = task->bytes, .content_type = task->content_type };
    if (parts_init(&r.answer, r.limits) < 0)
        return;
    read_file(&r, &file, 0);
    parts_write(&r.answer, out);
}

/* ---- many of them ---- */

struct running {
    pid_t pid;
    int fd;
    size_t i; /* which answer */
    int64_t deadline;
    struct buf said;
};

static void fail(struct doc_answer *a, const char *why)
{
    buf_clear(&a->text);
    a->pages = 0;
    a->method[0] = '\0';
    snprintf(a->error, sizeof a->error, "%s", why);
}

static void settle(struct doc_answer *a, struct str said)
{
    struct part part;
    bool any = false;
    int more;
    while ((more = parts_next(&said, &part)) > 0) {
        if (part.kind == PART_PAGE) {
            if (a->pages > 0)
                buf_putc(&a->text, '\f');
            buf_put_str(&a->text, part.bytes);
            a->pages++;
            any = any || str_trim(part.bytes).n > 0;
        } else if (part.kind == PART_METHOD) {
            snprintf(a->method, sizeof a->method, "%.*s", part.bytes.n < sizeof a->method ? (int)part.bytes.n : 0, part.bytes.p);
        } else if (part.kind == PART_ERROR) {
            snprintf(a->error, sizeof a->error, "%.*s", part.bytes.n < sizeof a->error ? (int)part.bytes.n : 0, part.bytes.p);
        }
    }
    if (a->error[0] != '\0') {
        char why[sizeof a->error];
        memcpy(why, a->error, sizeof why);
        fail(a, why);
    } else if (more < 0 || a->pages == 0 || a->text.failed) {
        fail(a, "the document could not be read: the process that read it ended early");
    } else if (!any) {
        fail(a, strstr(a->method, "ocr") != NULL ? "no text was found in it, by OCR neither" : "there is no text in it");
    }
}

static int begin(struct doc_reader *r, const struct doc_task *task, int pages_at_once, struct running *run, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_errno(err, ERR_RETRY, "no pipe");
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        /* Its own group: it and all that it started end together. */
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(0);
        prctl(PR_SET_NAME, "odw-document");
        signal(SIGTERM, SIG_DFL);
        signal(SIGPIPE, SIG_DFL);
        read_document(r, task, pages_at_once, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return err_errno(err, ERR_RETRY, "no process");
    }
    setpgid(pid, pid);
    run->pid = pid;
    run->fd = ends[0];
    /* The document's own deadline, and time to say that it has passed. */
    run->deadline = monotonic_ms() + r->limits->deadline_ms + 5000;
    buf_init(&run->said, 2 * r->limits->text_bytes);
    return 0;
}

static void finish(struct running *run, struct doc_answer *a, const char *why)
{
    kill(-run->pid, SIGKILL);
    kill(run->pid, SIGKILL);
    while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    close(run->fd);
    if (why != NULL)
        fail(a, why);
    else
        settle(a, buf_str(&run->said));
    buf_fini(&run->said);
}

/* 1: more may come. */
static int take_some(struct running *run)
{
    enum { BYTES = 256 << 10 };
    if (buf_reserve(&run->said, BYTES) < 0)
        return 0;
    ssize_t n = read(run->fd, run->said.p + run->said.n, BYTES);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    run->said.n += (size_t)n;
    return n > 0;
}

void doc_read(struct doc_reader *r, const struct doc_task *tasks, struct doc_answer *answers, size_t n)
{
    enum { MOST = 64 };
    struct running runs[MOST];
    struct pollfd p[MOST];
    int at_once = r->at_once < MOST ? r->at_once : MOST, running = 0;
    size_t next = 0;
    for (size_t i = 0; i < n; i++) {
        answers[i] = (struct doc_answer){ 0 };
        buf_init(&answers[i].text, r->limits->text_bytes + (1 << 20));
    }
    while (next < n || running > 0) {
        while (next < n && running < at_once) {
            struct err err = ERR_INIT;
            /* Where there are fewer documents than processors, a scan's pages share those. */
            size_t left = n - next + (size_t)running;
            int pages = left < (size_t)at_once ? at_once / (int)left : 1;
            if (begin(r, &tasks[next], pages, &runs[running], &err) < 0) {
                if (running > 0)
                    break; /* once another has ended */
                fail(&answers[next++], "the document could not be read: this machine starts no more processes");
                continue;
            }
            runs[running++].i = next++;
        }
        for (int i = 0; i < running; i++)
            p[i] = (struct pollfd){ .fd = runs[i].fd, .events = POLLIN };
        poll(p, (nfds_t)running, 1000);
        int64_t now = monotonic_ms();
        for (int i = running - 1; i >= 0; i--) {
            bool more = p[i].revents == 0 || take_some(&runs[i]), late = now > runs[i].deadline;
            if (more && !late)
                continue;
            finish(&runs[i], &answers[runs[i].i], late ? "reading it took longer than it may" : NULL);
            runs[i] = runs[--running];
            p[i] = p[running];
        }
    }
}

void doc_type(struct doc_reader *r, struct str bytes, char type[128])
{
    struct file file = { .bytes = bytes };
    enum kind kind = kind_of(&file, r->magic, type);
    const char *said = kind != KIND_EMPTY && type[0] == '\0' ? magic_buffer(r->magic, bytes.p, bytes.n) : NULL;
    if (kind == KIND_EML)
        said = "message/rfc822";
    else if (kind == KIND_RTF)
        said = "application/rtf";
    else if (kind == KIND_TEXT && strcmp(type, "application/octet-stream") == 0)
        said = "text/plain"; /* UTF-16 without a mark */
    if (said != NULL)
        snprintf(type, 128, "%.100s", said);
    else if (type[0] == '\0')
        snprintf(type, 128, "application/octet-stream");
}

void doc_answers_fini(struct doc_answer *answers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_fini(&answers[i].text);
}
