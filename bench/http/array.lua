-- bench/http: a POST with an array of 1,000 records of about 480 bytes, the same each time.
local records = {}
local path = string.rep("x", 220)
for n = 1, 1000 do
    records[n] = '{"id":"' .. n .. '","event_name":"$pageview","timestamp":"2026-11-20T10:00:00.123Z","distinct_id":"u' .. n ..
        '","session_id":"s1","project_id":"p1","properties":{"url":"https://example.com/' .. path .. '","n":' .. n ..
        '},"ip_address":"192.0.2.7","user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}'
end
local body = "[" .. table.concat(records, ",") .. "]"
request = function()
    return wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, body)
end
