"""Reads the status of mir-ucrt.dll that report.dll wrote, and the one in its file; the layout is that of
mir-ucrt.h."""
import struct

MAGIC, VERSION = 0x7573726D, 1
STATES = ("starting", "active", "waiting", "disabled", "refused", "failed")
CRTS, STRIPES, FUNCTIONS = 4, 8, 192
HEAD = struct.Struct("<12I160s")
CRT = struct.Struct("<64s2Q4I160s")
COUNTERS = struct.Struct("<8Q")
FUNCTION = struct.Struct("<32s3Q4I")
SIZE = HEAD.size + CRTS * CRT.size + STRIPES * COUNTERS.size + FUNCTIONS * FUNCTION.size
IN_FILE = struct.pack("<4I", 0, VERSION, SIZE, STATES.index("starting")) # the DLL itself writes the magic number
TAKEN = 1
WRONG = 2


def text(raw):
    return raw.split(b"\0")[0].decode()


def mimalloc_in(path):
    """The number of the version of mimalloc in the DLL that is the file PATH."""
    with open(path, "rb") as file:
        content = file.read()
    at = content.find(IN_FILE)
    if at < 0:
        raise ValueError(f"{path} has no status")
    return HEAD.unpack_from(content, at)[6]


class Status:
    """state, reason, crts (dicts), functions (dicts), migrated, foreign_freed ..."""

    def __init__(self, raw):
        if len(raw) != SIZE:
            raise ValueError(f"the status has {len(raw)} bytes instead of {SIZE}")
        (magic, version, told, state, self.process, self.bits, self.mimalloc, self.counting, self.exact,
         crts, functions, self.loaded_twice, reason) = HEAD.unpack_from(raw)
        if (magic, version, told) != (MAGIC, VERSION, SIZE):
            raise ValueError(f"not a status: {magic:#x}, version {version}, {told} bytes")
        self.state, self.reason = STATES[state], text(reason)
        at = HEAD.size
        self.crts = []
        for i in range(crts):
            name, base, heap, size, state, late, retries, reason = CRT.unpack_from(raw, at + i * CRT.size)
            self.crts.append(dict(name=text(name), base=base, state=STATES[state], late=late,
                                  retries=retries, reason=text(reason)))
        at += CRTS * CRT.size
        stripes = [COUNTERS.unpack_from(raw, at + i * COUNTERS.size) for i in range(STRIPES)]
        (self.migrated, self.migrated_bytes, self.foreign_freed, self.foreign_sized,
         self.kept) = [sum(stripe[i] for stripe in stripes) for i in range(5)]
        at += STRIPES * COUNTERS.size
        self.functions = []
        for i in range(functions):
            name, address, target, calls, crt, state, intact, test = (
                FUNCTION.unpack_from(raw, at + i * FUNCTION.size))
            self.functions.append(dict(name=text(name), address=address, target=target, calls=calls,
                                       crt=crt, state=state, intact=intact, test=test))

    def calls(self, name):
        """The number of calls of NAME in all CRTs; functions at one address count as the first of them."""
        return sum(f["calls"] for f in self.functions if f["name"] == name)

    def taken(self):
        return sum(f["state"] == TAKEN for f in self.functions)

    def broken(self):
        """The functions that were overwritten, or that failed their test call."""
        return [f["name"] for f in self.functions
                if f["state"] == TAKEN and (not f["intact"] or f["test"] == WRONG)]


def read(path):
    with open(path, "rb") as file:
        return Status(file.read())
