#!/usr/bin/env python3
"""Packs the library's test programs for a guest of the kernel laboratory.

    pack.py targets BUILD                 the targets of BUILD that the guest needs, a line each
    pack.py folder BUILD FOLDER [LIBS]    put the programs, what they load and `programs` into FOLDER/lab; shared libraries
                                          of the C library and the compiler are those of this system, or those in LIBS
    pack.py archive FOLDER FILE           make an initramfs of FOLDER

FOLDER/lab/programs has a line for each test: its name, its set, the seconds that it may take, and its command, with `|`
between.  A set is a folder of tests/.
"""
import gzip
import json
import os
import re
import shutil
import subprocess
import sys

SETS = ["code", "context", "heap", "os"]
OURS = {"kernel-commit": "test-kernel-commit", "kernel-mappings": "test-kernel-mappings"}
BESIDE = ["prove", "backends"]
SLOWER = 10  # than meson expects: an emulated CPU, on a machine that does other things
LOADED = ["libgcc_s.so.1"]  # by dlopen
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def tests_of(build):
    """The tests of SETS that are a program of the build, as (test, set, names of its target and what it depends on)."""
    said = subprocess.check_output(["meson", "introspect", "--tests", "--targets", build])
    known = json.loads(said)
    targets = {target["id"]: target for target in known["targets"]}
    for test in known["tests"]:
        needed = [targets[name] for name in test["depends"]]
        program = next((target for target in needed if target["filename"][0] == test["cmd"][0]), None)
        if program is None:
            continue
        place = os.path.relpath(os.path.dirname(program["defined_in"]), os.path.join(ROOT, "tests"))
        kind = place.split(os.sep)[0]
        if kind in SETS:
            yield test, kind, [target["filename"][0] for target in needed]


def targets(build):
    build = os.path.abspath(build)
    files = {os.path.relpath(file, build) for _, _, needed in tests_of(build) for file in needed}
    files |= {os.path.join("tests/kernel", name) for name in [*OURS.values(), *BESIDE]}
    return sorted(files)


def put(file, folder, name):
    place = os.path.join(folder, name.lstrip("/"))
    os.makedirs(os.path.dirname(place), exist_ok=True)
    shutil.copy2(file, place)
    if is_program(file):  # without what a debugger wants: a guest unpacks all of it into memory
        subprocess.run(["strip", "-g", place], stderr=subprocess.DEVNULL, check=False)


def is_program(file):
    with open(file, "rb") as opened:
        return opened.read(4) == b"\x7fELF"


def loaded_by(program, libs):
    """Files that the dynamic linker loads for a program, by the names under which it looks for them."""
    if libs is None:
        said = subprocess.run(["ldd", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        return {name: name for name in re.findall(r"(/\S+) \(0x", said.stdout)}
    said = subprocess.check_output(["readelf", "-lWd", program], text=True)
    names = re.findall(r"Shared library: \[(.*)\]", said) + re.findall(r"interpreter: .*/([^/]*)\]", said)
    found = {"/lib/" + name: os.path.join(libs, name) for name in names if os.path.exists(os.path.join(libs, name))}
    for file in list(found.values()):
        if file != program:
            found.update(loaded_by(file, libs))
    return found


def fill(build, folder, libs):
    build = os.path.abspath(build)
    lab = os.path.join(folder, "lab")
    lines, loaded = [], {}

    def take(file):
        name = os.path.relpath(os.path.normpath(file), build)
        if name.startswith(".."):
            name = os.path.join("source", os.path.relpath(os.path.normpath(file), ROOT))
        put(file, lab, name)
        if not is_program(file):
            return name
        for place, found in loaded_by(file, libs).items():
            if os.path.abspath(found).startswith(build + os.sep):
                take(found)  # by a path relative to the program's
            else:
                loaded[place] = found
        return name

    for test, kind, needed in tests_of(build):
        for file in needed:
            take(file)
        command = [take(test["cmd"][0])]
        for word in test["cmd"][1:]:
            path = os.path.join(build, word)
            command.append(take(path) if os.path.isfile(path) else word)
        name = re.sub(r"[^A-Za-z0-9+]+", "-", test["name"]) 
        lines.append(f"{name}|{kind}|{int(test['timeout']) * SLOWER}|{' '.join(command)}\n")
    for name, program in OURS.items():
        lines.append(f"{name}|kernel|{60 * SLOWER}|{take(os.path.join(build, 'tests/kernel', program))}\n")
    for name in BESIDE:
        take(os.path.join(build, "tests/kernel", name))
    for name in LOADED:
        found = os.path.join(libs, name) if libs else subprocess.check_output(
            ["gcc", "-print-file-name=" + name], text=True).strip()
        loaded["/lib/" + name] = found
    for place, found in loaded.items():
        put(found, folder, place)
    with open(os.path.join(lab, "programs"), "w", encoding="utf-8") as file:
        file.writelines(lines)


def member(number, name, mode, data):
    """A member of an archive of cpio's format newc, which is Linux's for an initramfs (initramfs(5) in its Documentation)."""
    name = name.encode() + b"\0"
    fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0]
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def archive(folder, file):
    number = 0
    with gzip.open(file, "wb", compresslevel=1) as out:
        for place, folders, names in os.walk(folder):
            for name in sorted(folders) + sorted(names):
                path, number = os.path.join(place, name), number + 1
                data = b""
                if os.path.isfile(path):
                    with open(path, "rb") as opened:
                        data = opened.read()
                out.write(member(number, os.path.relpath(path, folder), os.stat(path).st_mode, data))
        out.write(member(0, "TRAILER!!!", 0, b""))


def main(arguments):
    if arguments[:1] == ["targets"] and len(arguments) == 2:
        print("\n".join(targets(arguments[1])))
    elif arguments[:1] == ["folder"] and len(arguments) in (3, 4):
        fill(arguments[1], arguments[2], arguments[3] if len(arguments) == 4 else None)
    elif arguments[:1] == ["archive"] and len(arguments) == 3:
        archive(arguments[1], arguments[2])
    else:
        sys.exit("usage: pack.py targets BUILD | folder BUILD FOLDER [LIBS] | archive FOLDER FILE")


main(sys.argv[1:])
