"""Compares the binary interface of the libraries with the list of it: abi.py [--update] LIST VERSION NM OBJDUMP TYPES
[LIBRARY...]; TYPES is types.c compiled with -g.  --update adds what is new, as of VERSION, to LIST.

A line of LIST is VERSION WHAT NAME... VALUE..., VERSION being the one in which it came:

    struct NAME BYTES            a structure of a public header; a later line for it has the size to which it has grown
    member NAME.MEMBER OFFSET BYTES
    enumerator NAME VALUE
    symbol LIBRARY NAME          a function or variable that the shared library exports

Nothing in the list may go or change.  Only a structure that begins with its own size may grow, at its end."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

OURS = re.compile(r"MIR_|mir_")
VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")
LINE = re.compile(r"struct \S+ [0-9]+|member \S+\.\S* [0-9]+ [0-9]+|enumerator \S+ -?[0-9]+|symbol \S+ \S+")


class Failure(Exception):
    """Why nothing can be compared, in one line."""


def run(*command):
    """What COMMAND prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace")
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["it says nothing"]
        raise Failure(f"{command[0]} failed with status {done.returncode}: {said[-1]}")
    return done.stdout


def symbols(nm, library):
    """The names in the dynamic symbol table, without those of the version nodes and the linker."""
    name = re.sub(r".*/lib|\.so.*", "", library)
    for line in run(nm, "-D", "--defined-only", library).splitlines():
        words = line.split()
        if len(words) < 2:
            raise Failure(f"{nm} says of {library} what is not a symbol: {line}")
        kind, symbol = words[-2:]
        if kind != "A" and not re.match(r"_(init|fini|edata|end|_bss_start)\b", symbol):
            yield f"symbol {name} {re.sub('@.*', '', symbol)}"


class Types:
    """Our structures and enumerators in the debug information of a file, in the order of their declaration."""

    def __init__(self, objdump, file):
        self.entries = {}  # offset -> (depth, tag, attributes)
        self.read(run(objdump, "--dwarf=info", file))
        self.found = []
        # A structure without a tag has the name of its typedef.
        names = {self.reference(attributes): self.name(attributes) for _, tag, attributes in self.entries.values()
                 if tag == "DW_TAG_typedef" and "DW_AT_type" in attributes}
        owners = []
        for offset, (depth, tag, attributes) in self.entries.items():
            owners = [owner for owner in owners if owner[0] < depth]
            name = self.name(attributes) or names.get(offset, "")
            if tag in ("DW_TAG_structure_type", "DW_TAG_union_type"):
                owners.append((depth, name))
                if "DW_AT_byte_size" in attributes:
                    self.add(name, f"struct {name} {self.number(attributes['DW_AT_byte_size'])}")
            elif tag == "DW_TAG_member" and owners:
                place = self.number(attributes.get("DW_AT_data_member_location", "0"))
                self.add(owners[-1][1], f"member {owners[-1][1]}.{name} {place} {self.size(attributes)}")
            elif tag == "DW_TAG_enumerator":
                self.add(name, f"enumerator {name} {self.number(attributes['DW_AT_const_value'])}")

    def read(self, text):
        for line in text.splitlines():
            entry = re.match(r" *<([0-9a-f]+)><([0-9a-f]+)>: .*\((DW_TAG_\w+)\)", line)
            value = re.match(r" *<[0-9a-f]+> +(DW_AT_\w+) *: (.*)", line)
            pointer = re.match(r" *Pointer Size: +(\d+)", line)
            if entry:
                attributes = {}
                self.entries[int(entry[2], 16)] = (int(entry[1], 16), entry[3], attributes)
            elif value:
                attributes[value[1]] = value[2].strip()
            elif pointer:
                self.pointer_size = int(pointer[1])

    def add(self, name, line):
        if OURS.match(name) and line not in self.found:
            self.found.append(line)

    @staticmethod
    def name(attributes):
        """Of forms such as "(indirect string, offset: 0x10): name"."""
        return re.sub(r"^\(.*?\):? ", "", attributes.get("DW_AT_name", "")).strip()

    @staticmethod
    def number(text):
        return int(re.sub(r"\(.*?\)", "", text).split()[0], 0)

    @staticmethod
    def reference(attributes):
        return int(re.search(r"<(0x[0-9a-f]+)>", attributes["DW_AT_type"])[1], 0)

    def size(self, attributes):
        """The bytes of a member's type."""
        offset = self.reference(attributes)
        _, tag, of_type = self.entries[offset]
        if "DW_AT_byte_size" in of_type:
            return self.number(of_type["DW_AT_byte_size"])
        if tag == "DW_TAG_pointer_type":
            return self.pointer_size
        if tag == "DW_TAG_array_type":
            return self.length(offset) * self.size(of_type)
        return self.size(of_type)  # of a typedef

    def length(self, array):
        """The number of elements of the array at this offset."""
        length = 1
        offsets = list(self.entries)
        for offset in offsets[offsets.index(array) + 1:]:
            depth, tag, attributes = self.entries[offset]
            if depth <= self.entries[array][0]:
                break
            if "DW_AT_count" in attributes:
                length *= self.number(attributes["DW_AT_count"])
            elif tag == "DW_TAG_subrange_type":
                length *= self.number(attributes["DW_AT_upper_bound"]) + 1
        return length


