-- what: ipGeo: country, continent, network
-- over: address
sum(ipGeo(address).asn)
