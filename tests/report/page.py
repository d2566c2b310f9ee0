"""Uses every control of a page with stacks as a user does, and compares what it shows with numbers computed here from
the page's data and with those the traced program has counted itself.

usage: page.py CHROMIUM FOLDER PAGE COUNTS COMPARISON [TEST...]
  PAGE        of the trace of stack-program, which has printed COUNTS (a file)
  COMPARISON  the page that compares it with an older one; "": there is none
  TEST        a part of the names of tests to run; all by default

Prints a line for each test, "ok NAME" or "not ok NAME", and why one failed on standard error, as "NAME: why".
"""
import collections
import json
import math
import os
import re
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from browser import Browser, run_tests  # noqa: E402

LEFT, RIGHT = 74, 12  # of a chart, beside its scales
DRAWN = "document.querySelectorAll('#flame > [role=treeitem]')"
ROOT_NAME = "all stacks"
METRICS = ("kept", "live", "allocated", "temporary", "peak")  # a comparison begins with the first that differs
FUNCTION, GAP, OTHERS = 3, 4, 4  # kinds; a gap is added to a kind
UNNAMED = r"(.*\+)?0x[0-9a-f]+"


# ---------------- What the data says, computed without haste


def data_of(page):
    with open(page, encoding="utf-8") as file:
        return json.loads(re.search(r"<script type=application/json id=data>\n(.*?)\n</script>", file.read(),
                                    re.S).group(1))


class Side:
    """The stacks of one trace.  A path is a tuple of names with kinds, callers first."""

    def __init__(self, stacks, duration):
        self.slices, self.slice, self.duration = stacks["slices"], stacks["slice"], max(1, duration)
        self.paths = [()]
        for parent, name, kind in stacks["nodes"][1:]:
            self.paths.append(self.paths[parent] + ((stacks["names"][name], kind),))
        self.paths[0] = ((stacks["names"][stacks["nodes"][0][1]], 0),)
        split = lambda rows, width: [(path, *row[i:i + width]) for path, row in zip(self.paths, rows)
                                     for i in range(0, len(row), width)]
        self.moves = split(stacks["moves"], 4)
        self.temporary = split(stacks["temporary"], 3)
        self.peak = split(stacks["peak"], 2)

    def amounts(self, metric, start, end):
        """Path -> [bytes, blocks], for the slices from START to before END."""
        if metric == "peak":
            chosen = self.peak
        elif metric == "temporary":
            chosen = [(path, *sums) for path, born, *sums in self.temporary if start <= born < end]
        else:
            is_in = {"allocated": lambda born, ended: start <= born < end,
                     "kept": lambda born, ended: start <= born < end <= ended,
                     "live": lambda born, ended: born < end <= ended}[metric]
            chosen = [(path, *sums) for path, born, ended, *sums in self.moves if is_in(born, ended)]
        amounts = collections.defaultdict(lambda: [0, 0])
        for path, blocks, size in chosen:
            amounts[path][0] += size
            amounts[path][1] += blocks
        return amounts

    def live_at_ends(self, prefix):
        return [sum(size for path, born, ended, _, size in self.moves
                    if path[:len(prefix)] == prefix and born <= i < ended) for i in range(self.slices)]


def has_gap(kind):
    return kind > OTHERS


def label_of(name, kind):
    """As the page writes the name of a frame."""
    return ("... / " if has_gap(kind) else "") + name


def without_start(path):
    """PATH without what is above its main."""
    names = [name for name, kind in path if kind == FUNCTION]
    if "main" not in names:
        return path
    above = names[:names.index("main")]
    if not all(re.fullmatch(f"_start|__libc_start_main|{UNNAMED}", name) for name in above):
        return path
    scopes = next(i for i, (_, kind) in enumerate(path) if kind == FUNCTION)
    return path[:scopes] + path[scopes + len(above):]


def folded(path):
    return tuple(frame for i, frame in enumerate(path) if i == 0 or frame != path[i - 1] or has_gap(frame[1]))


def turned(path):
    """PATH from the inside outwards; a gap stays between the same two frames."""
    result, is_gap = [], False
    for name, kind in path[::-1]:
        base = kind - GAP if has_gap(kind) else kind
        result.append((name, base + GAP if is_gap and base in (1, 2, FUNCTION) else base))
        is_gap = has_gap(kind)
    return tuple(result)


class Model:
    """What the page must show for its data and a state."""

    def __init__(self, data):
        self.new = Side(data["stacks"], data["numbers"]["duration_ns"])
        self.old = Side(data["old"], data["old"]["numbers"]["duration_ns"]) if "old" in data else None
        self.summed, self.sums = None, {}
        self.state = {"metric": "allocated", "unit": "bytes", "order": "callers", "fold": False, "startup": False,
                      "side": "difference", "range": (0, self.new.slices), "zoom": ()}
        if self.old:
            self.state["metric"] = (self.differing() or ["allocated"])[0]

    def old_range(self):
        start, end = self.state["range"]
        if (start, end) == (0, self.new.slices):
            return 0, self.old.slices
        slice_of = lambda at: math.floor(min(1, at * self.new.slice / self.new.duration) * self.old.duration
                                         / self.old.slice + 0.5)
        first = min(self.old.slices - 1, slice_of(start))
        return first, min(self.old.slices, max(first + 1, slice_of(end)))

    def differing(self):
        """The metrics of which any stack differs."""
        before = {key: self.state[key] for key in ("metric", "side")}
        result = []
        for metric in METRICS:
            self.state.update(metric=metric, side="difference")
            if any(value for value, _, _ in self.stacks().values()):
                result.append(metric)
        self.state.update(before)
        return result

    def amounts(self, side, *range_):
        """Those of SIDE, by path as it is shown, callers first."""
        result = collections.defaultdict(lambda: [0, 0])
        for path, sums in side.amounts(self.state["metric"], *range_).items():
            path = path if self.state["startup"] else without_start(path)
            path = folded(path) if self.state["fold"] else path
            for i in (0, 1):
                result[path][i] += sums[i]
        return result

    def stacks(self):
        """Path, in the order of the view -> (value, [new bytes, blocks], [old bytes, blocks])."""
        state, unit = self.state, 0 if self.state["unit"] == "bytes" else 1
        new = self.amounts(self.new, *state["range"])
        old = self.amounts(self.old, *self.old_range()) if self.old else {}
        result = {}
        for path in {*new, *old}:
            a, b = new.get(path, [0, 0]), old.get(path, [0, 0])
            value = a[unit] if not self.old or state["side"] == "new" else b[unit] if state["side"] == "old" \
                else abs(a[unit] - b[unit])
            result[path if state["order"] == "callers" else turned(path)] = (value, a, b)
        return result

    def under(self, prefix, stacks):
        """The sum of STACKS at PREFIX and below it."""
        if self.summed is not stacks:
            self.summed, self.sums = stacks, collections.defaultdict(lambda: [0, [0, 0], [0, 0]])
            for path, (value, new, old) in stacks.items():
                for n in range(len(path) + 1):
                    add(self.sums[path[:n]], value, new, old)
        return self.sums.get(prefix, [0, [0, 0], [0, 0]])


def add(total, value, new, old):
    total[0] += value
    for i in (0, 1):
        total[1][i] += new[i]
        total[2][i] += old[i]


def time_text(nanoseconds):
    """Three digits, in the largest unit of which there is at least one."""
    for unit, size in (("s", 10**9), ("ms", 10**6), ("us", 1000), ("ns", 1)):
        if nanoseconds >= size:
            digits = 2 - math.floor(math.log10(nanoseconds / size))
            number = f"{math.floor(nanoseconds / size * 10**digits + 0.5) / 10**digits:.{max(0, digits)}f}"
            return (number.rstrip("0").rstrip(".") if "." in number else number) + " " + unit
    return "0"


# ---------------- What the page shows


