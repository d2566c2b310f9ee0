"""Writes the reference as HTML: a page for each header and for the adapters, an index of all names, and the search."""
import html
import json
import os
import re

import guides
from header import Entry
from prose import blocks_of, first_sentence, spans_of, variables_of
from reference import HEADERS, TOOLS, page_of, read

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = {"constants": "constants", "type": "type", "struct": "structure", "enum": "enumeration"}
INDEX = (("Functions", ("function",)), ("Macros", ("macro",)), ("Types", ("type", "struct", "enum")),
         ("Constants", ("constant", "constants")))


def esc(text):
    return html.escape(text, quote=True)


def slug(text):
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


class Site:
    """The pages of REFERENCE and the links between them."""

    def __init__(self, reference):
        self.reference = reference
        self.guides = guides.Guides(self, reference.root)

    # Links.

    def link(self, name, text=None):
        """NAME as code, with a link to what explains it."""
        text = esc(text or name)
        if name not in self.reference.names:
            return text
        page, _, anchor = self.reference.names[name]
        return f'<a href="{page}.html#{anchor}">{text}</a>'

    def code(self, text):
        """Code in C, with links from the names that the reference knows."""
        parts = re.split(r'(/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\b[A-Za-z_]\w*)', text, flags=re.S)
        return "".join(
            f'<span class="comment">{esc(part)}</span>' if part.startswith(("/*", "//")) else
            self.link(part) if part in self.reference.names else esc(part) for part in parts)

    def span(self, kind, text):
        if kind == "plain":
            return esc(text)
        if kind == "variable":
            return f"<var>{esc(text)}</var>"
        if kind == "name":
            return f"<code>{self.link(text)}</code>"
        if kind == "quoted":
            return f"<code>{self.code(text)}</code>"
        if kind == "address":
            return f'<a href="{esc(text)}">{esc(text)}</a>'
        target = None
        if kind == "file":
            target = self.file_target(text)
        elif kind == "tool":
            target = f"{text}.html"
        elif kind == "document":
            target = self.guides.page_of_document(text)
        elif kind == "page" and text.split("(")[0] in TOOLS:
            target = text.split("(")[0] + ".html"
        return f'<a href="{target}">{esc(text)}</a>' if target else f"<code>{esc(text)}</code>"

    def file_target(self, name):
        if name in HEADERS:
            return f"{page_of(name)}.html"
        if any(name == adapter for adapter, _ in self.reference.adapters):
            return f"mir-adapters.html#{slug(name)}"
        return None

    # Prose.

    def text(self, text, variables={}):
        return "".join(self.span(*span) for span in spans_of(text, lambda name: name in self.reference.names, variables))

    def blocks(self, blocks, variables={}):
        parts = []
        for kind, value in blocks:
            if kind == "text":
                parts.append(f"<p>{self.text(value, variables)}</p>")
            elif kind == "code":
                text = "\n".join(value)
                parts.append(f"<pre><code>{self.code(text)}</code></pre>")
            elif kind == "items":
                parts.append("<ul>" + "".join(f"<li>{self.blocks(item, variables)}</li>" for item in value) + "</ul>")
            else:
                parts.append('<dl class="terms">' + "".join(
                    f"<dt>{self.code(term)}</dt><dd>{self.blocks(body, variables)}</dd>" for term, body in value) + "</dl>")
        return "\n".join(parts)

    # Declarations.

    def signature(self, declaration):
        """The declaration as it would be written, a parameter a line if it is long."""
        kind = declaration.kind
        if kind in ("struct", "enum", "constants"):
            return self.code(f"{declaration.code[0]} … {declaration.code[1]}") if kind != "constants" else ""
        code = declaration.code
        bold = lambda text: re.sub(rf"\b{re.escape(declaration.name)}\b(?![^<]*>)", r"<b>\g<0></b>", text, count=1)
        if kind != "function" or len(code) <= 76:
            return bold(self.code(code))
        head, rest = code.split(f"{declaration.name} (", 1)
        lines = ",\n".join("    " + self.code(one) for one, _ in declaration.parameters)
        return bold(f"{self.code(head)}{declaration.name} (\n{lines});")

    def entry(self, entry):
        variables = variables_of(entry)
        parts = []
        for declaration in entry.declarations:
            name, kind = declaration.name.split()[-1], declaration.kind
            label = KINDS.get(kind, kind)
            is_here = self.reference.names[name][1] == kind and (kind != "constants")
            title = esc(name) if kind != "constants" else ("Constants" if len(declaration.members) > 1 else "Constant")
            anchor = name if is_here else f"constants-{name}" if kind == "constants" else f"the-type-{name}"
            parts.append(f'<h3 id="{anchor}"><a href="#{anchor}">{title}</a> <small>{label if kind != "constants" else ""}'
                         "</small></h3>")
            shown = self.signature(declaration)
            if shown:
                parts.append(f'<pre class="signature"><code>{shown}</code></pre>')
        parts.append(self.blocks(blocks_of(entry.comment), variables))
        for declaration in entry.declarations:
            if declaration.members:
                parts.append(self.members(declaration, variables))
        return '<section class="entry">' + "\n".join(parts) + "</section>"

    def members(self, declaration, variables):
        rows = []
        for member in declaration.members:
            body = self.blocks(blocks_of(member.comment or []), variables)
            if not member.code:
                rows.append(f'<div class="note">{body}</div>')
                continue
            if declaration.kind == "struct":
                anchor = f"{declaration.name}.{member.names[0]}"
                term = re.sub(rf"\b{member.names[0]}\b(?![^<]*>)", r"<b>\g<0></b>", self.code(member.code + ";"), count=1)
            else:
                anchor = member.names[0]
                term = f'<b>{esc(anchor)}</b>' + self.code(member.code[len(anchor):])
            rows.append(f'<div id="{anchor}"><dt><code>{term}</code></dt><dd>{body}</dd></div>')
        look = "members" if declaration.kind == "struct" else "members constants"
        return f'<dl class="{look}">' + "\n".join(rows) + "</dl>"

    def header(self, header):
        page, library = page_of(header.name), HEADERS[header.name]
        brief, rest = first_sentence(header.opening)
        how = f"pkg-config --cflags --libs {library}" if library and library != "mir-ucrt" else ""
        parts = [f"<h1>{header.name}</h1>", f'<p class="lead">{self.text(brief)}</p>',
                 f'<pre class="signature"><code>#include &lt;{header.name}&gt;</code></pre>',
                 f'<p class="how">{f"<code>{how}</code> · " if how else ""}<code>man 3 {page}</code></p>',
                 self.blocks(blocks_of(rest))]
        contents = []
        for section in header.sections:
            inside = []
            if section.title:
                parts.append(f'<h2 id="{slug(section.title)}"><a href="#{slug(section.title)}">{esc(section.title)}</a></h2>')
            for entry in section.entries:
                if isinstance(entry, Entry):
                    parts.append(self.entry(entry))
                    inside += [declaration.name.split()[-1] for declaration in entry.declarations
                               if declaration.kind != "constants"]
                else:
                    parts.append(self.blocks(blocks_of(entry)))
            contents.append((section.title, inside))
        return "\n".join(parts), self.contents(page, contents)

    def contents(self, page, sections):
        """The table of contents of a header, for the sidebar."""
        parts = []
        for title, names in sections:
            if title:
                parts.append(f'<li class="section"><a href="#{slug(title)}">{esc(title)}</a></li>')
            parts += [f'<li>{self.link(name) if self.reference.names[name][0] == page else esc(name)}</li>' for name in names]
        return "<ul class=\"names\">" + "".join(parts) + "</ul>"

    # Pages.

    def adapters(self):
        parts = ["<h1>Adapters</h1>", '<p class="lead">Memory and code of other libraries over mir-alloc.</p>',
                 "<p>Each adapter is a header that is complete in itself.  It needs the library that it adapts, whose own "
                 "header it includes.</p>"]
        for name, opening in self.reference.adapters:
            parts.append(f'<section class="entry"><h2 id="{slug(name)}"><a href="#{slug(name)}">{name}</a></h2>'
                         f'<pre class="signature"><code>#include &lt;adapters/{name}&gt;</code></pre>'
                         + self.blocks(blocks_of(opening)) + "</section>")
        return "\n".join(parts), "<ul class=\"names\">" + "".join(
            f'<li><a href="#{slug(name)}">{name}</a></li>' for name, _ in self.reference.adapters) + "</ul>"

    def start(self):
        """The first page: the headers, the guides, the tools and an index of all names."""
        reference = self.reference
        card = lambda target, title, brief: (f'<a class="card" href="{target}"><b>{esc(title)}</b>'
                                             f"<span>{esc(brief)}</span></a>")
        parts = [f"<h1>mir-alloc {reference.version}</h1>",
                 '<p class="lead">The memory of a JIT runtime: data and executable code.</p>',
                 '<p>New here?  Begin with the <a href="guide-readme.html">introduction</a>.</p>', '<h2 id="headers">Headers</h2>',
                 '<div class="cards">']
        parts += [card(f"{page_of(header.name)}.html", header.name, reference.brief(header.opening))
                  for header in reference.headers]
        parts += [card("mir-adapters.html", "adapters/", "Memory and code of other libraries over mir-alloc"), "</div>"]
        parts += ['<h2 id="guides">Guides</h2>', '<ul class="columns">']
        parts += [f'<li><a href="{target}">{esc(title)}</a></li>' for target, title in self.guides.listed()]
        parts.append("</ul>")
        for title, kinds in INDEX:
            parts += [f'<h2 id="{slug(title)}">{title}</h2>', '<ul class="columns index">']
            parts += [f"<li><code>{self.link(name)}</code></li>"
                      for name in sorted(reference.names, key=lambda name: name.lower().lstrip("_"))
                      if reference.names[name][1] in kinds]
            parts.append("</ul>")
        return "\n".join(parts)

    def navigation(self, current, contents):
        def items(pairs):
            return "<ul>" + "".join(
                f'<li><a href="{target}"{" aria-current=page" if target == current else ""}>{esc(title)}</a>'
                f'{contents if target == current else ""}</li>' for target, title in pairs) + "</ul>"

        headers = [(f"{page_of(name)}.html", name) for name in HEADERS] + [("mir-adapters.html", "adapters/")]
        return "<h2>Headers</h2>" + items(headers) + "<h2>Guides</h2>" + items(self.guides.listed()) \
            + "<h2>Tools</h2>" + items([(f"{tool}.html", tool) for tool in TOOLS])

    def page(self, target, title, body, contents=""):
        template = read(HERE, "page.html")
        for key, value in (("TITLE", esc(title)), ("VERSION", self.reference.version),
                           ("NAVIGATION", self.navigation(target, contents)), ("BODY", body)):
            template = template.replace(f"@{key}@", value)
        return template

    def search_index(self):
        """[name, what it is, target, a few words] for all that can be found."""
        found = []
        for header in self.reference.headers:
            for section in header.sections:
                for entry in section.entries:
                    if not isinstance(entry, Entry):
                        continue
                    for declaration in entry.declarations:
                        for name in [declaration.name.split()[-1]] + [
                                name for member in declaration.members for name in member.names if declaration.kind != "struct"]:
                            page, kind, anchor = self.reference.names[name]
                            if page == page_of(header.name) and all(name != one[0] for one in found):
                                found.append([name, KINDS.get(kind, kind) if kind != "constants" else "constant",
                                              f"{page}.html#{anchor}", first_sentence(entry.comment)[0]])
        found += [[header.name, "header", f"{page_of(header.name)}.html", self.reference.brief(header.opening)]
                  for header in self.reference.headers]
        found += [[f"adapters/{name}", "adapter", f"mir-adapters.html#{slug(name)}", self.reference.brief(opening)]
                  for name, opening in self.reference.adapters]
        return found + self.guides.search_index()

    def pages(self):
        """{file name: content} of the whole site."""
        files = {"index.html": self.page("index.html", "Reference", self.start())}
        for header in self.reference.headers:
            target = f"{page_of(header.name)}.html"
            files[target] = self.page(target, header.name, *self.header(header))
        files["mir-adapters.html"] = self.page("mir-adapters.html", "adapters", *self.adapters())
        files |= self.guides.pages()
        entries = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in self.search_index())
        files["names.js"] = f"const NAMES = [\n{entries}\n];\n"
        for name in ("style.css", "search.js"):
            files[name] = read(HERE, name)
        return files
