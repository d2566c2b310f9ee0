#!/usr/bin/env python3
"""Check that the files of a product can be compiled as one: no basename and no defined name stands twice.

    names.py ROOT BUILD NM TABLE...

The arguments are those of layers.py.  Files that no build takes together may share names: those which one name with
a `*` covers, and those named for different systems.  A macro may be defined alike in several files.  Names are found
by the layout of our format, in which a static begins its line.  Prints TAP.
"""
import collections
import os
import re
import sys

sys.dont_write_bytecode = True
from layers import Product, line_of, report, stem  # noqa: E402

SYSTEMS = {"linux": {"linux"}, "darwin": {"darwin"}, "posix": {"linux", "darwin"}, "windows": {"windows"}}
FUNCTION_TYPE = r"\((?:\w+ )?\*?(\w+)\) \("  # (*name) (


def defined_names(text):
    """(position, name, definition if it may stand twice) of each static, macro, tag, type and enumerator in TEXT."""
    for match in re.finditer(r"^ *# *define (?!_)(\w+).*", text, re.M):
        yield match.start(), match[1], match[0].split()
    for match in re.finditer(r"\b(?:struct|union|enum) \w+(?= \{)", text):
        yield match.start(), match[0], None
    for match in re.finditer(rf"^typedef [^({{;]*(?:{FUNCTION_TYPE}|\b(\w+)(?:;| \())|^\}} (?!_)(\w+)", text, re.M):
        yield match.start(), match[match.lastindex], None
    for enum in re.finditer(r"\benum(?: \w+)? \{([^}]*)\}", text):
        for match in re.finditer(r"(?:^|,)\s*(\w+)", enum[1]):
            yield enum.start(1) + match.start(1), match[1], None
    for match in re.finditer(r"^static ([^=;{\[]*)", text, re.M):
        head = re.sub(r"\b(?:__attribute__|_A\w+|[A-Z_]+) ?\(.*?\)+", "", match[1])
        function = re.match(rf"[^(]*{FUNCTION_TYPE}|[^(]*?(\w+) \(", head)
        for name in [function[function.lastindex]] if function else re.findall(r"(\w+)\s*(?:,|$)", head):
            if name not in ("struct", "union", "enum"):
                yield match.start(), name, None


def can_meet(product, a, b):
    """Whether a build can take both of the stems A and B."""
    systems = [SYSTEMS[word] for key in (a, b) for word in re.findall(r"-(linux|darwin|posix|windows)\b", key)]
    return product.name_of[a] != product.name_of[b] and (len(systems) < 2 or bool(systems[0] & systems[1]))


def repeated(product):
    places = collections.defaultdict(dict)  # {name: {stem: (where, definition)}}
    for file, text in product.text.items():
        places[f"the file name {os.path.basename(stem(file))}"].setdefault(stem(file), (f"src/{file}", None))
        for at, name, definition in defined_names(text):
            where = f"src/{file}:{line_of(text, at)}"
            places[name].setdefault(stem(file), (where, definition))
    for symbol, file in product.owner.items():
        places[symbol].setdefault(stem(file), (f"src/{file}", None))
    for name, found in places.items():
        for b, (where, definition) in found.items():
            for a in [a for a in found if a < b and can_meet(product, a, b)][:1]:
                if not definition or definition != found[a][1]:
                    yield f"{where} has {name}, which {found[a][0]} has too"


if len(sys.argv) < 5:
    sys.exit(__doc__)
report(each_name_stands_once=repeated(Product(*sys.argv[1:])))
