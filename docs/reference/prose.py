"""Reads the text of a comment: paragraphs, glossaries, lists and code, and the names within a sentence.

A glossary entry has its term, at least two spaces and an explanation, whose other lines are below its first word.  A
line that is indented otherwise is code, and one that begins with a dash is an item of a list.
"""
import re

ENTRY = re.compile(r"( *)(\S+(?: \S+)*)( {2,})(\S.*)")


def indent_of(line):
    return len(line) - len(line.lstrip())


def joined(lines):
    """LINES as one, with two spaces where a sentence ends, as in our comments."""
    return re.sub(r"([.?!][\")]?)\n(?=\S)", r"\1  ", "\n".join(lines)).replace("\n", " ")


def entry_of(line):
    """(column, term, explanation, column of the explanation) if LINE begins a glossary entry."""
    match = ENTRY.fullmatch(line)
    if not match or match[2][-1] in ".,:;!?" or "[ " in match[2] or match[4].startswith(("[ ", "| ")) or match[2] == "-":
        return None
    return len(match[1]), match[2], match[4], len(match[1] + match[2] + match[3])


def blocks_of(lines):
    """The blocks of a comment: ("text", sentences), ("code", lines), ("terms", [(term, blocks)]) or
    ("items", [blocks])."""
    blocks, at = [], 0

    def add(kind, value):
        if blocks and blocks[-1][0] == kind != "text":
            blocks[-1][1].extend(value)
        else:
            blocks.append((kind, value))

    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
            continue
        entry = entry_of(line)
        if entry:
            column, term, explanation, below = entry
            found = [explanation]
            at += 1
            while at < len(lines) and lines[at].strip() and indent_of(lines[at]) >= below - 1 and not (
                    entry_of(lines[at]) and indent_of(lines[at]) == column):
                found.append(lines[at].strip())
                at += 1
            add("terms", [(term, [("text", joined(found))])])
        elif re.match(r" *- \S", line):
            margin = indent_of(line) + 2
            found = [line[margin:]]
            at += 1
            while at < len(lines) and (not lines[at].strip() or indent_of(lines[at]) >= margin):
                found.append(lines[at][margin:])
                at += 1
            add("items", [blocks_of(found)])
        elif indent_of(line) >= 2:
            found = []
            while at < len(lines) and (not lines[at].strip() or indent_of(lines[at]) >= 2):
                found.append(lines[at])
                at += 1
            while not found[-1].strip():
                found.pop()
            margin = min(indent_of(one) for one in found if one.strip())
            add("code", [one[margin:] for one in found])
        else:
            found = []
            while at < len(lines) and lines[at].strip() and indent_of(lines[at]) < 2 and not re.match(r"- \S", lines[at]) \
                    and not (found and entry_of(lines[at])):
                found.append(lines[at].strip())
                at += 1
            add("text", joined(found))
    return blocks


def first_sentence(lines):
    """The first sentence of a comment, and the other lines."""
    text, at = [], 0
    for at, line in enumerate(lines):
        match = re.match(r"(.*?\.)(?:  (.*)|$)", line) if not re.search(r"\b(e\.g|i\.e)\.$", line) else None
        if match:
            return " ".join(text + [match[1]]).strip(), ([match[2]] if match[2] else []) + lines[at + 1:]
        text.append(line.strip())
        if at + 1 == len(lines) or not lines[at + 1].strip():
            break
    return " ".join(text).strip(), lines[at + 1:]


def variables_of(entry):
    """What comments write in capitals: {"LEN": "len"} for the parameters and members of an entry's declarations."""
    names = set()
    for declaration in entry.declarations:
        names |= {name for _, name in declaration.parameters}
        for member in declaration.members:
            if declaration.kind == "struct":
                names |= {*member.names, *re.findall(r"(\w+)(?=[,)])", member.code)}
    return {name.upper(): name for name in names if name}


SPAN = re.compile(r"""
    `(?P<quoted>[^`]+)`
  | (?P<page>\b[\w-]+)\x20?\((?P<section>[1-9])\)
  | (?P<document>\b(?:docs/)?[\w-]+\.md\b)
  | (?P<file>\b(?:mir-[\w-]+|mir)\.(?:hpp|h)\b)
  | (?P<tool>\bmir-(?:report|inject)\b)
  | (?P<address>https?://[^\s>)]+)
  | (?P<name>(?<![\w/])[A-Za-z_]\w*)
""", re.X)


def spans_of(text, knows, variables={}):
    """TEXT as (kind, text) pairs: "plain", "quoted", "page" (as "name(3)"), "document", "file", "tool", "address",
    "name" for what KNOWS knows, and "variable" for {what comments call it: its name}."""
    plain, at = "", 0
    for match in SPAN.finditer(text):
        kind, found = match.lastgroup, match[0]
        if kind == "section":
            kind, found = "page", f"{match['page']}({match['section']})"
        elif kind == "quoted":
            found = match["quoted"]
        elif kind == "name":
            if knows(found):
                pass
            elif found in variables:
                kind, found = "variable", variables[found]
            else:
                continue
        plain += text[at:match.start()]
        if plain:
            yield "plain", plain
        yield kind, found
        plain, at = "", match.end()
    if plain + text[at:]:
        yield "plain", plain + text[at:]
