/* udfs/trace_parse: what a traceparent, b3 or uber-trace-id header says. */
#include "trace/trace.h"
#include "udf/udf.h"

enum { VALID, FORMAT, VERSION, TRACE, SPAN, PARENT, FLAGS, SAMPLED, RANDOM };

static int row(struct udf_row *row)
{
    struct trace t;
    struct col *kids = row->out->kids;
    bool valid = trace_parse(row->str[0], &t);
    col_put_u64(&kids[VALID], valid);
    col_put_str(&kids[FORMAT], str_of(trace_format_name(t.format)));
    col_put_u64(&kids[VERSION], t.version);
    col_put_str(&kids[TRACE], str_of(t.trace_id));
    col_put_str(&kids[SPAN], str_of(t.span_id));
    col_put_str(&kids[PARENT], str_of(t.parent_span_id));
    col_put_u64(&kids[FLAGS], t.flags);
    col_put_u64(&kids[SAMPLED], (t.flags & TRACE_FLAG_SAMPLED) != 0);
    col_put_u64(&kids[RANDOM], (t.flags & TRACE_FLAG_RANDOM) != 0);
    col_end_tuple(row->out);
    return 0;
}

const struct udf udf_trace_parse = {
    .name = "traceParse",
    .group = "Parsing",
    .about = "The ids in the value of a traceparent header (W3C Trace Context; span_id is its parent-id), of a b3 or of an "
             "uber-trace-id header, in lower-case hex, and the flags that its version defines.",
    .errors = "For anything else valid is false, and the rest is empty.",
    .examples = { { "traceParse('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03')",
                    "(true,'w3c',0,'4bf92f3577b34da6a3ce929d0e0e4736','00f067aa0ba902b7','',3,true,true)" },
                  { "tupleElement(traceParse('nothing'), 'valid')", "false" } },
    .args = { { "traceparent", "String" } },
    .returns = "Tuple(valid Bool, format String, version UInt8, trace_id String, span_id String, parent_span_id String, "
               "flags UInt8, sampled Bool, random Bool)",
    .deterministic = true,
    .row = row,
};
