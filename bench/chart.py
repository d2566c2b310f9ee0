#!/usr/bin/env python3
"""Draw a run of `./dev bench code`: chart.py CSV SVG [CURVES].  The same figures give the same bytes.

CURVES is a second chart: what is mapped and what is live, over time.  The first one has a group of bars for each subject that was timed and for the memory that each way takes.
A scale is logarithmic if the longest bar would be more than twenty times the shortest.  There is no
background: the colours are readable on white and on black."""

import math
import sys
from html import escape

from figures import Figures, is_limit, is_ours

WIDTH, LABELS, BARS, ROW, BAR, TITLE, GAP = 860, 290, 400, 18, 12, 24, 14
COUNTED = ("memory for each byte of code, fresh", "memory for each live byte, 50000 live",
           "mapped for each live byte, mean: log-normal sizes, Zipf lifetimes")
# The chart of curves, and the gap between the names of two curves.
TOP, HEIGHT, RIGHT, NAME_GAP = 40, 320, 300, 15
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
    return picture(lines, y, figures, "Code memory: mir-alloc and others")


def picture(lines, y, figures, title):
    """The SVG of LINES, which end at Y."""
    lines = lines + [text(0, y + 8, f"{figures.about['machine']}, commit {figures.about['commit']}, "
                                  f"mimalloc {figures.about['mimalloc'].split()[0]}")]
    style = (f"text{{font:12px system-ui,sans-serif;fill:{TEXT};white-space:pre}}"
             ".title{font-weight:600;font-size:13px}")
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 16:.0f}" '
                      f'width="{WIDTH}" height="{y + 16:.0f}" role="img">',
                      f"<title>{escape(title)}</title>",
                      f"<style>{style}</style>"] + lines + ["</svg>", ""])


def spread(places):
    """The sorted PLACES, moved down where they are closer to each other than NAME_GAP."""
    result = []
    for place in places:
        result.append(max(place, result[-1] + NAME_GAP) if result else place)
    return result


def tick(most):
    """The distance of at most six lines of the scale: 1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(most / 6))
    return next(power * times for times in (1, 2, 5, 10) if most / (power * times) <= 6)


def curve_group(subject, sides, top):
    """The lines of SVG for the curves of one subject, and where the next one begins.  A second curve of
    the same colour is dashed, a third dotted."""
    what, _, shape = subject.partition(": ")
    width, left, dashes = WIDTH - RIGHT - 40, 40, {}
    most = max(max(values) for values in sides.values())
    bottom = top + TOP + HEIGHT
    lines = [text(0, top + 14, f"{what}, MB: {shape}", ' class="title"')]
    step = tick(most)
    for i in range(int(most / step) + 1):
        y = bottom - i * step / most * HEIGHT
        lines.append(f'<path d="M{left} {y:.1f}h{width}" stroke="{GREY}" stroke-width="0.3"/>')
        lines.append(text(left - 6, f"{y + 4:.1f}", f"{i * step:g}", ' text-anchor="end"'))
    order = sorted(sides, key=lambda side: -sides[side][-1])
    places = spread([bottom - sides[side][-1] / most * HEIGHT for side in order])
    for side in sides:
        values = sides[side]
        fill = colour(side)
        dash = ("", ' stroke-dasharray="6 3"', ' stroke-dasharray="2 3"')[min(dashes.get(fill, 0), 2)]
        dashes[fill] = dashes.get(fill, 0) + 1
        points = " ".join(f"{left + (i + 1) / len(values) * width:.1f},{bottom - value / most * HEIGHT:.1f}"
                          for i, value in enumerate(values))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{fill}" stroke-width="1.5"{dash}/>')
        y = places[order.index(side)]
        lines.append(f'<path d="M{left + width + 4} {y:.1f}h20" stroke="{fill}" stroke-width="1.5"{dash}/>')
        lines.append(text(left + width + 28, f"{y + 4:.1f}", f"{side}  {values[-1]:.1f}"))
    return lines, max(bottom, places[-1]) + NAME_GAP + GAP


def draw_curves(figures):
    lines, y = [], 4
    for subject, sides in figures.curves().items():
        more, y = curve_group(subject, {side: sides[side] for side in sides if is_drawn(side)}, y)
        lines += more
    return picture(lines, y, figures, "Memory of code over time: mir-alloc and others")


def is_drawn(side):
    """The chart has the default, four writers, and what both are compared with."""
    return "grace periods" not in side and "max_bytes" not in side


def write(path, svg):
    with open(path, "w", encoding="utf-8") as file:
        file.write(svg)


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    figures = Figures(sys.argv[1])
    write(sys.argv[2], draw(figures))
    if len(sys.argv) == 4:
        write(sys.argv[3], draw_curves(figures))


main()
