"""The list of mutants, tests/mutants/list: one a line, fields between tabs.

  FILE FUNCTION   a path from the root; `-` is the whole file, `NAME#2` the second function with that name
  TEXT            what stands there, exactly once in the function; \\n is the end of a line
  WRONG           what stands there in the mutant
  REASON          optional: why no test can tell the mutant from the library"""
import re


class ListError(Exception):
    """A line of the list is wrong: it cannot be read, or it does not apply to the sources."""


class Mutant:
    def __init__(self, place, file, function, text, wrong, reason=None):
        self.place = place  # for messages: the list and the line
        self.file, self.function, self.text, self.wrong, self.reason = file, function, text, wrong, reason

    @property
    def name(self):
        """The line without the reason: what results are kept under."""
        return "\t".join((f"{self.file} {self.function}", escaped(self.text), escaped(self.wrong)))

    def __str__(self):
        return f"{self.file}, {self.function}: {escaped(self.text).strip()}  =>  {escaped(self.wrong).strip()}"

    def apply(self, source):
        """SOURCE, the file's text, with the fault."""
        start, end = self.bounds(source)
        found = source.count(self.text, start, end)
        if found != 1:
            raise ListError(f"{self.place}: {self.function} of {self.file} has this text {found} times: {escaped(self.text)}")
        at = source.index(self.text, start, end)
        return source[:at] + self.wrong + source[at + len(self.text):]

    def bounds(self, source):
        if self.function == "-":
            return 0, len(source)
        name, _, ordinal = self.function.partition("#")
        found = [function[1:] for function in functions(source) if function[0] == name]
        if not 0 < int(ordinal or 1) <= len(found) or (len(found) > 1 and not ordinal):
            raise ListError(f"{self.place}: {self.file} has {len(found)} functions {name}")
        return found[int(ordinal or 1) - 1]


def escaped(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def unescaped(text):
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text)


def functions(source):
    """(name, start, end) of each function of a C file in the layout that clang-format gives it: the name is in the
    first column's line, the body ends with a brace in the first column."""
    for head in re.finditer(r"^(?!typedef|struct \w+ \{|enum|union|#)[A-Za-z_][^\n;={}]*?(\w+) \((?:[^;{}]*?)\) \{$", source, re.M):
        end = source.find("\n}\n", head.end())
        if end != -1:
            yield head[1], head.start(), end + 3


def read_list(path, shown):
    """The mutants of the file PATH, which messages call SHOWN."""
    mutants, seen = [], {}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file.read().split("\n"), 1):
            if not line or line.startswith("#"):
                continue
            place = f"{shown}:{number}"
            fields = line.split("\t")
            head = fields[0].split(" ")
            if len(fields) not in (3, 4) or len(head) != 2 or not all(fields[1:2] + fields[3:]):
                raise ListError(f"{place}: not FILE FUNCTION, TEXT, WRONG and perhaps REASON, with tabs between")
            if not re.fullmatch(r"-|\w+(#[1-9])?", head[1]):
                raise ListError(f"{place}: not the name of a function, and not -: {head[1]}")
            mutant = Mutant(place, *head, *map(unescaped, fields[1:3]), *fields[3:])
            if mutant.text == mutant.wrong:
                raise ListError(f"{place}: changes nothing")
            if mutant.name in seen:
                raise ListError(f"{place}: the same as {seen[mutant.name]}")
            seen[mutant.name] = place
            mutants.append(mutant)
    return mutants
