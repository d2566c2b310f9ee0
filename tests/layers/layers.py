#!/usr/bin/env python3
"""Check that the files of a product call and include only what stands below them.

    layers.py ROOT BUILD NM TABLE...

The tables stand in ROOT/docs/architecture.md, each between `<!-- layers: TABLE -->` and `<!-- end layers -->`;
several are one product, the first on top.  Rows, `| layer | files | ... |`, go from top to bottom.  Files are
stems below ROOT/src: `code/slab` is slab.c and slab.h.  A `*` stands for files of which a build takes one:
`code/cpu-*`.  A name with its suffix, `trace/format.h`, is a file of another product.  Files in one row may call
each other, but in a circle only if the layer has the word "module" in its name.

BUILD/compile_commands.json names the objects, NM prints their symbols.  Prints TAP.
"""
import collections
import json
import os
import re
import subprocess
import sys

DOC = "docs/architecture.md"
SUFFIXES = (".c", ".h")
Row = collections.namedtuple("Row", "level line is_module names")  # level 0 is the top; the line is DOC's


def stem(file):
    return os.path.splitext(file)[0]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def blank(pattern, text):
    """TEXT with spaces in place of what PATTERN matches, so that positions and lines stay."""
    return re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.M | re.S)


def without_comments(text):
    return blank(r"/\*.*?\*/", text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def read_rows(root, tables):
    lines = read(os.path.join(root, DOC)).split("\n")
    rows = []
    for table in tables:
        if f"<!-- layers: {table} -->" not in lines:
            sys.exit(f"{DOC} has no layers of {table}")
        start = lines.index(f"<!-- layers: {table} -->")
        numbers = range(start, lines.index("<!-- end layers -->", start))
        for n in [n for n in numbers if lines[n].startswith("|")][2:]:  # after the head and its rule
            _, layer, names, *_ = lines[n].split("|")
            rows.append(Row(len(rows), n + 1, bool(re.search(r"\bmodule\b", layer)), re.findall(r"[^\s,`]+", names)))
    return rows


def circles(graph):
    """The sets of two or more nodes that all reach each other in GRAPH, {node: {node after it, ...}}."""
    def reached_from(node):
        seen, todo = set(), [node]
        while todo:
            new = graph.get(todo.pop(), set()) - seen
            seen |= new
            todo += new
        return seen
    reached = {node: reached_from(node) for node in graph}
    rings = {frozenset(n for n in reached[node] if node in reached.get(n, ())) for node in graph}
    return [ring for ring in rings if ring]


class Product:
    """The files of the tables: their rows, their text, and the symbols of those that the build compiles."""

    def __init__(self, root, build, nm, *tables):
        self.src = os.path.realpath(os.path.join(root, "src"))
        self.row_of, self.name_of = {}, {}  # by stem: its row, and the name in the row, which may have a *
        self.misplaced = list(self.place(read_rows(root, tables)))
        self.text = {file: without_comments(read(os.path.join(self.src, file))) for file in self.files}
        self.read_symbols(build, nm)

    def place(self, rows):
        """Find the files and their rows; yield what does not match."""
        names = [(row, name) for row in rows for name in row.names]
        files = {name for _, name in names if name.endswith(SUFFIXES) and self.has(name)}
        for folder in {os.path.dirname(name) for _, name in names if not name.endswith(SUFFIXES)}:
            for path, below, found in os.walk(os.path.join(self.src, folder)):
                files |= {os.path.relpath(os.path.join(path, name), self.src) for name in found
                          if name.endswith(SUFFIXES)}
                if not folder:
                    below.clear()  # of src itself only the files
        for row, name in names:
            pattern = re.escape(name).replace(r"\*", "[^/]*") + ("" if name.endswith(SUFFIXES) else r"\.[ch]")
            found = {stem(file) for file in files if re.fullmatch(pattern, file)}
            if not found:
                yield f"{DOC}:{row.line} lists src/{name}, which does not exist"
            for key in sorted(found):
                if key in self.row_of:
                    yield f"{DOC}:{row.line} lists src/{key}, which line {self.row_of[key].line} has already"
                self.row_of[key], self.name_of[key] = row, name
        for file in sorted(file for file in files if stem(file) not in self.row_of):
            yield f"src/{file} stands in no row of {DOC}"
        self.files = sorted(file for file in files if stem(file) in self.row_of)

    def has(self, file):
        return os.path.isfile(os.path.join(self.src, file))

    def read_symbols(self, build, nm):
        objects = {}
        commands = json.loads(read(os.path.join(build, "compile_commands.json")))
        for entry in sorted(commands, key=lambda entry: entry["output"]):  # the product's own before those of tests/
            path, output = (os.path.join(entry["directory"], entry[key]) for key in ("file", "output"))
            file = os.path.relpath(os.path.realpath(path), self.src)
            if file in self.files and os.path.exists(output):
                objects.setdefault(file, output)
        if not objects:
            sys.exit(f"{build} has no objects of this product")
        self.owner, self.used = {}, set()  # {external symbol: file that defines it}, {(file, symbol it uses)}
        for file, output in objects.items():
            lines = subprocess.run([nm, output], check=True, stdout=subprocess.PIPE, text=True).stdout.split("\n")
            for kind, symbol in [line.split()[-2:] for line in lines if " " in line]:
                if kind in "Uvw":
                    self.used.add((file, symbol))
                elif kind.isupper():
                    self.owner[symbol] = file

    def is_above(self, a, b):
        return self.row_of[stem(a)].level < self.row_of[stem(b)].level

    def check_calls(self):
        calls = sorted((a, self.owner[symbol], symbol) for a, symbol in self.used if symbol in self.owner)
        beside = collections.defaultdict(set)
        for a, b, _ in calls:
            if self.row_of[stem(a)] is self.row_of[stem(b)] and not self.row_of[stem(a)].is_module and a != b:
                beside[a].add(b)
        rings = circles(beside)
        for a, b, symbol in calls:
            name = symbol.strip("_").split("@")[0]  # without the decoration of 32-bit Windows
            found = re.search(rf"\b_*{name}_*\b", blank(r"^ *# *include[^\n]*", self.text[a]))
            line = f":{line_of(self.text[a], found.start())}" if found else ""
            if self.is_above(b, a):
                yield f"src/{a}{line} calls {symbol} of src/{b}, which is above it"
            for ring in rings:
                if a in ring and b in ring:
                    yield f"src/{a}{line} calls {symbol} of src/{b}, in a circle of {len(ring)} files"

    def check_includes(self):
        after = collections.defaultdict(set)
        for file, text in self.text.items():
            for match in re.finditer(r'^ *# *include "([^"]+)"', text, re.M):
                paths = [os.path.normpath(os.path.join(folder, match[1])) for folder in (os.path.dirname(file), "")]
                for other in [path for path in paths if not path.startswith("..") and self.has(path)][:1]:
                    include = f"src/{file}:{line_of(text, match.start())} includes src/{other}"
                    if stem(other) not in self.row_of:
                        yield f"{include}, which is no file of this product"
                    elif self.is_above(other, file):
                        yield f"{include}, which is above it"
                    elif file.endswith(".h"):
                        after[file].add(other)
        for ring in circles(after):
            yield "headers include each other in a circle: " + ", ".join(f"src/{file}" for file in sorted(ring))


def report(**checks):
    """Print TAP: each check, with its problems before it; exit."""
    failed = 0
    for number, (name, problems) in enumerate(checks.items(), 1):
        lines = sorted(set(problems))
        failed += bool(lines)
        print("".join(f"# {line}\n" for line in lines) + f"{'not ok' if lines else 'ok'} {number} - {name}")
    print(f"1..{len(checks)}\n# {len(checks) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(failed > 0)


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    product = Product(*sys.argv[1:])
    report(each_file_stands_in_one_row=product.misplaced, calls_go_down=product.check_calls(),
           includes_go_down=product.check_includes())
