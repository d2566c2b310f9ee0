#!/usr/bin/env python3
"""Check that the README is short, and that its figures are those of docs/benchmarks.md.  Prints TAP.

    readme.py ROOT

The benchmark page is written by a program, the README by hand: what the one measures anew the other has to say, too.
Code, links and names in the README are checked with those of the pages.
"""
import os
import re
import sys

LINES = 120
# What the README's table of gains and costs has, in its order: a heading of the page, the row below it, whose last figure it
# is, and the decimals that the README keeps.
FIGURES = [
    ("publish into fresh memory", "MIR_code_publish", 2),
    ("publish into fresh memory", "asmjit RWX", 2),
    ("publish into fresh memory", "mprotect flip of the page", 1),
    ("mapped for each live byte, mean: log-normal sizes, Zipf lifetimes", "MIR_code_publish", 2),
    ("mapped for each live byte, mean: log-normal sizes, Zipf lifetimes", "asmjit dual mapping", 2),
    ("mapped for each live byte, mean: log-normal sizes, Zipf lifetimes", "best fit, simulated", 2),
    ("free, in random order", "MIR_code_publish", 2),
]


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def measured(page, heading, row):
    """The last figure in ROW of the table below **HEADING** of PAGE."""
    table = page.partition(f"**{heading}**\n")[2].partition("\n**")[0]
    line = next((line for line in table.splitlines() if line.startswith(f"| {row} |")), "")
    figures = re.findall(r"[0-9]+(?:\.[0-9]+)?", line.removeprefix(f"| {row} |"))
    return float(figures[-1]) if figures else None


def figures_of_the_readme(readme):
    """The decimal fractions in the rows of its table of gains and costs."""
    section = readme.partition("\n## What it gains and what it costs\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return re.findall(r"\b[0-9]+\.[0-9]+\b", "\n".join(rows))


def length_problems(readme):
    count = len(readme.splitlines())
    return [f"README.md has {count} lines"] if count > LINES else []


def figure_problems(readme, page):
    expected = []
    for heading, row, decimals in FIGURES:
        figure = measured(page, heading, row)
        if figure is None:
            return [f"docs/benchmarks.md has no row {row} below {heading}"]
        expected.append(f"{figure:.{decimals}f}")
    found = figures_of_the_readme(readme)
    return [] if found == expected else [f"README.md says {found}, docs/benchmarks.md {expected}"]


def main():
    readme = read(sys.argv[1], "README.md")
    tests = {
        "the_readme_is_short": length_problems(readme),
        "its_figures_are_those_that_were_measured": figure_problems(readme, read(sys.argv[1], "docs/benchmarks.md")),
    }
    failed = 0
    for number, (name, problems) in enumerate(tests.items(), 1):
        for problem in problems:
            print("# " + problem)
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
        failed += bool(problems)
    print(f"1..{len(tests)}\n# {len(tests) - failed} passed, {failed} failed, 0 skipped")
    return int(failed != 0)


if __name__ == "__main__":
    sys.exit(main())
