"""Every function's examples, and 100,000 rows each, in the ClickHouse engine of the chdb that is on the path: older.py BUILD FOLDER."""
import json
import os
import shutil
import subprocess
import sys

import chdb

ROWS = 100000
# What stands for an argument: by its name, else by its type.
NAMED = {"policy": "'default'", "key_id": "'not-secret'"}
TYPED = {"String": "concat('x ada', toString(number), '@example.com')"}

build, folder = sys.argv[1:]
shutil.copytree(build + "/share/odw", folder + "/odw")
shutil.copytree("contracts", folder + "/odw/contracts")
program = shutil.copy(build + "/bin/odw-udf", folder + "/odw-udf")
with open(folder + "/odw_function.xml", "w") as f:
    subprocess.check_call([program, "--xml"], stdout=f)


def ask(sql):
    try:
        return chdb.query(sql, "TSVRaw", "", folder).bytes().decode().rstrip("\n")
    except Exception as e:
        return str(e)[:300] or "an exception"


def argument(a):
    return NAMED.get(a["name"]) or TYPED.get(a["type"]) or "CAST(number AS %s)" % a["type"]


version = ask("SELECT version()")
examples = differ = 0
for line in subprocess.check_output([program, "--describe"], text=True).splitlines():
    function = json.loads(line)
    name = function["name"]
    asked = [("SELECT " + e["call"], e["answer"]) for e in function["examples"]]
    arguments = ", ".join(argument(a) for a in function["arguments"])
    asked.append(("SELECT count() FROM numbers(%d) WHERE NOT ignore(%s(%s))" % (ROWS, name, arguments), str(ROWS)))
    for sql, expected in asked:
        examples += 1
        got = ask(sql)
        if got != expected:
            differ += 1
            print("%s: %s\n  expected %s\n  got      %s" % (name, sql, expected, got))
print("ClickHouse %s: %d queries, %d differ" % (version, examples, differ))
sys.exit(differ > 0)
