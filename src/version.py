#!/usr/bin/env python3
"""Prints the project's version for meson: version.py HEADER, the header that states it."""
import re
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
parts = re.findall(r"^#define MIR_ALLOC_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", text, re.M)
if len(parts) != 3:
    sys.exit(f"version.py: {sys.argv[1]} does not state the version")
print(".".join(parts))
