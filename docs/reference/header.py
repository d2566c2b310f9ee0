"""Reads a public header: its opening comment, sections, types, functions and macros, each with its comment.

The comments are where our format puts them: before a declaration, behind it on its line, or before several
declarations that stand together and share it.  A comment before an empty line is prose of its section, and a banner,
/*---- Title ----*/, begins a section.  What a section called "Internal" has, and what ends with an underscore, is left
out.  Anything else must be understood, and must have a comment: HeaderError says what is not.
"""
import collections
import re

Comment = collections.namedtuple("Comment", "lines line end is_behind")  # its text, dedented; where; behind code
Declaration = collections.namedtuple("Declaration", "kind name code result parameters members")
Entry = collections.namedtuple("Entry", "declarations comment")  # declarations that share a comment
Member = collections.namedtuple("Member", "names code comment")  # of a structure or an enumeration; notes have no code
Section = collections.namedtuple("Section", "title entries")  # entries: Entry, or lines of prose

TOKEN = re.compile(r"""(?P<comment>/\*.*?\*/)|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?P<other>.)""", re.S)
EXPORT = r"(MIR_ALLOC_API|MIR_CONTEXT_API|MIR_UCRT_API|static inline)\b"
OURS = re.compile(r"(_?MIR_|mir_|VARR|HTAB|DEF_)\w*|htab_\w+")


class HeaderError(Exception):
    pass


def lines_of(comment, column):
    """The text of a comment that begins in COLUMN, as lines without the indentation of its first words."""
    text = comment[2:-2]
    margin = column + 3
    first, *rest = text.rstrip().split("\n")
    return [first.strip()] + [line[margin:] if not line[:margin].strip() else line.strip() for line in rest]


