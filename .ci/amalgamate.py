#!/usr/bin/env python3
"""Write the library as a few C files, which compile with any build system and with none.

    amalgamate.py [--lines] [--no-mimalloc] [DIR]

DIR, by default build-amalgamation, gets

    mir-alloc.c              the library: src/mir-alloc.sources, each file in the #if of the systems and CPUs it is for
    mir-alloc-mir.c          contexts with MIR's names
    mir-mimalloc.c           mimalloc, from subprojects/mimalloc
    mir-alloc-default/       mimalloc's header, for units which include mir-alloc-default.c
    mir-*.h, mir.h, ...      the public headers, and adapters/

--lines marks each part with a #line, so that messages and debuggers name the original file.  With --no-mimalloc the
program has a mimalloc of its own, and <mimalloc.h> finds its header.  The output depends on the sources alone.
"""
import argparse
import errno
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from sources import macro_of, read_chains, read_conditions, read_lines, unknown_words  # noqa: E402

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
SRC = os.path.join(ROOT, "src")
MIMALLOC = os.path.join(ROOT, "subprojects", "mimalloc")
OVERLAY = os.path.join(ROOT, "subprojects", "packagefiles", "mimalloc")
HIDE = "#pragma GCC visibility push(hidden)"
SHOW = "#pragma GCC visibility push(default)"
POP = "#pragma GCC visibility pop"


def die(text):
    sys.exit(f"amalgamate: {text}")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def both(a, b):
    """The condition that A and B, which may be None: true, hold."""
    return f"{a} && {b}" if a and b else a or b


class Unit:
    """A C file that is made of others.  Included headers are written once, or, where an #if may hide them, again."""

    def __init__(self, has_lines, find, public=(), hoists=False, replaced=None):
        self.has_lines, self.find, self.public, self.hoists = has_lines, find, public, hoists
        self.replaced = replaced or {}  # {header of the system: what takes its place}
        self.out, self.written = [], set()
        self.system = {}  # {condition or None: headers of the system and public ones}

    def hoist(self, header, condition):
        self.system.setdefault(condition, []).append(header)

    def mark(self, path, line):
        if self.has_lines:
            self.out.append(f'#line {line} "{os.path.relpath(path, ROOT)}"')

    def add(self, path, condition=None, is_hidden=False, is_nested=False, macros=None):
        """Append the file at PATH, with what it includes.  CONDITION is that of the place; IS_HIDDEN: names declared
        here are for this library only; IS_NESTED: some #if surrounds this; MACROS: what #include MACRO stands for."""
        is_header = path.endswith(".h")
        if is_header and path in self.written:
            return
        if is_header and not condition and not is_nested:
            self.written.add(path)
        begins_hidden = is_header and not is_hidden
        text = read(path).rstrip("\n")
        lines = text.split("\n")
        guard = re.search(r"^#ifndef (\w+)\n#define \1$", text, re.M) if is_header else None
        once = re.search(r"^#pragma once$", text, re.M)
        self.out.append(f"\n/*---------------- {os.path.relpath(path, ROOT)} -----------------------------*/")
        if begins_hidden:
            self.out.append(HIDE)
        self.mark(path, 1)
        depth = 0
        is_comment = False
        for number, line in enumerate(lines, 1):
            directive = None if is_comment else re.match(r"\s*#\s*(\w+)", line)
            if not directive:
                is_comment = line.rfind("/*") > line.rfind("*/") or (is_comment and "*/" not in line)
                self.out.append(line)
                continue
            word = directive[1]
            depth += (word in ("if", "ifdef", "ifndef")) - (word == "endif")
            own_depth = depth - (1 if guard else 0)
            if word == "pragma" and once and line.strip() == "#pragma once":
                self.out.append("")  # has no meaning here; the guards do the same
            elif word == "include":
                self.include(line, path, condition, is_hidden or is_header, is_nested or own_depth > 0, macros)
                self.mark(path, number + 1)
            elif re.match(r"\s*#\s*define _(GNU|POSIX_C)_SOURCE\b", line):
                self.out.append("")  # the unit begins with it
            else:
                self.out.append(line)
            is_comment = line.rfind("/*") > line.rfind("*/")
        if begins_hidden:
            self.out.append(POP)

    def include(self, line, path, condition, is_hidden, is_nested, macros):
        if "<" in line.split("/*")[0]:
            header = re.search(r"<[^>]+>", line)[0]
            found = self.find(header.strip("<>"), path)
            if found:
                self.add(found, condition, is_hidden, is_nested, macros)
                return
            header = self.replaced.get(header, header)
            line = f"#include {header}"
            if self.hoists and not is_nested:
                self.hoist(header, condition)
                self.out.append("")
            elif is_hidden:
                self.out += [SHOW, line, POP]
            else:
                self.out.append(line)
            return
        name = re.search(r'include\s+"?([^"\s]+)"?', line)[1]
        if macros and name in macros:
            for number, (where, file) in enumerate(macros[name]):
                self.out.append(f"#{'if' if number == 0 else 'elif'} {where}" if where else "#else")
                earlier = [f"!({other})" for other, _ in macros[name][:number]]
                self.add(os.path.join(SRC, file), both(condition, " && ".join(earlier + [where] if where else earlier)),
                         is_hidden, True, macros)
            self.out.append("#endif")
            return
        found = self.find(name, path)
        if not found:
            self.out.append(line)
        elif os.path.basename(found) in self.public and found.endswith(".h"):
            if is_nested:
                self.out += [SHOW, line, POP]
            else:
                self.hoist(f'"{os.path.relpath(found, ROOT)}"', None)
        else:
            self.add(found, condition, is_hidden, is_nested, macros)

    def prologue(self):
        """What the system and the public headers provide, before any name of ours."""
        lines, seen = [], set()
        for condition in sorted(self.system, key=lambda key: (key is not None, key)):
            headers = [header for header in dict.fromkeys(self.system[condition]) if header not in seen]
            seen |= set(headers) if condition is None else set()
            # The system's first: those of ours include them.  windows.h before others of Windows.
            headers.sort(key=lambda header: (header.startswith('"'), header != "<windows.h>", header))
            if headers:
                lines += [f"#if {condition}"] if condition else []
                lines += [f"#include {header}" for header in headers]
                lines += ["#endif"] if condition else []
        return lines


