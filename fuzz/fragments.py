#!/usr/bin/env python3
"""Makes small images of large programs, as seeds for fuzz-pe: the headers, the pages that mir-inject reads, and both
ends of what lies behind the image.

    fragments.py FOLDER PROGRAM...

A section is split into those of its pages that are needed, and the others, which get no bytes in the file.  RVAs and
what lies behind the section table stay.  Prints a line for each program that does not fit into 48 KB.
"""
import os
import struct
import sys

PAGE, SECTOR, HEADER, LARGEST = 4096, 512, 40, 48 * 1024
BEHIND, END = 64, 1024 # bytes kept: behind the section table; of each end of the appended data
IMPORT, CERTIFICATE, DELAY = 1, 4, 13
READ = (0, IMPORT, 2, 6, 10, 11, 12, DELAY, 14) # directories: their first bytes are kept
MODULES, FUNCTIONS = 40, 6 # of each import table


class Image:
    def __init__(self, data):
        self.data = data
        self.nt = self.u32(60)
        if data[:2] != b"MZ" or data[self.nt:self.nt + 4] != b"PE\0\0":
            raise ValueError("no image")
        self.plus = self.u16(self.nt + 24) == 0x20b
        self.table = self.nt + 24 + self.u16(self.nt + 20)
        self.directories = self.nt + 24 + (112 if self.plus else 96)
        self.sections = [self.table + HEADER * i for i in range(self.u16(self.nt + 6))]
        self.pages = set()

    def u16(self, at):
        return struct.unpack_from("<H", self.data, at)[0]

    def u32(self, at):
        return struct.unpack_from("<I", self.data, at)[0]

    def offset(self, rva):
        for header in self.sections:
            begin, size, raw = self.u32(header + 12), self.u32(header + 16), self.u32(header + 20)
            if begin <= rva < begin + size and raw != 0:
                return (raw & ~(SECTOR - 1)) + rva - begin
        return None

    def take(self, rva, size):
        """The bytes at RVA, whose pages are kept."""
        at = self.offset(rva)
        if at is None:
            return b""
        self.pages.update(range(rva // PAGE, (rva + max(size, 1) - 1) // PAGE + 1))
        return self.data[at:at + size]

    def take_thunks(self, rva):
        size = 8 if self.plus else 4
        for i in range(FUNCTIONS):
            thunk = int.from_bytes(self.take(rva + size * i, size), "little")
            if thunk == 0:
                break
            if thunk >> (8 * size - 1) == 0:
                self.take(thunk, 64)

    def take_modules(self, directory, size, lookup, name, address):
        rva = self.u32(self.directories + 8 * directory)
        for i in range(MODULES if rva else 0):
            entry = self.take(rva + size * i, size)
            if len(entry) < size or not any(entry):
                break
            for at in (lookup, address):
                self.take_thunks(struct.unpack_from("<I", entry, at)[0])
            self.take(struct.unpack_from("<I", entry, name)[0], 64)

    def look(self):
        for index in READ:
            rva = self.u32(self.directories + 8 * index)
            if rva:
                self.take(rva, 256)
        self.take_modules(IMPORT, 20, 0, 12, 16)
        self.take_modules(DELAY, 32, 16, 4, 12)

    def runs(self, header):
        """The parts of a section: first page, number of pages, whether they are needed."""
        rva, size = self.u32(header + 12), max(self.u32(header + 8), self.u32(header + 16), 1)
        first, last = rva // PAGE, (rva + size - 1) // PAGE
        for page in range(first, last + 1):
            needed = page in self.pages and self.offset(page * PAGE) is not None
            if page == first or needed != kept:
                if page != first:
                    yield begin, page - begin, kept
                begin, kept = page, needed
        yield begin, last + 1 - begin, kept

    def tail(self):
        """Both ends of the appended data, and 64 bytes of a certificate; the size of that."""
        ends = [self.u32(h + 16) + self.u32(h + 20) for h in self.sections if self.u32(h + 20)]
        begin, end = max(ends + [0]), len(self.data)
        certificate, size = struct.unpack_from("<II", self.data, self.directories + 8 * CERTIFICATE)
        signed = certificate >= begin and size > 64 and certificate + size == end
        if signed:
            end = certificate
        data = self.data[begin:end]
        if len(data) > 2 * END:
            data = data[:END] + data[-END:]
        return data, (self.data[certificate:certificate + 64] if signed else b"")

    def fragment(self):
        self.look()
        parts = [(header, *run) for header in self.sections for run in self.runs(header)]
        end = self.table + HEADER * len(parts) + BEHIND
        raw = (end + SECTOR - 1) // SECTOR * SECTOR
        out = bytearray(self.data[:self.table]) + bytearray(raw - self.table)
        behind = self.table + HEADER * len(self.sections)
        first = min([self.u32(h + 20) for h in self.sections if self.u32(h + 16)] + [behind + BEHIND])
        out[end - BEHIND:end] = self.data[behind:min(behind + BEHIND, first)].ljust(BEHIND, b"\0")
        stale = struct.unpack_from("<I", out, end - BEHIND + 20)[0] # Delphi's stale header: its offset
        if stale != 0 and stale % SECTOR == 0:
            struct.pack_into("<I", out, end - BEHIND + 20, raw)
        for i, (header, page, count, kept) in enumerate(parts):
            at = self.table + HEADER * i
            data = b""
            if kept:
                at_file = self.offset(page * PAGE)
                data = self.data[at_file:at_file + count * PAGE].rstrip(b"\0")
                data += bytes(-len(data) % SECTOR)
            out[at:at + HEADER] = self.data[header:header + HEADER]
            struct.pack_into("<IIII", out, at + 8, count * PAGE, page * PAGE, len(data), len(out) if data else 0)
            out += data
        struct.pack_into("<H", out, self.nt + 6, len(parts))
        struct.pack_into("<I", out, self.nt + 24 + 60, raw)
        struct.pack_into("<II", out, self.nt + 12, 0, 0) # no symbols
        tail, certificate = self.tail()
        out += tail
        if certificate:
            out += bytes(-len(out) % 8)
            struct.pack_into("<I", out, self.directories + 8 * CERTIFICATE, len(out))
            struct.pack_into("<I", out, self.directories + 8 * CERTIFICATE + 4, len(certificate))
            out += certificate
        out[2:4] = b"\0\0" # how fuzz-pe injects
        return bytes(out)


def main():
    folder, made = sys.argv[1], 0
    os.makedirs(folder, exist_ok=True)
    for path in sys.argv[2:]:
        with open(path, "rb") as file:
            data = file.read()
        try:
            small = Image(data).fragment()
        except (ValueError, struct.error, MemoryError) as problem:
            print(f"{path}: {problem}")
            continue
        if len(small) > LARGEST:
            print(f"{path}: {len(small)} bytes")
            continue
        with open(os.path.join(folder, f"{made:03}-" + os.path.basename(path)), "wb") as file:
            file.write(small)
        made += 1
    print(f"{made} fragments")
    return 0 if made else 1


if __name__ == "__main__":
    sys.exit(main())
