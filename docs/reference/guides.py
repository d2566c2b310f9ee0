"""Converts the pages in Markdown and the manual pages of the tools, by cmark-gfm and mandoc, and keeps their links.

What a page links to is converted too: other pages in Markdown, pictures, and sources, as text.
"""
import html
import os
import posixpath
import re
import subprocess

from header import HeaderError
from reference import HEADERS, TOOLS, page_of, read

PROJECT = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
INDEX = "docs/README.md"
PICTURES = (".png", ".svg")


def output_of(*command):
    result = subprocess.run(command, capture_output=True, check=False)
    if result.returncode:
        raise OSError(f"{command[0]}: {result.stderr.decode().strip()}")
    return result.stdout.decode()


def plain(text):
    """The text of a piece of HTML."""
    return html.unescape(re.sub(r"<[^>]*>", "", text))


class Guides:
    def __init__(self, site, root):
        self.site, self.root = site, root
        self.documents = [name for name in PROJECT if os.path.exists(os.path.join(root, name))] + sorted(
            f"docs/{name}" for name in os.listdir(os.path.join(root, "docs")) if name.endswith(".md"))
        self.titles = {name: self._title(name) for name in self.documents}
        self.pictures, self.headings = {}, []

    def _title(self, name):
        text = read(self.root, name)
        heading = re.search(r"^# (.+)", text, re.M)
        if not heading:
            raise HeaderError(f"{name} has no title")
        return plain(heading[1].replace("`", ""))

    def target_of(self, path):
        """The page of the file PATH of the project."""
        if path in HEADERS:
            return f"{page_of(path)}.html"
        if path.startswith("docs/") and path[5:-2] in TOOLS:
            return f"{path[5:-2]}.html"
        if not path.endswith(".md"):
            return f"source-{path.replace('/', '-')}.html"
        stem = path.removesuffix(".md")
        if path != INDEX:
            stem = stem.removeprefix("docs/")
        return f"guide-{stem.replace('/', '-').lower()}.html"

    def page_of_document(self, name):
        """The page of a document that a comment names."""
        path = name if name in self.documents else f"docs/{name}"
        return self.target_of(path) if path in self.documents else None

    def listed(self):
        """(page, title) of what the sidebar has, in the order in which docs/README.md links to it."""
        own = [name for name in self.documents if name.startswith("docs/")]
        links = re.findall(r"\]\(([\w-]+\.md)", read(self.root, INDEX)) if INDEX in own else []
        place = lambda name: links.index(name[5:]) if name[5:] in links else len(links)
        own.sort(key=lambda name: (name != INDEX, place(name), self.titles[name].lower()))
        ordered = ["README.md"] + own + [name for name in self.documents if name in PROJECT[1:]]
        return [(self.target_of(name), "Introduction" if name == "README.md" else self.titles[name]) for name in ordered]

    def _link(self, address, base):
        """Where a link from the file BASE leads: ADDRESS itself if it is elsewhere."""
        if re.match(r"[a-z]+:", address) or address.startswith("#"):
            return address
        path, _, fragment = address.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(base), path))
        whole = os.path.join(self.root, path)
        if path.startswith("..") or not os.path.exists(whole):
            raise HeaderError(f"{base} links to {address}, which does not exist")
        if path.endswith(PICTURES):
            name = path.removeprefix("docs/").replace("/", "-")
            self.pictures[name] = whole
            return name
        if os.path.isdir(whole) and os.path.exists(os.path.join(whole, "README.md")):
            path += "/README.md"
        if path not in self.documents and path not in HEADERS:
            self.wanted.append(path)
        return self.target_of(path) + (f"#{fragment}" if fragment else "")

    def _document(self, name):
        """The body and the contents of a page in Markdown."""
        body = output_of("cmark-gfm", "--unsafe", "-e", "table", "-e", "strikethrough", "-e", "autolink", os.path.join(self.root, name))
        seen, headings = {}, []

        def heading(match):
            level, text = int(match[1]), match[2]
            anchor = re.sub(r"[^\w\- ]", "", plain(text).lower()).replace(" ", "-")
            seen[anchor] = seen.get(anchor, -1) + 1
            anchor += f"-{seen[anchor]}" if seen[anchor] else ""
            headings.append((level, anchor, plain(text)))
            inner = text if "<a " in text else f'<a href="#{anchor}">{text}</a>'
            return f'<h{level} id="{anchor}">{inner}</h{level}>'

        def address(match):
            return f'{match[1]}="{html.escape(self._link(html.unescape(match[2]), name))}"'

        def code(match):
            text = plain(match[0])
            known = re.fullmatch(r"(\w+)(?: ?\(.*\))?", text, re.S)
            if known and known[1] in self.site.reference.names:
                return f"<code>{self.site.link(known[1], text)}</code>"
            file = self.site.file_target(text.removeprefix("adapters/")) or self.page_of_document(text)
            if re.fullmatch(r"[\w/-]+\.(md|hp?p?)", text) and file and file != self.target_of(name):
                return f'<code><a href="{file}">{html.escape(text)}</a></code>'
            return match[0]

        body = re.sub(r'\b(href|src)="([^"]*)"', address, body)
        # Within links and blocks of code nothing becomes a link.
        pieces = re.split(r"(<pre.*?</pre>|<a .*?</a>|<h\d>.*?</h\d>)", body, flags=re.S)
        body = "".join(piece if at % 2 else re.sub(r"<code>.*?</code>", code, piece, flags=re.S)
                       for at, piece in enumerate(pieces))
        body = re.sub(r"<pre><code class=\"language-(?:c|cpp|c\+\+)\">(.*?)</code></pre>",
                      lambda m: f"<pre><code>{self.site.code(html.unescape(m[1]))}</code></pre>", body, flags=re.S)
        body = re.sub(r"<h(\d)>(.*?)</h\1>", heading, body, flags=re.S)
        body = re.sub(r"<thead>\s*<tr>\s*(<th[^>]*></th>\s*)*</tr>\s*</thead>", "", body)  # Markdown has no table without one
        body = body.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")
        target = self.target_of(name)
        self.headings += [[text, "guide", f"{target}#{anchor}", "" if level == 1 else self.titles[name]]
                          for level, anchor, text in headings]
        contents = "".join(f'<li><a href="#{anchor}">{html.escape(text)}</a></li>'
                           for level, anchor, text in headings if level == 2)
        return f'<article class="guide">{body}</article>', f"<ul>{contents}</ul>" if contents else ""

    def _source(self, path):
        whole = os.path.join(self.root, path)
        if not os.path.isdir(whole):
            return f"<h1>{html.escape(path)}</h1><pre><code>{self.site.code(read(whole))}</code></pre>"
        rows = []
        for name in sorted(os.listdir(whole)):
            inner = f"{path}/{name}"
            if os.path.isfile(os.path.join(whole, name)):
                self.wanted.append(inner)
                rows.append(f'<li><a href="{self.target_of(inner)}">{html.escape(name)}</a></li>')
        return f"<h1>{html.escape(path)}</h1><ul>{''.join(rows)}</ul>"

    def _tool(self, tool):
        body = output_of("mandoc", "-Thtml", "-Ofragment", os.path.join(self.root, "docs", f"{tool}.1"))
        body = re.sub(r'<table class="(head|foot)">.*?</table>', "", body, flags=re.S)
        body = re.sub(r'<(/?)h1\b', r"<\1h2", body)

        def reference(match):
            name = match[1].split("(")[0]
            return f'<a class="Xr" href="{name}.html">{match[1]}</a>' if name in TOOLS else match[0]

        body = re.sub(r'<a class="Xr">(.*?)</a>', reference, body)
        contents = "".join(f'<li><a href="#{anchor}">{title}</a></li>' for anchor, title in re.findall(
            r'<h2 class="Sh" id="(.*?)"><a[^>]*>(.*?)</a>', body))
        return f'<article class="guide manual"><h1>{tool}</h1>{body}</article>', f"<ul>{contents}</ul>"

    def pages(self):
        """{file name: content} of the pages, the pictures, and the sources that the pages link to."""
        self.wanted = []
        files = {}
        for name in self.documents:
            target = self.target_of(name)
            files[target] = self.site.page(target, self.titles[name], *self._document(name))
        while self.wanted:
            path = self.wanted.pop()
            target = self.target_of(path)
            if target in files:
                continue
            if path.endswith(".md"):
                self.titles[path] = self._title(path)
                files[target] = self.site.page(target, self.titles[path], *self._document(path))
            else:
                files[target] = self.site.page(target, path, self._source(path))
        for tool in TOOLS:
            files[f"{tool}.html"] = self.site.page(f"{tool}.html", tool, *self._tool(tool))
        for name, path in self.pictures.items():
            with open(path, "rb") as file:
                files[name] = file.read()
        return files

    def search_index(self):
        """After pages()."""
        return self.headings + [[tool, "tool", f"{tool}.html", ""] for tool in TOOLS]
