"""Reads the CSV files that the benchmarks write; see bench.c and run.sh."""

import csv
import statistics


class Figures:
    """The figures of one run.  SUBJECTS maps subject -> side -> row, in the order of the file."""

    def __init__(self, path):
        self.about = {}
        self.subjects = {}
        with open(path, encoding="utf-8", newline="") as file:
            lines = file.read().splitlines()
        for line in lines:
            if line.startswith("# "):
                key, _, value = line[2:].partition(": ")
                self.about[key] = value
        for row in csv.DictReader(line for line in lines if not line.startswith("#")):
            self.subjects.setdefault(row["subject"], {})[row["side"]] = row

    def origin(self):
        """Where the figures are from, in a line."""
        head = {key: self.about.get(key, "unknown") for key in ("machine", "commit", "huge pages", "mimalloc")}
        return (f"commit {head['commit']} on {head['machine']}; huge pages: {head['huge pages']}; "
                f"mimalloc {head['mimalloc']}")

    def value(self, subject, side):
        """The median or the count; None if it was not measured."""
        row = self.subjects.get(subject, {}).get(side)
        return None if row is None else float(row["median"])

    def curves(self):
        """The subjects whose sides were read again and again: subject -> side -> values."""
        return {subject: {side: [float(value) for value in row["rounds"].split()] for side, row in sides.items()}
                for subject, sides in self.subjects.items() if is_curve(sides)}

    def ratio(self, subject, side, reference):
        """The median of the ratios within a round; None if a side was not measured."""
        sides = self.subjects.get(subject, {})
        if side not in sides or reference not in sides:
            return None
        rounds = [[float(ns) for ns in sides[name]["rounds"].split()] for name in (side, reference)]
        return statistics.median(one / other for one, other in zip(*rounds))


def is_curve(sides):
    """Whether SIDES, side -> row, have a value for each of several moments."""
    row = next(iter(sides.values()))
    return row["unit"] != "ns" and row["rounds"] != ""


def is_ours(side):
    return "MIR_" in side


def is_limit(side):
    """Whether SIDE is a limit, which executable memory cannot beat: data memory, code placed by hand, a simulation."""
    return "data memory" in side or side in ("RWX mapping", "store into an RWX mapping", "live") or (
        "filled by pwrite" in side or "simulated" in side) or (
        "apart" in side or "each page" in side)
