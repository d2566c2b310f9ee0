#!/usr/bin/env python3
"""Makes the table of guests out of what the drivers print.

    table.py measure FOLDER PROGRAM...   run each driver, and write what all print to FOLDER/debian-RELEASE.tsv
    table.py page FOLDER PAGE            put the rows of all releases in FOLDER into PAGE, between its marks

A file of rows begins with a comment that says where they are from; then come the names of the columns, and a line a row.
PAGE, in Markdown, has the marks `<!-- guests: PART -->` and `<!-- end guests -->`; PART is one of PARTS.  The newest
release has a table of its own; of the one before, what differs is named.
"""
import concurrent.futures
import datetime
import os
import platform
import re
import subprocess
import sys

# What a row may say at worst where its driver claims so; a driver whose library does worse is wrong.
ALLOWED = {"clean": ["clean", "not-tried"], "recovers": ["clean", "not-tried", "recovers"],
           "goes-on": ["clean", "not-tried", "recovers", "goes-on", "loses-blocks"]}
FRAGILE = "not always"
SURVIVES = {"clean": "yes, an error each time", "recovers": "yes, an error or the right result",
            "goes-on": "yes, but not always with an error or a whole result",
            "loses-blocks": "yes, but it may lose a block", "no": FRAGILE, "not-tried": "-"}
ENDS = "no, as its manual says"
SECONDS = 600 # for a driver
BYTES = ("largest", "peak", "live_bytes", "around_bytes") # in which there are names of folders
# What a row has: counts, and words.
COUNTS = ("malloc", "calloc", "realloc", "free", "null_free", "empty", "null_realloc", "empty_realloc", "shrinks", "same",
          "right_size", "wrong_size", "bytes", "peak", "largest", "live", "live_bytes", "damaged", "foreign", "elsewhere",
          "around", "around_bytes")
WORDS = ("driver", "guest", "version", "varies", "result", "off_by_8", "no_shrinks", "survives", "claim", "package")
# Words of which there are no others.
KNOWN = {"varies": ("0", "1"), "survives": tuple(SURVIVES), "claim": (*ALLOWED, "not-always", "ends")}
FEW = 4 # by which figures of a driver that varies may differ


class Wrong(Exception):
    """The rows cannot be used; the text says why."""


# Measuring.


def release():
    """The name of this system's release as a file's, and as a reader's."""
    with open("/etc/os-release", encoding="utf-8") as file:
        said = dict(line.rstrip("\n").replace('"', "").split("=", 1) for line in file if "=" in line)
    cpu = platform.machine()
    name = f"{said.get('ID', 'linux')}-{said.get('VERSION_ID', 'unknown')}"
    return name + ("" if cpu == "x86_64" else "-" + cpu), f"{said.get('PRETTY_NAME', name)}, {cpu}"


def packages_of(folder):
    """Which of Debian's packages each driver's libraries come from."""
    with open(os.path.join(folder, "guests.list"), encoding="utf-8") as file:
        return {line.split()[0]: line.split()[2:] for line in file if line.strip() and not line.startswith("#")}


