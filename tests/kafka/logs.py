"""Writes numbered lines to two files, one rotated by rename, one by copy and truncation, and stops when told how many.

usage: logs.py FOLDER LINES EVERY   (a rotation after EVERY lines; a pause after each hundred, so that a reader comes in between)
"""

import datetime
import os
import shutil
import sys
import time

folder, lines, every = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
renamed, copied = os.path.join(folder, "renamed.log"), os.path.join(folder, "copied.log")


def shift(path):
    for i in range(20, 0, -1):
        if os.path.exists(f"{path}.{i}"):
            os.rename(f"{path}.{i}", f"{path}.{i + 1}")


a, b = open(renamed, "a", buffering=1), open(copied, "a", buffering=1)
for i in range(lines):
    moment = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    a.write(f"{moment} INFO renamed {i}\n")
    if i % 50 == 7:
        a.write(f"java.lang.IllegalStateException: {i}\n\tat com.foo.Bar.main(Bar.java:{i})\n")
    # A line in two halves: a reader must wait for the second.
    b.write(f"{moment} WARN cop")
    b.flush()
    b.write(f"ied {i}\n")
    if i % every == every - 1:
        shift(renamed)
        os.rename(renamed, renamed + ".1")
        a.write(f"{moment} INFO renamed late {i}\n")  # the program has its old file open still
        a.close()
        a = open(renamed, "a", buffering=1)
        shift(copied)
        shutil.copyfile(copied, copied + ".1")
        os.truncate(copied, 0)
    if i % 100 == 99:
        time.sleep(0.1)
