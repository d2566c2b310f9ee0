"""The pictures of the documentation: each is shown by a page, each that a page shows is there, and each is a small PNG of
the width that pictures.py takes, with nothing but pixels in it.  Prints TAP.

usage: test-pictures.py
"""
import re
import struct

from pictures import MOST, ROOT, WIDTH

DOCS = ROOT / "docs"
PIXELS = {b"IHDR", b"sRGB", b"pHYs", b"IDAT", b"IEND"}


def chunks(data):
    """The kinds of the chunks of a PNG, until its end."""
    at, kinds = 8, []
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        kinds.append(kind)
        at += 12 + size
    assert at == len(data), "something lies behind the end"
    return kinds


def check(path):
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n"), "is no PNG"
    assert len(data) <= MOST, f"has {len(data)} bytes"
    kinds = chunks(data)
    assert kinds[0] == b"IHDR" and kinds[-1] == b"IEND" and set(kinds) <= PIXELS, f"has {kinds}"
    width, height = struct.unpack(">II", data[16:24])
    assert width == WIDTH and 100 < height < 2000, f"is {width} x {height}"


def main():
    shown = {name for page in DOCS.glob("*.md") for name in re.findall(r"!\[[^]]+\]\(([^)]+)\)", page.read_text("utf-8"))}
    made = set(re.findall(r'"([\w-]+\.png)"', (ROOT / "tests" / "report" / "pictures.py").read_text("utf-8")))
    pictures = {path.name for path in DOCS.glob("*.png")}
    results = [("pages show what is there", all((DOCS / name).is_file() for name in shown)),
               ("every picture is shown", pictures <= shown), ("a script makes every picture", pictures == made)]
    for name in sorted(pictures):
        try:
            check(DOCS / name)
            results.append((f"{name} is small", True))
        except (AssertionError, struct.error) as why:
            print(f"# {why}")
            results.append((f"{name} is small", False))
    for number, (name, is_right) in enumerate(results, 1):
        print(f"{'ok' if is_right else 'not ok'} {number} - {name}")
    print(f"1..{len(results)}")


main()
