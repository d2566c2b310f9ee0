"""The lists of files in src/*.sources, whose format src/mir-alloc.sources explains, as conditions of a C preprocessor."""
import os
import re


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [line for line in file.read().split("\n") if line and not line.startswith("#")]


def macro_of(word):
    """The macro that is 1 where WORD is true, else 0."""
    return "MIR_IF_" + word.upper().replace("-", "_")


def read_conditions(src):
    """{word: what it means to a preprocessor}"""
    return dict(line.split(None, 1) for line in read_lines(os.path.join(src, "conditions")))


def read_chains(src, library):
    """The chains of LIBRARY's list: lists of (condition or None if that is always true, names), of which at most the
    first that is true counts."""
    chains = []
    for line in read_lines(os.path.join(src, library + ".sources")):
        words, names = line.split(":", 1)
        words, names = words.split(), names.split()
        if words[0] == "else":
            words.pop(0)
        else:
            chains.append([])
        macros = ["!" + macro_of(word[1:]) if word.startswith("!") else macro_of(word)
                  for word in words if word != "all"]
        chains[-1].append((" && ".join(macros) or None, names))
    return chains


def unknown_words(src, library, known):
    """The words of LIBRARY's list that are not KNOWN."""
    words = re.findall(r"[^\s!]+", " ".join(line.split(":")[0] for line in
                                            read_lines(os.path.join(src, library + ".sources"))))
    return sorted(set(words) - set(known) - {"else"})
