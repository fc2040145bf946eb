-- what: urlParse: host, domain, path, campaign, click, clean query
-- over: url
sum(length(urlParse(url).query_redacted))
