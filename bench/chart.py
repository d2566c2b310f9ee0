#!/usr/bin/env python3
"""Draw a run of `./dev bench code`: chart.py CSV SVG.  The same figures give the same bytes.

The chart has a group of bars for each subject that was timed and for the memory that each way takes.
A scale is logarithmic if the longest bar would be more than twenty times the shortest.  There is no
background: the colours are readable on white and on black."""

import math
import sys
from html import escape

from figures import Figures, is_limit, is_ours

WIDTH, LABELS, BARS, ROW, BAR, TITLE, GAP = 860, 290, 400, 18, 12, 24, 14
COUNTED = ("memory for each byte of code, fresh", "memory for each live byte, 50000 live")
GREY, BLUE, ORANGE = "#8a8a8a", "#3b82d6", "#c9751b"
TEXT = "#767676"  # contrast above 4 to white and to GitHub's dark background


def colour(side):
    return BLUE if is_ours(side) else GREY if is_limit(side) else ORANGE


def lengths(values):
    """The lengths of the bars, 0 to 1, and whether the scale is logarithmic.  A logarithmic scale begins
    a tenth of its span below the shortest."""
    least, most = min(values), max(values)
    if least > 0 and most / least > 20:
        begin = math.log(least) - 0.1 * (math.log(most) - math.log(least))
        return [(math.log(value) - begin) / (math.log(most) - begin) for value in values], True
    return [value / most if most > 0 else 0 for value in values], False


def text(x, y, words, more=""):
    return f'<text x="{x}" y="{y}"{more}>{escape(words)}</text>'


def group(subject, sides, top):
    """The lines of SVG for one subject, and where the next subject begins."""
    values = [float(row["median"]) for row in sides.values()]
    parts, logarithmic = lengths(values)
    unit = next(iter(sides.values()))["unit"]
    scale = ", logarithmic" if logarithmic else ""
    lines = [text(0, top + 14, f"{subject} ({unit}{scale})", ' class="title"')]
    y = top + TITLE
    for (side, row), value, part in zip(sides.items(), values, parts):
        shown = f"{value:.1f} ns  {float(row['ratio']):.2f}x" if unit == "ns" else f"{value:.3f}"
        width = max(part * BARS, 1)
        lines.append(text(LABELS - 8, y + 10, side, ' text-anchor="end"'))
        lines.append(f'<rect x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR}" '
                     f'fill="{colour(side)}"/>')
        lines.append(text(f"{LABELS + width + 6:.1f}", y + 10, shown))
        y += ROW
    return lines, y + GAP


def legend(top):
    lines, x = [], LABELS
    for fill, words in ((GREY, "limit"), (ORANGE, "others"), (BLUE, "mir-alloc")):
        lines.append(f'<rect x="{x}" y="{top}" width="{BAR}" height="{BAR}" fill="{fill}"/>')
        lines.append(text(x + BAR + 6, top + 10, words))
        x += 110
    return lines


def draw(figures):
    lines, y = legend(4), 30
    for subject, sides in figures.subjects.items():
        if next(iter(sides.values()))["unit"] == "ns" or subject in COUNTED:
            more, y = group(subject, sides, y)
            lines += more
    lines.append(text(0, y + 8, f"{figures.about['machine']}, commit {figures.about['commit']}"))
    style = (f"text{{font:12px system-ui,sans-serif;fill:{TEXT};white-space:pre}}"
             ".title{font-weight:600;font-size:13px}")
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 16}" '
                      f'width="{WIDTH}" height="{y + 16}" role="img">',
                      "<title>Code memory: mir-alloc and others</title>",
                      f"<style>{style}</style>"] + lines + ["</svg>", ""])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(draw(Figures(sys.argv[1])))


main()
