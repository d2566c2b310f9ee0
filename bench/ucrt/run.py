#!/usr/bin/env python3
"""The C runtime's allocator under Wine: Wine's own, mir-ucrt.dll from the start and loaded late, with and without
exact sizes, and mimalloc.dll with mimalloc-redirect.dll.

    run.py [--redirect DIR] [--rounds N] [--seconds S] [--only SUBJECTS] [--sides SIDES] DLL LEAST FOLDER
    run.py --check [OPTION...]

LEAST is the DLL of tests/ucrt/least, which keeps no exact sizes.  DIR holds mimalloc-redirect.dll and the mimalloc.dll
that goes with it.  FOLDER gets the programs and bench-ucrt.csv.

Each figure is from a process of its own, which takes at least S seconds of CPU, one for a size class S / 4.  For each
subject all sides run in turns, in an order that rotates.  Figures are medians over the rounds; a ratio is taken
within a round.
"""
import argparse
import math
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(ROOT, "bench", "ucrt")
sys.path.insert(0, os.path.join(ROOT, "tests", "real"))
from status import mimalloc_in  # noqa: E402
from wine import COMPILER, Wine, ucrt_specs, windows_path  # noqa: E402

SOURCES = ("mix.c", "larson.c", "grow.c", "aligned.c", "classes.c", "main.c", "steps.c", "churn.cpp")
SUBJECTS = ("mix", "larson 1", "larson 2", "growth", "aligned", "objects")
CLASSES = [16 * n for n in range(1, 9)] + [n << shift for shift in range(5, 10) for n in (5, 6, 7, 8)]
REDIRECT_FILES = ("mimalloc.dll", "mimalloc-redirect.dll") # the first is linked
# What a side is called, and the highest ratio to the redirect: of mix, larson and growth; of classes.
SIDES = {"none": ("without", None, None),
         "redirect": ("redirect", None, None),
         "exact": ("exact sizes", 1.05, 1.08),
         "least": ("no sizes", 1.00, 1.08),
         "late": ("late", None, None)}
JUDGED = SUBJECTS[:4]
# Where no DLL of a side has code at the same distance from a multiple of 256 MiB: jumps there would share entries in
# the CPU's branch predictor, which once made larson half as fast again for one side.
IMAGE_BASE = 0x14A5A0000


def compile_program(folder):
    """Compile everything but link.c.  The objects."""
    cxx = COMPILER.replace("gcc", "g++")
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-D_UCRT", "-I" + ROOT, ucrt_specs(folder)]
    objects = []
    for name in SOURCES + ("link.c",):
        objects.append(os.path.join(folder, name + ".o"))
        command = [cxx if name.endswith("cpp") else COMPILER] + flags
        subprocess.run(command + ["-c", os.path.join(HERE, name), "-o", objects[-1]], check=True)
    return objects


def link_program(objects, folder, dll=None):
    """Link the program into FOLDER, with the DLL of that name first in its import table.  The program."""
    os.makedirs(folder, exist_ok=True)
    program = os.path.join(folder, "bench-ucrt.exe")
    command = [COMPILER.replace("gcc", "g++"), ucrt_specs(folder), "-static", f"-Wl,--image-base={IMAGE_BASE:#x}"]
    if dll is None:
        subprocess.run(command + objects[:-1] + ["-o", program], check=True)
        return program
    with open(os.path.join(folder, "first.def"), "w") as file:
        file.write(f"LIBRARY {dll}\nEXPORTS\nmi_version\n")
    # GNU's ld sorts the import table by the names of the libraries: this one is before /usr.
    subprocess.run(["x86_64-w64-mingw32-dlltool", "-d", "first.def", "-l", "libfirst.a"], cwd=folder, check=True)
    subprocess.run(command + objects + ["./libfirst.a", "-o", program], cwd=folder, check=True)
    imports = subprocess.run(["x86_64-w64-mingw32-objdump", "-p", program], stdout=subprocess.PIPE,
                             check=True, text=True).stdout
    first = next(line for line in imports.splitlines() if "DLL Name:" in line)
    if not first.endswith(dll):
        sys.exit(f"bench: {dll} does not come first: {first.strip()}")
    return program


def make_sides(options):
    """The command of each side that can be measured."""
    objects = compile_program(options.folder)
    folder = {side: os.path.join(options.folder, side) for side in SIDES}
    program = {"none": link_program(objects, folder["none"])}
    for side, dll in (("exact", options.dll), ("least", options.least)):
        program[side] = link_program(objects, folder[side], "mir-ucrt.dll")
        shutil.copy(dll, os.path.join(folder[side], "mir-ucrt.dll"))
    if options.redirect is not None:
        program["redirect"] = link_program(objects, folder["redirect"], REDIRECT_FILES[0])
        for name in REDIRECT_FILES:
            shutil.copy(os.path.join(options.redirect, name), folder["redirect"])
    sides = {side: ([windows_path(program[side])], []) for side in SIDES if side in program}
    sides["late"] = (sides["none"][0], [windows_path(os.path.join(folder["exact"], "mir-ucrt.dll"))])
    chosen = list(sides) if options.sides is None else options.sides.split(",")
    if unknown := [side for side in chosen if side not in sides]:
        sys.exit(f"bench: without its DLL: {', '.join(unknown)}")
    return {side: sides[side] for side in chosen}


