"""Reads what the tests of the pages need of Markdown: blocks, their marks, links, anchors and code spans."""
import re

MARK = re.compile(r"<!-- (from|not compiled:|not run:) ?(.*?) -->")


class Block:
    """Lines of code or commands: fenced, with their LANGUAGE, or indented by four spaces.

    MARK and its VALUE are those of the comment in the line before: `<!-- from FILE -->`, `<!-- not compiled: REASON -->`
    or `<!-- not run: REASON -->`.
    """

    def __init__(self, number, language, is_fenced, mark):
        self.number, self.language, self.is_fenced = number, language, is_fenced  # of the line before its first one
        self.mark, self.value = mark
        self.lines = []


class Page:
    """A page: its BLOCKS, and its TEXT, numbered lines outside of fenced ones."""

    def __init__(self, path):
        self.path, self.blocks, self.text = path, [], []
        with open(path, encoding="utf-8") as file:
            self._read(file.read().splitlines())

    def _read(self, lines):
        block, mark, fence = None, (None, ""), None
        for number, line in enumerate(lines, 1):
            opening = re.match(r" *(```+)(\S*)", line)
            if fence is not None:
                if opening and opening[1] == fence:
                    fence = block = None
                else:
                    block.lines.append(line)
                continue
            if opening:
                fence = opening[1]
                block = Block(number, opening[2], True, mark)
                self.blocks.append(block)
            elif line.startswith("    ") and (block is not None or self._may_begin(lines, number)):
                if block is None:
                    block = Block(number - 1, "", False, mark)
                    self.blocks.append(block)
                block.lines.append(line[4:])
            elif line == "" and block is not None and number < len(lines) and lines[number].startswith("    "):
                block.lines.append("")
            else:
                block = None
                self.text.append((number, line))
            if line.strip() != "":
                found = MARK.fullmatch(line.strip())
                mark = (found[1].rstrip(":"), found[2]) if found else (None, "")

    @staticmethod
    def _may_begin(lines, number):
        """Whether indented line NUMBER begins a block: it comes after an empty line, outside of a list."""
        before = [line for line in lines[:number - 1] if line.strip() != ""]
        after_mark = before and MARK.fullmatch(before[-1].strip())
        is_list = before and re.match(r"\s*([-*]|\d+\.) |  \S", before[-1])
        return number == 1 or after_mark or (lines[number - 2].strip() == "" and not is_list)

    def links(self):
        """Numbers of lines, and what the links and images in them lead to."""
        for number, line in self.text:
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
                yield number, target

    def spans(self):
        """Numbers of lines, and the text between backticks in them; a span may end in the line after."""
        text = "\n".join(line for _, line in self.text)
        numbers = [number for number, _ in self.text]
        for found in re.finditer(r"`([^`]+)`", text):
            if found[1].count("\n") <= 1 and "\n\n" not in found[1]:
                yield numbers[text.count("\n", 0, found.start())], " ".join(found[1].split())

    def anchors(self):
        """The names that GitHub gives to the headings."""
        names = set()
        for _, line in self.text:
            heading = re.match(r"#+ +(.*?) *$", line)
            if heading:
                name = re.sub(r"[^\w\- ]", "", heading[1].lower()).replace(" ", "-")
                names.add(name if name not in names else f"{name}-1")
        return names
