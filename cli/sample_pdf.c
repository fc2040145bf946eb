/* cli/sample_pdf: a made-up document as PDF, and as the picture that a scanner makes of it. PDF is ISO 32000-1; the fonts are two
 * of its standard 14, the encoding WinAnsi, so that nothing has to be embedded. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/sample.h"

enum { WIDTH = 595, HEIGHT = 842, MARGIN = 56, LEADING = 15, LINES = (HEIGHT - 2 * MARGIN) / LEADING, PAGES_MAX = 64 };

/* WinAnsi is Latin-1 where sample texts go beyond ASCII, and the euro sign. */
static void put_line(struct buf *out, struct str line)
{
    buf_putc(out, '(');
    for (size_t i = 0; i < line.n;) {
        unsigned char c = (unsigned char)line.p[i];
        if (c < 0x80) {
            if (strchr("()\\", c) != NULL)
                buf_putc(out, '\\');
            buf_putc(out, (char)c);
            i++;
        } else if ((c == 0xc2 || c == 0xc3) && i + 1 < line.n) {
            buf_printf(out, "\\%03o", (c == 0xc3 ? 0x40 : 0) + (unsigned char)line.p[i + 1]);
            i += 2;
        } else {
            bool euro = line.n - i >= 3 && memcmp(line.p + i, "\xe2\x82\xac", 3) == 0;
            buf_puts(out, euro ? "\\200" : "?");
            i += euro ? 3 : 1;
        }
    }
    buf_puts(out, ") Tj T*\n");
}

static void put_page(struct buf *out, struct str *text, const struct sample *s, double degrees)
{
    double turn = degrees * acos(-1) / 180;
    buf_printf(out, "%.5f %.5f %.5f %.5f %d %d cm\n", cos(turn), sin(turn), -sin(turn), cos(turn), degrees < 0 ? 0 : 12,
               degrees < 0 ? 12 : 0);
    buf_printf(out, "BT /%s %d Tf %d TL %d %d Td\n", s->columns ? "F2" : "F1", s->columns ? 9 : 11, LEADING, MARGIN,
               HEIGHT - MARGIN);
    for (int i = 0; i < LINES && text->n > 0; i++)
        put_line(out, str_cut(text, '\n'));
    buf_puts(out, "ET\n");
}

void sample_put_pdf(struct buf *out, const struct sample *s, double degrees)
{
    size_t at[5 + 2 * PAGES_MAX] = { 0 };
    int n = 5;
    struct str text = buf_str(&s->text);
    struct buf page;
    buf_init(&page, SAMPLE_TEXT_MAX * 2);
    buf_puts(out, "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n");
    for (; text.n > 0 && n < 5 + 2 * PAGES_MAX; n += 2) {
        buf_clear(&page);
        put_page(&page, &text, s, degrees);
        at[n] = out->n;
        buf_printf(out,
                   "%d 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R /Resources << /Font << /F1 3 0 R "
                   "/F2 4 0 "
                   "R >> >> >>\nendobj\n",
                   n, WIDTH, HEIGHT, n + 1);
        at[n + 1] = out->n;
        buf_printf(out, "%d 0 obj\n<< /Length %zu >>\nstream\n", n + 1, page.n);
        buf_put_str(out, buf_str(&page));
        buf_puts(out, "endstream\nendobj\n");
    }
    at[1] = out->n;
    buf_puts(out, "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
    at[2] = out->n;
    buf_puts(out, "2 0 obj\n<< /Type /Pages /Kids [");
    for (int i = 5; i < n; i += 2)
        buf_printf(out, "%s%d 0 R", i > 5 ? " " : "", i);
    buf_printf(out, "] /Count %d >>\nendobj\n", (n - 5) / 2);
    for (int i = 3; i < 5; i++) {
        at[i] = out->n;
        buf_printf(out, "%d 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>\nendobj\n", i,
                   i == 3 ? "Helvetica" : "Courier");
    }
    size_t table = out->n;
    buf_printf(out, "xref\n0 %d\n0000000000 65535 f \n", n);
    for (int i = 1; i < n; i++)
        buf_printf(out, "%010zu 00000 n \n", at[i]);
    buf_printf(out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n", n, table);
    out->failed = out->failed || page.failed;
    buf_fini(&page);
}

/* Runs pdftoppm: PDF on its standard input, PNG in `png`. 0, or its exit code, or -1 and errno. */
static int run_pdftoppm(int in, int out)
{
    extern char **environ;
    static const char *const argv[] = { "pdftoppm", "-png", "-gray", "-r", "150", "-f", "1", "-l", "1", "-singlefile", "-", NULL };
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;
    if ((errno = posix_spawn_file_actions_init(&actions)) != 0)
        return -1;
    if ((errno = posix_spawn_file_actions_adddup2(&actions, in, 0)) == 0 &&
        (errno = posix_spawn_file_actions_adddup2(&actions, out, 1)) == 0)
        errno = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    int why = errno;
    posix_spawn_file_actions_destroy(&actions);
    errno = why;
    if (why != 0 || waitpid(pid, &status, 0) < 0)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int sample_write_png(const char *path, struct str pdf, struct err *err)
{
    char name[] = "/tmp/odw-sample.XXXXXX";
    int rc = -1, in = mkostemp(name, O_CLOEXEC), out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (out < 0) {
        err_errno(err, ERR_STOP, "%s can't be written", path);
        goto done;
    }
    if (in < 0 || write(in, pdf.p, pdf.n) != (ssize_t)pdf.n || lseek(in, 0, SEEK_SET) < 0) {
        err_errno(err, ERR_STOP, "%s can't be written", name);
        goto done;
    }
    int code = run_pdftoppm(in, out);
    if (code < 0)
        err_errno(err, ERR_STOP, "pdftoppm can't be run, which draws the pictures (Debian: poppler-utils)");
    else if (code > 0)
        err_set(err, ERR_STOP, "%s: pdftoppm ended with exit code %d", path, code);
    else
        rc = 0;
done:
    if (in >= 0)
        close(in), unlink(name);
    if (out >= 0 && close(out) < 0 && rc == 0)
        rc = err_errno(err, ERR_STOP, "%s can't be written", path);
    return rc;
}
