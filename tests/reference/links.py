"""Checks a folder of HTML: each link of a page leads to a file of the folder, or to a place in one, that exists; no
place has a name twice; and no page loads anything from elsewhere.  Prints what is wrong, and fails if anything is.

usage: links.py FOLDER
"""
import html.parser
import os
import sys
import urllib.parse

LOADS = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}


class Page(html.parser.HTMLParser):
    """The names of places in a page, its links, and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.places, self.links, self.loads = [], [], []
        with open(path, encoding="utf-8") as file:
            self.feed(file.read())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            self.places.append(attributes["id"])
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if tag in LOADS and LOADS[tag] in attributes:
            self.loads.append(attributes[LOADS[tag]])


def main(folder):
    names = set(os.listdir(folder))
    pages = {name: Page(os.path.join(folder, name)) for name in sorted(names) if name.endswith(".html")}
    wrong, followed = [], 0
    for name, page in pages.items():
        wrong += [f"{name} has the place {place} twice" for place in set(page.places) if page.places.count(place) > 1]
        wrong += [f"{name} loads {address}" for address in page.loads if address not in names and address != "data:,"]
        for link in page.links:
            if link.startswith(("https://", "http://")):
                continue
            path, _, place = link.partition("#")
            path, followed = path or name, followed + 1
            if path not in names:
                wrong.append(f"{name}: there is no {path}")
            elif place and urllib.parse.unquote(place) not in pages[path].places:
                wrong.append(f"{name}: {path} has no place {place}")
    for one in wrong:
        print(one)
    print(f"{len(pages)} pages, {followed} links")
    return bool(wrong) or followed < 1000


sys.exit(main(sys.argv[1]))
