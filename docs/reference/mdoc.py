"""Writes the manual pages: one of section 3 for each public header and for the adapters, and the overview in 7."""
import re

from header import Entry
from prose import blocks_of, first_sentence, spans_of, variables_of
from reference import HEADERS, TOOLS, page_of

MACROS = {"function": "Fn", "macro": "Dv", "constant": "Dv", "constants": "Dv", "type": "Vt", "struct": "Vt", "enum": "Vt"}
CLOSING = ".,;:?!)]"


def escaped(text):
    return text.replace("\\", "\\e").replace("-", "\\-") if text.startswith("-") else text.replace("\\", "\\e")


def line_of(text):
    """TEXT as a line that is no request."""
    text = escaped(text)
    return "\\&" + text if text[:1] in (".", "'") else text


def argument(text):
    """TEXT as one argument of a macro."""
    text = escaped(text).replace('"', "\\(dq")
    if re.fullmatch(r"[A-Z][a-z]|[.,;:?!()\[\]|]", text):
        text = "\\&" + text
    return f'"{text}"' if " " in text or not text else text


class Writer:
    """The lines of one page about the header PAGE."""

    def __init__(self, reference, page):
        self.reference, self.page, self.lines, self.mentioned = reference, page, [], set()

    def put(self, *lines):
        self.lines += lines

    # Prose.

    def _macro(self, kind, text):
        """The macro for a span of prose."""
        if kind == "name":
            if text not in self.reference.names:
                return "Va " + text
            page, what, _ = self.reference.names[text]
            if page != self.page:
                self.mentioned.add((3, page))
            return f"{MACROS[what]} {text}"
        if kind == "variable":
            return "Fa " + text
        if kind == "quoted":
            return f"Va {text}" if re.fullmatch(r"\w+", text) else f"Ql {argument(text)}"
        if kind == "page":
            name, section = text[:-1].split("(")
            return f"Xr {name} {section}"
        if kind == "tool":
            self.mentioned.add((1, text))
            return f"Xr {text} 1"
        if kind == "file":
            page = page_of(text)
            if text in HEADERS and page != self.page:
                self.mentioned.add((3, page))
                return f"Xr {page} 3"
            return f"Pa {text}"
        return ("Lk " if kind == "address" else "Pa ") + text

    def _knows(self, name):
        return name in self.reference.names

    def text(self, text, variables={}):
        """Sentences, each on lines of its own."""
        for sentence in re.split(r"(?<=[.?!])  +(?=\S)", text):
            cluster, plain = [], []  # what no space separates, and the words that are waiting

            def end_cluster():
                if any(kind != "plain" for kind, _ in cluster):
                    if plain:
                        self.put(line_of(" ".join(plain)))
                        plain.clear()
                    self.put(self._cluster(cluster))
                elif cluster:
                    plain.append("".join(part for _, part in cluster))
                cluster.clear()

            for kind, part in spans_of(sentence, self._knows, variables):
                if kind != "plain":
                    cluster.append((kind, part))
                    continue
                for piece in re.findall(r"\s+|\S+", part):
                    if piece.isspace():
                        end_cluster()
                    else:
                        cluster.append((kind, piece))
            end_cluster()
            if plain:
                self.put(line_of(" ".join(plain)))

    def _cluster(self, parts):
        """One macro line for PARTS, which no space separates."""
        words = []
        for at, (kind, text) in enumerate(parts):
            if kind != "plain":
                words.append(("Ns " if words and not words[-1].startswith("Pf ") and at else "") + self._macro(kind, text))
            elif not words and at + 1 < len(parts):
                words.append("Pf " + argument(text).replace("\\&", ""))
            else:
                body = text.rstrip(CLOSING) if at + 1 == len(parts) else text
                if body:
                    words.append("Ns No " + argument(body))
                words += list(text[len(body):])
        return "." + " ".join(words)

    def blocks(self, blocks, variables={}, is_first=True):
        for kind, value in blocks:
            if kind == "text":
                if not is_first:
                    self.put(".Pp")
                self.text(value, variables)
            elif kind == "code":
                self.put(".Bd -literal -offset indent", *map(line_of, value), ".Ed")
            elif kind == "items":
                self.put(".Bl -bullet")
                for item in value:
                    self.put(".It")
                    self.blocks(item, variables)
                self.put(".El")
            else:
                self.put('.Bl -tag -width Ds')
                for term, explanation in value:
                    known = re.fullmatch(r"\w+", term) and self._knows(term)
                    self.put(".It " + (self._macro("name", term) if known else "Em " + argument(term)))
                    self.blocks(explanation, variables)
                self.put(".El")
            is_first = False

    # Declarations.

    def synopsis(self, header):
        self.put(".Sh SYNOPSIS", f".In {header.name}")
        for declaration in header.declarations():
            if declaration.kind != "function" and not (declaration.kind == "macro" and declaration.parameters):
                continue
            if declaration.result:
                self.put(f".Ft {argument(declaration.result)}")
            self.put(f".Fo {declaration.name}")
            for kind, name in declaration.parameters:
                self.put(".Fa " + argument(kind or name))
            self.put(".Fc")

    def entry(self, entry):
        """One entry of the list of a section."""
        variables = variables_of(entry)
        for at, declaration in enumerate(entry.declarations):
            kind = declaration.kind
            if kind == "function" or kind == "macro" and declaration.parameters:
                self.put(" ".join([f".It Fn {declaration.name}"] + [
                    argument(name or type_) for type_, name in declaration.parameters]))
            elif kind == "macro":
                self.put(f".It Dv {argument(declaration.code.replace('#define ', ''))}")
            elif kind == "type":
                self.put(f".It Vt {argument(declaration.code.rstrip(';'))}")
            elif kind != "constants":
                self.put(f".It Vt {argument(declaration.name)}")
            elif len(declaration.members) == 1:
                self.put(f".It Dv {declaration.members[0].code}")
            else:
                self.put(".It Constants")
        self.blocks(blocks_of(entry.comment), variables)
        for declaration in entry.declarations:
            if len(declaration.members) > 1 or declaration.kind in ("struct", "enum"):
                self.members(declaration, variables)

    def members(self, declaration, variables):
        self.put(".Bl -tag -width Ds")
        for member in declaration.members:
            if not member.code:
                self.put(".It The following:")
            elif declaration.kind == "struct":
                self.put(f".It Va {argument(member.code)}")
            else:
                self.put(".It Dv " + " ".join(argument(word) for word in member.code.split()))
            self.blocks(blocks_of(member.comment or []), variables)
        self.put(".El")

    def section(self, section):
        if section.title:
            self.put(f".Ss {section.title}")
        is_list = False
        for entry in section.entries:
            if isinstance(entry, Entry):
                if not is_list:
                    self.put(".Bl -tag -width Ds")
                self.entry(entry)
                is_list = True
                continue
            if is_list:
                self.put(".El", ".Pp")
                is_list = False
            self.blocks(blocks_of(entry))
        if is_list:
            self.put(".El")