MADE = "made by `./dev amalgamate`."


def head(title, compile_line):
    """The comment on top of a file."""
    version = ".".join(re.findall(r"^#define MIR_ALLOC_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$",
                                  read(os.path.join(ROOT, "mir-alloc-api.h")), re.M))
    license_text = read(os.path.join(ROOT, "LICENSE")).strip()
    return [f"/* {title}, version {version}, {MADE}", "", f"   {compile_line}", "",
            *["   " + line if line else "" for line in license_text.split("\n")], "  */"]


def define_words(words):
    """A macro for each of WORDS, {word: condition}, which -D can settle otherwise."""
    lines = []
    for word, condition in words.items():
        if word != "all":
            macro = macro_of(word)
            lines += [f"#ifndef {macro}", f"#if {condition}", f"#define {macro} 1", "#else", f"#define {macro} 0",
                      "#endif", "#endif"]
    return lines


def public_headers():
    return [name for line in read_lines(os.path.join(SRC, "mir-alloc.headers"))
            for name in line.partition(":")[2].split()]


def make_library(library, title, compile_line, words, has_lines, replaced, macros=()):
    """The text of one of the two libraries."""
    public = public_headers()

    def find(name, path):
        for folder in (os.path.dirname(path), SRC, ROOT):
            if os.path.isfile(os.path.join(folder, name)):
                return os.path.join(folder, name)
        return None

    chains = read_chains(SRC, library)
    included = {}  # {macro that names a file: [(condition, file)]}
    plain = list(macros)
    for chain in chains:
        for condition, names in chain:
            for name in [name[2:] for name in names if name.startswith("-D")]:
                macro, _, value = name.partition("=")
                if value.startswith('"'):
                    included.setdefault(macro, []).append((condition, value.strip('"')))
                else:
                    plain.append(f"{macro} {value or 1}")
    unit = Unit(has_lines, find, public, hoists=True, replaced=replaced)
    files = [[(condition, [name for name in names if not name.startswith("-D")]) for condition, names in chain]
             for chain in chains]
    for chain in files:  # first what is everywhere, because what it includes need not be repeated
        if chain[0][0] is None:
            for name in chain[0][1]:
                unit.add(os.path.join(SRC, name), macros=included)
    for chain in [chain for chain in files if chain[0][0] and any(names for _, names in chain)]:
        earlier = []
        for number, (condition, names) in enumerate(chain):
            unit.out.append("")
            unit.out.append(f"#{'if' if number == 0 else 'elif'} {condition}" if condition else "#else")
            whole = " && ".join(earlier + [condition] if condition else earlier)
            for name in names:
                unit.add(os.path.join(SRC, name), whole, macros=included)
            earlier.append(f"!({condition})")
        unit.out.append("#endif")
    prologue = unit.prologue()
    return head(title, compile_line) + [
        "#if defined (__linux__) && !defined (_GNU_SOURCE)", "#define _GNU_SOURCE", "#endif",
        "#if !defined (_WIN32) && !defined (_FILE_OFFSET_BITS)", "#define _FILE_OFFSET_BITS 64", "#endif",
        *[f"#define {macro}" for macro in plain],
        *define_words(words), *prologue] + unit.out


