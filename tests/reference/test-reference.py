"""The generator of the manual: how it reads comments, what it refuses, and that it always writes the same.  Prints TAP.

usage: test-reference.py ROOT
"""
import os
import re
import sys

ROOT = sys.argv[1]
sys.path.append(os.path.join(ROOT, "docs", "reference"))
import mdoc  # noqa: E402
import prose  # noqa: E402
import reference  # noqa: E402
from header import Entry, Header, HeaderError  # noqa: E402

TOP = "/* A header.\n\n   word   what it means  */\n#ifndef MIR_X_H\n#define MIR_X_H\n#include <stddef.h> /* size_t */\n"


def same(what, found, wanted):
    assert found == wanted, f"{what}: {found!r}, not {wanted!r}"


def read(text):
    return Header("mir-x.h", TOP + text + "\n#endif /* MIR_X_H */\n")


def entries(text):
    """[(names, first line of the comment)] of what a header with TEXT declares; prose has no names."""
    return [([one.name for one in entry.declarations], entry.comment[0]) if isinstance(entry, Entry) else ([], entry[0])
            for section in read(text).sections for entry in section.entries]


def refused(text):
    """Why TEXT is refused."""
    try:
        found = entries(text)
    except HeaderError as error:
        return str(error)
    raise AssertionError(f"nothing is refused: {found}")