def without_redirect(options):
    """Why the redirect cannot be measured; None if it can."""
    if options.redirect is None:
        return "no folder with it was given: --redirect DIR"
    missing = [name for name in REDIRECT_FILES if not os.path.isfile(os.path.join(options.redirect, name))]
    return f"{options.redirect} has no {' and no '.join(missing)}" if missing else None


def measure(wine, command):
    """What one process says: {name: figure}."""
    run = wine.run(command, seconds=300)
    if run.status != 0 or not run.out:
        sys.exit(f"bench: {command}: status {run.status}: {run.tail()}")
    lines = (line.rsplit(",", 1) for line in run.out.decode().splitlines())
    return {name: float(value) for name, value in lines}


def measure_rounds(wine, sides, subjects, options):
    """{subject: {side: one measurement for each round}}; interrupted, what was measured for all sides until then."""
    measured = {subject: {side: [] for side in sides if side != "late" or subject in SUBJECTS} for subject in subjects}
    try:
        for number in range(options.rounds):
            for subject, rounds in measured.items():
                seconds = options.seconds if subject in SUBJECTS else options.seconds / 4
                names = list(rounds)
                turn = number % len(names)
                for side in names[turn:] + names[:turn]:
                    program, late = sides[side]
                    rounds[side].append(measure(wine, program + [subject, str(seconds)] + late))
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    for rounds in measured.values():
        complete = min(len(figures) for figures in rounds.values())
        for figures in rounds.values():
            del figures[complete:]
    return {subject: rounds for subject, rounds in measured.items() if all(rounds.values())}


def quartiles(values):
    """Median, first and third quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return median, low, high


def mimalloc_of(dll):
    """The version of mimalloc that DLL says in its status, and where that is from."""
    number = mimalloc_in(dll)
    try:
        with open(os.path.join(ROOT, "subprojects/mimalloc/origin.txt")) as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        lines = []
    origin = lines[1] if len(lines) > 1 and lines[0] == str(number) else "an unknown place"
    return f"{number // 10000}.{number // 100 % 100}.{number % 100} from {origin}"


def head(wine, mimalloc):
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, stdout=subprocess.PIPE,
                            text=True).stdout.strip()
    uname = os.uname()
    return (f"# command: ./dev bench ucrt\n# machine: {uname.sysname} {uname.release} {uname.machine}, {cpu}, "
            f"{os.cpu_count()} cores, Wine {wine.version()}\n# mimalloc: {mimalloc}\n# commit: {commit or 'unknown'}\n"
            "program,subject,side,unit,median,quartile1,quartile3,reference,ratio,ratio_quartile1,ratio_quartile3,rounds")


def report(measured, reference, csv):
    """Print a line for each subject; a figure's ratio is to that of the side REFERENCE."""
    columns = [(side, "later") for side in next(iter(measured.values()))]
    if ("late", "later") in columns:
        columns.append(("late", "first"))
    names = [SIDES[side][0] + (", foreign" if phase == "first" else "") for side, phase in columns]
    print(f"{'CPU, ns':14}" + "".join(f"{name:>20}" for name in names))
    for subject, rounds in measured.items():
        cells = []
        for side, phase in columns:
            if side not in rounds:
                continue
            times = [figures[phase] for figures in rounds[side]]
            other = [figures["later"] for figures in rounds[reference]]
            time, ratio = quartiles(times), quartiles([a / b for a, b in zip(times, other)])
            row = ["ucrt", subject, SIDES[side][0] + (", foreign" if phase == "first" else ""), "ns"]
            row += [f"{x:.4g}" for x in time] + [SIDES[reference][0]] + [f"{x:.3f}" for x in ratio]
            print(",".join([f'"{cell}"' for cell in row[:3]] + row[3:] + [str(len(times))]), file=csv)
            cells.append(f"{time[0]:.1f}" + ("" if side == reference or phase == "first" else f" ({ratio[0]:.2f})"))
        print(f"{subject:14}" + "".join(f"{cell:>20}" for cell in cells))


