#!/usr/bin/env python3
"""The C runtime's allocator under Wine without mir-ucrt.dll, with it from the start, and with it loaded late.

    run.py DLL FOLDER

FOLDER gets the programs and bench-ucrt.csv.  All sides run in turns, in an order that rotates; figures are
medians over the rounds, ratios are taken within a round.  A figure of a side says how often it is as fast as
without the DLL.  The DLL of tests/ucrt/least, which keeps no exact sizes, can be measured in place of the usual one.
"""
import os
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(ROOT, "bench", "ucrt")
sys.path.insert(0, os.path.join(ROOT, "tests", "real"))
from status import mimalloc_in  # noqa: E402
from wine import COMPILER, Wine, ucrt_specs, windows_path  # noqa: E402

ROUNDS = 7
# The side, its phase, and what it is called; compared with the same phase without the DLL.
FIGURES = (("none", "later", "without the DLL"),
           ("linked", "later", "from the start"),
           ("late", "first", "late, old blocks"),
           ("late", "later", "late, own blocks"))
TARGETS = {"mix": 2.0, "larson, 1 thread": 6.0, "larson, 2 threads": 6.0} # from the start


def compile_programs(dll, folder):
    cxx = COMPILER.replace("gcc", "g++")
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-D_UCRT", "-I" + ROOT, ucrt_specs(folder)]
    objects = {}
    for name in ("mix.c", "larson.c", "grow.c", "main.c", "steps.c", "link.c", "churn.cpp"):
        objects[name] = os.path.join(folder, name + ".o")
        command = [cxx if name.endswith("cpp") else COMPILER] + flags
        subprocess.run(command + ["-c", os.path.join(HERE, name), "-o", objects[name]], check=True)
    link = objects.pop("link.c")
    library = os.path.join(folder, "libmir-ucrt.a")
    subprocess.run(["x86_64-w64-mingw32-dlltool", "-d", os.path.join(ROOT, "tests/real/mir-ucrt.def"),
                    "-l", library], check=True)
    plain, linked = (os.path.join(folder, name) for name in ("bench-ucrt.exe", "bench-ucrt-linked.exe"))
    subprocess.run([cxx] + flags + ["-static"] + list(objects.values()) + ["-o", plain], check=True)
    # GNU's ld sorts the import table by the names of the libraries: this one is before /usr.
    subprocess.run([cxx] + flags + ["-static", link, "./libmir-ucrt.a"] + list(objects.values())
                   + ["-o", linked], cwd=folder, check=True)
    imports = subprocess.run(["x86_64-w64-mingw32-objdump", "-p", linked], stdout=subprocess.PIPE,
                             check=True, text=True).stdout
    first = next(line for line in imports.splitlines() if "DLL Name:" in line)
    if not first.endswith("mir-ucrt.dll"):
        sys.exit(f"bench: mir-ucrt.dll does not come first: {first.strip()}")
    target = os.path.join(folder, "mir-ucrt.dll")
    with open(dll, "rb") as source, open(target, "wb") as copy:
        copy.write(source.read())
    return {"none": [windows_path(plain)], "linked": [windows_path(linked)],
            "late": [windows_path(plain), windows_path(target)]}


def measure(wine, command):
    """{(subject, phase): figure} of one process."""
    run = wine.run(command, seconds=300)
    if run.status != 0 or not run.out:
        sys.exit(f"bench: {command}: status {run.status}: {run.tail()}")
    figures = {}
    for line in run.out.decode().splitlines():
        subject, phase, value = line.rsplit(",", 2)
        figures[subject, phase] = float(value)
    return figures


def quartiles(values):
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


def head(command, mimalloc):
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, stdout=subprocess.PIPE,
                            text=True).stdout.strip()
    wine = subprocess.run(["wine", "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
    uname = os.uname()
    return (f"# command: {command}\n# machine: {uname.sysname} {uname.release} {uname.machine}, {cpu}, "
            f"{os.cpu_count()} cores, {wine}\n# mimalloc: {mimalloc}\n# commit: {commit or 'unknown'}\n"
            "program,subject,side,unit,median,quartile1,quartile3,ratio,ratio_quartile1,ratio_quartile3,rounds")


def report(rounds, csv):
    subjects = list(dict.fromkeys(subject for subject, _ in rounds[0]["none"]))
    print(f"{'':20}" + "".join(f"{label:>26}" for _, _, label in FIGURES))
    for subject in subjects:
        cells = []
        for side, phase, label in FIGURES:
            times = [figures[side][subject, phase] for figures in rounds]
            ratios = [figures[side][subject, phase] / figures["none"][subject, phase] for figures in rounds]
            time, ratio = quartiles(times), quartiles(ratios)
            row = ["ucrt", f'"{subject}"', f'"{label}"', "ns"] + [f"{x:.4g}" for x in time + ratio]
            print(",".join(row + [str(len(rounds))]), file=csv)
            cells.append(f"{time[0]:.1f} ns" + ("" if side == "none" else f" ({1 / ratio[0]:.2f} x)"))
        print(f"{subject:20}" + "".join(f"{cell:>26}" for cell in cells))
    for subject, target in TARGETS.items():
        ratio = statistics.median(f["none"][subject, "later"] / f["linked"][subject, "later"] for f in rounds)
        print(f"{subject}: {ratio:.2f} x from the start, target {target:.0f} x: "
              + ("met" if ratio >= target else "missed"))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    dll, folder = sys.argv[1], os.path.abspath(sys.argv[2])
    os.makedirs(folder, exist_ok=True)
    mimalloc = mimalloc_of(dll)
    print(f"ucrt, mimalloc {mimalloc}")
    sides = compile_programs(dll, folder)
    wine = Wine(folder)
    try:
        names, rounds = list(sides), []
        for number in range(ROUNDS + 1): # the first warms up
            turn = number % len(names)
            figures = {name: measure(wine, sides[name]) for name in names[turn:] + names[:turn]}
            if number > 0:
                rounds.append(figures)
        steps = measure(wine, sides["late"] + ["steps"])
    finally:
        wine.stop()
    path = os.path.join(folder, "bench-ucrt.csv")
    with open(path, "w") as csv:
        print(head("./dev bench ucrt", mimalloc), file=csv)
        report(rounds, csv)
        for name, count in ((name, count) for (name, _), count in steps.items()):
            print(f"instructions of {name}: {count:.0f}")
            print(f"ucrt,instructions,{name},instructions,{count:.0f},,,,,,1", file=csv)
    print(f"figures: {path}")


if __name__ == "__main__":
    main()