def top(reference, title, section, brief):
    return [f".Dd {reference.date}", f".Dt {title.upper()} {section}", f".Os mir-alloc {reference.version}",
            ".Sh NAME", f".Nm {title}", f".Nd {escaped(brief)}"]


def see_also(pages):
    found = sorted(pages)
    return [".Sh SEE ALSO"] + [f".Xr {name} {section}" + (" ," if (section, name) != found[-1] else "")
                               for section, name in found]


def library(name):
    """How a program gets the functions of a header."""
    if name == "mir-ucrt":
        return [".Sh LIBRARY", "The DLL", ".Pa mir-ucrt.dll ,", "for Windows only."]
    if not name:
        return [".Sh LIBRARY", "None: all functions are in the header, which is in the folder that",
                ".Ql pkg-config --cflags mir-alloc", "names."]
    return [".Sh LIBRARY", f".Pa lib{name} ,", "with the flags of", f".Ql pkg-config --cflags --libs {name}"]


def header_page(reference, header):
    page = page_of(header.name)
    writer = Writer(reference, page)
    brief, rest = first_sentence(header.opening)
    writer.put(*top(reference, page, 3, brief.rstrip(".")), *library(HEADERS[header.name]))
    writer.synopsis(header)
    writer.put(".Sh DESCRIPTION")
    writer.blocks(blocks_of(rest))
    for section in header.sections:
        writer.section(section)
    writer.put(*see_also(writer.mentioned | {(7, "mir-alloc")}))
    return "\n".join(writer.lines) + "\n"


