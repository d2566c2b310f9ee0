#!/usr/bin/env python3
"""What failed in a run of `meson test`: failures.py LOG LIST WHERE, where LOG is meson's testlog-SETUP.json.

Prints the last lines of each failed test, which meson itself does not print for TAP, and adds to the file LIST one
line for each failure: WHERE, the test's name, and its "not ok" line or how the program ended."""

import json
import re
import signal
import sys

GOOD = ("OK", "SKIP", "EXPECTEDFAIL")
LAST_LINES = 60
# The first line of what a sanitizer or valgrind found.
REPORT = re.compile(r"==\d+==\s*\S|WARNING: ThreadSanitizer|runtime error:")


def output_of(test):
    return test.get("stdout", "").splitlines(), test.get("stderr", "").splitlines()


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def ending(test):
    """How the program ended that printed no "not ok"."""
    if test["result"] == "TIMEOUT":
        return f"timed out after {test['duration']:.0f} s"
    status = test["returncode"]
    if status == 0:
        return f"{test['result']}, though its exit status is 0: its TAP is broken"
    return f"killed by {signal_name(-status)}" if status < 0 else f"exit status {status}"


def failures(test):
    """A line for each failure of TEST."""
    stdout, stderr = output_of(test)
    lines = [line for line in stdout if line.startswith("not ok ") and "# TODO" not in line and "# SKIP" not in line]
    if not lines or test["result"] == "TIMEOUT" or test["returncode"] < 0:
        results = [line for line in stdout if line.startswith(("ok ", "not ok "))]
        report = next((line.strip() for line in stderr + stdout if REPORT.search(line)), None)
        lines.append(ending(test) + (f", after: {results[-1]}" if results else ", before the first result")
                     + (f": {report}" if report else ""))
    return lines


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8", errors="replace") as log, open(sys.argv[2], "a", encoding="utf-8") as out:
        for line in log:
            test = json.loads(line)
            if test["result"] in GOOD:
                continue
            stdout, stderr = output_of(test)
            print(f"-- {test['name']}: the last lines")
            print("\n".join((stdout + stderr)[-LAST_LINES:]))
            for failure in failures(test):
                print(f"{sys.argv[3]}, {test['name']}: {failure}", file=out)


if __name__ == "__main__":
    main()
