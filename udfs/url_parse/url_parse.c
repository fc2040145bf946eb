/* udfs/url_parse: the parts of a URL, its campaign parameters, its query without secrets and personal data. */
#include <stdlib.h>

#include "udf/udf.h"
#include "url/url.h"

enum { HOST, DOMAIN, PATH, UTM, CLICK_ID, QUERY, CLICK_ID_NAME };

struct state {
    struct url_reader reader;
    struct buf memory, scratch[2];
};

static void *open_reader(const struct udf *udf, struct err *err)
{
    struct state *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(err, ERR_RETRY, "%s: out of memory", udf->name);
        return NULL;
    }
    url_reader_init(&s->reader);
    buf_init(&s->memory, 0);
    buf_init(&s->scratch[0], 0);
    buf_init(&s->scratch[1], 0);
    return s;
}

static void close_reader(void *state)
{
    struct state *s = state;
    url_reader_fini(&s->reader);
    buf_fini(&s->memory);
    buf_fini(&s->scratch[0]);
    buf_fini(&s->scratch[1]);
    free(s);
}

static int row(struct udf_row *row)
{
    struct state *s = row->state;
    struct col *kids = row->out->kids;
    struct url url;
    struct url_parameters parameters;
    if (url_read(&s->reader, row->str[0], &url) < 0 || url_parameters_read(url.query, &s->memory, &parameters) < 0 ||
        url_query_redact(url.query, s->scratch, row->scratch) < 0)
        return -1;
    col_put_str(&kids[HOST], url.host);
    col_put_str(&kids[DOMAIN], url.registrable_domain);
    col_put_str(&kids[PATH], url.path);
    for (size_t i = 0; i < parameters.n_utm; i++)
        col_put_pair(&kids[UTM], parameters.utm[i].name, parameters.utm[i].value);
    col_end_array(&kids[UTM]);
    col_put_str(&kids[CLICK_ID], parameters.click_id);
    col_put_str(&kids[QUERY], buf_str(row->scratch));
    col_put_str(&kids[CLICK_ID_NAME], str_of(parameters.click_id_name));
    col_end_tuple(row->out);
    return 0;
}

const struct udf udf_url_parse = {
    .name = "urlParse",
    .group = "Enrichment",
    .about = "The parts of a URL as browsers take it apart. host is without port, in lower case and in IDNA's ASCII form; "
             "registrable_domain "
             "is the part of it that somebody registered, by the public suffix list; path is normalised; utm holds the utm_… "
             "parameters, decoded and without personal data; click_id is an advertiser's (gclid, fbclid, msclkid, …: "
             "click_id_parameter says which); query_redacted is the query as received, with [REDACTED] for values that are secret "
             "or personal by their parameter's name and piiRedact's tokens in the others.",
    .errors = "What isn't a URL, or has a host that can't be one, has an empty host and whatever else could be told.",
    .examples = { { "urlParse('https://www.example.co.uk/a/../b?utm_source=news&token=s3cret')",
                    "('www.example.co.uk','example.co.uk','/b',{'utm_source':'news'},'','utm_source=news&token=[REDACTED]','')" },
                  { "tupleElement(urlParse('https://shop.example.com/?gclid=Cj0K'), 'click_id')", "Cj0K" } },
    .args = { { "url", "String" } },
    .returns = "Tuple(host String, registrable_domain String, path String, utm Map(String, String), click_id String, "
               "query_redacted String, click_id_parameter String)",
    .deterministic = true,
    .open = open_reader,
    .close = close_reader,
    .row = row,
};
