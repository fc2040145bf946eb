-- what: ClickHouse's domain, cutToFirstSignificantSubdomain, path, two extractURLParameter
-- over: url
sum(length(domain(url)) + length(cutToFirstSignificantSubdomain(url)) + length(path(url)) + length(extractURLParameter(url, 'utm_source')) + length(extractURLParameter(url, 'gclid')))
