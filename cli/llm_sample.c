/* cli/llm_sample: odw llm sample: made-up documents with their truth beside them, as odw llm eval takes them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/settings.h"
#include "cli/llm.h"
#include "cli/progress.h"
#include "cli/sample.h"

static const struct sampler *const samplers[] = { &sampler_dental_appointment, &sampler_invoice };

static const struct opt options[] = {
    { .name = "contract",
      .type = OPT_CHOICE,
      .fallback = "dental_appointment",
      .choices = "dental_appointment|invoice",
      .help = "What they are about: memos of a dental practice in fifteen kinds (letter, phone note, e-mail, text message, form, "
              "table, …), or "
              "invoices in three layouts" },
    { .name = "count", .type = OPT_NUMBER, .arg = "N", .fallback = "15", .min = 1, .max = 1000000, .help = "How many documents" },
    { .name = "seed",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "1",
      .min = 0,
      .max = INT64_MAX,
      .help = "The same seed writes the same documents" },
    { .name = "formats",
      .type = OPT_TEXT,
      .arg = "NAME,…",
      .fallback = "txt,pdf,png",
      .help = "In turn: txt, pdf (with a text layer), png (a scan, a little crooked; drawn by poppler's pdftoppm)" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw llm sample",
    .about =
        "Writes made-up documents to a folder, and beside each one what is to be found in it: NAME.txt, NAME.pdf or NAME.png, and "
        "NAME.json. Names and facts are invented; some documents leave facts out, all have others that only look alike.",
    .operands = "DIR",
    .min_operands = 1,
    .max_operands = 1,
    .own = options,
    .shared = settings_shared,
    .more = "Exit codes: 0 done, 1 failed, 2 the command line is wrong.\n",
};

static int write_one(const struct sample *s, const char *dir, int64_t i, struct str format, struct dice *d, struct err *err)
{
    char path[4096], truth[4096];
    struct buf pdf;
    int rc;
    snprintf(path, sizeof path, "%s/%06" PRId64 "_%s.%.*s", dir, i, s->kind, STR_ARG(format));
    snprintf(truth, sizeof truth, "%s/%06" PRId64 "_%s.json", dir, i, s->kind);
    buf_init(&pdf, SAMPLE_TEXT_MAX * 4);
    if (str_eq(format, STR("txt"))) {
        rc = file_write(path, buf_str(&s->text), 0644, err);
    } else {
        bool scan = str_eq(format, STR("png"));
        sample_put_pdf(&pdf, s, scan ? ((double)dice_roll(d, 31) - 15) / 10 : 0);
        rc = pdf.failed ? err_set(err, ERR_STOP, "out of memory")
             : scan     ? sample_write_png(path, buf_str(&pdf), err)
                        : file_write(path, buf_str(&pdf), 0644, err);
    }
    buf_fini(&pdf);
    return rc < 0 ? -1 : file_write(truth, buf_str(&s->truth), 0644, err);
}

enum { FORMATS_MAX = 8 };

static int read_formats(struct str list, struct str formats[FORMATS_MAX], size_t *n, struct err *err)
{
    *n = 0;
    do {
        struct str one = str_cut(&list, ',');
        if ((!str_eq(one, STR("txt")) && !str_eq(one, STR("pdf")) && !str_eq(one, STR("png"))) || *n == FORMATS_MAX)
            return err_set(err, ERR_STOP, "--formats: expected txt, pdf and png with commas between, got '%.*s'", STR_ARG(one));
        formats[(*n)++] = one;
    } while (list.n > 0);
    return 0;
}

static int write_all(const struct opts *o, const struct sampler *sampler, const struct str *formats, size_t n, struct err *err)
{
    const char *dir = opts_operand(o, 0);
    int64_t count = opts_number(o, "count");
    uint64_t seed = (uint64_t)opts_number(o, "seed");
    struct sample s = { 0 };
    struct progress progress;
    int rc = file_make_folders(dir, 0755, err);
    buf_init(&s.text, SAMPLE_TEXT_MAX);
    buf_init(&s.truth, SAMPLE_TEXT_MAX);
    progress_init(&progress, "sample", "documents", count);
    for (int64_t i = 0; i < count && rc == 0; i++) {
        struct dice d = { gen_mix(seed) + gen_mix((uint64_t)i) };
        buf_clear(&s.text);
        buf_clear(&s.truth);
        sampler->write(&s, (int)(i % sampler->kinds), &d);
        /* Every kind comes in every format in the end: a round of kinds begins with the next one. */
        struct str format = formats[(size_t)(i + i / sampler->kinds) % n];
        rc = s.text.failed || s.truth.failed ? err_set(err, ERR_STOP, "out of memory") : write_one(&s, dir, i + 1, format, &d, err);
        progress_set(&progress, i + 1);
    }
    progress_clear(&progress);
    buf_fini(&s.text);
    buf_fini(&s.truth);
    return rc;
}

static int run(int argc, char **argv)
{
    struct opts *o = NULL;
    struct err err = ERR_INIT;
    int code = settings_start(&usage, "odw llm sample", argc, argv, &o);
    if (code >= 0)
        return code;
    const struct sampler *sampler = samplers[0];
    for (size_t i = 0; i < sizeof samplers / sizeof *samplers; i++)
        if (strcmp(samplers[i]->contract, opts_text(o, "contract")) == 0)
            sampler = samplers[i];
    struct str formats[FORMATS_MAX];
    size_t n;
    code = read_formats(str_of(opts_text(o, "formats")), formats, &n, &err) < 0 ? 2
           : write_all(o, sampler, formats, n, &err) < 0                        ? 1
                                                                                : 0;
    if (code != 0)
        fprintf(stderr, "odw llm sample: %s\n", err.text);
    else
        printf("%" PRId64 " documents of %s, with their truth, in %s\n", opts_number(o, "count"), sampler->contract,
               opts_operand(o, 0));
    opts_free(o);
    return code;
}

const struct verb llm_sample = { "sample", "write made-up documents with their truth beside them", run };
