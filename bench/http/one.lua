-- bench/http: a POST with one record of about 480 bytes, another each time.
local n = 0
local path = string.rep("x", 220)
request = function()
    n = n + 1
    return wrk.format("POST", nil, { ["Content-Type"] = "application/json" },
        '{"id":"' .. n .. '","event_name":"$pageview","timestamp":"2026-11-20T10:00:00.123Z","distinct_id":"u' .. n % 1000 ..
        '","session_id":"s1","project_id":"p1","properties":{"url":"https://example.com/' .. path .. '","n":' .. n ..
        '},"ip_address":"192.0.2.7","user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}')
end
