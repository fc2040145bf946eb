-- what: traceParse
-- over: traceparent
sum(length(traceParse(traceparent).trace_id))
