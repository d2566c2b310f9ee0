"""What is done with each image: list, inject, verify, eject."""
import filecmp
import os
import re
import shutil
import subprocess

OWN_LINES = ("dll", "runtime") # what --verify says of them is about the program's folder and the C runtime


class Steps:
    """The results: listed, edited (or the refusal), verified, restored; problems, the texts of what went wrong."""

    def __init__(self):
        self.refusal, self.warnings, self.notes, self.problems = None, [], [], []

    def verdict(self):
        if self.problems:
            return "FAILED"
        return "refused" if self.refusal is not None else "edited"


class Tool:
    """mir-inject for this machine, and a folder WORK in which it writes."""

    def __init__(self, path, work):
        self.path, self.work = path, work
        self.readobj = shutil.which("llvm-readobj") or shutil.which("llvm-readobj-14")
        os.makedirs(work, exist_ok=True)

    def run(self, *args):
        done = subprocess.run([self.path, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def modules(self, path):
        """What the tool lists, as text; None if it does not."""
        status, said = self.run("--list", path)
        names = said.split("\ndelayed modules")[0]
        return re.findall(r"^ *\d+: (.*)$", names, re.M) if status == 0 else None

    def others(self, path):
        """What llvm-readobj lists; None if it cannot."""
        if self.readobj is None:
            return None
        done = subprocess.run([self.readobj, "--coff-imports", path], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=300)
        if done.returncode != 0:
            return None
        text = done.stdout.decode("utf-8", "replace")
        return re.findall(r"^Import \{\n  Name: (.*)$", text, re.M)

    def inject(self, path, result):
        """None, or the refusal.  By a short path, which the tool does not cut where it names it."""
        short = os.path.join(self.work, "in")
        for old in (short, result):
            if os.path.lexists(old):
                os.remove(old)
        os.symlink(os.path.abspath(path), short)
        status, said = self.run("--output", result, short)
        self.warnings = [line.removeprefix("mir-inject: ").replace(f"'{short}' ", "") for line in said.splitlines()
                         if line.startswith("mir-inject: warning: ")]
        if status == 0:
            return None
        error = re.search(r"^mir-inject: .*?/in: (.*)$", said, re.M)
        return error.group(1) if error else f"status {status}: {said.strip()[-200:]}"

    def verify(self, path):
        """The lines of --verify that are not ok, but for the lines of OWN_LINES."""
        _, said = self.run("--verify", path)
        lines = re.findall(r"^  (no|note) +(\w+): (.*)$", said, re.M)
        return [line for line in lines if line[1] not in OWN_LINES]

    def steps(self, path):
        """Do all with the image at PATH."""
        result = Steps()
        edited, back = os.path.join(self.work, "edited"), os.path.join(self.work, "back")
        ours, theirs = self.modules(path), self.others(path)
        if ours is None:
            result.problems.append("cannot be listed")
        elif theirs is not None and ours != theirs:
            result.problems.append(f"lists {ours}, llvm-readobj {theirs}")
        result.refusal = self.inject(path, edited)
        result.warnings = self.warnings
        if result.refusal is not None:
            result.notes = [line for line in self.verify(path) if line[1] != "order"]
            if not re.match(r"\S.{10,}$", result.refusal):
                result.problems.append("is refused without a reason")
            return result
        if ours is not None and self.modules(edited) != ["mir-ucrt.dll"] + ours:
            result.problems.append("imports other modules than before")
        after = self.others(edited)
        if after is not None and ours is not None and after != ["mir-ucrt.dll"] + ours:
            result.problems.append(f"llvm-readobj lists {after}")
        result.notes = self.verify(edited)
        result.problems += [f"verify: {name}: {text}" for answer, name, text in result.notes if answer == "no"]
        status, said = self.run("--eject", "--force", "--output", back, edited)
        if status != 0 or not filecmp.cmp(path, back, shallow=False):
            result.problems.append(f"does not come back byte for byte: {said.strip()[-200:]}")
        return result