def split_at(text, separator):
    """The parts of TEXT between separators that are in no bracket."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += char in "([{"
        depth -= char in ")]}"
        if char == separator and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return parts + [text[start:]]


def bare(code):
    """CODE on one line, without comments."""
    return " ".join(re.sub(r"/\*.*?\*/", " ", code, flags=re.S).split())


class Header:
    """The name, the opening (lines) and the sections of the header in TEXT."""

    def __init__(self, name, text):
        self.name, self.sections, self.hidden = name, [Section("", [])], False
        self.comment, self.reach = None, 0  # a comment that waits for its declaration, which must be in this line
        self.text = re.sub(r"^#ifdef __cplusplus\n.*?^#endif\n", lambda m: "\n" * m[0].count("\n"), text, flags=re.S | re.M)
        self.fallbacks = set(re.findall(r"^#ifndef (\w+)\n#define \1\b", self.text, re.M))
        self.last, self.seen, self.problems = None, set(), []
        chunks = list(self._chunks())
        if not chunks or not isinstance(chunks[0], Comment):
            raise HeaderError(f"{name} does not open with a comment")
        self.opening = chunks[0].lines
        for chunk in chunks[1:]:
            if isinstance(chunk, Comment):
                self._take_comment(chunk)
            else:
                self._take_code(*chunk)
        self._flush()
        if self.problems:
            raise HeaderError("\n".join(self.problems))
        self.sections = [section for section in self.sections if section.entries]

    def declarations(self):
        """All declarations, in order."""
        return [declaration for section in self.sections for entry in section.entries if isinstance(entry, Entry)
                for declaration in entry.declarations]

    def _fail(self, line, what):
        raise HeaderError(f"{self.name}:{line}: {what}")

    def _chunks(self):
        """The comments and the pieces of code, (line, text), of the file: a directive or a declaration each."""
        code, start, depth, line, is_directive = "", 0, 0, 1, False
        for token in TOKEN.finditer(self.text):
            text = token[0]
            if token["comment"] and not depth and not is_directive:
                before = self.text[self.text.rfind("\n", 0, token.start()) + 1:token.start()]
                if code.strip():
                    code += " "  # within a declaration it explains nothing that we show
                else:
                    yield Comment(lines_of(text, len(before)), line, line + text.count("\n"), bool(before.strip()))
                line += text.count("\n")
                continue
            if not code.strip():
                code, start = "", line
                is_directive = text == "#"
            code += text
            line += text.count("\n")
            if is_directive:
                if text == "\n" and not code.endswith("\\\n"):
                    yield from self._directive(start, code)
                    code, is_directive = "", False
                continue
            depth += (text == "{") - (text == "}")
            is_call = text == "\n" and re.fullmatch(r"\s*[A-Z_]+ \(\w+\)\s*", code)
            is_body = text == "}" and depth == 0 and re.search(r"\)\s*\{", code.split("{")[0] + "{")
            if depth == 0 and (text == ";" or is_body or is_call):
                yield start, code
                code = ""
        if code.strip():
            self._fail(start, f"not understood: {bare(code)[:60]}")

    def _directive(self, line, code):
        """A directive, and the comment behind it."""
        match = re.search(r"/\*.*?\*/\s*$", code, re.S)
        yield line, code
        if match and code.startswith("#define") and "\\\n" not in code:
            yield Comment(lines_of(match[0].strip(), match.start()), line, line, True)

    # Placing comments.

    def _take_comment(self, comment):
        banner = re.fullmatch(r"-{4,} (.*?) -{4,}", comment.lines[0])
        if comment.is_behind and self.last:
            entries = self.sections[-1].entries
            if len(entries[-1].declarations) > 1:  # it stands behind others, but has a comment of its own
                entries.append(Entry([entries[-1].declarations.pop()], None))
            if entries[-1].comment is None:
                entries[-1] = entries[-1]._replace(comment=comment.lines)
            self.is_last_behind = True
            return
        self._flush()
        if banner:
            self.sections.append(Section(banner[1], []))
            self.hidden = banner[1].startswith("Internal")
            self.last = None
        elif not comment.is_behind:
            self.comment, self.reach = comment, comment.end + 1

    def _flush(self):
        """What has been read ends here: a comment that no declaration follows is prose, and an entry is complete."""
        if self.comment and not self.hidden:
            self.sections[-1].entries.append(self.comment.lines)
        self.comment = None
        self._check_last()

    def _check_last(self):
        entries = self.sections[-1].entries
        if self.last and entries and isinstance(entries[-1], Entry) and entries[-1].comment is None:
            self.problems.append(f"{self.name}:{self.last_line}: {self.last.name} has no comment")
            entries[-1] = entries[-1]._replace(comment=[""])

    def _take_code(self, line, code):
        if self.hidden:
            return
        declaration = self._parse(line, bare(code), code)
        if declaration is None:
            return
        entries = self.sections[-1].entries
        if declaration.name in self.seen:
            if declaration.kind == "macro":  # for another compiler
                self.comment = None
                return
            self._fail(line, f"{declaration.name} is declared twice")
        self.seen.add(declaration.name)
        follows = self.last and line == self.last_end + 1 and isinstance(entries[-1], Entry) and entries[-1].comment \
            and not self.is_last_behind
        if self.comment and line == self.reach:
            self._check_last()
            entries.append(Entry([declaration], self.comment.lines))
            self.comment = None
        elif follows and not self.comment:
            entries[-1].declarations.append(declaration)
        else:
            self._flush()
            entries.append(Entry([declaration], None))
        self.last, self.last_line, self.last_end = declaration, line, line + code.rstrip("\n").count("\n")
        self.is_last_behind = entries[-1].comment is None

    def _pass(self, line):
        """The comment before LINE is not on what is there, but on what follows."""
        if line == self.reach:
            self.reach += 1

    # Understanding declarations.

    def _parse(self, line, code, whole):
        """The declaration in CODE; None if there is nothing to show."""
        if code.startswith("#"):
            return self._macro(line, code)
        code = code.rstrip(";").strip()
        enumeration = re.fullmatch(r"(?:typedef )?(enum|struct)(?: (\w+))? \{(.*)\}(?: (\*?)(\w+))?", code, re.S)
        if enumeration:
            kind, tag, _, _, name = enumeration.groups()
            members = list(self._members(line, whole, kind))
            head = re.match(r"(.*?\{).*(\}.*)", code, re.S)
            shown = name or tag or members_names(members)[0]
            if shown.endswith("_"):
                return None
            return Declaration(kind if name or tag else "constants", shown, (head[1], head[2] + ";"), None, [], members)
        if re.fullmatch(r"[A-Z_]+ \(\w+\)", code):  # DEF_VARR (type)
            self.comment = None
            return None
        if re.fullmatch(r"struct \w+", code):
            if not re.match(EXPORT, self.text.split("\n")[line]):  # the line behind it
                return Declaration("type", code, code + ";", None, [], [])
            self._pass(line)
            return None
        pointer = re.fullmatch(r"typedef (.*?)\(\*(\w+)\) \((.*)\)", code)
        if pointer:
            return Declaration("type", pointer[2], code + ";", None, self._parameters(line, pointer[3]), [])
        alias = re.fullmatch(r"typedef .*?(\w+)", code)
        if alias:
            return Declaration("type", alias[1], code + ";", None, [], [])
        function = re.fullmatch(rf"{EXPORT} (.*?)(\w+) \((.*?)\)(?: \{{.*)?", code, re.S)
        if function:
            if function[3].endswith("_"):
                self.comment = None
                return None
            shown = f"{function[2]}{function[3]} ({function[4]})"
            if function[1] == "static inline":
                shown = "static inline " + shown
            return Declaration("function", function[3], shown + ";", function[2].strip(),
                               self._parameters(line, function[4]), [])
        self._fail(line, f"not understood: {code[:70]}")

    def _macro(self, line, code):
        define = re.match(r"# *define (\w+)(\([^)]*\))?(.*)", code)
        if not define:
            if code.startswith("#if"):
                self._pass(line)
            elif code.startswith("#endif") and self.comment and self.reach > self.comment.end + 1:
                self.comment = None  # it was on the condition
            return None
        name, parameters, value = define.groups()
        if name.endswith("_"):
            self.comment = None
            return None
        if name in self.fallbacks and not (self.comment and line == self.reach):  # the guard, and what others may have defined
            return None
        if not OURS.match(name):
            self._fail(line, f"a macro with a strange name: {name}")
        shown = f"#define {name}"
        given = [one.strip() for one in parameters[1:-1].split(",")] if parameters else []
        if parameters:
            shown = f"{name} ({', '.join(given)})"
        elif re.fullmatch(r"[\w.\" -]+|\(.*\)", value.strip()) and "__" not in value:
            shown += " " + value.strip()
        return Declaration("macro", name, shown, None, [("", one) for one in given], [])

    def _parameters(self, line, text):
        """(type, name) of each parameter."""
        found = []
        for part in split_at(text, ","):
            part = part.strip()
            match = re.fullmatch(r"(.*\(\*)(\w+)(\).*)", part) or re.fullmatch(r"(.*?)(\w+)(\[\w*\])?", part)
            if part in ("void", "..."):
                found.append((part, ""))
            elif match and match[1]:
                found.append((part, match[2]))
            else:
                self._fail(line, f"a parameter without a name: {part}")
        return found

    # Members.

    def _members(self, line, whole, kind):
        """The members between the braces of WHOLE, and notes on the ones that follow."""
        at = whole.index("{") + 1
        body = whole[at:whole.rindex("}")]
        column = lambda position: at + position - (whole.rfind("\n", 0, at + position) + 1)
        before, code, last = None, "", None
        found = []

        def end():
            nonlocal before, code
            text = bare(code)
            if text:
                names = [re.match(r"\w+", text)[0]] if kind == "enum" else self._member_names(line, text)
                found.append(Member(names, text, before))
                before = None
            code = ""

        separator = "," if kind == "enum" else ";"
        depth = 0
        for token in TOKEN.finditer(body):
            if token["comment"]:
                lines = lines_of(token[0], column(token.start()))
                behind = body[body.rfind("\n", 0, token.start()) + 1:token.start()].strip()
                if code.strip():
                    end()
                if behind and found:
                    if found[-1].comment:  # the comment before it is on more than this one
                        found.insert(-1, Member([], "", found[-1].comment))
                    found[-1] = found[-1]._replace(comment=lines)
                else:
                    if before:
                        found.append(Member([], "", before))
                    before = lines
                continue
            text = token[0]
            depth += text == "("
            depth -= text == ")"
            if text == separator and depth == 0:
                end()
            else:
                code += text
        end()
        return found

    def _member_names(self, line, text):
        pointer = re.match(r".*?\(\*(\w+)\) \(", text)
        if pointer:
            return [pointer[1]]
        names = [re.search(r"(\w+)(?:\[\w+\])?$", part.strip()) for part in text.split(",")]
        if not all(names):
            self._fail(line, f"a member without a name: {text}")
        return [name[1] for name in names]


def members_names(members):
    return [name for member in members for name in member.names]
