#!/usr/bin/env python3
"""Check that the pages are true where a program can tell.  Prints TAP.

    pages.py ROOT COMMANDS TREE [PAGE...]

ROOT has the sources, and PAGE... are relative to it: all pages if none is named.  In TREE stands what commands find
where a reader runs them: see tree.sh.

Code.  The lines of a block in C or C++ stand in the file that the comment before the block names, one after another:
`<!-- from examples/tasks/publish.c -->`.  A line that is only "..." stands for any number of lines, and the block may be
indented less than the file.  The file is compiled: the meson.build of its folder, or a test, names it.  What cannot be
compiled says why: `<!-- not compiled: REASON -->`.

Commands.  Every command stands in the file COMMANDS, which says how it is tested.  A command is a line of a block in sh
or console, or of an indented one whose first word is a program; what follows three spaces or " #" explains it.

    [run here]                  by this test, in TREE; with one empty environment variable HOME
    [run here, with PROGRAM]    the same where PROGRAM is installed
    [run by FILE: TEXT]         FILE of the tests has TEXT in it; without TEXT, the command itself
    [not run: REASON]

Names.  `./dev NAME` is in the usage of ./dev, links and anchors lead somewhere, and files between backticks and names of
the library are there.
"""
import fnmatch
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from markdown import Page  # noqa: E402

# Names with this library's prefixes that are MIR's own.
NAMES_OF_MIR = {"MIR_change_module_ctx", "MIR_item_t", "MIR_link", "_MIR_get_bb_thunk", "_MIR_replace_bb_thunk"}
NAME = r"(?<![\w*])(?:_?MIR_|mir_|HTAB_|VARR_|DEF_)\w+"
LANGUAGES_OF_CODE = ("c", "cpp", "c++")
LANGUAGES_OF_COMMANDS = ("sh", "console", "bash", "shell")
# The programs with which an indented line is a command.
PROGRAMS = set("""apt-get cc cd clang cmake cp debuild dpkg-buildpackage env g++ gcc gdb git ld ldconfig lintian lua make
    man meson mir-inject mir-report ninja npm objcopy perf pkg-config python3 sh systemd-run tcpdump valgrind wine
    x86_64-w64-mingw32-g++-win32 x86_64-w64-mingw32ucrt-gcc zstd""".split())
# Beginnings of names that are made, or are in a project of the reader's.
NOT_SOURCES = ("build", "subprojects/mimalloc", "subprojects/packagecache", "subprojects/mir-alloc")
LEFT_OUT = ("build", "subprojects/mimalloc", "subprojects/packagecache", ".git")


def all_files(root):
    """The paths of the sources in ROOT, and their folders, relative to it."""
    found = set()
    for folder, folders, names in os.walk(root):
        here = os.path.relpath(folder, root)
        path = (lambda name: name) if here == "." else (lambda name, here=here: here + "/" + name)
        folders[:] = [name for name in folders if path(name) not in LEFT_OUT and not path(name).startswith("build-")
                      and (name == ".ci" or not name.startswith(".")) and name != "__pycache__"]
        found.update(path(name) for name in folders + names)
    return found


