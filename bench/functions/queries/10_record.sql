-- what: record function: checked, typed, cleaned
-- over: message
sum(length({record}(appended_at, message).id))
