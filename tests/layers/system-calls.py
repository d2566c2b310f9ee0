#!/usr/bin/env python3
"""Check that every function of the C library which the code layer calls is one that test-refused-calls can refuse,
or one that makes no system call.

    system-calls.py NM LIBRARY WRAPPED...

LIBRARY is the archive with the objects of src/, WRAPPED the names that the linker wraps.  Prints TAP.
"""
import re
import subprocess
import sys

OBJECTS = re.compile(r"src_(code|os)_")
# For tools and traces; test-unwind-functions refuses what loads an unwinder.
TOOLS_ONLY = re.compile(r"src_os_(file|stack|symbols|elf|unwind)")
# They make no system call, or none whose refusal is an error: a clock, locks, the ID of the process, the page size,
# what the system told at the start (getauxval), a malloc that qsort does without.  ".TOC." is a table of ppc64.
NO_CALL = {"memcpy", "memmove", "memset", "memcmp", "strcmp", "strlen", "strtoull", "strtoul", "strtoll", "secure_getenv", "sysconf",
           "clock_gettime", "getpid", "pthread_mutex_lock", "pthread_mutex_unlock", "pthread_self",
           "pthread_setcancelstate", "getauxval", "memchr", "qsort", "dladdr"}


def undefined(nm, library):
    """(object, name) for each symbol that an object of the code layer takes from elsewhere."""
    lines = subprocess.run([nm, "-u", "-A", library], check=True, capture_output=True, text=True).stdout.split("\n")
    for line in lines:
        found = re.match(r"(.*):\s+[UwW]\s+([\w.@]+)$", line)
        if found and OBJECTS.search(found[1]) and not TOOLS_ONLY.search(found[1]):
            yield found[1].split(":")[-1], found[2].split("@")[0]


def main():
    nm, library, *wrapped = sys.argv[1:]
    names = [(file, name) for file, name in undefined(nm, library)
             if not name.startswith(("_", ".", "mir_", "MIR_")) and name not in NO_CALL]
    missing = sorted({(name, file) for file, name in names if name not in wrapped})
    for name, file in missing:
        print(f"# {file} calls {name}: wrap it in tests/support/refused-calls.c, or say that it makes no system call")
    seen = {name for _, name in names}
    print(f"# {len(seen)} calls can be refused")
    good = seen and not missing
    print("ok 1 - every_system_call_can_be_refused" if good else "not ok 1 - every_system_call_can_be_refused")
    print("1..1")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
