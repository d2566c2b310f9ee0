"""What an adapter costs over calling the allocator directly, counted in the object code for x86-64.  Prints TAP.

Counted is the longest way through a function to the call or the jump into the allocator, both ends included, less the way
of the direct call, which loads the user data and calls or jumps as well.  For malloc and free it is the way to the end of
the function: the size is stored behind the call.  Ways on which the function refuses without the allocator do not count.

usage: test-cost.py OBJDUMP PROGRAM COMPILER   a program made of shapes.c by gcc or clang, with -O2 and without asserts
"""
import re
import subprocess
import sys

HEADED = ("MIR_opaque_headed", "MIR_last_headed", "global")
# A shape, the most that it may cost, the same for clang if it is more, whether it ends behind the call, and its functions.
SHAPES = [
    ("user data and a size", 4, 4, True, ["MIR_opaque_malloc", "MIR_opaque_free"]),
    ("a number and a size, whose product is checked", 8, 8, True, ["MIR_opaque_array"]),
    ("a guard for 0", 9, 9, True, ["libc_malloc_", "libc_calloc_", "libc_realloc_"]),
    # The user data comes first or last and has to change its place with the other arguments.
    ("one function for all, with its four arguments in another order", 10, 11, False, ["MIR_lua_alloc"]),
    ("a size header", 14, 14, True, [f"{where}_{what}" for where in HEADED for what in ("malloc", "free")]),
    ("a size header and a product", 14, 14, False, [f"{where}_calloc" for where in HEADED]),
    ("a size header, and the one before", 14, 16, False, [f"{where}_realloc" for where in HEADED]),
]


def functions_of(listing):
    """Each function of objdump's LISTING: a dictionary from addresses to instructions, in order."""
    found, here = {}, None
    for line in listing.splitlines():
        head = re.match(r"[0-9a-f]+ <(.+)>:$", line)
        code = re.match(r" *([0-9a-f]+):\t(.+)$", line)
        if head:
            here = found.setdefault(head[1], {})
        elif code and here is not None:
            here[int(code[1], 16)] = re.sub(r"\s+#.*", "", code[2]).strip()
    return found


class Ways:
    """All ways through the function NAME that reach the allocator, as (to it, to the end), in instructions."""

    def __init__(self, functions, name):
        self.code = functions[name]
        for part in (name + ".cold", name + ".part.0"):
            self.code = {**self.code, **functions.get(part, {})}
        self.next = dict(zip(self.code, list(self.code)[1:]))
        self.found = []
        self.walk(next(iter(self.code)), 0, 0, frozenset())

    def walk(self, at, count, reached, seen):
        while True:
            assert at not in seen, f"a loop at {at:x}"
            seen, count = seen | {at}, count + 1
            word, _, operand = self.code[at].partition(" ")
            word = word.removesuffix("q")
            target = re.match(r" *([0-9a-f]+) <", operand)
            leaves = word == "jmp" and (target is None or int(target[1], 16) not in self.code)
            if word == "call" or leaves:
                reached = reached or count
            if word == "ret" or leaves:
                if reached:
                    self.found.append((reached, count))
                return
            if word == "jmp":
                at = int(target[1], 16)
                continue
            if word.startswith("j"):
                if int(target[1], 16) in self.code:
                    self.walk(int(target[1], 16), count, reached, seen)
                else:
                    self.found.append((reached or count, count))
            at = self.next.get(at)
            if at is None:  # behind a call that does not return
                return


def main(objdump, program, compiler):
    listing = subprocess.run([objdump, "-d", "--no-show-raw-insn", program], check=True, capture_output=True, text=True)
    functions = functions_of(listing.stdout)
    direct = max(to for to, _ in Ways(functions, "direct_malloc").found)
    print(f"# {direct} instructions of a direct call are taken off")
    number = failed = 0
    for shape, most, most_of_clang, has_end, names in SHAPES:
        most = most_of_clang if compiler == "clang" else most
        for name in names:
            number += 1
            ways = Ways(functions, name).found if name in functions else []
            cost = max((way[has_end] for way in ways), default=1000) - direct
            print(f"# {name}: " + (f"{cost} more, {max(to for to, _ in ways)} to the allocator in all" if ways
                                   else "never reaches the allocator"))
            is_right = 0 <= cost <= most
            failed += not is_right
            print(f"{'ok' if is_right else 'not ok'} {number} - {name}: {shape}: at most {most} instructions")
    print(f"1..{number}\n# {number - failed} passed, {failed} failed, 0 skipped")
    return int(failed != 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