class Checks:
    """The pages, and the problems that were found in them."""

    def __init__(self, root, commands, tree, pages):
        self.root, self.tree = root, tree
        self.files = all_files(root)
        names = pages or sorted(name for name in self.files if name.endswith(".md") and name != "CHANGELOG.md")
        self.pages = {name: Page(os.path.join(root, name)) for name in names}
        self.problems, self.table, self.used = [], {}, set()
        self.read_table(commands)

    def problem(self, page, number, text):
        self.problems.append(f"{page}:{number}: {text}")

    def text_of(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    # Code.

    def check_code(self):
        for name, page in self.pages.items():
            for block in page.blocks:
                if block.mark == "from":
                    self.check_origin(name, block)
                elif block.language in LANGUAGES_OF_CODE and not (block.mark == "not compiled" and block.value):
                    self.problem(name, block.number, "no comment says from which file this code is, or why it is from none")
                elif not block.is_fenced and looks_like_code(block):
                    self.problem(name, block.number, "this code is not between fences, with its language")

    def check_origin(self, name, block):
        if block.value not in self.files:
            self.problem(name, block.number, f"there is no {block.value}")
            return
        missing = first_missing(block.lines, self.text_of(block.value).splitlines())
        if missing is not None:
            self.problem(name, block.number, f"not in {block.value}, or not there in this order: {missing.strip()}")
        folder, base = os.path.split(block.value)
        build = folder + "/meson.build"
        stem = re.escape(os.path.splitext(base)[0])
        is_compiled = build in self.files and re.search(rf"(?<![\w-]){stem}(?![\w-])", self.text_of(build))
        if not is_compiled and not any(block.value in self.text_of(path) for path in self.files
                                       if path.startswith("tests/") and path.endswith(".sh")):
            self.problem(name, block.number, f"nothing compiles {block.value}")

    # Commands.

    def read_table(self, path):
        how = None
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file.read().splitlines(), 1):
                if line == "" or line.startswith("#"):
                    continue
                if line.startswith("["):
                    how = line.strip("[]")
                    self.check_how(os.path.basename(path), number, how)
                elif line in self.table:
                    self.problem(os.path.basename(path), number, f"stands here twice: {line}")
                else:
                    self.table[line] = (how, number)
        self.table_name = os.path.basename(path)

    def check_how(self, table, number, how):
        found = re.fullmatch(r"run by ([^:]+)(?:: (.+))?", how)
        if found is None:
            if not re.fullmatch(r"run here(, with \S+)?|not run: .+", how):
                self.problem(table, number, f"is no way to test a command: {how}")
        elif found[1] not in self.files:
            self.problem(table, number, f"there is no {found[1]}")
        elif found[2] and found[2] not in self.text_of(found[1]):
            self.problem(table, number, f"{found[1]} has no {found[2]}")

    def check_commands(self):
        for name, page in self.pages.items():
            for block in page.blocks:
                commands = list(commands_of(block))
                if block.mark == "not run" and block.value:
                    continue
                known = [command for command in commands if command in self.table]
                for command in commands:
                    if command not in self.table:
                        self.problem(name, block.number, f"nothing says how this command is tested: {command}")
                self.used.update(known)
                self.run(name, block.number, [c for c in known if self.table[c][0].startswith("run here")])
        for command, (how, number) in self.table.items():
            found = re.fullmatch(r"run by ([^:]+)", how)
            if found and found[1] in self.files and command not in self.text_of(found[1]):
                self.problem(self.table_name, number, f"{found[1]} does not run: {command}")

    def run(self, name, number, commands):
        """Run the COMMANDS of a block one after another in one shell."""
        needs = [self.table[command][0].partition(", with ")[2] for command in commands]
        commands = [c for c, program in zip(commands, needs) if program == "" or shutil.which(program)]
        if not commands:
            return
        done = subprocess.run(["sh", "-e", "-c", "\n".join(commands)], cwd=self.tree, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120,
                              env={**os.environ, "PATH": f"{self.tree}/bin:{os.environ['PATH']}", "HOME": self.tree})
        if done.returncode != 0:
            self.problem(name, number, f"status {done.returncode} of: {'; '.join(commands)}\n{done.stdout}{done.stderr}")

    def check_unused(self):
        for command in sorted(set(self.table) - self.used):
            self.problem(self.table_name, self.table[command][1], f"no page has this command: {command}")

    # Names.

    def check_dev(self):
        usage = subprocess.run([os.path.join(self.root, "dev"), "--help"], text=True, capture_output=True,
                               check=True).stdout
        words = set(re.findall(r"[\w-]+", usage))
        for name in self.pages:
            for number, line in enumerate(self.text_of(name).splitlines(), 1):
                for rest in re.findall(r"\./dev((?: [a-z-][a-z0-9-]*)*)", line):
                    self.check_dev_words(name, number, rest.split(), words, usage)

    def check_dev_words(self, name, number, given, words, usage):
        if given and f"./dev {given[0]}" not in usage:
            self.problem(name, number, f"there is no ./dev {given[0]}")
        elif len(given) > 1 and given[0] in ("test", "bench") and given[1] not in words:
            if not (given[0] == "bench" and self.is_benchmark(given[1])):
                self.problem(name, number, f"there is no ./dev {given[0]} {given[1]}")

    def is_benchmark(self, name):
        return name in self.text_of("bench/run.sh")

    def check_links(self):
        for name, page in self.pages.items():
            for number, target in page.links():
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                path = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
                if path not in self.files:
                    self.problem(name, number, f"the link leads nowhere: {target}")
                elif anchor and anchor not in Page(os.path.join(self.root, path)).anchors():
                    self.problem(name, number, f"{path} has no heading {anchor}")

    def check_names(self):
        """Functions, types, macros and variables of the environment."""
        known = set(NAMES_OF_MIR)
        for path in self.files:
            if path.endswith((".h", ".hpp", ".c", ".cpp", ".py", ".sh", ".txt")):
                with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                    known.update(re.findall(NAME, file.read()))
        for page in self.pages:
            for number, line in enumerate(self.text_of(page).splitlines(), 1):
                for name in re.findall(NAME, line):
                    if name not in known and not (name.endswith("_") and any(k.startswith(name) for k in known)):
                        self.problem(page, number, f"nothing has the name {name}")

    def check_paths(self):
        bases = {os.path.basename(path) for path in self.files}
        tops = {path for path in self.files if "/" not in path}
        for name, page in self.pages.items():
            for number, span in page.spans():
                for token in span.split()[:1]:
                    self.check_path(name, number, token.rstrip(",;:").removeprefix("./"), bases, tops)

    def check_path(self, name, number, token, bases, tops):
        """TOKEN, if it looks like one of our files, is one; letters in capitals stand for any, as in cpu-CPU.c."""
        if not re.fullmatch(r"[\w.*/+-]+", token):
            return
        pattern = re.sub(r"(?<![a-z])[A-Z]{2,}(?![\w]*\.md)(?![a-z])", "*", token).rstrip("/")
        if pattern.startswith(NOT_SOURCES):
            return
        if "/" in pattern and pattern.partition("/")[0] in tops:
            if not any(fnmatch.fnmatch(path, pattern) for path in self.files):
                self.problem(name, number, f"there is no {token}")
        elif "/" not in pattern and re.fullmatch(r"(mir|test)-[\w*-]+\.(h|hpp|c|cpp|sh|py|md)", pattern):
            if not any(fnmatch.fnmatch(base, pattern) for base in bases):
                self.problem(name, number, f"there is no {token}")


