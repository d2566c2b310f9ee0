#!/usr/bin/env python3
"""Prints the project's version for meson: version.py HEADER, the header that states it."""
import os
import re
import sys

PARTS = ("MAJOR", "MINOR", "PATCH")


def main(arguments):
    if len(arguments) != 1:
        print("usage: version.py HEADER", file=sys.stderr)
        return 2
    path = arguments[0]
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        return f"version.py: {path}: {error.strerror}"
    except UnicodeDecodeError:
        return f"version.py: {path} is not UTF-8"
    stated = re.findall(r"^#define MIR_ALLOC_VERSION_(MAJOR|MINOR|PATCH) ([0-9]+)$", text, re.M)
    if sorted(part for part, _ in stated) != sorted(PARTS):  # each once
        return f"version.py: {path} does not state the version"
    numbers = dict(stated)
    try:
        # Not by print: what a buffer cannot write is tried, and reported, again when Python ends.
        os.write(1, (".".join(numbers[part] for part in PARTS) + "\n").encode())
    except OSError as error:
        return f"version.py: unable to write to standard output: {error.strerror}"
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
