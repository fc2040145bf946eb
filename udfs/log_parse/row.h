/* udfs/log_parse/row: what logParse and logParseAt share. */
#ifndef ODW_LOG_PARSE_ROW_H
#define ODW_LOG_PARSE_ROW_H

#include "log/logline.h"
#include "udf/udf.h"

#define LOG_PARSE_TYPE                                                                                                             \
    "Tuple(timestamp Nullable(DateTime64(3, 'UTC')), level String, source String, message String, trace_id String, span_id "       \
    "String, attributes Map(String, String))"

void *log_parse_open(const struct udf *udf, struct err *err);
void log_parse_close(void *state);
/* Puts what `line` says. 0, or -1. */
int log_parse_row(struct udf_row *row, struct str line, int64_t reference);

#endif