def version_of(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def upstream(version):
    """The version VERSION of Debian's without what Debian adds."""
    return re.sub(r"^\d+:|-[^-]*$|[+.]?dfsg.*$|~deb.*$", "", version)


def parse(line):
    """A line that a driver has printed."""
    parts = line.split("\t")
    if not all("=" in part for part in parts):
        raise Wrong(f"not a row: {line}")
    return dict(part.split("=", 1) for part in parts)


def check_row(where, row):
    """Nothing but a whole row can be compared, and put into a page."""
    for name in COUNTS:
        if not re.fullmatch(r"[0-9]{1,18}", row.get(name, "")):
            raise Wrong(f"{where}: {name} is not a count: {row.get(name, 'not there')!r}")
    for name in WORDS:
        text = row.get(name)
        if text is None or re.search(r"[|<>\x00-\x1f]", text) or text not in KNOWN.get(name, (text,)):
            raise Wrong(f"{where}: {name} is {'not there' if text is None else repr(text)}")
    if set(row) != {*COUNTS, *WORDS}:
        raise Wrong(f"{where}: unknown columns: {' '.join(sorted(set(row) - {*COUNTS, *WORDS}))}")


def run(program, what, packages):
    """The rows that PROGRAM prints for the option WHAT."""
    driver = os.path.basename(program).removeprefix("guest-")
    if driver not in packages:
        raise Wrong(f"{driver}: not in guests.list")
    done = subprocess.run([program, what], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
                          errors="replace", timeout=SECONDS)
    rows = []
    # A library may write to the same output.
    for line in (line for line in done.stdout.splitlines() if line.startswith("guest=")):
        versions = [version_of(package) for package in packages[driver]]
        row = {"driver": driver, **parse(line), "package": " ".join(versions)}
        row["version"] = row.get("version") or upstream(versions[0])
        for package, version in zip(packages[driver][1:], versions[1:]):
            row["version"] += f"; {package} {upstream(version)}"
        rows.append(row)
    if done.returncode != 0 or not rows:
        wrong = [f"; {row['guest']}: its work is {row.get('result')}" for row in rows if row.get("result") != "right"]
        raise Wrong(f"{driver}: status {done.returncode}" + "".join(wrong))
    return rows


def problems_of(row):
    """What says that ROW is none of a driver that did its work."""
    if row["result"] != "right":
        yield f"{row['guest']}: its work is {row['result']}"
    if row["survives"] not in ALLOWED.get(row["claim"], [row["survives"]]):
        yield f"{row['guest']}: a refusal is \"{row['survives']}\", but the driver claims \"{row['claim']}\""


def measure(folder, programs):
    name, words = release()
    packages = packages_of(folder)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda program: run(program, "--row", packages), sorted(programs))
        rows = [row for some in found for row in some]
    for row in rows:
        check_row(row["driver"], row)
    problems = [problem for row in rows for problem in problems_of(row)]
    if problems:
        raise Wrong("\n".join(problems))
    path = os.path.join(folder, name + ".tsv")
    libc = " ".join(platform.libc_ver())
    lines = [f"# {words}, {libc}, {datetime.date.today()}; by ./dev guests", "\t".join(rows[0])]
    replace(path, "\n".join(lines + ["\t".join(row[name] for name in rows[0]) for row in rows]) + "\n")
    missing = sorted(set(packages) - {row["driver"] for row in rows})
    print(f"{path}: {len(rows)} rows" + (f"; not here: {', '.join(missing)}" if missing else ""))


