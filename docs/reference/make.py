#!/usr/bin/env python3
"""Makes the manual pages and the HTML of the public headers, from their comments.

    make.py man ROOT FOLDER [LIST]   manual pages of the headers of the source folder ROOT; LIST: a file for what they
                                     depend on, as make takes it
    make.py links ROOT FOLDER        for each function a page that only refers to its header's; for meson install,
                                     which says where FOLDER is
    make.py html ROOT FOLDER         the manual as HTML, with the pages of docs/
"""
import os
import sys

sys.dont_write_bytecode = True
import reference  # noqa: E402
from header import HeaderError  # noqa: E402


def installed(folder):
    """Where meson installs to the folder FOLDER, which is absolute or below its prefix."""
    if os.path.isabs(folder):
        return os.environ.get("DESTDIR", "") + folder
    prefix = os.environ.get("MESON_INSTALL_DESTDIR_PREFIX")
    if prefix is None:
        raise OSError("links is for meson install, which sets MESON_INSTALL_DESTDIR_PREFIX")
    return os.path.join(prefix, folder)


def write_dependencies(path, target):
    own = [module.__file__ for module in sys.modules.values()
           if os.path.dirname(getattr(module, "__file__", None) or "") == os.path.dirname(os.path.abspath(__file__))]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{target}: {' '.join(sorted(reference.files_read) + own)}\n".replace("\\", "/"))


def main(arguments):
    what = arguments[0] if arguments else None
    if what not in ("man", "links", "html") or len(arguments) not in ((3, 4) if what == "man" else (3,)):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    root, folder = arguments[1:3]
    try:
        whole = reference.Reference(root)
        if what == "html":
            import web
            files = web.Site(whole).pages()
        else:
            import mdoc
            files = mdoc.pages(whole) if what == "man" else mdoc.links(whole)
        if what == "links":
            folder = installed(folder)
        os.makedirs(folder, exist_ok=True)
        for name, content in files.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())
        if len(arguments) == 4:
            write_dependencies(arguments[3], os.path.join(folder, next(iter(files))))
    except (HeaderError, OSError) as error:
        print(f"make.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