class Tests:
    def a_comment_before_a_function_is_its_own(self):
        same("the entry", entries("/* Do it.  */\nMIR_ALLOC_API int MIR_do (int a);"), [(["MIR_do"], "Do it.")])

    def functions_that_stand_together_share_a_comment(self):
        same("the entries", entries("/* Both.  */\nMIR_ALLOC_API int MIR_a (void);\nMIR_ALLOC_API int MIR_b (void);\n"
                                    "/* The third.  */\nMIR_ALLOC_API int MIR_c (void);"),
             [(["MIR_a", "MIR_b"], "Both."), (["MIR_c"], "The third.")])

    def a_comment_behind_a_macro_is_its_own(self):
        same("the entries", entries("/* Before.  */\n#define MIR_A 1\n#define MIR_B 2 /* behind */"),
             [(["MIR_A"], "Before."), (["MIR_B"], "behind")])

    def a_comment_before_an_empty_line_is_prose(self):
        same("the entries", entries("/* On all.  */\n\n/* Do it.  */\nMIR_ALLOC_API int MIR_do (int a);"),
             [([], "On all."), (["MIR_do"], "Do it.")])

    def a_function_without_a_comment_is_refused(self):
        same("why", refused("MIR_ALLOC_API int MIR_do (int a);"), "mir-x.h:7: MIR_do has no comment")

    def a_function_behind_an_empty_line_has_no_comment(self):
        same("why", refused("/* First.  */\nMIR_ALLOC_API int MIR_a (void);\n\nMIR_ALLOC_API int MIR_b (void);"),
             "mir-x.h:10: MIR_b has no comment")

    def types_and_macros_without_a_comment_are_refused(self):
        same("why", refused("typedef struct MIR_s {\n  int a; /* one */\n} MIR_s_t;\n\n#define MIR_A 1"),
             "mir-x.h:7: MIR_s_t has no comment\nmir-x.h:11: MIR_A has no comment")

    def all_that_lacks_a_comment_is_named(self):
        same("why", refused("MIR_ALLOC_API int MIR_a (void);\n\nMIR_ALLOC_API int MIR_b (void);").count("\n"), 1)

    def what_is_not_understood_is_refused(self):
        for text in ("int MIR_x;", "/* Do it.  */\nint MIR_do (int a);", "MIR_ALLOC_API int MIR_do (int);",
                     "/* A.  */\n#define STRANGE 1", "union u { int a; };", "/* A.  */\nMIR_ALLOC_API int MIR_do (int a)"):
            assert re.match(r"mir-x\.h:\d+: (not understood|a parameter|a macro)", refused(text)), text

    def a_comment_on_a_condition_is_left_out(self):
        same("the entries", entries("/* For gcc.  */\n#ifdef __GNUC__\n#pragma GCC system_header\n#endif\n\n#ifndef OTHER\n"
                                    "#define OTHER 1\n#endif\n/* Do it.  */\n#ifdef _WIN32\nMIR_ALLOC_API int MIR_do (int a);\n"
                                    "#endif"), [(["MIR_do"], "Do it.")])

    def a_header_opens_with_a_comment(self):
        try:
            Header("mir-x.h", "#define A 1\n")
        except HeaderError as error:
            same("why", str(error), "mir-x.h does not open with a comment")
        else:
            raise AssertionError("it is not refused")

    def internal_names_are_left_out(self):
        same("the entries", entries("#define MIR_A_ 1\n/* No.  */\nstatic inline int mir_a_ (int a) {\n  return a;\n}\n"
                                    "/*---------------- Internal: more ------*/\n#define MIR_B 1\nint odd (void);\n"
                                    "/*---------------- Public ------*/\n/* Do it.  */\nMIR_ALLOC_API int MIR_do (int a);"),
             [(["MIR_do"], "Do it.")])

    def members_have_their_comments(self):
        header = read("/* S.  */\ntypedef struct MIR_s {\n  int a; /* one */\n  /* Two\n     lines.  */\n"
                      "  void *(*f) (size_t len, void *data);\n  int b, c; /* both */\n  int d[4];\n} *MIR_s_t;")
        members = header.declarations()[0].members
        same("the names", [member.names for member in members], [["a"], ["f"], ["b", "c"], ["d"]])
        same("the comments", [member.comment for member in members], [["one"], ["Two", "lines."], ["both"], None])

    def a_comment_on_several_constants_is_a_note(self):
        members = read("/* E.  */\nenum {\n  MIR_A, /* a */\n  /* Both.  */\n  MIR_B, /* b */\n  MIR_C /* c */\n};"
                       ).declarations()[0].members
        same("the members", [(member.names, member.comment) for member in members],
             [(["MIR_A"], ["a"]), ([], ["Both."]), (["MIR_B"], ["b"]), (["MIR_C"], ["c"])])

    def prose_has_paragraphs_glossaries_lists_and_code(self):
        lines = ["One sentence.  Another", "one.", "", "term     what it", "         means", "two words  more", "",
                 "    code (1);", "    code (2);", "- first", "  more", "- second"]
        same("the blocks", prose.blocks_of(lines), [
            ("text", "One sentence.  Another one."),
            ("terms", [("term", [("text", "what it means")]), ("two words", [("text", "more")])]),
            ("code", ["code (1);", "code (2);"]),
            ("items", [[("text", "first more")], [("text", "second")]])])

    def names_parameters_and_pages_are_found_in_prose(self):
        spans = prose.spans_of("Set *LEN, not OTHER: MIR_do, `x`, mmap(2), docs/a.md, mir-code.h.", {"MIR_do"}.__contains__,
                               {"LEN": "len"})
        same("the spans", [span for span in spans if span[0] != "plain"],
             [("variable", "len"), ("name", "MIR_do"), ("quoted", "x"), ("page", "mmap(2)"), ("document", "docs/a.md"),
              ("file", "mir-code.h")])

    def requests_in_comments_are_text(self):
        same("a line", mdoc.line_of(".Sh NAME \\fB"), "\\&.Sh NAME \\efB")

    def every_header_is_understood(self):
        found = reference.Reference(ROOT)
        installed = {name for name in os.listdir(ROOT) if re.fullmatch(r"mir[\w-]*\.h", name)}
        same("the headers", set(reference.HEADERS), installed)
        # Each name that a header declares, found in a simple way.
        for name in sorted(installed):
            with open(os.path.join(ROOT, name), encoding="utf-8") as file:
                text = re.sub(r"/\*-{4,} Internal.*?(?=/\*-{4,} |\Z)", "", file.read(), flags=re.S)
            text = re.sub(r"^#ifndef (\w+)\n#define \1\b.*", "", re.sub(r"/\*.*?\*/", "", text, flags=re.S), flags=re.M)
            declared = set(re.findall(r"^MIR_(?:ALLOC|CONTEXT|UCRT)_API [^(;]*?(\w+) \(", text, re.M)
                           + re.findall(r"^static inline [^(]*?(\w+) \(", text, re.M) + re.findall(r"^#define (\w+)", text, re.M)
                           + re.findall(r"^(?:typedef [^{]*?|\} \*?)(\w+);", text, re.M)
                           + [one for body in re.findall(r"\benum(?: \w+)? \{(.*?)\}", text, re.S)
                              for one in re.findall(r"(?:^|,)\s*(\w+)", body)])
            assert len(declared) >= 2, f"{name} declares only {declared}"
            same(f"what is lost of {name}", {one for one in declared if not one.endswith("_")} - set(found.names), set())

    def pages_are_always_the_same(self):
        first, second = (mdoc.pages(reference.Reference(ROOT)) for _ in range(2))
        same("the pages", first, second)
        for name, text in first.items():
            assert re.match(r"\.Dd [A-Z][a-z]+ \d+, \d{4}\n", text), f"{name} has no date"


failed = 0
names = [name for name, method in vars(Tests).items() if callable(method)]
for number, name in enumerate(names, 1):
    try:
        getattr(Tests(), name)()
        print(f"ok {number} - {name.replace('_', ' ')}")
    except (AssertionError, HeaderError) as error:
        failed += 1
        print("# " + str(error).replace("\n", "\n# "))
        print(f"not ok {number} - {name.replace('_', ' ')}")
print(f"1..{len(names)}")
print(f"# {len(names) - failed} passed, {failed} failed, 0 skipped")
sys.exit(failed > 0)