def replace(path, text):
    """Make TEXT the file PATH, whole or not at all."""
    new = path + ".new"
    try:
        with open(new, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(new, path)
    except BaseException:
        if os.path.exists(new):
            os.remove(new)
        raise


# The page.


class Rows:
    """The rows of one release."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        if len(lines) < 4 or not lines[0].startswith("# ") or lines.pop() != "":
            raise Wrong(f"{path}: not a whole file of rows")
        self.path = path
        self.where = lines[0].removeprefix("# ").partition("; ")[0]
        self.name = re.sub(r"GNU/Linux ", "", self.where.partition(" (")[0])
        columns = lines[1].split("\t")
        self.rows = {}
        for line in lines[2:]:
            values = line.split("\t")
            if len(values) != len(columns):
                raise Wrong(f"{path}: not a row: {line}")
            row = dict(zip(columns, values))
            check_row(path, row)
            if row["guest"] in self.rows:
                raise Wrong(f"{path}: two rows: {row['guest']}")
            self.rows[row["guest"]] = row


def releases(folder):
    """The releases of Debian that were measured on x86-64, the newest first."""
    found = [(int(match[1]), name) for name in os.listdir(folder)
             if (match := re.fullmatch(r"debian-([1-9][0-9]*)\.tsv", name))]
    if not found:
        raise Wrong(f"{folder}: no release was measured")
    return [Rows(os.path.join(folder, name)) for _, name in sorted(found, reverse=True)]


def bytes_in_words(number):
    for unit, size in (("MB", 1e6), ("kB", 1e3)):
        if number >= size:
            return f"{number / size:.2f} {unit}" if number < 10 * size else f"{number / size:.0f} {unit}"
    return f"{number} bytes"


def number(row, *names):
    return sum(int(row[name]) for name in names)


def about(row, text):
    """TEXT, whose figures are not the same in each run of ROW's driver."""
    return ("≈ " if row["varies"] == "1" and re.search(r"[1-9]", text) else "") + text


def old_sizes(row):
    right, wrong = number(row, "right_size"), number(row, "wrong_size")
    return "not passed" if right + wrong == 0 else f"{right} right" if wrong == 0 else f"**{wrong} of {right + wrong} wrong**"


def share(part, whole):
    """PART of WHOLE, which it is not all of."""
    percent = 100 * part / whole if whole else 0
    return f"{percent:.1f} %" if 0.05 <= percent < 99.95 else "over 99.9 %" if percent > 1 else "under 0.1 %"


def around(row):
    calls, size = number(row, "around"), number(row, "around_bytes")
    if calls == 0:
        return "0"
    total = size + number(row, "bytes")
    return f"{calls} call{'s' if calls > 1 else ''}, {bytes_in_words(size)}: {share(size, total)}"


def live(row):
    blocks = number(row, "live")
    return "0" if blocks == 0 else f"{blocks} blocks, {bytes_in_words(number(row, 'live_bytes'))}"


def shrinks(row):
    if row["realloc"] == "0":
        return "-"
    refused = {"right": "no harm", "error": "an error", "wrong": "a wrong result", "loses blocks": "a block is lost"}
    words = f"{row['shrinks']} / {row['same']}"
    return words if row["shrinks"] == "0" else f"{words}; refused: {refused.get(row['no_shrinks'], 'not survived')}"


def survival(row):
    """What was seen, or what is known of another version or of other work."""
    if row["claim"] == "ends":
        return ENDS
    if row["claim"] != "not-always" or row["survives"] == "no":
        return SURVIVES[row["survives"]]
    return FRAGILE if row["survives"] == "loses-blocks" else FRAGILE + ", but here each time"


# The columns: heading, what it says of a row, and the figures that are compared between releases.
COLUMNS = [
    ("library", lambda row: row["guest"], []),
    ("version", lambda row: row["version"], []),
    ("malloc + calloc / realloc / free", lambda row: about(row, "{} / {} / {}".format(
        number(row, "malloc", "calloc", "null_realloc"), row["realloc"], row["free"])), ["malloc", "calloc", "realloc", "free"]),
    ("largest block; peak", lambda row: about(row, bytes_in_words(number(row, "largest")) + "; "
                                              + bytes_in_words(number(row, "peak"))), ["largest", "peak"]),
    ("free (NULL)", lambda row: about(row, row["null_free"]), ["null_free"]),
    ("size 0", lambda row: about(row, row["empty"]), ["empty"]),
    ("realloc (NULL, n) / (p, 0)", lambda row: about(row, f"{row['null_realloc']} / {row['empty_realloc']}"),
     ["null_realloc", "empty_realloc"]),
    ("reallocs to less / to the same", lambda row: about(row, shrinks(row)), ["shrinks", "same", "no_shrinks"]),
    ("old sizes", lambda row: about(row, old_sizes(row)), ["right_size", "wrong_size"]),
    ("works 8 modulo 16", lambda row: "yes" if row["off_by_8"] == "right" else "**no**", ["off_by_8"]),
    ("live at the end", lambda row: about(row, live(row)), ["live", "live_bytes"]),
    ("calls by other threads", lambda row: about(row, row["elsewhere"]), ["elsewhere"]),
    ("around the functions", lambda row: about(row, around(row)), ["around", "around_bytes"]),
    ("survives a refused allocation", survival, ["survives"]),
]


def table(rows):
    yield "| " + " | ".join(heading for heading, _, _ in COLUMNS) + " |"
    yield "|" + "---|" * len(COLUMNS)
    for row in rows:
        yield "| " + " | ".join(say(row) for _, say, _ in COLUMNS) + " |"


def newest(found):
    yield f"{found[0].where}."
    yield ""
    yield from table(found[0].rows.values())


def differs(name, row, old):
    """Whether figure NAME differs by more than two runs of the same driver do, on two systems."""
    if row[name] == old[name]:
        return False
    if not row[name].isdigit():
        return True
    ours, theirs = int(row[name]), int(old[name])
    if name == "elsewhere": # which of its threads comes first is no property of a library
        return (ours == 0) != (theirs == 0)
    varies = "1" in (row["varies"], old["varies"])
    room = max(FEW, max(ours, theirs) // 10) if varies else max(ours, theirs) // 100 if name in BYTES else 0
    return (ours == 0) != (theirs == 0) or abs(ours - theirs) > room


def change(row, old):
    """What a line says of ROW, which was OLD in the release before."""
    version = f"{old['version']} → {row['version']}" if row["version"] != old["version"] else row["version"]
    parts = [f"{heading}: {say(old)} → {say(row)}" for heading, say, figures in COLUMNS
             if say(old) != say(row) and any(differs(figure, row, old) for figure in figures)]
    return f"| {row['guest']} | {version} | {'<br>'.join(parts) or 'nothing'} |"


def changes(found):
    if len(found) < 2:
        yield "No other release was measured."
        return
    new, old = found[:2]
    yield f"{old.where} → {new.where}."
    yield ""
    yield f"| library | {old.name} → {new.name} | what differs |"
    yield "|---|---|---|"
    for name, row in new.rows.items():
        if name in old.rows:
            yield change(row, old.rows[name])
        else:
            yield f"| {name} | – → {row['version']} | not measured on {old.name} |"
    for name, row in old.rows.items():
        if name not in new.rows:
            yield f"| {name} | {row['version']} → – | not measured on {new.name} |"


def summary(found):
    """What holds for all rows of the newest release, or for which it does not."""
    rows = list(found[0].rows.values())

    def named(is_so):
        return "; ".join(row["guest"] for row in rows if is_so(row)) # a name may have a comma

    def say(what, is_so, none):
        names = named(is_so)
        return f"- {what}: {names or none}."

    yield say("Needs more than 8 bytes of alignment", lambda row: row["off_by_8"] != "right", "none")
    yield say("Writes behind a block", lambda row: row["damaged"] != "0", "none")
    yield say("Frees or resizes what is none of its blocks", lambda row: row["foreign"] != "0", "none")
    yield say("Passes a wrong old size", lambda row: row["wrong_size"] != "0",
              "none of those that pass one (" + named(lambda row: row["right_size"] != "0") + ")")
    yield say("Asks for 0 bytes", lambda row: row["empty"] != "0", "none")
    yield say("Frees NULL", lambda row: row["null_free"] != "0", "none")
    yield say("Has live blocks after its end", lambda row: row["live"] != "0", "none")
    yield say("Calls from threads of its own", lambda row: row["elsewhere"] != "0", "none")
    yield say("Does not survive a shrink that is refused", lambda row: row["no_shrinks"] == "does not survive", "none")
    yield say("Survives each refused allocation, with an error or the right result, and loses nothing",
              lambda row: row["survives"] in ("clean", "recovers") and row["claim"] in ("clean", "recovers"), "none")


PARTS = {"rows": newest, "changes": changes, "summary": summary}


def with_parts(text, found):
    """The page TEXT with what the rows FOUND say between its marks, a pair for each part."""
    marks = re.findall(r"<!-- (guests: \w+|end guests) -->", text)
    begun = [mark.removeprefix("guests: ") for mark in marks[::2]]
    if sorted(begun) != sorted(PARTS) or marks[1::2] != ["end guests"] * len(PARTS):
        raise Wrong(f"the page needs a pair of marks for each of {', '.join(PARTS)}; it has: {', '.join(marks) or 'none'}")

    def part(match):
        return f"<!-- guests: {match[1]} -->\n" + "\n".join(PARTS[match[1]](found)) + "\n<!-- end guests -->"

    return re.sub(r"<!-- guests: (\w+) -->\n.*?<!-- end guests -->", part, text, flags=re.S)


def write_page(folder, path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    replace(path, with_parts(text, releases(folder)))


def main():
    try:
        if len(sys.argv) > 3 and sys.argv[1] == "measure":
            measure(sys.argv[2], sys.argv[3:])
        elif len(sys.argv) == 4 and sys.argv[1] == "page":
            write_page(sys.argv[2], sys.argv[3])
        else:
            print("table.py: usage: table.py measure FOLDER PROGRAM... | page FOLDER PAGE", file=sys.stderr)
            return 2
    except UnicodeError as problem:
        print(f"table.py: a file is not UTF-8: {problem}", file=sys.stderr)
        return 1
    except (Wrong, OSError, subprocess.SubprocessError) as problem:
        print(f"table.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
