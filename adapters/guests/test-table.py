#!/usr/bin/env python3
"""Tests of the table of guests.  Prints TAP.

    test-table.py ROOT               the page, the rows and the adapters' comments say the same
    test-table.py ROOT PROGRAM...    the rows are what these drivers count, where the same packages are installed
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import table  # noqa: E402

# What a comment says where a library does not survive each refusal, and where it does.
FRAGILE = r"not survive|survives neither|never met|does not always|not at every point|ends the process"
ROBUST = r"survives each|[Aa]fter a refused allocation|what stays refused is|Z_MEM_ERROR"


class Tables:
    """The page and the rows of the sources in ROOT."""

    def __init__(self, root):
        self.root, self.folder = root, os.path.join(root, "adapters/guests")
        self.releases = table.releases(self.folder)
        with open(os.path.join(root, "docs/guests.md"), encoding="utf-8") as file:
            self.page = file.read()

    def rows(self):
        return [row for release in self.releases for row in release.rows.values()]


def the_page_is_what_the_rows_make(tables):
    if table.with_parts(tables.page, tables.releases) != tables.page:
        yield "docs/guests.md is another: python3 adapters/guests/table.py page adapters/guests docs/guests.md"


def a_row_typed_by_hand_is_seen(tables):
    """In the page: each line of the table with one figure more, and a line more."""
    lines = tables.page.splitlines(keepends=True)
    typed = [number for number, line in enumerate(lines) if line.startswith("| ") and line.count("|") > len(table.COLUMNS)
             and not line.startswith("| library")]
    if len(typed) < len(tables.releases[0].rows):
        yield f"the table has {len(typed)} lines"
    for number in typed:
        for changed in (lines[number].rstrip(" |\n") + "0 |\n", lines[number] * 2):
            page = "".join(lines[:number] + [changed] + lines[number + 1:])
            if table.with_parts(page, tables.releases) == page:
                yield f"not seen: {changed}"


def made_with(tables, change):
    """The status of `table.py page` and what it says, and whether the page stayed, after CHANGE of a copy of both."""
    with tempfile.TemporaryDirectory() as folder:
        for release in tables.releases:
            shutil.copy(release.path, folder)
        page = os.path.join(folder, "page.md")
        rows = os.path.join(folder, os.path.basename(tables.releases[0].path))
        with open(page, "w", encoding="utf-8") as file:
            file.write(tables.page)
        change(rows, page)
        before = read_bytes(page)
        done = subprocess.run([sys.executable, table.__file__, "page", folder, page], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout, read_bytes(page) == before and not os.path.exists(page + ".new")


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def edit(path, old, new):
    data = read_bytes(path)
    assert old in data, old
    with open(path, "wb") as file:
        file.write(data.replace(old, new, 1))


def bad_input_is_one_line_and_no_page(tables):
    """Rows and pages that nothing can be made of."""
    first = next(iter(tables.releases[0].rows.values()))
    row = "\t".join(first.values()).encode()

    def with_figure(text):
        return lambda rows, page: edit(rows, row, row.replace(b"\t" + first["malloc"].encode() + b"\t",
                                                             b"\t" + text.encode() + b"\t", 1))

    changes = {
        "an empty file": lambda rows, page: open(rows, "w", encoding="utf-8").close(),
        "a comment alone": lambda rows, page: edit(rows, read_bytes(rows).partition(b"\n")[2], b""),
        "half a file": lambda rows, page: edit(rows, read_bytes(rows)[3000:], b""),
        "a row twice": lambda rows, page: edit(rows, row, row + b"\n" + row),
        "a column less": lambda rows, page: edit(rows, b"\tclaim\t", b"\t"),
        "another column": lambda rows, page: edit(rows, b"\tclaim\t", b"\tclaims\t"),
        "an unknown word": lambda rows, page: edit(rows, b"\tclean\tclean\t", b"\tcleans\tclean\t"),
        "a bar in a name": lambda rows, page: edit(rows, row, row.replace(first["guest"].encode(), b"a|b")),
        "a mark in a name": lambda rows, page: edit(rows, row, row.replace(first["guest"].encode(), b"<!-- end guests -->")),
        "another encoding": lambda rows, page: edit(rows, row, row.replace(first["guest"].encode(), b"\xff")),
        "no rows": lambda rows, page: [os.remove(os.path.join(os.path.dirname(rows), name))
                                       for name in os.listdir(os.path.dirname(rows)) if name.endswith(".tsv")],
        "a mark less": lambda rows, page: edit(page, b"<!-- end guests -->", b""),
        "no mark": lambda rows, page: edit(page, read_bytes(page), b"text\n"),
        "a part less": lambda rows, page: edit(page, b"<!-- guests: rows -->", b""),
        "an unknown part": lambda rows, page: edit(page, b"<!-- guests: rows -->", b"<!-- guests: row -->"),
    }
    for figure in ("-5", "12x", "", "nan", "1_000", "\u0661", "9" * 5000):
        changes[f"the count {figure[:9]!r}"] = with_figure(figure)
    for what, change in changes.items():
        status, said, stayed = made_with(tables, change)
        if status != 1 or said.count("\n") != 1 or not said.startswith("table.py: ") or not stayed:
            yield f"{what}: status {status}, the page {'stayed' if stayed else 'is another'}: {said[:300]}"
    if made_with(tables, lambda rows, page: None) != (0, "", True):
        yield "the page is another without a change"


def every_driver_has_rows(tables):
    """In one release at least: some libraries are not in each."""
    drivers, known = {row["driver"] for row in tables.rows()}, set(table.packages_of(tables.folder))
    if drivers != known:
        yield f"only in the rows or in guests.list: {' '.join(sorted(drivers ^ known))}"


def rows_are_of_drivers_that_did_their_work(tables):
    for row in tables.rows():
        yield from table.problems_of(row)
        if row["damaged"] != "0" or row["foreign"] != "0":
            yield f"{row['guest']}: wrote behind a block, or freed what is none"


def first_comment(path):
    with open(path, encoding="utf-8") as file:
        return " ".join(file.read().partition("*/")[0].split())


def adapters_say_what_their_libraries_do(tables):
    """The first comment of each has a version that was measured, a date, and whether refusals are survived."""
    for driver in table.packages_of(tables.folder):
        path = os.path.join(tables.root, "adapters", f"mir-{driver}.h")
        if not os.path.exists(path):
            continue
        said = first_comment(path)
        rows = [row for row in tables.rows() if row["driver"] == driver]
        if not re.search(r"\(20\d\d-\d\d\)", said):
            yield f"{path}: no date"
        versions = {version.replace("-", ".") for version in re.findall(r"\d+(?:[.-]\d+)+", said)}
        if not versions & {part for row in rows for part in row["version"].replace(";", "").split()}:
            yield f"{path}: none of the versions that were measured: {sorted({row['version'] for row in rows})}"
        for words, is_so in (("frees NULL", any(row["null_free"] != "0" for row in rows)),
                             ("frees no NULL", all(row["null_free"] == "0" for row in rows)),
                             ("makes blocks smaller", any(row["shrinks"] != "0" for row in rows)),
                             ("reallocates from NULL", any(row["null_realloc"] != "0" for row in rows))):
            if words in said and not is_so:
                yield f"{path}: \"{words}\" is not what was counted"
        is_fragile = any(row["claim"] in ("not-always", "ends") for row in rows)
        if not re.search(FRAGILE if is_fragile else ROBUST, said):
            yield f"{path}: does not say that a refused allocation is{' not always' if is_fragile else ''} survived"


def the_rows_are_what_the_drivers_count(tables, programs):
    """Without what goes around, which the system's settings change too."""
    name, _ = table.release()
    path = os.path.join(tables.folder, name + ".tsv")
    if not os.path.exists(path):
        return
    known, packages = table.Rows(path).rows, table.packages_of(tables.folder)
    figures = [figure for _, _, names in table.COLUMNS for figure in names if not figure.startswith("around")]
    for program in programs:
        for row in table.run(program, "--figures", packages):
            old = known.get(row["guest"])
            if old is None:
                yield f"{row['guest']}: has no row: ./dev guests"
            elif old["package"] == row["package"]:
                yield from (f"{row['guest']}: {figure} is {row[figure]}, not {old[figure]}: ./dev guests"
                            for figure in figures if figure in row and table.differs(figure, row, old))


def main():
    tables, programs = Tables(sys.argv[1]), sys.argv[2:]
    tests = [the_page_is_what_the_rows_make, a_row_typed_by_hand_is_seen, bad_input_is_one_line_and_no_page,
             every_driver_has_rows,
             rows_are_of_drivers_that_did_their_work, adapters_say_what_their_libraries_do]
    if programs:
        tests = [lambda tables: the_rows_are_what_the_drivers_count(tables, programs)]
    names = ["the_rows_are_what_the_drivers_count"] if programs else [test.__name__ for test in tests]
    failed = 0
    for number, (name, test) in enumerate(zip(names, tests), 1):
        problems = list(test(tables))
        for problem in problems:
            print("# " + problem.replace("\n", "\n# "))
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
        failed += bool(problems)
    print(f"1..{len(tests)}\n# {len(tests) - failed} passed, {failed} failed, 0 skipped")
    return int(failed != 0)


if __name__ == "__main__":
    sys.exit(main())