def looks_like_code(block):
    """Whether BLOCK has a statement in C, and is no drawing."""
    text = "\n".join(block.lines)
    return re.search(r";$|^#include", text, re.M) is not None and not set(text) & set("│─▼")


def dedent(lines):
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return [line[margin:].rstrip() for line in lines]


def parts_of(lines):
    """The runs of LINES between lines that are only "..."."""
    part = []
    for line in lines:
        if line.strip() == "...":
            yield part
            part = []
        else:
            part.append(line)
    yield part


def without_edges(lines):
    """LINES without empty ones at both ends."""
    start, end = 0, len(lines)
    while start < end and lines[start].strip() == "":
        start += 1
    while end > start and lines[end - 1].strip() == "":
        end -= 1
    return lines[start:end]


def first_missing(lines, file):
    """The first of LINES with which a part begins that is not in FILE behind the part before it; None if all are."""
    from_here = 0
    for part in parts_of(lines):
        part = dedent(without_edges(part))
        if not part:
            continue
        for start in range(from_here, len(file) - len(part) + 1):
            if dedent(file[start:start + len(part)]) == part:
                from_here = start + len(part)
                break
        else:
            here = {line.strip() for line in file}
            return next((line for line in part if line.strip() not in here), part[0])
    return None


def commands_of(block):
    """The commands in BLOCK, without prompts and explanations; lines that end with a backslash are joined."""
    if block.is_fenced and block.language not in LANGUAGES_OF_COMMANDS:
        return
    has_prompts = any(line.startswith("$ ") for line in block.lines)
    for line in re.sub(r"\s*\\\n\s*", " ", "\n".join(block.lines)).splitlines():
        command = re.sub(r"( {3,}.*| +# .*)$", "", line.strip()) if not line.startswith("#") else ""
        if has_prompts and not line.startswith("$ "):
            continue
        command = re.sub(r"^\$ ", "", command)
        if command and (block.is_fenced or is_command(command, has_prompts)):
            yield re.sub(r"\s+", " ", command)


def is_command(line, has_prompts):
    word = next((word for word in line.split() if not re.fullmatch(r"\w+=\S*", word)), "")
    return has_prompts or word in PROGRAMS or re.match(r"((\.\.?/)+|(build(-\w+)?|findings|tests)/)[\w./-]+$", word) is not None


def main():
    root, commands, tree, *pages = sys.argv[1:]
    checks = Checks(os.path.abspath(root), commands, os.path.abspath(tree), pages)
    tests = [("code_in_pages_is_compiled", checks.check_code),
             ("commands_in_pages_are_tested_or_marked", checks.check_commands),
             ("commands_of_dev_exist", checks.check_dev),
             ("links_lead_somewhere", checks.check_links),
             ("names_of_the_library_are_there", checks.check_names),
             ("files_named_in_pages_are_there", checks.check_paths)]
    if not pages:
        tests.append(("the_table_of_commands_has_no_others", checks.check_unused))
    failed = 0
    for number, (name, check) in enumerate(tests, 1):
        check()
        for problem in checks.problems:
            print("# " + problem.replace("\n", "\n# "))
        print(f"{'not ok' if checks.problems else 'ok'} {number} - {name}")
        failed += bool(checks.problems)
        checks.problems = []
    print(f"1..{len(tests)}\n# {len(tests) - failed} passed, {failed} failed, 0 skipped")
    return int(failed != 0)


if __name__ == "__main__":
    sys.exit(main())
