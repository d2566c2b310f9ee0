#!/usr/bin/env python3
"""Check the machine code of src/code/cpu-CPU.c: each instruction is what an assembler makes of the comment beside it.

    cpu-patterns.py FILE LITTLE|BIG COMMAND...

COMMAND compiles for FILE's CPU, which has that byte order.  Prints TAP.
"""
import os
import re
import struct
import subprocess
import sys
import tempfile

# What an assembler must be told to take the instructions as they are.
PROLOGUES = {
    "aarch64": ".arch armv8.5-a",
    "arm": ".syntax unified\n.arch armv7-a\n.arm",
    "mips": ".set noreorder\n.set noat",
    "mips64": ".set noreorder\n.set noat",
    "riscv32": ".option norvc",
    "riscv64": ".option norvc",
    "s390x": ".machine z10",
}


def bytes_of(text, order):
    """The bytes that the initialisers in TEXT stand for."""
    res = []
    for word, number in re.findall(r"INSN \(([^)]*)\)|(\b(?:0x[0-9a-f]{2}|[0-9]+)\b)", text):
        if word:
            insn = [int(byte, 16) for byte in word.split(",")]
            res += insn if order == "big" else insn[::-1]
        else:
            res.append(int(number, 0))
    return bytes(res)


def patterns(source, order):
    """(name, bytes, instructions) of everything in SOURCE that has instructions beside it."""
    thunk = re.search(r"\.thunk =\s*\{(.*?)\n {8}\},", source, re.S)
    for i, (line, comment) in enumerate(re.findall(r"^(.*?)/\* (.*?) \*/$", thunk[1], re.M)):
        yield f"instruction {i} of the thunk", bytes_of(line, order), comment
    proof = re.search(r"\.proof = \{\{(.*?)\},\s*\{(.*?)\}\}, /\* (.*?) \*/", source, re.S)
    for i, value in enumerate(("42", "43")):
        yield f"proof {value}", bytes_of(proof[1 + i], order), proof[3].replace("42", value)
    trap = re.search(r"\.trap = \{(.*?)\},\s*/\* (.*?) \*/", source)
    if not trap[2].startswith("no instruction"):
        yield "trap", bytes_of(trap[1], order), trap[2]


def text_section(image):
    """The bytes of .text in the object file IMAGE."""
    order = "<" if image[5] == 1 else ">"
    if image[4] == 2:
        start, size, num, names = struct.unpack_from(order + "40xQ10xHHH", image)
        layout = order + "II16xQQ"
    else:
        start, size, num, names = struct.unpack_from(order + "32xI10xHHH", image)
        layout = order + "II8xII"
    sections = [struct.unpack_from(layout, image, start + i * size) for i in range(num)]
    for name, _, at, length in sections:
        if image[sections[names][2] + name:].startswith(b".text\0"):
            return image[at:at + length]
    raise ValueError("no .text")


def assembled(instructions, cpu, command):
    """The bytes of INSTRUCTIONS, and what the assembler said."""
    if cpu.startswith("ppc"):
        instructions = re.sub(r"\br([0-9]+)", r"\1", instructions)  # registers are numbers there
    with tempfile.TemporaryDirectory() as folder:
        source, result = os.path.join(folder, "insns.s"), os.path.join(folder, "insns.o")
        with open(source, "w", encoding="ascii") as file:
            file.write(PROLOGUES.get(cpu, "") + "\n.text\n" + instructions.replace(";", "\n") + "\n")
        run = subprocess.run(command + ["-c", "-x", "assembler", source, "-o", result],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if run.returncode != 0:
            return b"", run.stdout
        with open(result, "rb") as file:
            return text_section(file.read()), ""


def problem_of(code, instructions, cpu, command):
    """Why CODE, or CODE again and again, is not INSTRUCTIONS; "" if it is.  The address of a cell is none of them."""
    made, said = assembled(re.sub(r"\bcell\b", "0", instructions), cpu, command)
    if said:
        return said
    if "cell" in instructions:
        made = made[:len(code)]
    elif len(made) and len(code) > len(made) and len(code) % len(made) == 0:
        made *= len(code) // len(made)
    # An assembler may fill up the section.
    return "" if code and made[:len(code)] == code and not made[len(code):].strip(b"\0") else \
        f"{code.hex(' ')} is not {made.hex (' ')}"


def main(path, order, command):
    cpu = re.search(r"cpu-(\w+)\.c$", path)[1]
    with open(path, encoding="utf-8") as file:
        found = list(patterns(file.read(), order.lower()))
    failed = 0
    for i, (name, code, instructions) in enumerate(found):
        problem = problem_of(code, instructions, cpu, command)
        changed = code[:-1] + bytes([code[-1] ^ 1])
        if not problem and not problem_of(changed, instructions, cpu, command):
            problem = f"{changed.hex(' ')} would do as well"
        failed += problem != ""
        print(f"{'not ok' if problem else 'ok'} {i + 1} - {cpu}: {name}: {instructions}")
        for line in problem.splitlines():
            print(f"# {line}")
    print(f"1..{len(found)}\n# {len(found) - failed} passed, {failed} failed, 0 skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