def make_mimalloc(compile_line, has_lines):
    """The text of mimalloc's unit, with the file that keeps forks out of its locks."""
    def find(name, path):
        for folder in (os.path.dirname(path), MIMALLOC, os.path.join(MIMALLOC, "include"), os.path.join(MIMALLOC, "src")):
            if os.path.isfile(os.path.join(folder, name)):
                return os.path.normpath(os.path.join(folder, name))
        return None

    unit = Unit(has_lines, find)
    unit.out.append(HIDE)  # not only the headers: some functions are declared in none
    unit.out.append("#ifndef _WIN32")  # first, because mir-mimalloc.c gives the functions that it calls other names
    unit.add(os.path.join(OVERLAY, "fork-order.c"), is_hidden=True)
    unit.out.append("#endif")
    unit.add(os.path.join(OVERLAY, "mir-mimalloc.c"), is_hidden=True)
    unit.out.append(POP)
    conditions = read_conditions(SRC)
    return head("mimalloc as mir-alloc uses it", compile_line) + [
        "", "/* mimalloc's own license:", "",
        *["   " + line if line else "" for line in read(os.path.join(MIMALLOC, "LICENSE")).strip().split("\n")], "  */",
        "#if defined (__linux__) && !defined (_GNU_SOURCE)", "#define _GNU_SOURCE", "#endif",
        "#if !defined (_WIN32) && !defined (_FILE_OFFSET_BITS)", "#define _FILE_OFFSET_BITS 64", "#endif",
        *define_words({"cancel": conditions["cancel"]}),
        "#if MIR_IF_CANCEL", "#define MIR_HAS_CANCEL", "#endif",
        '#pragma GCC diagnostic ignored "-Wunused-function" /* not all of it is called */'] + unit.out


def mimalloc_floor():
    number = int(re.search(r"^mimalloc_floor = (\d+)", read(os.path.join(ROOT, "meson.build")), re.M)[1])
    return number, f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def compiles(path, *arguments):
    """Whether the C compiler takes the file at PATH, and what it said if not."""
    command = [*(os.environ.get("CC") or "cc").split(), "-fsyntax-only", *arguments, f"-I{MIMALLOC}/include", path]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
                              errors="replace")
    except OSError as error:
        die(f"the compiler cannot be run: {error}")
    return done.returncode == 0, next(iter(done.stdout.strip().splitlines()), "it says nothing")


def takes_memory():
    """Whether mimalloc takes memory from its user, as the builds find out, too.  A compiler that compiles nothing would
    say no to anything."""
    works, said = compiles(os.path.join(MIMALLOC, "include", "mimalloc.h"), "-x", "c")
    if not works:
        die(f"the compiler does not compile mimalloc.h: {said}")
    return compiles(os.path.join(SRC, "probes", "mimalloc-supply.c"), "-Werror=implicit-function-declaration",
                    "-Werror=incompatible-pointer-types", "-Werror=int-conversion")[0]


def own_mimalloc():
    """The version of mimalloc in subprojects/."""
    header = os.path.join(MIMALLOC, "include", "mimalloc.h")
    if not os.path.isfile(header) or not os.path.isfile(os.path.join(MIMALLOC, "src", "static.c")):
        die("there is no mimalloc: run subprojects/get-mimalloc, or give --no-mimalloc")
    version = int(re.search(r"^#define MI_MALLOC_VERSION +(\d+)", read(header), re.M)[1])
    if version < mimalloc_floor()[0]:
        die(f"mimalloc {mimalloc_floor()[1]} or newer is needed; the number in {os.path.relpath(header)} is {version}")
    return version


def joined(lines):
    text = "\n".join(lines)
    return (text if any(line.startswith("#line") for line in lines) else re.sub(r"\n{3,}", "\n\n", text)) + "\n"