def frames_of(browser):
    """The frames: name, label, level, left and right as shares of the width, class."""
    return browser.value(f"""(() => {{
        const box = document.getElementById("flame").getBoundingClientRect();
        return [...{DRAWN}].map(e => {{
            const place = e.getBoundingClientRect();
            return {{label: e.getAttribute("aria-label"), level: Number(e.getAttribute("aria-level")),
              text: e.textContent, left: (place.left - box.left) / box.width, kind: e.className,
              right: (place.right - box.left) / box.width, width: box.width,
              is: Math.round((place.top - box.top) / 20) + 1}};
          }});
      }})()""")


def with_paths(frames, zoom, model):
    """Give each frame its path: its parent is the frame above it."""
    rows = collections.defaultdict(list)
    for frame in frames:
        rows[frame["level"]].append(frame)
        check(frame["is"] == frame["level"], "a frame is not in the row of its level", frame)
    kinds = {kind + gap: text for kind, text in ((1, " (scope)"), (2, " (code of a JIT)")) for gap in (0, GAP)}
    names = {label_of(name, kind) + kinds.get(kind, ""): (name, kind)
             for side in (model.new, model.old) if side for path in side.paths for one in (path, turned(path))
             for name, kind in one}
    for level in sorted(rows):
        for frame in rows[level]:
            if level == 1:
                frame["path"] = ()
                continue
            middle = (frame["left"] + frame["right"]) / 2
            above = [f for f in rows[level - 1] if f["left"] - 1e-6 <= middle <= f["right"] + 1e-6]
            check(len(above) == 1 and " merged" not in above[0]["kind"], "a frame hangs in the air", frame)
            frame["above"] = above[0]["path"]
            if " merged" not in frame["kind"]:
                name = names.get(re.match(r"(.*?), (new: )?\d+ bytes", frame["label"]).group(1))
                check(name, "a frame has no name of the data", frame)
                frame["path"] = above[0]["path"] + (name,)
    return frames


class Failed(Exception):
    pass


def check(is_right, text, *what):
    if not is_right:
        raise Failed(": ".join([text, *map(str, what)]))


def same(what, is_, should):
    check(is_ == should, f"{what} is {is_!r} and should be {should!r}")


def check_flame(browser, model):
    """The frames are as wide as their amounts, and say them; what is not drawn is small."""
    stacks, zoom = model.stacks(), model.state["zoom"]
    all_, here = model.under((), stacks)[0], model.under(zoom, stacks)[0]
    frames = with_paths(frames_of(browser), zoom, model)
    for frame in frames:
        if " merged" in frame["kind"]:
            value = int(re.search(r"together (\d+) ", frame["label"]).group(1))
        else:
            value, new, old = model.under(frame["path"], stacks)
            for amounts, before in ((new, "new: " if model.old else ""), (old, "old: ")):
                if before == "old: " and not model.old:
                    continue
                check(re.search(rf", {before}{amounts[0]} bytes.* in {amounts[1]} block", frame["label"]),
                      f"a label does not say {before}{amounts}", frame["label"])
            share = 100 * value / all_ if all_ else 0
            check((f"{share:.1f} %" if share >= 0.1 or not share else "< 0.1 %") in frame["label"],
                  f"a label does not say {share} %", frame["label"])
            if frame["path"] == zoom[:len(frame["path"])]:
                value = here
        width = value / here if here else 1
        # Browsers place things at 64ths of a pixel.
        check(abs(frame["right"] - frame["left"] - width) * frame["width"] < 0.04, f"a frame is not {width} wide", frame)
    if here:
        drawn, least = check_small(model, stacks, zoom, frames), frames[0]["width"]
        small = [model.under(path, stacks)[0] for path in {p[:n] for p in stacks for n in range(len(p) + 1)}
                 if path not in drawn and path[:-1] in drawn and path[:len(zoom)] == zoom]
        large = [model.under(path, stacks)[0] for path in drawn if path[:len(zoom)] == zoom]
        if small:
            check(max(small) < min(large), "a frame is missing", max(small), min(large))
            check(max(small) * least / here < 3 or len(frames) > 450, "frames are drawn as one that can be seen")
    return frames


def check_small(model, stacks, zoom, frames):
    """Small frames are drawn together; returns the paths of the others."""
    drawn = {frame["path"] for frame in frames if "path" in frame}
    children = collections.defaultdict(set)
    for path in stacks:
        for n in range(len(zoom), len(path)):
            if path[:n + 1] not in drawn:
                children[path[:n]].add(path[:n + 1])
    for frame in frames:
        if " merged" in frame["kind"]:
            small = [value for value in (model.under(path, stacks)[0] for path in children[frame["above"]]) if value]
            check(frame["label"].startswith(f"{len(small)} small frame"), f"there are {len(small)}", frame["label"])
            same("what is drawn as one", int(re.search(r"together (\d+) ", frame["label"]).group(1)), sum(small))
    return drawn


def rows_of(browser):
    return browser.value("""[...document.querySelectorAll("#stack-table tr:not(thead tr, .opened)")].map(row =>
        [row.querySelector(".name, i").textContent, ...[...row.querySelectorAll("td")].map(cell => cell.textContent)])""")


def check_table(browser, model, matches=lambda path: True):
    """The rows are the heaviest stacks in the frame, and then their sum."""
    order, zoom = model.state["order"], model.state["zoom"]
    stacks = {path: sums for path, sums in model.stacks().items()
              if sums[0] > 0 and path[:len(zoom)] == zoom and matches(path)}
    innermost = lambda path: label_of(*(path if order == "callers" else turned(path))[-1])
    numbers = lambda new, old: [*new, *(old if model.old else [])]
    rows = rows_of(browser)
    shown = [(row[0], [int(cell) for cell in row[1:5 if model.old else 3]]) for row in rows]
    heaviest = sorted(stacks.items(), key=lambda item: -item[1][0])
    values = [sums[0] for _, sums in heaviest]
    body = [row for row in shown[:-1] if not row[0].startswith("all ")]
    same("the rows in all", len(body), min(len(values), max(25, len(body))))
    left = collections.Counter((innermost(path), *numbers(new, old)) for path, (_, new, old) in heaviest)
    for (name, cells), value in zip(body, values):
        check(left[(name, *cells)] > 0, "there is no such stack", name, cells)
        left[(name, *cells)] -= 1
        unit = 0 if model.state["unit"] == "bytes" else 1
        is_ = cells[unit] if not model.old or model.state["side"] == "new" else cells[2 + unit] \
            if model.state["side"] == "old" else abs(cells[unit] - cells[2 + unit])
        same("the amount of a row in its place", is_, value)
    sums = model.under((), stacks)
    same("the sum of the table", shown[-1][1], numbers(sums[1], sums[2]))
    if model.old:
        unit = 0 if model.state["unit"] == "bytes" else 1
        for row, (_, cells) in zip(rows, shown):
            same("a difference", int(row[5]), cells[unit] - cells[2 + unit])


def check_all(browser, model):
    check_table(browser, model)
    return check_flame(browser, model)


def state_of(browser, key):
    """What the address says of KEY, when it has come to it."""
    return browser.value(f"""new Promise(done => setTimeout(() => done(
        new URLSearchParams(location.hash.slice(1)).get("{key}")), 250))""")


def find(frames, *names):
    """The frame whose path ends in NAMES."""
    found = [f for f in frames if "path" in f and tuple(n for n, _ in f["path"][-len(names):]) == names]
    check(found, "there is no frame", names)
    return found[0]


def place_of(browser, frame):
    """The middle of FRAME in the window, brought into sight."""
    label = json.dumps(frame["label"])
    x, y, width, height = browser.box(f"[...{DRAWN}].find(e => e.getAttribute('aria-label') === {label} && "
                                      f"e.getAttribute('aria-level') === '{frame['level']}')")
    return x + min(width, 600) / 2, y + height / 2


def tip_of(browser):
    return browser.value("document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent")


def text_of(browser, element):
    return browser.value(f"document.getElementById('{element}').textContent")


