"""Writes text files into a C header: embed.py OUTPUT NAME=FILE...  Each NAME becomes static const char NAME[]: its
files one behind the other.  Those that end in .js are one script, whose names are seen nowhere else."""
import sys

texts, scripts = {}, set()
for argument in sys.argv[2:]:
    name, path = argument.split("=", 1)
    with open(path, "rb") as file:
        text = file.read()
    # Where char is signed, a larger number would not fit.
    assert all(0 < byte < 0x80 for byte in text), path
    if path.endswith(".js"):
        assert b"</" not in text and b"<!--" not in text, path  # these mean something to HTML
        scripts.add(name)
    texts[name] = texts.get(name, b"") + text

with open(sys.argv[1], "w", encoding="ascii") as header:
    for name, text in texts.items():
        if name in scripts:
            text = b'"use strict";\n{\n' + text + b"}\n"
        text += b"\0"
        header.write(f"static const char {name}[] = {{\n")
        for at in range(0, len(text), 20):
            header.write("  " + ", ".join(str(byte) for byte in text[at : at + 20]) + ",\n")
        header.write("};\n")