def judge(measured):
    """Compare the ratios to the redirect with their limits."""
    for side, (label, limit, class_limit) in SIDES.items():
        for subject, rounds in measured.items():
            allowed = limit if subject in JUDGED else class_limit if subject.startswith("class") else None
            if allowed is None or side not in rounds:
                continue
            ratio = statistics.median(a["later"] / b["later"] for a, b in zip(rounds[side], rounds["redirect"]))
            if ratio > allowed or subject in JUDGED:
                print(f"{subject}, {label}: {ratio:.3f} of the redirect, at most {allowed:.2f}: "
                      + ("met" if ratio <= allowed else "missed"))


def count_steps(wine, sides, csv):
    """Print the instructions of single calls, a line for each call and a column for each side."""
    sides = {side: measure(wine, program + ["steps"]) for side, (program, late) in sides.items() if not late}
    names = list(dict.fromkeys(name for counts in sides.values() for name in counts))
    print(f"{'instructions':24}" + "".join(f"{SIDES[side][0]:>14}" for side in sides))
    for name in names:
        print(f"{name:24}" + "".join(f"{counts[name]:14.0f}" if name in counts else f"{'':14}"
                                     for counts in sides.values()))
        for side, counts in sides.items():
            if name in counts:
                print(f'"ucrt","{name}","{SIDES[side][0]}",instructions,{counts[name]:.0f},,,,,,,1', file=csv)


def refuse(reason):
    """End with one line: an option names what does not exist."""
    print(f"bench: {reason}", file=sys.stderr)
    sys.exit(2)


def rounds_in(text):
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= 1000:
        refuse(f"--rounds takes a number from 1 to 1000: {text}")
    return int(text)


def seconds_in(text):
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < 1e4:  # nor not a number
        refuse(f"--seconds takes a number between 0 and 10000: {text}")
    return seconds


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     allow_abbrev=False)
    parser.add_argument("--redirect", metavar="DIR")
    parser.add_argument("--rounds", type=rounds_in, default=5)
    parser.add_argument("--seconds", type=seconds_in, default=2.0)
    parser.add_argument("--only", metavar="SUBJECTS", help="separated by commas; classes: all size classes")
    parser.add_argument("--sides", metavar="SIDES", help="separated by commas: " + ", ".join(SIDES))
    parser.add_argument("--check", action="store_true",
                        help="only whether there is what the options name; without DLL, LEAST and FOLDER")
    parser.add_argument("files", metavar="DLL LEAST FOLDER", nargs="*")
    parser.error = refuse
    options = parser.parse_args()
    if options.check and options.files:
        refuse(f"unknown argument: {options.files[0]}")
    if not options.check:
        if len(options.files) != 3:
            refuse("DLL, LEAST and FOLDER are needed (see --help)")
        options.dll, options.least, options.folder = options.files
        options.folder = os.path.abspath(options.folder)
    options.subjects = choose_subjects(options.only)
    if options.sides is not None:
        unknown = [side for side in options.sides.split(",") if side not in SIDES]
        if unknown:
            refuse(f"no such side: {' '.join(unknown).strip() or 'an empty name'}")
    reason = without_redirect(options)
    wants_redirect = options.sides is not None and "redirect" in options.sides.split(",")
    if reason is not None and (options.redirect is not None or wants_redirect):
        refuse(reason)
    return options


def choose_subjects(only):
    classes = [f"{kind} {end}" for kind in ("class", "edge") for end in CLASSES]
    subjects = list(SUBJECTS) + classes
    if only is None:
        return subjects
    chosen = [name for one in only.split(",") for name in (classes if one == "classes" else [one])]
    if unknown := [name for name in chosen if name not in subjects]:
        refuse(f"no such subject: {' '.join(unknown).strip() or 'an empty name'}")
    return chosen


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    options = parse_options()
    if options.check:
        return
    signal.signal(signal.SIGTERM, interrupt)  # so that Wine's processes end, too
    try:
        run(options)
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")


def run(options):
    os.makedirs(options.folder, exist_ok=True)
    mimalloc = mimalloc_of(options.dll)
    print(f"ucrt, mimalloc {mimalloc}")
    reason = without_redirect(options)
    if reason is not None:
        print(f"without mimalloc's redirect: {reason}; ratios are to the first side")
        options.redirect = None
    sides = make_sides(options)
    reference = "redirect" if "redirect" in sides else next(iter(sides))
    wine = Wine(options.folder)
    path = os.path.join(options.folder, "bench-ucrt.csv")
    try:
        measured = measure_rounds(wine, sides, options.subjects, options)
        if not measured:
            sys.exit("bench: nothing was measured")
        with open(path, "w") as csv:
            print(head(wine, mimalloc), file=csv)
            report(measured, reference, csv)
            if reference == "redirect":
                judge(measured)
            count_steps(wine, sides, csv)
    finally:
        wine.stop()
    print(f"figures: {path}")


if __name__ == "__main__":
    main()
