/* udfs/log_parse_at: logParse with a moment near the line's own, for times that lack their year or date. */
#include "udfs/log_parse/row.h"

static int row(struct udf_row *row)
{
    return log_parse_row(row, row->str[1], (int64_t)row->fixed[0]);
}

const struct udf udf_log_parse_at = {
    .name = "logParseAt",
    .group = "Parsing",
    .about = "As logParse, with a moment at which the line was there: a time without a year (RFC 3164, klog) is the last such that "
             "isn't "
             "over a day later, one without a date likewise.",
    .errors = "Never: what isn't recognised is the message as it came, any bytes, with nothing else.",
    .examples = { { "tupleElement(logParseAt(toDateTime64('2027-01-02 00:00:00', 3, 'UTC'), '<34>Dec 31 22:14:15 web su: failed'), "
                    "'timestamp')",
                    "2026-12-31 22:14:15.000" } },
    .args = { { "at", "DateTime64(3, 'UTC')" }, { "line", "String" } },
    .returns = LOG_PARSE_TYPE,
    .deterministic = true,
    .open = log_parse_open,
    .row = row,
    .close = log_parse_close,
};
