#!/usr/bin/env python3
"""Draws mutants by a seed, from lines that tests reach: mutant_draw.py BUILD-DIRECTORY COVERED SEED COUNT

Appends COUNT mutants to tests/mutants/list.  COVERED is the file of that name of ./dev coverage.  Each candidate is
compiled in BUILD-DIRECTORY, where ./dev mutants works; one that a compiler refuses, or turns into the same code as the
library's, is drawn again."""
import os
import random
import re
import subprocess
import sys

from coverage import read_covered
from folders import folder_of
from mutant_list import Mutant, escaped, functions, read_list
from mutants import LIST, Worker, read_bytes, tree_files, write_bytes

ARGUMENT = r"[\w.>*&\[\]-]+"
WORD = r"[\w.>\[\]-]+"
# Operators: a name, what it looks for in a line, and what it makes of the match.
OPERATORS = [
    ("relation", r" (<=|>=|<|>|==|!=) ",
     lambda m: {"<": " <= ", "<=": " < ", ">": " >= ", ">=": " > ", "==": " != ", "!=": " == "}[m[1]]),
    ("logic", r" (&&|\|\|) ", lambda m: " || " if m[1] == "&&" else " && "),
    ("arithmetic", r"(?<=[\w)\]]) ([-+*/%]|<<|>>|[&|]) (?=[\w(])",
     lambda m: {"+": " - ", "-": " + ", "*": " + ", "/": " * ", "%": " / ", "<<": " >> ", ">>": " << ", "&": " | ",
                "|": " & "}[m[1]]),
    ("one more", r"(?<![\w.\"'])(\d+)(?=[;,)\] ])(?!\")", lambda m: str(int(m[1]) + 1)),
    ("one less", r"(?<![\w.\"'])([1-9]\d*)(?=[;,)\] ])(?!\")", lambda m: str(int(m[1]) - 1)),
    ("condition", r"\b(if|while) \((.+)\)(?= [^()]*;$| \{$|$)", lambda m: f"{m[1]} (!({m[2]}))"),
    ("check", r"\bif \(.+\) (return\b[^;]*|goto \w+|continue|break);$", lambda m: ";"),
    ("left", rf"({WORD}(?: [=!<>]=? {WORD})?) (&&|\|\|) ({WORD}(?: [=!<>]=? {WORD})?)", lambda m: m[1]),
    ("right", rf"({WORD}(?: [=!<>]=? {WORD})?) (&&|\|\|) ({WORD}(?: [=!<>]=? {WORD})?)", lambda m: m[3]),
    ("statement", r"^ +(?!return|goto|break|continue|if|else|for|while|case|do|static|const|struct)(\w+ \(.*\)|[\w.>\[\]-]+ [-+|&]?= [^;]*|[\w.>-]+(\+\+|--));$",
     lambda m: ";"),
    ("step", r"(?<=[\w\])])(\+\+|--)(?=[;)])", lambda m: "--" if m[1] == "++" else "++"),
    ("sides", r" ([-+|])= ", lambda m: {"+": " -= ", "-": " += ", "|": " &= "}[m[1]]),
    ("arguments", rf"(?<= \()({ARGUMENT}), ({ARGUMENT})(?=[,)])", lambda m: f"{m[2]}, {m[1]}"),
    ("result", r"\breturn (0|1|-1|NULL);$", lambda m: f"return {dict([('0', '1'), ('1', '0'), ('-1', '0'), ('NULL', '(void *) 1')])[m[1]]};"),
]
# What tests need not see: texts, checks of the library by itself, advice to compilers and caches.
NOT_MUTATED = re.compile(r"\"|^ *#|^ *(/\*|\*)|assert|PREFETCH|_Static|__builtin|memory_order|\\$")


def candidates(root, covered):
    """(file, function, line's start, line, text's start, text's end, wrong) of all mutants, in a fixed order."""
    for path, file in sorted(covered.items()):
        if folder_of(path) is None:
            continue
        source = read_bytes(os.path.join(root, path)).decode()
        starts = [0] + [match.end() for match in re.finditer("\n", source)]
        spans = list(functions(source))
        for number, count in sorted(file.lines.items()):
            start = starts[number - 1]
            line = source[start:source.index("\n", start)]
            span = next((span for span in spans if span[1] <= start < span[2]), None)
            if not count or span is None or NOT_MUTATED.search(line) or start == span[1]:
                continue
            for _, pattern, change in OPERATORS:
                for match in re.finditer(pattern, line.split("/*")[0].rstrip()):
                    wrong = change(match)
                    if wrong != match[0]:
                        indent = len(match[0]) - len(match[0].lstrip()) if wrong == ";" else 0
                        yield path, span, start + match.start() + indent, start + match.end(), wrong


