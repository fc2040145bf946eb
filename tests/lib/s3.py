#!/usr/bin/env python3
"""tests/lib/s3: puts objects into the stack's S3 server, signed by code that isn't ours to test (Python's own hmac).

    s3.py make BUCKET
    s3.py put BUCKET      JSON lines on standard input: {"key": …, "body": …, "type": …}; the body and the type may be left out;
                      "file": PATH in the stead of the body
    s3.py delete BUCKET   JSON lines: {"key": …}

Where, and as whom: ODW_S3_URL, ODW_S3_REGION, ODW_S3_ACCESS_KEY, ODW_S3_SECRET_KEY_FILE.
"""
import datetime
import hashlib
import hmac
import http.client
import json
import os
import sys
import urllib.parse

url = urllib.parse.urlsplit(os.environ["ODW_S3_URL"])
region, access_key = os.environ["ODW_S3_REGION"], os.environ["ODW_S3_ACCESS_KEY"]
secret = open(os.environ["ODW_S3_SECRET_KEY_FILE"]).readline().strip()
connection = http.client.HTTPConnection(url.netloc)


def digest(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def ask(method, path, body=b"", content_type=None):
    moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    hashed = hashlib.sha256(body).hexdigest()
    path = urllib.parse.quote(path, safe="/-._~")
    headers = {"host": url.netloc, "x-amz-content-sha256": hashed, "x-amz-date": moment}
    if content_type:
        headers["content-type"] = content_type
    names = ";".join(sorted(headers))
    request = "\n".join([method, path, "", *(f"{n}:{headers[n]}" for n in sorted(headers)), "", names, hashed])
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = b"AWS4" + secret.encode()
    for step in scope.split("/"):
        key = digest(key, step)
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        sys.exit(f"{method} {path}: {answer.status} {text[:500]!r}")


what, bucket = sys.argv[1:3]
if what == "make":
    ask("PUT", f"/{bucket}")
else:
    for line in sys.stdin:
        one = json.loads(line)
        path = f"/{bucket}/{one['key']}"
        if what == "put":
            body = open(one["file"], "rb").read() if "file" in one else one.get("body", "").encode()
            ask("PUT", path, body, one.get("type"))
        else:
            ask("DELETE", path)
