#!/usr/bin/env python3
"""Compare a run of `./dev bench llvm` with its targets: report.py CSV."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from figures import Figures

NOTHING = "nothing"
OURS = {"JITLink": "mir::jitlink_memory_manager", "RuntimeDyld": "mir::rtdyld_memory_manager"}
FRAMES_OF_LLVM = "the same, frames by LLVM"
THEIRS = {"JITLink": ["InProcessMemoryManager", "MapperJITLinkMemoryManager"], "RuntimeDyld": ["SectionMemoryManager"]}

# Linker, functions, job, side, compared with, most.
TIMES = [
    ("JITLink", 1000, "link and look up", FRAMES_OF_LLVM, NOTHING, 1.10),
    ("JITLink", 1000, "link and look up", OURS["JITLink"], NOTHING, 1.10),
    ("JITLink", 1000, "free", FRAMES_OF_LLVM, NOTHING, 1.25),
    ("JITLink", 1000, "free", OURS["JITLink"], "best", 0.15),
    ("RuntimeDyld", 1000, "link and look up", NOTHING, "best", None),
    ("RuntimeDyld", 1000, "link and look up", OURS["RuntimeDyld"], "best", 0.41),
    ("RuntimeDyld", 1000, "free", OURS["RuntimeDyld"], "best", 0.14),
]
COUNTS = [
    ("memory for each byte of content", {1000: 1.5, 20000: 1.15}),
    ("the same with bookkeeping", {1000: None, 20000: None}),
    ("system calls by the own account", {1000: 40, 20000: 150}),
]


def best(figures, subject, linker):
    """The fastest of LLVM's managers in SUBJECT."""
    return min(THEIRS[linker], key=lambda side: figures.value(subject, side) or float("inf"))


def line(what, measured, most):
    verdict = "" if most is None else "met" if measured <= most else "missed"
    target = "" if most is None else f"<= {most}"
    print(f"  {what:88} {measured:8.3f}  {target:9} {verdict}")


def report_times(figures):
    for linker, num, job, side, other, most in TIMES:
        subject = f"{linker}, {num} functions, 1 thread: {job}"
        reference = best(figures, subject, linker) if other == "best" else other
        ratio = figures.ratio(subject, side, reference)
        if ratio is not None:
            line(f"{subject}: {side} x {reference}", ratio, most)


def report_threads(figures):
    for linker, ours in OURS.items():
        for job in "link and look up", "free":
            for side in NOTHING, ours:
                one, four = (figures.value(f"{linker}, 1000 functions, {threads}: {job}", side)
                             for threads in ("1 thread", "4 threads"))
                if one is not None and four is not None:
                    line(f"{linker}, {job}, {side}: four threads x one", four / one, None)


def report_counts(figures):
    for what, targets in COUNTS:
        for num, most in targets.items():
            for linker, ours in OURS.items():
                value = figures.value(f"{linker}, {num} functions: {what}", ours)
                if value is not None:
                    line(f"{linker}, {num} functions: {what}", value, most)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    figures = Figures(sys.argv[1])
    print(f"targets, {figures.origin()}:")
    report_times(figures)
    report_threads(figures)
    report_counts(figures)


main()
