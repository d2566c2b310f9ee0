"""Prints debian/*.symbols of one library from the list of the binary interface: debian-symbols.py LIST LIBRARY."""
import sys

path, library = sys.argv[1:]
node = {"mir-alloc": "MIR_ALLOC_1", "mir-alloc-mir": "MIR_ALLOC_MIR_1"}[library]
with open(path, encoding="utf-8") as file:
    lines = [line.split() for line in file]
names = {words[3]: words[0] for words in lines if words[1:3] == ["symbol", library]}
names[node] = min(names.values())
print(f"lib{library}.so.1 lib{library}1 #MINVER#")
for name, version in sorted(names.items()):
    print(f" {name}@{node} {version}")