def adapters_page(reference):
    writer = Writer(reference, "mir-adapters")
    writer.put(*top(reference, "mir-adapters", 3, "memory and code of other libraries over mir-alloc"), ".Sh SYNOPSIS")
    writer.put(*(f".In adapters/{name}" for name, _ in reference.adapters), ".Sh DESCRIPTION",
               "Each adapter is a header that is complete in itself.",
               "It needs the library that it adapts, whose own header it includes.")
    for name, opening in reference.adapters:
        writer.put(f".Ss adapters/{name}")
        writer.blocks(blocks_of(opening))
    writer.put(*see_also(writer.mentioned | {(7, "mir-alloc")}))
    return "\n".join(writer.lines) + "\n"


def overview_page(reference):
    writer = Writer(reference, "mir-alloc")
    writer.put(*top(reference, "mir-alloc", 7, "the memory of a JIT runtime: data and executable code"), ".Sh DESCRIPTION",
               "mir-alloc is a C library for runtimes that generate code.",
               "It allocates their data, over mimalloc, and maps, writes, changes and frees their executable memory.",
               "By default none of it is writable and executable at one address.",
               "Each header has a page:", ".Bl -tag -width mir-code-objectXX -compact")
    for header in reference.headers:
        writer.put(f".It Xr {page_of(header.name)} 3")
        writer.text(reference.brief(header.opening))
    writer.put(".It Xr mir-adapters 3", "Memory and code of other libraries over mir-alloc", ".El", ".Pp",
               "Two files are to be included in a program that wants a default allocator of its own:",
               ".Bl -tag -width Ds")
    for name, opening in reference.included:
        writer.put(f".It In {name}")
        writer.text(reference.brief(opening))
    writer.put(".El", ".Pp", "The tools are:", ".Bl -tag -width mir-code-objectXX -compact")
    for tool in TOOLS:
        writer.put(f".It Xr {tool} 1")
        writer.put({"mir-report": "a picture of what a program did with its memory",
                    "mir-inject": "a DLL in the import table of a Windows program"}[tool])
    writer.put(".El")
    writer.put(".Sh LIBRARIES", ".Bl -tag -width Ds", ".It Pa libmir-alloc",
               "all but contexts:", ".Ql pkg-config --cflags --libs mir-alloc", ".It Pa libmir-alloc-mir",
               "contexts, with the names of the MIR JIT, for programs without MIR:",
               ".Ql pkg-config --cflags --libs mir-alloc-mir", ".El")
    writer.put(*see_also({(1, tool) for tool in TOOLS} | {(3, page_of(name)) for name in HEADERS} | {(3, "mir-adapters")}))
    return "\n".join(writer.lines) + "\n"


def pages(reference):
    """{file name: text} of all pages."""
    found = {f"{page_of(header.name)}.3": header_page(reference, header) for header in reference.headers}
    found["mir-adapters.3"] = adapters_page(reference)
    found["mir-alloc.7"] = overview_page(reference)
    return found


def links(reference):
    """{file name: text} of the pages for functions and macros with arguments: man finds the page of the header."""
    return {f"{declaration.name}.3": f".so man3/{page_of(header.name)}.3\n"
            for header in reference.headers for declaration in header.declarations()
            if declaration.kind == "function" or declaration.kind == "macro" and declaration.parameters}
