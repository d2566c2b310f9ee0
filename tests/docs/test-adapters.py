"""The table of adapters in docs/allocators.md: each header of adapters/ that a program includes has a row, each part of
others is named below, and the function in a row is the header's.  Prints TAP.

usage: test-adapters.py ROOT
"""
import pathlib
import re
import sys


def rows_of(page):
    """The rows of the table below the heading "Adapters": (headers, functions)."""
    section = page.split("\n## Adapters\n")[1].split("\n## ")[0]
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 4 and cells[1].startswith("`mir-"):
            yield re.findall(r"mir-[\w-]+\.h(?:pp)?", cells[1]), re.findall(r"(?:MIR_|mir::)\w+", cells[2])


def main(root):
    root = pathlib.Path(root)
    page = (root / "docs" / "allocators.md").read_text("utf-8")
    sources = {path.name: path.read_text("utf-8") for path in (root / "adapters").glob("*.h*")}
    rows = list(rows_of(page))
    in_rows = {header for headers, _ in rows for header in headers}
    parts = set(re.findall(r"`(mir-[\w-]+\.h(?:pp)?)`", page.split("\nParts of these that no program includes")[1].split("\n\n")[0]))
    results = [("every header has a row or is a part", set(sources) - in_rows - parts),
               ("every row has a header that is there", in_rows - set(sources)),
               ("every part is there, and no row's", (parts - set(sources)) | (parts & in_rows)),
               ("every part is included by another header",
                {part for part in parts if not any(f'"{part}"' in text for name, text in sources.items() if name != part)}),
               ("the functions of a row are its header's",
                {f"{name} in {headers}" for headers, names in rows for name in names
                 if not any(name.replace("mir::", "") in sources.get(header, "") for header in headers)})]
    for number, (name, problems) in enumerate(results, 1):
        for problem in sorted(problems):
            print(f"# {problem}")
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
    failed = sum(bool(problems) for _, problems in results)
    print(f"1..{len(results)}\n# {len(results) - failed} passed, {failed} failed, 0 skipped")
    return int(failed != 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
