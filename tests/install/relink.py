#!/usr/bin/env python3
"""Link the programs of the library's tests against objects that take the library's place.

    relink.py BUILD OUT OBJECT...

BUILD is a directory that meson has configured; what it has of the tests' own objects is brought up to date.  Prints a
line for each program in OUT: the test's name and the program's path.  Left out are tests with arguments,
those which wrap calls between the library's objects, for they are about the build, those which stand in for a
part of the library, which is one object here, and those with a shared library of their own."""
import json
import os
import re
import shlex
import subprocess
import sys

OURS = re.compile(r"(^|/)(libinternals\.a|libmir-mimalloc\.a|libmir-alloc(-mir)?[-.][^/]*)$")


def link_command(build, target):
    """The words of the command that links TARGET, or None if it links nothing of the library."""
    lines = subprocess.run(["ninja", "-C", build, "-t", "commands", target], check=True, stdout=subprocess.PIPE,
                           text=True).stdout.split("\n")
    for line in lines:
        words = shlex.split(line) if f" -o {target} " in line else []
        if any(OURS.search(word) for word in words):
            return words
    return None


def main():
    build, out, *objects = sys.argv[1:]
    build = os.path.realpath(build)
    with open(os.path.join(build, "meson-info", "intro-tests.json"), encoding="utf-8") as file:
        tests = json.load(file)
    programs = []
    for test in tests:
        target = os.path.relpath(test["cmd"][0], build)
        folder = target.split(os.sep)[:2]
        if len(test["cmd"]) != 1 or folder[0] != "tests" or folder[1] not in ("code", "context", "heap", "os", "tools", "trace"):
            continue
        words = link_command(build, target)
        if words and not any("--wrap" in word or word.endswith(".so") and not OURS.search(word) for word in words):
            programs.append((test["name"], target, words))
    parts = {word for _, _, words in programs for word in words
             if re.search(r"\.(o|obj|a)$", word) and not OURS.search(word) and not os.path.isabs(word)}
    subprocess.run(["ninja", "-C", build, *sorted(parts)], check=True, stdout=subprocess.DEVNULL)
    objects = [os.path.realpath(name) for name in objects]
    for name, target, words in programs:
        program = os.path.join(os.path.realpath(out), os.path.basename(target))
        first = next(number for number, word in enumerate(words) if OURS.search(word))
        words[first:first + 1] = objects
        command = [program if word == target else word for word in words if word in objects or not OURS.search(word)]
        linker = subprocess.run(command, cwd=build, stderr=subprocess.PIPE, text=True)
        if linker.returncode != 0 and "multiple definition" in linker.stderr:
            continue
        if linker.returncode != 0:
            sys.exit(linker.stderr)
        print(f"{name.replace(' ', '-')} {program}")


if len(sys.argv) < 4:
    sys.exit(__doc__)
main()
