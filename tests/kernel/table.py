#!/usr/bin/env python3
"""Makes the table of the kernel laboratory out of what its guests said.

    table.py keep RESULTS              put the results of a run, build-kernel/rows.tsv, among those that are kept
    table.py page PAGE                 put the table into PAGE, between `<!-- kernel rows -->` and `<!-- end -->`
    table.py check PAGE                print TAP: the page, the results that are kept and the rows agree

The results that are kept are in the file results.tsv beside this one: for each row and machine the kernel, the back ends
and the counts of the last run that was kept.  A row without a result is `not run` in the table.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = ["row", "machine", "version", "release", "backends", "passed", "failed", "skipped", "seconds"]
BEGIN, END = "<!-- kernel rows -->\n", "<!-- end -->\n"


def rows_in(text):
    """The lines of tests/kernel/rows that are rows, as (name, machines, switch, proof, programs)."""
    lines = [line for line in text.splitlines() if "|" in line and not line.startswith("#")]
    return [[part.strip() for part in line.split(" | ")] for line in lines]


def results_in(text):
    found = {}
    for line in text.splitlines():
        values = line.split("\t")
        if line.startswith("#") or not line:
            continue
        if len(values) != len(COLUMNS):
            raise ValueError(f"a line has {len(values)} columns: {line}")
        found[values[0], values[1]] = dict(zip(COLUMNS, values))
    return found


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def pairs(rows):
    return [(row[0], machine) for row in rows for machine in row[1].split()]


def as_text(results, rows):
    lines = ["# " + "\t".join(COLUMNS)]
    lines += ["\t".join(results[pair][name] for name in COLUMNS) for pair in pairs(rows) if pair in results]
    return "\n".join(lines) + "\n"


def linux(release):
    """6.12.117+deb13-amd64 as a reader says it."""
    return re.match(r"\d+\.\d+|", release).group() or "?"


def cell(result):
    if result is None:
        return "-", "not run"
    return result["backends"], f"{linux(result['release'])}: {result['passed']} / {result['failed']} / {result['skipped']}"


def table(rows, results):
    lines = ["| row | switch | back ends | Linux: passed / failed / skipped |", "|---|---|---|---|"]
    for name, machines, switch, _, _ in rows:
        cells = [cell(results.get((name, machine))) for machine in machines.split()]
        backends = list(dict.fromkeys(said for said, _ in cells if said != "-"))
        counts = ", ".join(dict.fromkeys(count for _, count in cells))
        shown = "none" if switch == "true" else f"`{switch}`"
        lines.append(f"| {name} | {shown} | {'; or '.join(backends) or '-'} | {counts} |")
    return "\n".join(lines) + "\n"


def with_table(page, rows, results):
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no marks of the table")
    return before + begin + "\n" + table(rows, results) + "\n" + end + after


def keep(file):
    rows, kept = rows_in(read("rows")), results_in(read("results.tsv"))
    with open(file, encoding="utf-8") as opened:
        kept.update(results_in(opened.read()))
    with open(os.path.join(HERE, "results.tsv"), "w", encoding="utf-8") as opened:
        opened.write(as_text(kept, rows))


# Tests.


def the_page_is_what_the_results_make(page, rows, results):
    if with_table(page, rows, results) != page:
        yield "the table is another: tests/kernel/table.py page docs/hardened-linux.md"


def a_changed_table_is_seen(page, rows, results):
    """Each of its lines with a figure more, and twice."""
    made = table(rows, results).splitlines(keepends=True)
    if len(made) < len(rows) + 2:
        yield f"only {len(made)} lines for {len(rows)} rows"
    for line in made[2:]:
        for changed in (line.replace(" |\n", "0 |\n"), line * 2):
            other = page.replace(line, changed)
            if other == page or with_table(other, rows, results) == other:
                yield f"not seen: {changed}"


def rows_have_five_parts_and_names_of_their_own(_, rows, __):
    for row in rows:
        if len(row) != 5 or not all(row):
            yield f"not five parts: {row}"
    names = [row[0] for row in rows]
    for name in names:
        if names.count(name) > 1 or not re.fullmatch(r"[a-z][a-z-]*", name):
            yield f"not a name, or not one row's: {name}"


def results_are_of_rows_and_none_failed(_, rows, results):
    for pair, result in results.items():
        if pair not in pairs(rows):
            yield f"no such row on that machine: {pair}"
        if result["failed"] != "0" or int(result["passed"]) == 0:
            yield f"failed, or nothing passed: {pair}"


def commands_of_rows_are_in_guest_sh_or_prove_c(_, rows, results):
    shell, prover = read("guest.sh"), read("prove.c")
    for name, _, switch, proof, _ in rows:
        for command in re.split(r" && ", f"{switch} && {proof}"):
            word, *arguments = command.split()
            if word != "true" and f"\n{word} () {{" not in shell:
                yield f"{name}: guest.sh has no {word}"
            if word == "prove":
                yield from (f"{name}: prove.c has no {it}" for it in arguments if f'"{it}"' not in prover)


def check(page):
    with open(page, encoding="utf-8") as file:
        arguments = file.read(), rows_in(read("rows")), results_in(read("results.tsv"))
    tests = [the_page_is_what_the_results_make, a_changed_table_is_seen, rows_have_five_parts_and_names_of_their_own,
             results_are_of_rows_and_none_failed, commands_of_rows_are_in_guest_sh_or_prove_c]
    failed = 0
    for number, test in enumerate(tests, 1):
        problems = list(test(*arguments))
        failed += bool(problems)
        print(*(f"# {problem}" for problem in problems), sep="\n", end="\n" if problems else "")
        print(f"{'not ok' if problems else 'ok'} {number} - {test.__name__}")
    print(f"1..{len(tests)}\n# {len(tests) - failed} passed, {failed} failed, 0 skipped")
    return failed != 0


def main(arguments):
    if arguments[:1] == ["keep"] and len(arguments) == 2:
        keep(arguments[1])
    elif arguments[:1] == ["page"] and len(arguments) == 2:
        with open(arguments[1], encoding="utf-8") as file:
            page = file.read()
        page = with_table(page, rows_in(read("rows")), results_in(read("results.tsv")))
        with open(arguments[1], "w", encoding="utf-8") as file:
            file.write(page)
    elif arguments[:1] == ["check"] and len(arguments) == 2:
        return check(arguments[1])
    else:
        sys.exit("usage: table.py keep RESULTS | page PAGE | check PAGE")
    return 0


sys.exit(main(sys.argv[1:]))
