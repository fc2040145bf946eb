-- what: ClickHouse's JSONExtract into a Tuple: typed
-- over: message
sum(length(JSONExtract(message, 'Tuple(id String, event_name String, timestamp DateTime64(3), distinct_id String, session_id Nullable(String), project_id String, properties Nullable(String), ip_address Nullable(String), user_agent Nullable(String))').id))
