"""The whole reference: the public headers in the order of a reader, the adapters, and where each name is explained."""
import os
import re

from header import Header, HeaderError
from prose import first_sentence

# {header: the library to link, as pkg-config and the linker call it; None: the header is all}
HEADERS = {
    "mir-code.h": "mir-alloc", "mir-code-object.h": "mir-alloc", "mir-code-tools.h": "mir-alloc",
    "mir-heap.h": "mir-alloc", "mir-trace.h": "mir-alloc",
    "mir-alloc.h": None, "mir-code-alloc.h": None, "mir-varr.h": None, "mir-htab.h": None, "mir-bytes-hash.h": None,
    "mir.h": "mir-alloc-mir", "mir-ucrt.h": "mir-ucrt", "mir-alloc-api.h": "mir-alloc",
}
INCLUDED = ("mir-alloc-default.c", "mir-code-alloc-default.c")  # users include these as they do headers
TOOLS = ("mir-report", "mir-inject")
PARTS = r"mir-llvm-.*"  # of adapters: mir-llvm.hpp includes them


files_read = set()  # all that a page may depend on


def read(*path):
    path = os.path.join(*path)
    files_read.add(path)
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except UnicodeDecodeError:
        raise HeaderError(f"{path} is not UTF-8") from None


def opening_of(name, text):
    """The lines of the comment with which the C or C++ file NAME opens."""
    if text.startswith("/*") and "*/" in text:
        body = text[2:text.index("*/")].rstrip().split("\n")
        return [body[0].strip()] + [re.sub(r"^ {1,3}", "", line) for line in body[1:]]
    lines = []
    for line in text.split("\n"):
        if not line.startswith("//"):
            break
        lines.append(re.sub(r"^// ?", "", line))
    if not lines:
        raise HeaderError(f"{name} does not open with a comment")
    return lines


class Reference:
    """What the sources in the folder ROOT say.  `names` is {name: (page, kind, anchor)}; a page is named for its
    header, without .h."""

    def __init__(self, root):
        self.root = root
        self.headers = [Header(name, read(root, name)) for name in HEADERS]
        self.included = [(name, opening_of(name, read(root, name))) for name in INCLUDED]
        adapters = sorted(name for name in os.listdir(os.path.join(root, "adapters"))
                          if re.fullmatch(r"mir-[\w-]+\.hp?p?", name) and not re.fullmatch(PARTS, name))
        self.adapters = [(name, opening_of(name, read(root, "adapters", name))) for name in adapters]
        self.version, self.date = self._version()
        self.names = {}
        for header in self.headers:
            page = page_of(header.name)
            for declaration in header.declarations():
                self._add(page, declaration.name, declaration.kind, declaration.name)
                for member in declaration.members:
                    for name in member.names:
                        if declaration.kind != "struct":
                            self._add(page, name, "constant", name)

    def _add(self, page, name, kind, anchor):
        name = name.split()[-1]
        if name in self.names and self.names[name] != (page, kind, anchor):
            if kind == "type":  # declared where it is only passed on
                return
            if self.names[name][1] not in ("constants", "type"):
                raise HeaderError(f"{name} is explained by both {self.names[name][0]} and {page}")
        self.names[name] = (page, kind, anchor)

    def _version(self):
        """The version, and the date of its section in CHANGELOG.md, or else of the newest page in docs/."""
        api = read(self.root, "mir-alloc-api.h")
        parts = [re.search(rf"#define MIR_ALLOC_VERSION_{part} (\d+)", api) for part in ("MAJOR", "MINOR", "PATCH")]
        if None in parts:
            raise HeaderError("mir-alloc-api.h does not state the version")
        version = ".".join(part[1] for part in parts)
        dated = re.search(rf"^## \[?{re.escape(version)}\]?\D*(\d{{4}})-(\d\d)-(\d\d)", read(self.root, "CHANGELOG.md"), re.M)
        months = ("January February March April May June July August September October November December").split()
        if dated:
            return version, f"{months[int(dated[2]) - 1]} {int(dated[3])}, {dated[1]}"
        dates = [re.match(r"\.Dd (\w+) (\d+), (\d+)", read(self.root, "docs", f"{tool}.1")) for tool in TOOLS]
        if None in dates:
            raise HeaderError(f"docs/{TOOLS[dates.index(None)]}.1 does not begin with its date")
        newest = max(dates, key=lambda date: (int(date[3]), months.index(date[1]), int(date[2])))
        return version, newest[0][4:]

    def brief(self, lines):
        """What a file is, for a list: the first sentence of its opening comment, without its full stop."""
        return first_sentence(lines)[0].rstrip(".")


def page_of(file):
    return file.rsplit(".", 1)[0]
