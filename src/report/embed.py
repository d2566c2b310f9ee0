"""Writes text files into a C header: embed.py OUTPUT NAME=FILE...  Each becomes static const char NAME[]."""
import sys

with open(sys.argv[1], "w", encoding="ascii") as header:
    for argument in sys.argv[2:]:
        name, path = argument.split("=", 1)
        with open(path, "rb") as file:
            text = file.read() + b"\0"
        header.write(f"static const char {name}[] = {{\n")
        for at in range(0, len(text), 20):
            # Where char is signed, a larger number would not fit.
            assert all(byte < 0x80 for byte in text), path
            header.write("  " + ", ".join(str(byte) for byte in text[at : at + 20]) + ",\n")
        header.write("};\n")
