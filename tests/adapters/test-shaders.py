"""The words in adapters/guests/vulkan-shaders.h are what glslang makes of the shaders beside it.  Versions of glslang order
decorations differently, so what is compared is the instructions, in any order.  Prints TAP.

usage: test-shaders.py FOLDER   the folder of the shaders
"""
import pathlib
import re
import subprocess
import sys

HEAD = 5  # words before the first instruction


def instructions_of(text):
    """The sorted instructions of each array in TEXT."""
    found = {}
    for name, body in re.findall(r"(\w+)\[\] = \{(.*?)\}", text, re.S):
        words = [int(word, 16) for word in re.findall(r"0x[0-9a-f]{8}", body)]
        assert words[0] == 0x07230203, "is no SPIR-V"
        at, found[name] = HEAD, []
        while at < len(words):
            size = words[at] >> 16
            assert 0 < size <= len(words) - at, "an instruction is cut off"
            found[name].append(words[at:at + size])
            at += size
        found[name].sort()
    return found


def main(folder):
    here = instructions_of((pathlib.Path(folder) / "vulkan-shaders.h").read_text("utf-8"))
    made = instructions_of(subprocess.run([pathlib.Path(folder) / "vulkan-shaders.sh"], check=True, text=True,
                                          stdout=subprocess.PIPE).stdout)
    is_right = len(here) == 2 and here == made
    print(f"{'ok' if is_right else 'not ok'} 1 - the words are those of the shaders\n1..1")
    print(f"# {is_right:d} passed, {not is_right:d} failed, 0 skipped")
    return int(not is_right)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
