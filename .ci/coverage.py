#!/usr/bin/env python3
"""Measures which lines and branches of the library its tests reach.

usage: coverage.py run BUILD-DIRECTORY [FOLDER...]     run the tests of the folders, and print a table
       coverage.py lines BUILD-DIRECTORY NAME...       lines and branches that the last run did not reach in these
                                                       files and folders

Clang counts in memory that it shares with a file (LLVM_PROFILE_FILE, %c), so that what a child reaches counts however
the child ends.  The directory has `profiles/`, and `covered`, in lcov's format, which has the paths of sources from the
root."""
import collections
import glob
import os
import shutil
import subprocess
import sys

from folders import FOLDERS, folder_of, tests_in, tests_of


def tool(name):
    """The path of the LLVM tool NAME that belongs to clang."""
    return subprocess.check_output(["clang", f"-print-prog-name={name}"], text=True).strip()


def run(build, folders):
    """Compile and run the tests of FOLDERS.  Returns those that failed."""
    known = tests_in(build)
    tests = {test.name: test for folder in folders for test in tests_of(folder, known)}
    files = sorted({file for test in tests.values() for file in test.files})
    log = os.path.join(build, "ninja.log")
    with open(log, "w", encoding="utf-8") as output:
        if subprocess.run(["ninja", "-C", build, *files], stdout=output, stderr=output, check=False).returncode:
            sys.exit(f"coverage: could not compile {build}/, see {log}")
    profiles = os.path.join(build, "profiles")
    shutil.rmtree(profiles, ignore_errors=True)
    os.mkdir(profiles)
    env = {"TAP_SCALE": "10", **os.environ, "LLVM_PROFILE_FILE": os.path.join(os.path.abspath(profiles), "%c%m.profraw")}
    output = os.path.join(build, "tests.log")
    with open(output, "w", encoding="utf-8") as log:
        subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--timeout-multiplier=5", *tests], env=env,
                       stdout=log, stderr=log, check=False)
    with open(os.path.join(build, "folders"), "w", encoding="utf-8") as file:
        file.write("\n".join(folders) + "\n")
    return collect(build, files), output


def collect(build, files):
    """Write `covered` from the profiles; FILES are programs, and what else tests need."""
    merged = os.path.join(build, "profile")
    raw = glob.glob(os.path.join(build, "profiles", "*.profraw"))
    subprocess.run([tool("llvm-profdata"), "merge", "--sparse", "--failure-mode=all", "-o", merged, *raw], check=True)
    programs = [path for path in (os.path.join(build, file) for file in files) if is_program(path)]
    objects = [word for path in programs[1:] for word in ("-object", path)]
    text = subprocess.check_output([tool("llvm-cov"), "export", "-format=lcov", f"-instr-profile={merged}", programs[0],
                                    *objects], text=True)
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + "/"
    with open(os.path.join(build, "covered"), "w", encoding="utf-8") as out:
        wanted = False
        for line in text.split("\n"):
            if line.startswith("SF:"):
                path = os.path.relpath(os.path.normpath(os.path.join(build, line[3:])), root)
                wanted, line = folder_of(path) is not None, f"SF:{path}"
            if wanted and line.startswith(("SF:", "DA:", "BRDA:")):
                out.write(line + "\n")


def is_program(path):
    """Whether the file PATH is one of ELF that is not an archive of objects."""
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


class File:
    def __init__(self):
        self.lines = collections.Counter()  # line: how often it ran
        self.branches = collections.Counter()  # (line, number, side): how often it was taken


def read_covered(path):
    """{path of a source: File} from the file PATH in lcov's format.  A function of a header counts once."""
    files, current = {}, None
    with open(path, encoding="utf-8") as file:
        for line in file.read().split("\n"):
            kind, _, rest = line.partition(":")
            if kind == "SF":
                current = files.setdefault(rest, File())
            elif kind == "DA":
                number, count = rest.split(",")
                current.lines[int(number)] += int(count)
            elif kind == "BRDA":
                number, block, branch, count = rest.split(",")
                current.branches[int(number), int(block), int(branch)] += 0 if count == "-" else int(count)
    return files


def percent(counters):
    """The part of the COUNTERS that is not 0, and their number."""
    counts = [count for counter in counters for count in counter.values()]
    return (100 * sum(count > 0 for count in counts) / len(counts) if counts else 100), len(counts)


def print_table(files, folders):
    print(f"{'folder':14}{'lines':>8}{'of':>8}{'branches':>12}{'of':>8}")
    for folder in folders:
        found = [file for path, file in files.items() if folder_of(path) == folder]
        lines, branches = percent([file.lines for file in found]), percent([file.branches for file in found])
        print(f"{folder:14}{lines[0]:7.1f}%{lines[1]:8}{branches[0]:11.1f}%{branches[1]:8}")


def print_missed(files, names):
    """The lines and branches of the files that NAMES name which were not reached, with their text."""
    for name in names:
        found = {path: file for path, file in files.items() if path == name or path.startswith(name.rstrip("/") + "/")}
        if not found:
            sys.exit(f"coverage: the last run knows no such file: {name}")
        for path, file in sorted(found.items()):
            with open(path, encoding="utf-8") as source:
                text = [""] + source.read().split("\n")
            sides = collections.defaultdict(list)
            for (line, _, _), count in sorted(file.branches.items()):
                sides[line].append(count)
            for line in sorted(file.lines.keys() | sides.keys()):
                if file.lines[line] == 0 and line in file.lines:
                    print(f"{path}:{line}: not reached: {text[line].strip()}")
                elif 0 in sides[line]:
                    taken = sum(count > 0 for count in sides[line])
                    print(f"{path}:{line}: {taken} of {len(sides[line])} sides: {text[line].strip()}")


def main(args):
    os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    command, build, *names = args
    if command == "run":
        folders = names or list(FOLDERS)
        _, log = run(build, folders)
        print_table(read_covered(os.path.join(build, "covered")), folders)
        with open(log, encoding="utf-8") as file:
            failed = [line.split(None, 1)[1].strip() for line in file if " FAIL " in line or " TIMEOUT " in line]
        for line in dict.fromkeys(failed):
            print(f"failed: {line}")
    else:
        if not os.path.exists(os.path.join(build, "covered")):
            sys.exit("coverage: nothing is known yet: ./dev coverage")
        print_missed(read_covered(os.path.join(build, "covered")), names)


if __name__ == "__main__":
    main(sys.argv[1:])
