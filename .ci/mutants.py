#!/usr/bin/env python3
"""Runs the mutants of tests/mutants/list: each in a copy of the tree, with the tests of its folder.

usage: mutants.py [--again] [-jN] [--limit=SECONDS] BUILD-DIRECTORY [FOLDER...]

BUILD-DIRECTORY/N/ has the copy of the Nth worker, and in it its build, of which there is one a core; `results` what is known.  A mutant
that was caught is not run again while its file stays as it is, one that survived while the sources and the tests do;
--again forgets both.  A test that takes ten times its time, and 30 seconds or SECONDS, has hung, which counts as
caught.  The status is 0 if no mutant survived."""
import concurrent.futures
import hashlib
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from folders import FOLDERS, folder_of, tests_in, tests_of
from mutant_list import ListError, read_list

LIST = "tests/mutants/list"
SKIPPED = 77

stop = threading.Event()
running = set()  # process groups


def digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


# ---------------- The copy ----------------

def tree_files(root):
    """The files of the tree, without what builds make and what git keeps."""
    for folder, folders, files in os.walk(root):
        top = folder == root
        folders[:] = sorted(name for name in folders if name not in (".git", "__pycache__")
                            and not (top and name.startswith("build")))
        for name in sorted(files):
            if not (top and name == ".git"):
                yield os.path.relpath(os.path.join(folder, name), root)


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def write_bytes(path, data):
    """Without a moment at which a build sees half of it, and with a new time."""
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.replace(path + ".new", path)


def copy_tree(root, copy):
    """Make COPY the same as ROOT; what is the same already keeps its time."""
    kept = set()
    for name in tree_files(root):
        source, target = os.path.join(root, name), os.path.join(copy, name)
        kept.add(name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.islink(source):
            if not os.path.islink(target):
                os.symlink(os.readlink(source), target)
            continue
        data = read_bytes(source)
        if not os.path.exists(target) or read_bytes(target) != data:
            write_bytes(target, data)
            shutil.copymode(source, target)
    for name in list(tree_files(copy)):
        if name not in kept:
            os.remove(os.path.join(copy, name))


def digest_of_tree(root):
    """Of all that decides whether a mutant survives, but not of the list."""
    whole = hashlib.sha256()
    for name in tree_files(root):
        if name.startswith(("src/", "tests/", "fuzz/")) or "/" not in name and name.endswith((".h", ".c", ".build")):
            if name != LIST:
                whole.update(name.encode() + b"\0" + read_bytes(os.path.join(root, name)))
    return whole.hexdigest()[:16]


# ---------------- Commands ----------------

def run_limited(command, cwd, env, limit):
    """(status, output) of COMMAND; the status is None after LIMIT seconds.  Nothing it started stays."""
    def alone():
        os.setsid()
        with open("/proc/self/oom_score_adj", "w") as file:  # what takes all memory is the first to go
            file.write("1000")
    process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, preexec_fn=alone)
    timed_out = threading.Event()

    def end():
        timed_out.set()
        kill_group(process.pid)
    timer = threading.Timer(limit, end)
    timer.start()
    running.add(process.pid)
    chunks, size = [], 0
    with process.stdout:
        while chunk := process.stdout.read1(1 << 16):
            if size < 1 << 22:
                chunks.append(chunk)
                size += len(chunk)
    process.wait()
    running.discard(process.pid)
    timer.cancel()
    kill_group(process.pid)
    return (None if timed_out.is_set() else process.returncode), b"".join(chunks).decode(errors="replace")


def kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def has_passed(status, output):
    """Whether a test's exit status and its TAP say so: a program that ends early has not run the tests it planned."""
    plan = re.search(r"^1\.\.(\d+)", output, re.M)
    results = re.findall(r"^(not )?ok\b(.*)$", output, re.M)
    if any(bad and "# TODO" not in rest for bad, rest in results):
        return False
    return status in (0, SKIPPED) and (plan is None or int(plan[1]) == len(results))