def version_of(text):
    return tuple(int(part) for part in text.split("."))


def subject(line):
    """What a line is about; the rest is its value."""
    words = line.split()
    return tuple(words) if words[0] == "symbol" else tuple(words[:2])


def compare(listed, now):
    """The lines that have gone or changed, and those that are new."""
    listed = {subject(line): line for line in listed}  # the latest of each
    sizes = {name: int(line.split()[2]) for (what, name, *_), line in listed.items() if what == "struct"}
    growable = {name for name in sizes if any(line.startswith(f"member {name}.size 0 ") for line in now)}
    changed, new = [], []
    for line in now:
        what, name, *rest = line.split()
        owner = name.split(".")[0]
        known = subject(line) in listed
        if known and listed[subject(line)] == line:
            continue
        if what == "struct" and known:
            may = name in growable and int(rest[0]) > sizes[name]
        elif what == "member" and not known and owner in sizes:
            may = owner in growable and int(rest[0]) >= sizes[owner]  # not in what was padding
        else:
            may = not known
        (new if may else changed).append(line)
    gone = set(listed) - {subject(line) for line in now}
    return [f"gone: {line}" for key, line in listed.items() if key in gone] + [
        f"changed: {line}" for line in changed], new


def read_list(path):
    """The comments of the list, and [version, line] of each other line."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read().splitlines()
    except UnicodeDecodeError:
        raise Failure(f"{path} is not UTF-8") from None
    comments, lines = [], []
    for number, line in enumerate(text, 1):
        if line.startswith("#"):
            comments.append(line)
        elif line:
            version, _, rest = line.partition(" ")
            if not VERSION.fullmatch(version) or not LINE.fullmatch(rest):
                raise Failure(f"{path}:{number}: not understood: {line}")
            lines.append([version, rest])
    return comments, lines


def write_list(path, comments, lines):
    """In one step: on failure the list is as it was."""
    path = os.path.realpath(path)
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=os.path.basename(path))
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(comments + [" ".join(line) for line in lines]) + "\n")
        shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def check(arguments):
    """Print the TAP.  The exit status."""
    update = arguments[:1] == ["--update"]
    if len(arguments) - update < 5 or not VERSION.fullmatch(arguments[update + 1]):
        print("usage: abi.py [--update] LIST VERSION NM OBJDUMP TYPES [LIBRARY...]", file=sys.stderr)
        return 2
    path, version, nm, objdump, types, *libraries = arguments[update:]
    comments, lines = read_list(path)
    now = Types(objdump, types).found
    for library in libraries:
        now += sorted(symbols(nm, library))

    lost, new = compare([line for _, line in lines if libraries or not line.startswith("symbol ")], now)
    if update and not lost:
        lines += [[version, line] for line in new]
        new = []
        write_list(path, comments, lines)

    future = [" ".join(line) for line in lines if version_of(line[0]) > version_of(version)]
    tests = [("nothing that programs rely on has gone or changed", lost),
             ("what is new is in the list, with the version in which it came", new),
             ("nothing in the list is of a later version", future)]
    for count, (name, failures) in enumerate(tests, 1):
        for line in failures:
            print(f"# {line}")
        print(f"{'not ok' if failures else 'ok'} {count} - {name}")
    if new and not lost:
        print("# to add it:", " ".join(["python3", sys.argv[0], "--update"] + arguments))
    failed = sum(bool(failures) for _, failures in tests)
    print(f"1..{len(tests)}\n# {len(tests) - failed} passed, {failed} failed, 0 skipped")
    return int(failed != 0)


def main(arguments):
    try:
        return check(arguments)
    except Failure as failure:
        return f"abi.py: {failure}"
    except OSError as error:
        return f"abi.py: {error.filename or 'output'}: {error.strerror}"


sys.exit(main(sys.argv[1:]))