def is_ours(folder):
    """Whether an earlier run has made FOLDER."""
    try:
        with open(os.path.join(folder, "mir-alloc.c"), encoding="utf-8", errors="replace") as file:
            return file.readline().rstrip("\n").endswith(MADE)
    except OSError:
        return False


def write_all(folder, files):
    """All of FILES, {name: text}, or none: other people's files stay as they are."""
    os.makedirs(folder, exist_ok=True)
    if not is_ours(folder):
        taken = [name for name in files if os.path.lexists(os.path.join(folder, name))]
        if taken:
            die(f"{os.path.join(folder, taken[0])} is there, and not of an amalgamation")
    new = []
    try:
        for name, text in files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.isdir(path):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
            try:
                with open(path + ".new", "w", encoding="utf-8", newline="\n") as file:
                    new.append(path)
                    file.write(text)
            except OSError as error:
                raise OSError(error.errno, error.strerror, path) from error  # a full disk names no file
        for path in new:
            os.replace(path + ".new", path)
    finally:
        for path in new:
            if os.path.lexists(path + ".new"):
                os.remove(path + ".new")


def remove_mimalloc(folder):
    """What an earlier run with other options has left in FOLDER, which is ours."""
    for name in ("mir-mimalloc.c", "mir-alloc-default/mimalloc.h"):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            os.remove(path)
    default = os.path.join(folder, "mir-alloc-default")
    if os.path.isdir(default) and not os.path.islink(default) and not os.listdir(default):
        os.rmdir(default)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        print(f"amalgamate: {message}; see --help", file=sys.stderr)
        sys.exit(2)


def main():
    parser = Parser(prog="./dev amalgamate", usage="%(prog)s [--lines] [--no-mimalloc] [DIR]",
                    description="Write the library as a few C files.", allow_abbrev=False)
    parser.add_argument("--lines", action="store_true", help="mark the parts with #line")
    parser.add_argument("--no-mimalloc", action="store_true", help="the program has a mimalloc of its own")
    parser.add_argument("dir", metavar="DIR", nargs="?", default=os.path.join(ROOT, "build-amalgamation"))
    options = parser.parse_args()
    if not options.dir:
        parser.error("DIR is empty")

    words = {**read_conditions(SRC), "heaps": "1", "supply": "0"}
    for library in ("mir-alloc", "mir-alloc-mir"):
        unknown = unknown_words(SRC, library, words)
        if unknown:
            die(f"src/{library}.sources has words that src/conditions has not: {' '.join(unknown)}")
    if not options.no_mimalloc:
        own_mimalloc()
        words["supply"] = "defined (__linux__)" if takes_memory() else "0"
    floor, floor_name = mimalloc_floor()
    units = ["mir-alloc.c"] + ([] if options.no_mimalloc else ["mir-mimalloc.c"])
    compile_line = f"Compile {' and '.join(units)} as C, by gcc or clang: cc -O2 -pthread -c {' '.join(units)}"
    replaced = {} if options.no_mimalloc else {"<mimalloc.h>": '"mir-alloc-default/mimalloc.h"'}
    texts = {
        "mir-alloc.c": make_library("mir-alloc", "The memory of a JIT runtime", compile_line, words, options.lines,
                                    replaced, [f'MIR_MIMALLOC_FLOOR "{floor_name}"', "MIR_MIMALLOC_IS_TRACKED 0"]),
        "mir-alloc-mir.c": make_library("mir-alloc-mir", "Contexts of mir-alloc, with the names of the MIR JIT",
                                        compile_line.replace("mir-alloc.c", "mir-alloc.c, mir-alloc-mir.c", 1)
                                        .replace("-c mir-alloc.c", "-c mir-alloc.c mir-alloc-mir.c"),
                                        words, options.lines, replaced),
    }
    if not options.no_mimalloc:
        texts["mir-mimalloc.c"] = make_mimalloc(compile_line, options.lines)
    files = {name: joined(lines) for name, lines in texts.items()}
    files.update({name: read(os.path.join(ROOT, name)) for name in public_headers()})
    if not options.no_mimalloc:
        files["mir-alloc-default/mimalloc.h"] = read(os.path.join(MIMALLOC, "include", "mimalloc.h"))
    try:
        was_ours = is_ours(options.dir)
        write_all(options.dir, files)
        if options.no_mimalloc and was_ours:
            remove_mimalloc(options.dir)
        print(f"amalgamation: {os.path.relpath(options.dir)}", flush=True)
    except OSError as error:
        die(f"{error.filename}: {error.strerror}" if error.filename else str(error))


if __name__ == "__main__":
    main()