class Worker:
    """A copy of the tree and its build."""

    def __init__(self, root, place):
        self.root, self.copy, self.build = root, place, os.path.join(place, "build")
        self.env = {"TAP_SCALE": "10", **os.environ, "TMPDIR": os.path.join(place, "build-tmp")}
        os.makedirs(self.env["TMPDIR"], exist_ok=True)
        copy_tree(root, self.copy)
        if not os.path.exists(os.path.join(self.build, "build.ninja")):
            shutil.rmtree(self.build, ignore_errors=True)
            # Wrong code may warn; no test of a folder needs the examples.
            status, output = self.run(["meson", "setup", self.build, self.copy, "-Dwerror=false", "-Dexamples=disabled"])
            if status:
                raise SystemExit(f"mutants: could not configure {self.build}:\n{output[-3000:]}")
        self.tests = {}

    def run(self, command, limit=3600):
        return run_limited(command, self.root, self.env, limit)

    def ninja(self, files):
        return self.run(["ninja", "-j1", "-C", self.build, *files])

    def know_tests(self):
        """Ask meson for the tests; it must have been configured again if a file of its own has changed."""
        status, output = self.ninja(["build.ninja"])
        if status:
            raise SystemExit(f"mutants: could not configure {self.build}:\n{output[-3000:]}")
        self.tests = {test.name: test for test in tests_in(self.build)}

    def try_test(self, test, limit):
        status, output = run_limited(test.command, test.workdir or self.build, {**self.env, **test.env}, limit)
        return status, output

    def program_of(self, name):
        """A digest of all that the test NAME runs."""
        test = self.tests[name]
        paths = [os.path.join(self.build, file) for file in test.files] + test.command[:2]
        return digest(b"".join(read_bytes(path) for path in paths if os.path.isfile(path)))

    def names_for(self, folder):
        return [test.name for test in tests_of(folder, self.tests.values())]

    def judge(self, mutant, names, limits):
        """What became of MUTANT under the tests NAMES, the likeliest first: (verdict, test)."""
        path = os.path.join(self.copy, mutant.file)
        right = read_bytes(path)
        write_bytes(path, mutant.apply(right.decode()).encode())
        try:
            size, names = 1, list(names)
            while names:  # a wrong library is linked with few tests, if these are enough
                group, names, size = names[:size], names[size:], size * 2
                status, output = self.ninja(sorted({file for name in group for file in self.tests[name].files}))
                if status:
                    return ("stopped", "") if stop.is_set() else ("does not compile", errors_of(output))
                for name in group:
                    status, output = self.try_test(self.tests[name], limits[name])
                    if stop.is_set():
                        return "stopped", ""
                    if status is None:
                        return "hung", name
                    if not has_passed(status, output):
                        return "caught", name
            return "survived", ""
        finally:
            write_bytes(path, right)


def errors_of(output):
    return next((line for line in output.split("\n") if "error:" in line), output[-300:])


# ---------------- Results ----------------

class Results:
    """What is known, in a file that is added to: a line each, the last one counts."""

    def __init__(self, path, tree, again):
        self.path, self.tree, self.mutants, self.times = path, tree, {}, {}
        self.lock = threading.Lock()
        if again and os.path.exists(path):
            os.remove(path)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    known = json.loads(line)
                    if "mutant" in known:
                        self.mutants[known["mutant"]] = known
                    else:
                        self.times[known["test"]] = known

    def add(self, known):
        with self.lock:
            (self.mutants if "mutant" in known else self.times)[known.get("mutant", known.get("test"))] = known
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(known) + "\n")

    def of(self, mutant, source):
        """What is known of MUTANT, if that holds still."""
        known = self.mutants.get(mutant.name)
        if known and known["source"] == source and (known["verdict"] in ("caught", "hung") or known["tree"] == self.tree):
            return known
        return None

    def likeliest_first(self, names, file):
        """Tests that caught mutants of FILE first, then of its folder, then quick ones."""
        score = dict.fromkeys(names, 0)
        with self.lock:
            for known in self.mutants.values():
                if known.get("by") in score:
                    other = known["mutant"].split(" ")[0]
                    score[known["by"]] += 100 if other == file else folder_of(other) == folder_of(file)
            return sorted(names, key=lambda name: (0.1 + self.times[name]["seconds"]) / (1 + score[name]))


def measure(worker, names, results):
    """Run the tests NAMES on the library as it is, unless their programs are those of the last time."""
    status, output = worker.ninja(sorted({file for name in names for file in worker.tests[name].files}))
    if status:
        raise SystemExit(f"mutants: the library as it is does not compile: {errors_of(output)}")
    for name in names:
        program = worker.program_of(name)
        if results.times.get(name, {}).get("program") != program:
            results.add({"test": name, "program": program, **measured(worker, name)})


def measured(worker, name):
    """How long the test NAME takes.  A busy machine may be the cause of one failure."""
    for _ in range(2):
        begun = time.monotonic()
        status, output = worker.try_test(worker.tests[name], 900)
        if has_passed(status, output):
            return {"seconds": round(time.monotonic() - begun, 2), "skipped": status == SKIPPED or output.startswith("1..0")}
    raise SystemExit(f"mutants: the test {name} fails on the library as it is:\n{output[-2000:]}")


# ---------------- The command ----------------

def check_places(mutants):
    for mutant in mutants:
        if folder_of(mutant.file) is None:
            raise ListError(f"{mutant.place}: in none of the folders {' '.join(FOLDERS)}: {mutant.file}")