def mutant_at(source, path, span, start, end, wrong):
    """The mutant with the least text around it that occurs once in its function."""
    name, low, high = span
    same = [other for other in functions(source) if other[0] == name]
    function = name if len(same) == 1 else f"{name}#{same.index(span) + 1}"
    line_start, line_end = source.rindex("\n", 0, start) + 1, source.index("\n", end)
    body = source[low:high]
    spans = [(start, end)]
    before = line_start + len(source[line_start:start]) - len(source[line_start:start].lstrip())
    spans += [(min(before, start), line_end), (line_start, line_end + 1)]
    while True:
        for first, last in spans:
            text = source[first:last]
            if body.count(text) == 1 and len(text.strip()) > 3:
                return Mutant("", path, function, text, source[first:start] + wrong + source[end:last])
        first, last = spans[-1]
        if first <= low:
            return None
        spans = [(source.rindex("\n", 0, first - 1) + 1, last)]


def objects_of(worker, path):
    """Objects that file PATH is compiled into; of a header those of a few files that include it."""
    names = [path]
    if path.endswith(".h"):
        line = f'#include "{path.removeprefix("src/")}"'
        names = [name for name in tree_files(worker.copy) if name.endswith(".c") and name.startswith(("src/", "tests/"))
                 and line in read_bytes(os.path.join(worker.copy, name)).decode().split("\n")]
    targets = worker.run(["ninja", "-C", worker.build, "-t", "targets", "all"])[1].split("\n")
    objects = [line.split(":")[0] for line in targets if line.split(":")[0].endswith(".o")]
    return [next(name for name in objects if name.endswith(end)) for end in ends_of(names)
            if any(name.endswith(end) for name in objects)][:3]


def ends_of(names):
    """How the names of objects of the files NAMES end in a build directory."""
    return [name.replace("/", "_") + ".o" if name.startswith("src/") else "/" + os.path.basename(name) + ".o"
            for name in names]


def is_different(worker, mutant, objects):
    """Whether MUTANT compiles, without mixing types, and is another program than the library."""
    target = os.path.join(worker.copy, mutant.file)
    right = read_bytes(target)
    if not objects or worker.ninja(objects)[0]:
        return False
    before = [code_of(worker, name) for name in objects]
    write_bytes(target, mutant.apply(right.decode()).encode())
    try:
        status, output = worker.ninja(objects)
        return status == 0 and not re.search("-Wint-conversion|-Wincompatible-pointer", output) \
            and [code_of(worker, name) for name in objects] != before
    finally:
        write_bytes(target, right)


def code_of(worker, name):
    """What the object NAME has for the program, without debugging information."""
    stripped = os.path.join(worker.build, "stripped.o")
    subprocess.run(["objcopy", "--strip-debug", os.path.join(worker.build, name), stripped], check=True)
    return read_bytes(stripped)


def main(args):
    place, covered, seed, count = args[0], args[1], int(args[2]), int(args[3])
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    known = {mutant.name for mutant in read_list(os.path.join(root, LIST), LIST)}
    worker = Worker(root, os.path.join(os.path.abspath(place), "1"))
    found = list(candidates(root, read_covered(covered)))
    by_line = {}
    for candidate in found:
        line = candidate[0], candidate[1][1], candidate[2]
        by_line.setdefault(line, []).append(candidate)
    lines, generator, drawn = list(by_line.values()), random.Random(seed), []
    generator.shuffle(lines)
    for line in lines:
        if len(drawn) == count:
            break
        path, span, start, end, wrong = generator.choice(line)
        source = read_bytes(os.path.join(root, path)).decode()
        mutant = mutant_at(source, path, span, start, end, wrong)
        if mutant and mutant.name not in known and is_different(worker, mutant, objects_of(worker, path)):
            known.add(mutant.name)
            drawn.append(mutant)
            print(f"[{len(drawn)}/{count}] {mutant}", flush=True)
    with open(os.path.join(root, LIST), "a", encoding="utf-8") as file:
        file.write(f"\n# Drawn by the seed {seed}.\n")
        for mutant in sorted(drawn, key=lambda mutant: (mutant.file, mutant.function)):
            file.write(mutant.name + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
