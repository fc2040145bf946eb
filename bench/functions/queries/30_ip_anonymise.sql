-- what: ipAnonymise
-- over: address
sum(length(ipAnonymise(address)))
