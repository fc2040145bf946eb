"""bench/pipeline: waits until a query's number reaches a value; prints the moment, in microseconds since 1970.

    await.py URL VALUE QUERY

Asked over one connection, every 100 ms: what waits must not take the time of what it waits for. A query that fails (a table that isn't
there yet) counts as 0.
"""
import http.client
import sys
import time
import urllib.parse

url, value, query = sys.argv[1:]
connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
while True:
    connection.request("POST", "/?log_queries=0", query)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status == 200 and float(text) >= float(value):
        break
    time.sleep(0.1)
print(time.time_ns() // 1000)