def sources_of(root, mutants):
    """{file: text}, after checking that each mutant applies."""
    sources = {}
    for mutant in mutants:
        if mutant.file not in sources:
            try:
                sources[mutant.file] = read_bytes(os.path.join(root, mutant.file)).decode()
            except OSError:
                raise ListError(f"{mutant.place}: no such file: {mutant.file}") from None
        mutant.apply(sources[mutant.file])
    return sources


def run_all(workers, mutants, sources, results, least_limit):
    """Judge the MUTANTS of which nothing is known, a worker each."""
    left = queue.Queue()
    for mutant in mutants:
        if results.of(mutant, digest(sources[mutant.file].encode())) is None:
            left.put(mutant)
    total, done = left.qsize(), [0]

    def work(worker):
        while not stop.is_set():
            try:
                mutant = left.get_nowait()
            except queue.Empty:
                return
            names = [name for name in worker.names_for(folder_of(mutant.file)) if not results.times[name]["skipped"]]
            limits = {name: max(least_limit, 10 * results.times[name]["seconds"]) for name in names}
            begun = time.monotonic()
            verdict, by = worker.judge(mutant, results.likeliest_first(names, mutant.file), limits)
            if verdict == "stopped":
                return
            results.add({"mutant": mutant.name, "verdict": verdict, "by": by, "tree": results.tree,
                         "source": digest(sources[mutant.file].encode()), "seconds": round(time.monotonic() - begun, 1)})
            done[0] += 1
            print(f"[{done[0]}/{total}] {verdict}{' by ' + by if by else ''}: {mutant}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(len(workers)) as pool:
        for future in [pool.submit(work, worker) for worker in workers]:
            future.result()


def report(mutants, sources, results):
    """Print what is known; whether the tests catch all that can be caught."""
    rows, survivors, broken = {}, [], []
    for mutant in mutants:
        row = rows.setdefault(folder_of(mutant.file), {"caught": 0, "hung": 0, "survived": 0, "equivalent": 0})
        if mutant.reason:
            row["equivalent"] += 1
            continue
        known = results.of(mutant, digest(sources[mutant.file].encode()))
        if known["verdict"] == "does not compile":
            broken.append(f"{mutant.place}: does not compile: {known['by']}")
            continue
        row[known["verdict"]] += 1
        if known["verdict"] == "survived":
            survivors.append(mutant)
    columns = ("caught", "hung", "survived", "equivalent")
    print(f"{'folder':14}" + "".join(f"{column:>12}" for column in columns))
    for folder, row in [*rows.items(), ("all", {column: sum(row[column] for row in rows.values()) for column in columns})]:
        print(f"{folder:14}" + "".join(f"{row[column]:12}" for column in columns))
    for mutant in survivors:
        print(f"survived, {mutant.place}: {mutant}")
    for line in broken:
        print(f"mutants: {line}", file=sys.stderr)
    return not survivors and not broken


def interrupted(*_):
    stop.set()
    for pid in list(running):
        kill_group(pid)
    raise SystemExit("mutants: interrupted; the next run goes on from here")


def main(args):
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGINT, interrupted)
    again = "--again" in args
    mutants = read_list(os.path.join(root, LIST), LIST)
    jobs = next((int(arg[2:]) for arg in args if re.fullmatch("-j[1-9][0-9]*", arg)), len(os.sched_getaffinity(0)))
    limit = next((int(arg[8:]) for arg in args if re.fullmatch("--limit=[1-9][0-9]*", arg)), 30)
    place, *folders = [arg for arg in args if not arg.startswith("-")]
    place = os.path.abspath(place)
    folders = folders or list(FOLDERS)
    check_places(mutants)
    chosen = [mutant for mutant in mutants if folder_of(mutant.file) in folders]
    sources = sources_of(root, chosen)
    os.makedirs(place, exist_ok=True)
    results = Results(os.path.join(place, "results"), digest_of_tree(root), again)
    judged = [mutant for mutant in chosen if not mutant.reason]
    open_ones = sum(results.of(mutant, digest(sources[mutant.file].encode())) is None for mutant in judged)
    if open_ones:
        number = min(jobs, open_ones)
        workers = [Worker(root, os.path.join(place, str(n + 1))) for n in range(number)]
        for worker in workers:
            worker.know_tests()
        names = sorted({name for mutant in judged for name in workers[0].names_for(folder_of(mutant.file))})
        untested = {folder_of(mutant.file) for mutant in judged if not workers[0].names_for(folder_of(mutant.file))}
        if untested:
            raise SystemExit(f"mutants: meson knows no test of {' '.join(sorted(untested))}")
        measure(workers[0], names, results)
        run_all(workers, judged, sources, results, limit)
    return 0 if report(chosen, sources, results) else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ListError as error:
        sys.exit(f"mutants: {error}")
