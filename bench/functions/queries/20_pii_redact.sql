-- what: piiRedact
-- over: message
sum(length(piiRedact(message)))