def choose(browser, name, value):
    """Choose VALUE of the list NAME with the keyboard."""
    browser.value(f"document.getElementById('{name}').focus()")
    browser.press("Home")
    for _ in range(10):
        if browser.value(f"document.getElementById('{name}').value") == value:
            return
        browser.press("ArrowDown")
    raise Failed(f"the list {name} has no {value}")


def click_radio(browser, name, value):
    browser.click_on(f"document.querySelector('input[name={name}][value={value}]')")


def select(browser, model, start, end):
    """Drag on the chart from the slice START to the slice END - 1."""
    x, y, width, height = browser.box("document.querySelector('#chart-live svg')")
    own = browser.value("document.querySelector('#chart-live svg').viewBox.baseVal.width")
    at = lambda slice_: x + width / own * (LEFT + min(1, (slice_ + 0.5) * model.new.slice / model.new.duration)
                                           * (own - LEFT - RIGHT))
    browser.drag((at(start), y + height / 2), (at(start) + 5, y + height / 2),
                 ((at(start) + at(end - 1)) / 2, y + height / 3), (at(end - 1), y + height / 2))
    model.state["range"] = (start, end)


# ---------------- Tests


class Tests:
    def __init__(self, browser, folder, page, counts, comparison):
        self.browser, self.folder, self.page, self.comparison = browser, folder, page, comparison
        self.counts, self.phases, self.numbers = {}, [], {}
        with open(counts, encoding="utf-8") as file:
            for words in map(str.split, file):
                if words[0] == "function":
                    self.counts[words[1]] = list(map(int, words[2:]))
                elif words[0] == "phase":
                    self.phases.append((words[1], int(words[2]), int(words[3])))
                else:
                    self.numbers[words[0]] = int(words[1])

    def open(self, fragment="", page=None):
        self.browser.open(page or self.page, fragment)
        return Model(data_of(page or self.page))

    def what_is_forbidden_is_noticed(self):
        """Proves that the other tests would see it."""
        with open(self.page, encoding="utf-8") as file:
            text = file.read()
        for what, pattern in (("<img src=http://127.0.0.1:9/x>", "Content Security Policy"),
                              ("<script>nothing.at.all</script>", "nothing is not defined"),
                              ("<script>console.error('oops')</script>", "oops")):
            with open(f"{self.folder}/bad.html", "w", encoding="utf-8") as file:
                file.write(text.replace("</main>", what + "</main>"))
            self.browser.open(f"{self.folder}/bad.html")
            check(any(pattern in one for one in self.browser.complaints), "nobody complains of " + what,
                  self.browser.complaints)
            self.browser.complaints.clear()

    def the_first_picture_is_that_of_all_that_was_allocated(self):
        model = self.open()
        frames = check_all(self.browser, model)
        sums = model.under((), model.stacks())[1]
        same("what was made", sums, [self.numbers["made_bytes"], self.numbers["made_blocks"]])
        same("the level of the deepest call", max(len(f["path"]) for f in frames if "path" in f) >= 45, True)
        same("an element made of a name", self.browser.value("document.querySelector('main img')"), None)

    def callees_have_what_the_program_has_counted(self):
        model = self.open()
        click_radio(self.browser, "order", "callees")
        model.state["order"] = "callees"
        columns = {"allocated": (1, 0), "kept": (3, 2), "temporary": (5, 4)}
        for metric, (size, blocks) in columns.items():
            choose(self.browser, "metric", metric)
            model.state["metric"] = metric
            frames = check_all(self.browser, model)
            for name, counts in self.counts.items():
                if counts[blocks] * 200 > sum(c[blocks] for c in self.counts.values()) and counts[size] * 200 > sum(
                        c[size] for c in self.counts.values()):
                    check(f"{counts[size]} bytes" in find(frames, name)["label"] and f"in {counts[blocks]} block"
                          in find(frames, name)["label"], f"{name} has not {counts}", find(frames, name)["label"])
            same("the functions", {row[0] for row in rows_of(self.browser)[:-1]},
                 {name for name, counts in self.counts.items() if counts[blocks]})
        same("the address", state_of(self.browser, "order") + state_of(self.browser, "metric"), "calleestemporary")

    def every_metric_in_bytes_and_blocks(self):
        model = self.open()
        for unit in ("blocks", "bytes"):
            click_radio(self.browser, "unit", unit)
            model.state["unit"] = unit
            for metric in ("allocated", "kept", "live", "temporary", "peak"):
                choose(self.browser, "metric", metric)
                model.state["metric"] = metric
                check_all(self.browser, model)
        sums = model.under((), model.stacks())[1]
        same("the peak", sums[0], self.numbers["peak_bytes"])
        # Radio buttons by keyboard.
        self.browser.value("document.querySelector('input[name=unit][value=bytes]').focus()")
        self.browser.press("ArrowRight")
        model.state["unit"] = "blocks"
        check_all(self.browser, model)

    def phases_of(self, model):
        """The slices where the phases end: in the middle of the pauses."""
        born = sorted({entry[1] for entry in model.new.moves})
        gaps = sorted(zip(born, born[1:]), key=lambda gap: gap[0] - gap[1])[:len(self.phases) - 1]
        return [0, *sorted((a + b) // 2 for a, b in gaps), model.new.slices]

    def a_drag_on_the_chart_selects_a_range(self):
        model = self.open()
        ends = self.phases_of(model)
        for (_, blocks, size), start, end in zip(self.phases, ends, ends[1:]):
            select(self.browser, model, start, end)
            same("what a phase has allocated", model.under((), model.stacks())[1], [size, blocks])
            check_all(self.browser, model)
            summary = self.browser.value("document.querySelector('[data-metric=allocated] dd').textContent")
            check(summary.startswith(f"{size} bytes") and f"in {blocks} block" in summary, "the summary says", summary)
        start, end = next((born, ended) for _, born, ended, _, _ in model.new.moves if born < ended < model.new.slices)
        for metric in ("kept", "live", "temporary"):
            choose(self.browser, "metric", metric)
            model.state["metric"] = metric
            select(self.browser, model, start, end + 1)
            check_all(self.browser, model)
            select(self.browser, model, ends[2] - 4, 3)  # from right to left
            model.state["range"] = (2, ends[2] - 3)
            check_all(self.browser, model)
            summary = self.browser.value(f"document.querySelector('[data-metric={metric}] dd').textContent")
            sums = model.under((), model.stacks())[1]
            check(summary.startswith(f"{sums[0]} bytes") and f"in {sums[1]} block" in summary, "the summary", summary)
        same("the address", (state_of(self.browser, "from"), state_of(self.browser, "to")), ("2", str(ends[2] - 3)))
        same("the shades", self.browser.value("document.querySelectorAll('.outside').length"), 2)
        self.browser.click_on("document.getElementById('whole-run')")
        model.state["range"] = (0, model.new.slices)
        check_all(self.browser, model)
        same("the shades", self.browser.value("document.querySelectorAll('.outside').length"), 0)
        same("the sliders", self.browser.value("[from, to].map(id => document.getElementById(id).value).join()".replace(
            "[from, to]", "['from', 'to']")), f"0,{model.new.slices}")

    def sliders_select_a_range_by_keyboard(self):
        model = self.open()
        self.browser.value("document.getElementById('from').focus()")
        self.browser.press(*["ArrowRight"] * 5)
        model.state["range"] = (5, model.new.slices)
        check_all(self.browser, model)
        self.browser.press("Tab", "Home")  # the end cannot be before the beginning
        model.state["range"] = (0, 1)
        check_all(self.browser, model)
        self.browser.press("ArrowRight", "ArrowRight")
        model.state["range"] = (0, 3)
        check_all(self.browser, model)
        self.browser.press("Tab", shift=True)
        self.browser.press("End")  # nor the beginning behind the end
        model.state["range"] = (model.new.slices - 1, model.new.slices)
        check_all(self.browser, model)
        same("the address", (state_of(self.browser, "from"), state_of(self.browser, "to")),
             (str(model.new.slices - 1), None))
        self.browser.press("Home", "Tab", "Home", "ArrowRight", "ArrowRight")
        model.state["range"] = (0, 3)
        check(text_of(self.browser, "range").startswith(f"0 to {time_text(3 * model.new.slice)}, "), "the text is",
              text_of(self.browser, "range"))
        self.browser.press("Tab", "Enter")
        model.state["range"] = (0, model.new.slices)
        check_all(self.browser, model)

    def the_pointer_finds_exact_numbers(self):
        model = self.open()
        stacks = model.stacks()
        for names in ((ROOT_NAME,), ("load_file",), ("index_lines", "grow_table"), ("parse_line", "keep_line")):
            frames = check_flame(self.browser, model)
            frame = frames[0] if names[0] == ROOT_NAME else find(frames, *names)
            self.browser.point(*place_of(self.browser, frame))
            _, new, _ = model.under(frame["path"], stacks)
            lines = tip_of(self.browser).split("\n")
            same("the first line of the tip", lines[0], names[-1])
            check(lines[1].startswith(f"{new[0]} bytes") and lines[1].endswith(f" in {new[1]} blocks"), "the tip", lines)
        self.browser.point(5, 5)
        same("the tip elsewhere", tip_of(self.browser), "")

    def a_click_zooms_and_there_are_ways_back(self):
        model = self.open()
        frames = check_all(self.browser, model)
        run = find(frames, "main", "run", "load_file")
        self.browser.click(*place_of(self.browser, run))
        model.state["zoom"] = run["path"]
        frames = check_all(self.browser, model)
        link = self.browser.value("location.hash")
        check("zoom=" in link, "the address is", link)
        self.browser.click_on("document.getElementById('up')")
        model.state["zoom"] = run["path"][:-1]
        check_all(self.browser, model)
        self.browser.value("history.back()")
        self.browser.settle()
        model.state["zoom"] = run["path"]
        frames = check_all(self.browser, model)
        self.browser.click(*place_of(self.browser, frames[2]))  # a caller above
        model.state["zoom"] = frames[2]["path"]
        check_all(self.browser, model)
        self.browser.click_on("document.getElementById('top')")
        model.state["zoom"] = ()
        check_all(self.browser, model)
        same("the buttons are off", self.browser.value(
            "document.getElementById('up').disabled && document.getElementById('top').disabled"), True)
        model = self.open(link)
        model.state["zoom"] = run["path"]
        check_all(self.browser, model)
        check("zoom=s.load" in link and link.endswith("zoom=f.main&zoom=f.run&zoom=f.load_file"), "the address is", link)
        # In a page of other traces, where the nodes have other numbers.
        data = data_of(self.comparison or self.page)
        stacks = data["stacks"]
        at = [0, *range(2, len(stacks["nodes"]) + 1)]
        move = lambda rows, empty: [rows[0], empty, *rows[1:]]
        stacks["names"].append("first")
        stacks["nodes"] = move([[at[parent] if parent >= 0 else -1, *rest] for parent, *rest in stacks["nodes"]],
                               [0, len(stacks["names"]) - 1, 3])
        for key in ("temporary", "peak"):
            stacks[key] = move(stacks[key], [])
        stacks["moves"] = move(stacks["moves"], [0, stacks["slices"], 1, 8])
        page, _ = self.page_of(data)
        model = self.open(link + "&metric=allocated", page)
        model.state.update(zoom=run["path"], metric="allocated")
        check_all(self.browser, model)
        model = self.open(link + "&zoom=f.nobody&metric=allocated", page)  # as far as there is such a frame
        model.state.update(zoom=run["path"], metric="allocated")
        check_all(self.browser, model)

    def arrow_keys_lead_from_frame_to_frame(self):
        browser, model = self.browser, self.open()
        frames = check_all(browser, model)
        stacks = model.stacks()
        level = lambda: browser.value("Number(document.activeElement.getAttribute('aria-level'))")
        label = lambda: browser.value("document.activeElement.getAttribute('aria-label')")
        browser.value("document.getElementById('search').focus()")
        browser.press("Tab")
        same("the level that Tab leads to", level(), 1)
        browser.press("ArrowDown")
        child = max((f for f in frames if f.get("path") and len(f["path"]) == 1), key=lambda f: f["right"] - f["left"])
        same("the frame below", label(), child["label"])
        check(child["path"][0][0] in text_of(browser, "details"), "the details are", text_of(browser, "details"))
        same("what is live", browser.value("document.getElementById('chart-live').dataset.chosen"),
             ",".join(map(str, model.new.live_at_ends(child["path"]))))
        browser.press("ArrowRight")
        row = sorted((f for f in frames if f["level"] == 2), key=lambda f: f["left"])
        right = next(f for f in row if f["left"] > child["left"])
        same("the frame on the right", label(), right["label"])
        browser.press("ArrowLeft")
        same("the frame on the left", label(), child["label"])
        browser.press("ArrowDown", "ArrowDown", "ArrowUp")
        same("the level", level(), 3)
        browser.press("Enter")
        model.state["zoom"] = max((path[:2] for path in stacks if path[:1] == child["path"]),
                                  key=lambda path: model.under(path, stacks)[0])
        check_all(browser, model)
        same("the level of what has the focus", level(), 3)
        browser.press("Escape")
        model.state["zoom"] = model.state["zoom"][:-1]
        check_all(browser, model)
        same("the level", level(), 2)
        browser.press("Home")
        same("the level", level(), 1)
        browser.press(" ")
        model.state["zoom"] = ()
        check_all(browser, model)
        choose(browser, "metric", "temporary")
        model.state["metric"] = "temporary"
        check_all(browser, model)
        browser.value("document.querySelector('#flame [tabindex=\"0\"]').focus()")
        browser.press("Home", *["ArrowDown"] * 45)
        same("the level", level(), 46)
        check(browser.value("""(() => { const e = document.activeElement.getBoundingClientRect(),
            box = document.querySelector(".flame-box").getBoundingClientRect();
            return e.top >= box.top - 1 && e.bottom <= box.bottom + 1; })()"""), "a deep frame is out of sight")

    def a_search_finds_frames_and_their_share(self):
        browser, model = self.browser, self.open()
        browser.value("document.getElementById('search').focus()")
        browser.type("LiNe")
        matches = lambda path: any("line" in name for name, _ in path)
        check_flame(browser, model)
        check_table(browser, model, matches)
        stacks = model.stacks()
        found = sum(value for path, (value, _, _) in stacks.items() if matches(path))
        all_ = model.under((), stacks)[0]
        text = text_of(browser, "found")
        check(f"{found} bytes" in text and f"{100 * found / all_:.1f} %" in text, "the search says", text)
        frames = with_paths(frames_of(browser), (), model)
        for frame in frames:
            if frame.get("path"):
                same("whether a frame is found", " match" in frame["kind"], "line" in frame["path"][-1][0])
        widest = sorted((f for f in frames if " match" in f["kind"] and "path" in f),
                        key=lambda f: (f["left"] - f["right"], f["level"]))
        current = lambda: browser.value("document.querySelector('.current').getAttribute('aria-label')")
        browser.press("Enter")
        same("the first that is found", current(), widest[0]["label"])
        browser.press("Enter")
        same("the next", current(), widest[1]["label"])
        browser.press("Enter", shift=True)
        same("the one before", current(), widest[0]["label"])
        browser.click_on("document.getElementById('next')")
        same("the next", current(), widest[1]["label"])
        browser.click_on("document.getElementById('previous')")
        same("the one before", current(), widest[0]["label"])
        same("the address", state_of(browser, "search"), "LiNe")
        browser.click(*place_of(browser, find(frames, "run", "index_lines")))
        model.state["zoom"] = find(frames, "run", "index_lines")["path"]
        check("100.0 % of the frame" in text_of(browser, "found"), "the search says", text_of(browser, "found"))
        check_table(browser, model)
        browser.value("document.getElementById('search').focus()")
        browser.press("Escape")
        check_all(browser, model)
        same("what the search says", text_of(browser, "found"), "")
        browser.type("no such name")
        same("a search for nothing", text_of(browser, "found"), "0 frames, 0 bytes, 0.0 % of the frame")
        off = lambda: browser.value("['previous', 'next'].map(id => document.getElementById(id).disabled).join()")
        same("whether the buttons are off", off(), "true,true")
        browser.press("Escape", *"index")
        same("whether the buttons are off", off(), "false,false")
        browser.press("Escape")
        same("whether the buttons are off", off(), "true,true")

    def recursion_becomes_one_frame(self):
        browser, model = self.browser, self.open()
        browser.click_on("document.getElementById('fold')")
        model.state["fold"] = True
        frames = check_all(browser, model)
        same("the rows of such stacks", [row[0] for row in browser.value("""[...document.querySelectorAll(
            "#stack-table .opens")].map(b => b.textContent)""") if "descend, descend" in row], [])
        same("the frames of a function that calls itself", sum(
            "path" in frame and frame["path"][-1:] == (("descend", 3),) for frame in frames), 1)
        click_radio(browser, "order", "callees")
        model.state["order"] = "callees"
        check_all(browser, model)
        same("the address", state_of(browser, "fold"), "yes")
        browser.value("document.getElementById('fold').focus()")
        browser.press(" ")
        model.state["fold"] = False
        check_all(browser, model)

    def start_up_frames_are_hidden_at_first(self):
        browser, model = self.browser, self.open()
        names = lambda: {name for frame in check_all(browser, model) if "path" in frame for name, _ in frame["path"]}
        check("main" in names() and not names() & {"_start", "__libc_start_main"}, "there are", names())
        browser.value("document.getElementById('startup').focus()")
        browser.press(" ")
        model.state["startup"] = True
        check({"main", "_start"} <= names(), "there are only", names())
        browser.click_on("document.querySelector('#stack-table .opens')")
        check("_start" in browser.value("document.querySelector('.opened').innerText").split(), "a row does not open to it")
        same("the address", state_of(browser, "startup"), "yes")
        model = self.open("#startup=yes&order=callees&fold=yes")
        model.state.update(startup=True, order="callees", fold=True)
        check_all(browser, model)
        browser.click_on("document.getElementById('startup')")
        model.state["startup"] = False
        check_all(browser, model)

        # How processes and threads start elsewhere: the names of a stack, and how many of them are hidden.
        cases = [(["_start", "_start_c", "__libc_start_main", "libc_start_main_stage2", "main", "musl"], 4),
                 (["RtlUserThreadStart", "BaseThreadInitThunk", "mainCRTStartup", "__tmainCRTStartup", "main", "win"], 4),
                 (["ntdll.dll+0x5a1", "kernel32.dll+0x17344", "WinMainCRTStartup", "WinMain", "gui"], 3),
                 (["0x401000", "0x401234", "main", "static"], 2),
                 (["clone3", "start_thread", "work_1"], 2), (["clone", "libc.so.6+0x8917", "work_2"], 2),
                 (["__clone", "start", "work_3"], 2), (["RtlUserThreadStart", "BaseThreadInitThunk", "work_4"], 2),
                 (["libc.so.6+0x1234", "qsort_of_a_cut_stack"], 0), (["host", "_start", "main", "plugin"], 0),
                 (["app+0x1", "not_main"], 0), (["start", "game"], 0), (["_start", "only_start", "main", "late"], 1),
                 (["main", "_start", "main", "inner"], 0), (["_start", "__libc_start_main", "exit", "at_end"], 2),
                 (["__libc_start_main@@GLIBC_2.34", "main", "versioned"], 1), (["clone", "start_thread"], 0)]
        scope = (("scope", 1),)
        stacks = [prefix + tuple((name, FUNCTION) for name in case) for case, _ in cases for prefix in ((), scope)]
        page, _ = self.page_of_stacks(stacks)
        browser.open(page)
        for _ in range(3):
            if not browser.value("document.getElementById('more-rows').hidden"):
                browser.click_on("document.getElementById('more-rows')")
        heads = browser.value("[...document.querySelectorAll('#stack-table .opens')].map(b => b.textContent)")
        for case, hidden in cases:
            for prefix in ((), scope):
                should = self.place_of_stack(prefix + tuple((name, FUNCTION) for name in case[hidden:]))
                check(should in heads, "there is no row", should, heads)
        same("the stacks", len(heads), len(stacks))

    def frames_that_are_left_out_are_said(self):
        browser = self.browser
        top = (("main", FUNCTION), ("run", FUNCTION))
        stacks = [top, (*top, ("leaf", FUNCTION)), (*top, ("leaf", FUNCTION), ("leaf", FUNCTION)),
                  (*top, ("leaf", FUNCTION + GAP)), (*top, ("jit", 2 + GAP)),
                  (("phase", 1), ("inner", 1 + GAP)), (*top, ("(others)", OTHERS)), (("phase", 1), ("f", FUNCTION + GAP))]
        made = data_of(self.page)["numbers"]["made_bytes"]
        page, model = self.page_of_stacks(stacks, merged=1234, mergedBytes=made // 4, mergedBlocks=77)
        browser.open(page)
        text = "1234 stacks with little memory, 25.0 % of the bytes, are shown without the frames between."
        same("what is said of them", text_of(browser, "merged").strip(), text)
        for order in ("callers", "callees"):
            click_radio(browser, "order", order)
            model.state["order"] = order
            frames = check_all(browser, model)
            labels = {frame["label"].split(",")[0] for frame in frames}
            should = {"callers": {"... / leaf", "leaf", "... / jit (code of a JIT)", "... / inner (scope)", "(others)", "... / f"},
                      "callees": {"leaf", "... / run", "run", "jit (code of a JIT)", "(others)", "... / phase (scope)"}}[order]
            check(should <= labels, "the frames are", labels)
            if order == "callees":
                check(not {"... / leaf", "... / jit (code of a JIT)"} & labels, "the dots are on the wrong side", labels)
        click_radio(browser, "order", "callers")
        heads = browser.value("[...document.querySelectorAll('#stack-table .opens')].map(b => b.textContent)")
        same("the rows", set(heads), set(map(self.place_of_stack, stacks)))
        check("... / leaf from run, main" in heads, "no row has dots", heads)
        model.state["order"] = "callers"
        browser.click(*place_of(browser, find(check_all(browser, model), "leaf", )))
        same("the details", browser.value("document.querySelector('#details b').textContent") in ("leaf", "... / leaf"), True)
        model = self.open("#zoom=f.main&zoom=f.run&zoom=F.leaf", page)
        model.state["zoom"] = (*top, ("leaf", FUNCTION + GAP))
        check_all(browser, model)
        same("the details", browser.value("document.querySelector('#details b').textContent"), "... / leaf")
        if self.comparison:
            data = data_of(self.comparison)
            data["old"].update(merged=1, mergedBytes=data["old"]["numbers"]["made_bytes"], mergedBlocks=1)
            browser.open(self.page_of(data)[0])
            same("what is said of a comparison", text_of(browser, "merged"), "1 stack of the old trace with little memory, "
                 "100.0 % of the bytes, is shown without the frames between. What is shown so of one trace only is a "
                 "difference too.")
        page, _ = self.page_of_stacks(stacks, merged=1, mergedBytes=0)
        browser.open(page)
        check(text_of(browser, "merged").startswith("1 stack with little memory"), "it says", text_of(browser, "merged"))

    def scopes_and_functions_of_one_name_differ(self):
        browser = self.browser
        page, model = self.page_of_stacks([(("parse", 1), ("parse", FUNCTION), ("leaf", FUNCTION), ("parse", FUNCTION))])
        browser.open(page, "#zoom=s.parse&zoom=f.parse&zoom=f.leaf&zoom=f.parse")
        browser.click_on("document.querySelector('#stack-table .opens')")
        for place, scopes in (("#details small", [True, False, False]), (".frames", [False, False, False, True]),
                              (".opens i", [True])):
            styles = browser.value(f"[...document.querySelectorAll('{place} :is(em, span)')].map(e => "
                                   "getComputedStyle(e).fontStyle)")
            same(f"what is italic in {place}", [style == "italic" for style in styles], scopes)
        browser.open(self.page)  # those without a script
        styles = browser.value("""[...document.querySelectorAll("#left em")].map(e => [e.textContent,
            getComputedStyle(e).fontStyle])""")
        check(["work", "italic"] in styles, "the scopes are", styles)
        check(not browser.value("document.querySelector('#left tbody th').firstChild.tagName"), "a function is in a style")

    def place_of_stack(self, path):
        """As a row says it."""
        calls = [label_of(name, kind) for name, kind in path[:-1] if kind != 1][::-1]
        scopes = [name for name, kind in path[:-1] if kind == 1]
        return (label_of(*path[-1]) + (" from " + ", ".join(calls[:3]) if calls else "") + (", ..." if len(calls) > 3 else "")
                + (" in " + " / ".join(scopes) if scopes else ""))

    def rows_open_to_whole_stacks(self):
        browser, model = self.browser, self.open()
        stacks = model.stacks()
        for row in browser.value("[...document.querySelectorAll('#stack-table .opens')].map(b => b.textContent)"):
            check(any(self.place_of_stack(one) == row for one in stacks), "no stack is called", row)
        (path, _), *_ = sorted(stacks.items(), key=lambda item: -item[1][0])
        listed = lambda: browser.value("[...document.querySelectorAll('#stack-table .frames button')].map(b => b.textContent)")
        browser.click_on("document.querySelector('#stack-table .opens')")
        same("the stack", listed(), [name for name, _ in path[::-1]])
        same("the state", browser.value("document.activeElement.getAttribute('aria-expanded')"), "true")
        browser.press("Enter")
        same("the stack when closed", listed(), [])
        browser.press(" ")
        same("the stack by keyboard", listed(), [name for name, _ in path[::-1]])
        # The bar of the share belongs to the row, not to the stack below it.
        heights = browser.value("""["tr", ".opened"].map(one => document.querySelector("#stack-table tbody " + one)
            .getBoundingClientRect().height)""")
        bar = browser.value("document.querySelector('#stack-table tbody .bar').getBoundingClientRect().height")
        check(bar <= heights[0] < 60 < heights[1], "the heights of bar, row and stack", bar, heights)
        browser.press("Tab", "Tab", "Enter")
        model.state["zoom"] = path[:-1]
        check_all(browser, model)
        click_radio(browser, "order", "callees")
        model.state.update(order="callees", zoom=())
        same("the stack from callees", listed(), [name for name, _ in path[::-1]])
        browser.click_on("document.querySelectorAll('#stack-table .frames button')[2]")
        model.state["zoom"] = turned(path)[:3]
        check_all(browser, model)

    def links_lead_to_the_same_picture(self):
        model = self.open("#from=3&to=40&metric=live&unit=blocks&order=callees&search=line")
        model.state.update(range=(3, 40), metric="live", unit="blocks", order="callees")
        check_flame(self.browser, model)
        check_table(self.browser, model, lambda path: any("line" in name for name, _ in path))
        same("the list", self.browser.value("document.getElementById('metric').value"), "live")
        self.browser.value("location.hash = '#metric=peak'")
        self.browser.settle()
        model = Model(data_of(self.page))
        model.state["metric"] = "peak"
        check_all(self.browser, model)
        for nonsense in ("#from=99&to=-3&zoom=77777777&metric=x&unit=&order=constructor", "#zoom=f.nobody&zoom=&from=5&to=2", "#%",
                         "#from=0x1&side=toString&search=%ff"):
            model = self.open(nonsense)
            start = 5 if "from=5" in nonsense else 0
            model.state["range"] = (start, model.new.slices)
            check_flame(self.browser, model)

    def many_stacks_are_drawn_few_at_a_time(self):
        page, model = self.big_page()
        self.browser.open(page)
        for order in ("callers", "callees"):
            click_radio(self.browser, "order", order)
            model.state["order"] = order
            frames = frames_of(self.browser)
            check(50 < len(frames) <= 900, "frames", len(frames))
            merged = sum(" merged" in frame["kind"] for frame in frames)
            check(merged > 10, "frames that are several", merged)
            for frame in frames:
                check((frame["right"] - frame["left"]) * frame["width"] > 0.98, "a frame is too small", frame)
            check_table(self.browser, model)
            if order == "callers":
                check_flame(self.browser, model)
        same("more rows are offered", self.browser.value("document.getElementById('more-rows').hidden"), False)
        check(rows_of(self.browser)[25][0].startswith("all "), "the others", rows_of(self.browser)[25])
        self.browser.click_on("document.getElementById('more-rows')")
        same("the rows", len(rows_of(self.browser)), 127)
        check_table(self.browser, model)
        check("1234 stacks" in text_of(self.browser, "merged"), "what is merged", text_of(self.browser, "merged"))

    def page_of(self, data, name="made.html"):
        """A page that shows DATA; and its model."""
        page = f"{self.folder}/{name}"
        with open(self.comparison if "old" in data else self.page, encoding="utf-8") as file:
            text = file.read()
        new = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
        with open(page, "w", encoding="utf-8") as file:
            file.write(re.sub(r"(?s)(<script type=application/json id=data>\n).*?(\n</script>)",
                              lambda match: match[1] + new + match[2], text))
        return page, Model(data)

    def page_of_stacks(self, stacks, **more):
        """A page of STACKS, paths of (name, kind); the stack I has I + 1 blocks of 100 bytes, never freed."""
        data, names, nodes, moves = data_of(self.page), {"(no scope)": 0}, {(): 0}, {}
        for i, path in enumerate(stacks):
            for n, (name, _) in enumerate(path):
                names.setdefault(name, len(names))
                nodes.setdefault(path[:n + 1], len(nodes))
            moves[nodes[path]] = [0, 1, i + 1, 100 * (i + 1)]
        rows = [[nodes[path[:-1]], names[path[-1][0]], path[-1][1]] if path else [-1, 0, 0] for path in nodes]
        data["stacks"] = {"slices": 1, "slice": data["numbers"]["duration_ns"], "names": [*names], "nodes": rows,
                          "merged": 0, "moves": [moves.get(n, []) for n in range(len(rows))],
                          "temporary": [[]] * len(rows), "peak": [[]] * len(rows), **more}
        return self.page_of(data)

    def big_page(self, num=4000):
        """A page with NUM nodes and as many entries as there can be; and its model."""
        data = data_of(self.page)
        state = 1

        def random(n):
            nonlocal state
            state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
            return (state >> 33) % n

        slices = 64
        nodes, moves, depth = [[-1, 0, 0]], [[] for _ in range(num)], [0]
        for i in range(1, num):
            parent = i - 1 - random(min(i, 60))
            if depth[parent] >= 64:
                parent = 0
            depth.append(depth[parent] + 1)
            nodes.append([parent, 1 + random(1 + random(1 + random(1500))), 3])  # few have most
        for _ in range(48000):
            born = random(slices)
            moves[random(num)] += [born, born + random(slices + 1 - born), 1 + random(9), 1 + random(99999)]
        data["stacks"].update(slices=slices, slice=data["numbers"]["duration_ns"] // 63, merged=1234,
                              mergedBytes=0, nodes=nodes,
                              names=["none", *(f"space::function_{i}" for i in range(1500))], moves=moves,
                              temporary=[[]] * num, peak=[[]] * num)
        return self.page_of(data)

    def every_control_has_a_name(self):
        for page in filter(None, (self.page, self.comparison)):
            self.open("#metric=allocated", page)
            self.browser.call("Accessibility.enable")
            nodes = self.browser.call("Accessibility.getFullAXTree")["nodes"]
            self.browser.call("Accessibility.disable")
            roles = collections.Counter()
            for node in nodes:
                role = node.get("role", {}).get("value")
                if role in ("button", "combobox", "slider", "radio", "checkbox", "searchbox", "tree", "treeitem") \
                        and not node.get("ignored"):
                    roles[role] += 1
                    check(node.get("name", {}).get("value"), "there is a nameless", role, node)
            for role, least in {"button": 8, "combobox": 1, "slider": 2, "radio": 4, "checkbox": 1, "searchbox": 1, "tree": 1,
                                "treeitem": 50 if page == self.page else 10}.items():
                check(roles[role] >= least, f"there are only {roles[role]} of", role)

    def the_tab_key_leads_to_every_control(self):
        self.open("#from=1&search=line&zoom=s.work")
        self.browser.value("document.activeElement.blur()")
        seen = []
        for _ in range(60):
            self.browser.press("Tab")
            seen.append(self.browser.value("document.activeElement.id || document.activeElement.value || "
                                           "document.activeElement.getAttribute('role') || document.activeElement.className"))
        for control in ("from", "to", "whole-run", "metric", "bytes", "callers", "fold", "startup", "search", "previous", "next", "up", "top",
                        "treeitem", "opens"):
            check(control in seen, f"Tab does not lead to {control}", seen)
        same("the frames in the order of Tab", seen[:seen.index("opens")].count("treeitem"), 1)

    def it_is_legible(self):
        """Light, dark and narrow: nothing wider than the window, and enough contrast."""
        browser = self.browser
        for page in filter(None, (self.page, self.comparison)):
            for scheme in ("light", "dark"):
                browser.media(prefers_color_scheme=scheme)
                for width in (1100, 400):
                    browser.size(width, 900)
                    self.open("#search=table&from=1", page)
                    same(f"the width of the page at {width}", browser.value("document.documentElement.scrollWidth"), width)
                    same("what the section of stacks lacks", browser.value("""(() => {
                        const section = document.getElementById("stacks");
                        return section.scrollWidth - section.clientWidth; })()"""), 0)
                    size = browser.value("""(() => { const svg = document.querySelector("#chart-live svg");
                        return 12 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width; })()""")
                    check(size > 10, "the text of the chart has pixels", size)
                    self.check_contrast(scheme)
                dark = browser.value("getComputedStyle(document.body).backgroundColor")
                same("whether it is dark", sum(map(int, re.findall(r"\d+", dark)[:3])) < 200, scheme == "dark")
        browser.media()
        # A page that becomes narrow draws its charts anew.
        browser.size(1100, 900)
        model = self.open()
        browser.size(400, 900)
        browser.settle()
        check(browser.value("document.querySelector('#chart-live svg').viewBox.baseVal.width") < 400, "the chart is wide")
        same("the width", browser.value("document.documentElement.scrollWidth"), 400)
        check_flame(browser, model)
        browser.size(1100, 900)

    def a_narrow_page_cuts_nothing(self):
        browser = self.browser
        data = data_of(self.page)
        data["layers"][0]["scopes"] = ["a scope with a long name " * 7]
        for page in filter(None, (self.page_of(data)[0], self.comparison)):
            for scheme in ("light", "dark"):
                browser.media(prefers_color_scheme=scheme)
                browser.size(420, 900)
                self.open("#metric=allocated", page)
                same("what is cut", browser.value("""[...document.querySelectorAll("main *")].filter(e =>
                    e.scrollWidth > e.clientWidth + 1 && ["hidden", "clip"].includes(getComputedStyle(e).overflowX)
                    && !e.closest(".flame-box")).map(e => e.className + e.textContent)"""), [])
                same("texts beyond a chart", browser.value("""[...document.querySelectorAll("svg text")].filter(e => {
                    const text = e.getBoundingClientRect(), svg = e.closest("svg").getBoundingClientRect();
                    return text.left < svg.left - 1 || text.right > svg.right + 1; }).map(e => e.textContent)"""), [])
                for box in ("section:has(#threads)", *([".table-box"] if page == self.comparison else [])):
                    self.check_shadow(box)
        browser.media()

    def check_shadow(self, box):
        """A wide table has a shadow where it goes on, and none at its ends."""
        browser, element = self.browser, f"document.querySelector('{box}')"

        def colors():
            browser.settle()
            x, y, width, height = browser.box(element)
            rows = browser.pixels(math.ceil(x) + 2, y + height - 8, math.floor(width) - 4, 1)
            return [rows[0][i] for i in (0, len(rows[0]) // 2, -1)]

        check(browser.value(f"{element}.scrollWidth > {element}.clientWidth + 40"), "the table is not wide", box)
        left, middle, right = colors()
        check(left == middle != right and sum(right) < sum(middle), "the shadow is not on the right", box, left, middle, right)
        browser.value(f"{element}.scrollLeft = 1e6")
        left, middle, right = colors()
        check(left != middle == right and sum(left) < sum(middle), "the shadow is not on the left", box, left, middle, right)

    def the_sizes_say_what_they_are(self):
        self.open()
        texts = self.browser.value("[...document.querySelectorAll('#chart-sizes text')].map(e => e.textContent)")
        check("up to" in texts, "the texts are", texts)
        classes = data_of(self.page)["classes"]
        last = max(i for i, n in enumerate(classes) if n)
        check(f"{2 ** last - 1} B" in texts, "the last column is not named", texts)
        tile = self.browser.value("document.querySelector('[data-number=failed]').innerText").split("\n")
        same("the tile of failed calls", [part for part in tile if part], ["Failed calls", "0", "calls that returned NULL"])

    def check_contrast(self, scheme):
        pairs = self.browser.value("""(() => {
            const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
            const numbers = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
              return [...canvas.getImageData(0, 0, 1, 1).data]; };
            const ground = e => { for (; e; e = e.parentElement) {
              const c = getComputedStyle(e).backgroundColor; if (numbers(c)[3] === 255) return c; } return "white"; };
            return [...document.querySelectorAll("#flame > div, #stacks button:enabled, #stacks td, #stacks label, #details *, .help, output")]
              .filter(e => e.textContent !== "").map(e => [e.className + " " + e.textContent.slice(0, 20),
              numbers(getComputedStyle(e).color), numbers(ground(e))]);
          })()""")

        def light(color):
            parts = [c / 255 for c in color[:3]]
            parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

        for name, ink, ground in pairs:
            a, b = sorted((light(ink), light(ground)))
            check((b + 0.05) / (a + 0.05) >= 4.5, f"too little contrast ({scheme})", name, ink, ground)

    def it_can_be_printed(self):
        self.open()
        self.browser.media("print")
        self.browser.settle()
        same("what is cut off of the flame graph", self.browser.value("""(() => {
            const box = document.querySelector(".flame-box"); return box.scrollHeight - box.clientHeight; })()"""), 0)
        same("the controls", self.browser.value("getComputedStyle(document.querySelector('.controls')).display"), "none")
        same("a complaint", self.browser.complaints, [])
        self.browser.media()

    def without_scripts_there_are_tables(self):
        browser = self.browser
        browser.scripts(False)
        browser.open(self.page)
        for table, columns in (("left", (3, 2)), ("temporary", (4, None, 5))):
            rows = browser.value(f"""[...document.querySelectorAll("#{table} tbody tr, #{table} tfoot tr")].map(row =>
                [...row.cells].map(cell => cell.firstChild.data))""")
            sums = collections.defaultdict(lambda: [0] * len(columns))
            for name, *cells in rows[:-1]:
                sums[name] = [a + int(b) for a, b in zip(sums[name], cells)]
            totals = [sum(one) for one in zip(*sums.values())]
            for i, column in enumerate(columns):
                if column is None:
                    continue
                same(f"the table {table}", {name: cells[i] for name, cells in sums.items()},
                     {name: counts[column] for name, counts in self.counts.items() if counts[column]})
                same(f"the foot of {table}", int(rows[-1][i + 1]), totals[i])
        visible = lambda element: browser.value(f"document.querySelector('{element}').getClientRects().length > 0")
        same("what needs a script", [visible("#stacks"), visible("#range-controls"), visible("noscript p")],
             [False, False, True])
        place = lambda element: browser.value(f"""(box => [box.top, box.bottom])(
            document.querySelector('{element}').getBoundingClientRect())""")
        check(place(".tiles")[1] + 8 <= place("noscript p")[0] and place("noscript p")[1] + 8 <= place(
            "noscript + section")[0], "the warning touches something")
        browser.scripts(True)

    def a_comparison_begins_with_what_differs(self):
        browser, model = self.browser, self.open("", self.comparison)
        texts = {"kept": "left at the end", "allocated": "allocated", "temporary": "temporary", "peak": "live at the peak"}
        chosen = lambda: browser.value("document.getElementById('metric').value")
        details = lambda: browser.value("document.querySelector('#details span').textContent")
        others = lambda: [text for metric, text in texts.items() if metric in model.differing() and metric != chosen()]
        same("the metric", chosen(), "kept")
        check_all(browser, model)
        same("what differs too", text_of(browser, "differing"), "also different: " + "; ".join(others()))
        choose(browser, "metric", "allocated")
        choose(browser, "metric", "kept")
        same("the address, which is for other pages too", state_of(browser, "metric"), "kept")
        # The same run but for what the old one has of one metric.
        data = data_of(self.comparison)
        extra = {"left": ("moves", lambda slices: [0, slices, 1, 5]), "allocated": ("moves", lambda slices: [0, 0, 1, 5]),
                 "temporary": ("temporary", lambda slices: [0, 1, 5]), "peak": ("peak", None), "nothing": (None, None)}
        for what, (key, row) in extra.items():
            stacks = json.loads(json.dumps(data["stacks"]))
            data["old"] = {**stacks, "numbers": data["numbers"], "width": data["width"], "live": data["live"], "title": "x"}
            if row:
                data["old"][key][1] = data["old"][key][1] + row(stacks["slices"])
            elif key:
                data["old"][key][1] = [1, 5] if not data["old"][key][1] else [data["old"][key][1][0], data["old"][key][1][1] + 5]
            page, model = self.page_of(data)
            browser.open(page)
            if what == "nothing":
                same("the metric", chosen(), "allocated")
                same("the details", details(), "no stack differs in what was allocated")
                same("what differs", text_of(browser, "differing"), "nothing differs")
                continue
            first = {"left": "kept"}.get(what, what)
            same("the metric", chosen(), first)
            same("the metric of the model", model.state["metric"], first)
            check_all(browser, model)
            same("what differs too", text_of(browser, "differing"),
                 "also different: " + "; ".join(others()) if others() else "nothing else differs")
            none = next(metric for metric in texts if metric not in model.differing())
            choose(browser, "metric", none)
            same("the details", details(), f"no stack differs in what was {texts[none]}")
            same("what differs", text_of(browser, "differing"), "different: " + "; ".join(others()))
            same("the address", state_of(browser, "metric"), none)
            model = self.open(browser.value("location.hash"), page)
            same("the metric of the address", chosen(), none)

    def a_comparison_says_which_trace_is_which(self):
        self.open("", self.comparison)
        data = data_of(self.comparison)
        for which, title, events in (("new", "new & <better>", data["numbers"]["events"]),
                                     ("old", "old & <good>", data["old"]["numbers"]["events"])):
            text = text_of(self.browser, f"{which}-trace")
            check(re.fullmatch(rf"The {which} trace: {title}, process \d+, \d{{4}}-\d\d-\d\d \d\d:\d\d UTC: {events} "
                               r"events in [\d.]+ ms\.", text), "the line is", text)

    def a_comparison_shows_new_old_and_difference(self):
        browser, model = self.browser, self.open("", self.comparison)
        check_all(browser, model)
        same("the key", browser.value("document.getElementById('key-difference').innerText").split("\n")[0],
             "more than in the old trace")
        same("the line of the older trace", browser.value("document.querySelectorAll('.old-line').length"), 1)
        for side in ("new", "old", "difference"):
            choose(browser, "side", side)
            model.state["side"] = side
            check_all(browser, model)
        same("the address", state_of(browser, "side"), None)
        for metric in ("kept", "temporary", "peak", "allocated"):
            choose(browser, "metric", metric)
            model.state["metric"] = metric
            check_all(browser, model)
        check("stacks that are the same in both are not listed" in rows_of(browser)[-1][0], "the sum is called",
              rows_of(browser)[-1])
        click_radio(browser, "order", "callees")
        model.state["order"] = "callees"
        frames = check_all(browser, model)
        stacks = model.stacks()
        for frame in frames:
            if "path" in frame and " merged" not in frame["kind"]:
                _, new, old = model.under(frame["path"], stacks)
                same("the colour of a frame", " less" in frame["kind"], new[0] < old[0])
        click_radio(browser, "unit", "blocks")
        model.state["unit"] = "blocks"
        check_all(browser, model)

        rows = browser.value("""[...document.querySelectorAll("#compared tbody tr")].map(row =>
            [...row.cells].map(cell => cell.textContent.trim()))""")
        data = data_of(self.comparison)
        numbers, old = data["numbers"], data["old"]["numbers"]
        names = {"duration_ns": "duration", "peak_ns": "peak, when it was reached"}
        same("the names of numbers compared", [row[0] for row in rows],
             [names.get(name, name) for name in numbers if numbers[name] != old[name]])
        for name, row in zip((name for name in numbers if numbers[name] != old[name]), rows):
            both = [numbers[name], old[name], numbers[name] - old[name]]
            if name not in names:
                same("the numbers compared", row[1:], [str(both[0]), str(both[1]), f"{both[2]:+d}"])
                continue
            same("the sign of a time", row[3][0], "+" if both[2] > 0 else "-")
            for text, number in zip(row[1:], both):
                amount, unit = text.split()
                size = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}[unit]
                check(abs(float(amount) * size - number) <= 0.051 * size and abs(float(amount)) < 1000, "a time", text, number)
    def a_comparison_has_ranges_and_frames(self):
        browser, model = self.browser, self.open("", self.comparison)
        choose(browser, "metric", "allocated")
        model.state["metric"] = "allocated"
        for start, end in ((0, 20), (25, 50), (50, model.new.slices), *((n, n + 1) for n in range(1, 9))):
            select(browser, model, start, end)
            check_all(browser, model)
            first, last = (time_text(min(at * model.old.slice, model.old.duration)) for at in model.old_range())
            check(text_of(browser, "range").endswith(f"; old: {first} to {last}"), "the range of the old trace",
                  text_of(browser, "range"), first, last)
            old = browser.value("document.querySelector('[data-metric=allocated] .old').textContent")
            size = sum(sums[0] for sums in model.old.amounts("allocated", *model.old_range()).values())
            check(old.startswith(f"old: {size} bytes"), "the summary says", old)
        browser.click_on("document.getElementById('whole-run')")
        model.state["range"] = (0, model.new.slices)
        frames = check_all(browser, model)
        cache = find(frames, "run", "make_cache")
        browser.click(*place_of(browser, cache))
        model.state["zoom"] = cache["path"]
        check_all(browser, model)
        same("the stacks in it", rows_of(browser)[0][1:6], ["70000", "1", "0", "0", "+70000"])


def main(chromium, folder, page, counts, comparison, *chosen):
    with Browser(chromium, folder) as browser:
        return run_tests(Tests(browser, folder, page, counts, comparison), browser, folder, lambda name: (
            comparison or not name.startswith("a_comparison")) and (not chosen or any(part in name for part in chosen)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
