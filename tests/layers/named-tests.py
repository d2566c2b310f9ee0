#!/usr/bin/env python3
"""Check that the tests which a page names are there.

    named-tests.py ROOT PAGE

Every row of the tables of PAGE with the head "there" says in its second column "holds", "differs" or "not run", and in
its last one which tests show it: `FILE` or `FILE`: `NAME`, `NAME`, between semicolons, or "-".  FILE is relative to
ROOT; NAME stands in it as a word, or between the quotes of a test's title.  What holds needs a test.  Prints TAP.
"""
import os
import re
import sys

VERDICTS = ("holds", "differs", "not run")


def rows(lines):
    """The cells of the rows of such tables, with the numbers of their lines."""
    inside = False
    for number, line in enumerate(lines, 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[0] == "there":
            inside = True
        elif inside and not set(line) <= set("|- \n"):
            yield number, cells


def problems_of(root, reference):
    """What is wrong with one reference of the last column."""
    parts = re.fullmatch(r"`([^`]+)`(?:: (`[^`]+`(?:, `[^`]+`)*))?", reference)
    if parts is None:
        return [f"is no name of a test: {reference}"]
    path = os.path.join(root, parts[1])
    if not os.path.isfile(path):
        return [f"there is no {parts[1]}"]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    names = re.findall("`([^`]+)`", parts[2] or "")
    return [f"there is no {name} in {parts[1]}" for name in names
            if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]


def check(root, page):
    """All problems of PAGE, and the number of rows."""
    problems, count = [], 0
    with open(page, encoding="utf-8") as file:
        for number, cells in rows(file):
            count += 1
            found = []
            if len(cells) != 4 or cells[1] not in VERDICTS:
                found = ["does not say whether it holds, differs or was not run"]
            elif cells[3] == "-":
                found = ["holds, but no test shows it"] * (cells[1] == "holds")
            else:
                for reference in cells[3].split("; "):
                    found += problems_of(root, reference)
            problems += [f"{os.path.basename(page)}:{number}: {problem}" for problem in found]
    return problems, count


def main():
    root, page = sys.argv[1:]
    problems, count = check(root, page)
    for problem in problems:
        print("# " + problem)
    if count == 0:
        print("# there are no rows")
    bad = bool(problems) or count == 0
    print("not ok 1 - tests_that_the_page_names_are_there" if bad else "ok 1 - tests_that_the_page_names_are_there")
    print(f"1..1\n# {int(not bad)} passed, {int(bad)} failed, 0 skipped")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
