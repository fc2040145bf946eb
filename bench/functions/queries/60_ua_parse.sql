-- what: uaParse, 2,000 different agents
-- over: agent
sum(length(uaParse(agent).browser))
