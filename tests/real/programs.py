"""Real programs, the work that they get, and the expected results."""
import hashlib
import json
import os
import subprocess

import pdf
from wine import Skip, windows_path

HERE = os.path.dirname(os.path.abspath(__file__))


def package(name):
    """The folder of a package, which is fetched if it is not there."""
    got = subprocess.run([os.path.join(HERE, "get"), name], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if got.returncode == 77:
        raise Skip(got.stderr.decode().strip().splitlines()[-1])
    if got.returncode != 0:
        raise RuntimeError(got.stderr.decode())
    return got.stdout.decode().strip()


def write(path, data):
    if not os.path.exists(path):
        with open(path, "wb") as file:
            file.write(data)
    return path


def digest(data):
    return hashlib.sha256(data).hexdigest()


def take(path):
    """The contents of an output file.  It is removed, so that the next run must write it again."""
    with open(path, "rb") as file:
        data = file.read()
    os.remove(path)
    return data


class Program:
    """name, package: what it is; folder, exe: where it is in the package; random: it needs bcryptprimitives.dll.

    prepare (folder, plain) makes the input below FOLDER; plain (args) runs the program without the DLL.  args () are
    the arguments.  result (run) is what all runs must agree on; it raises ValueError if it is wrong by itself."""
    random = False
    late = True # it runs long enough to load the DLL meanwhile
    attached = False # and to have mir-inject.exe attach it
    runs = 1 # how many are counted
    spread = 0 # by how much the counts may differ between runs, as a fraction

    def prepare(self, folder, plain):
        self.work = folder

    def args(self):
        return []

    def result(self, run):
        return digest(run.out)


class Poppler(Program):
    package = "poppler"
    folder = "src/lib/win32/poppler-24.07.0/Library/bin"
    pages = 300

    def prepare(self, folder, plain):
        self.work = folder
        self.input = write(os.path.join(folder, f"{self.pages}.pdf"), pdf.make(self.pages))
        self.output = os.path.join(folder, self.name + ".out")

    def args(self):
        return self.options + [windows_path(self.input), windows_path(self.output)]

    def result(self, run):
        made = [name for name in sorted(os.listdir(self.work)) if name.startswith(self.name + ".out")]
        if not made:
            raise ValueError("there is no output")
        return [digest(take(os.path.join(self.work, name))) for name in made]


class PdfToText(Poppler):
    name, exe, options, pages = "pdftotext", "pdftotext.exe", [], 400
    attached = True


class PdfToPpm(Poppler):
    name, exe, options, pages = "pdftoppm", "pdftoppm.exe", ["-r", "40"], 30


class PdfToCairo(Poppler):
    name, exe, options, pages = "pdftocairo", "pdftocairo.exe", ["-svg"], 40


class Zstd(Program):
    """Compresses, with threads."""
    name, package, folder, exe, attached = "zstd", "poppler", Poppler.folder, "zstd.exe", True

    def prepare(self, folder, plain):
        sequence = pdf.Sequence(7)
        text = " ".join(pdf.WORDS[sequence.below(len(pdf.WORDS))] for _ in range(500000))
        self.input = write(os.path.join(folder, "words"), text.encode())
        self.output = os.path.join(folder, "words.zst")

    def args(self):
        return ["-f", "-q", "-14", "-T2", "-B1048576", windows_path(self.input), "-o", windows_path(self.output)]

    def result(self, run):
        return digest(take(self.output))


class Unzstd(Zstd):
    """Decompresses what was compressed without the DLL."""
    name, late, attached = "unzstd", False, False

    def args(self):
        return ["-d", "-f", "-q", windows_path(self.packed), "-o", windows_path(self.output)]

    def prepare(self, folder, plain):
        Zstd.prepare(self, folder, plain)
        self.packed = os.path.join(folder, "reference.zst")
        plain(["-f", "-q", windows_path(self.input), "-o", windows_path(self.packed)])
        self.output = os.path.join(folder, "words.back")

    def result(self, run):
        data = take(self.output)
        with open(self.input, "rb") as file:
            if data != file.read():
                raise ValueError("what comes back is not what was compressed")
        return digest(data)


class Hermes(Program):
    """Runs work.js; the Linux program of the same package gives the expected output."""
    name, package, folder, exe = "hermes", "hermes", "win64-bin", "hermes.exe"
    attached = True
    runs, spread = 3, 0.02 # its garbage collector is a thread of its own

    def prepare(self, folder, plain):
        native = os.path.join(package("hermes"), "linux64-bin/hermes")
        self.script = os.path.join(HERE, "work.js")
        self.expected = subprocess.run([native, self.script], stdout=subprocess.PIPE, check=True).stdout

    def args(self):
        return [windows_path(self.script)]

    def result(self, run):
        if run.out != self.expected:
            raise ValueError("not what hermes says on Linux")
        return digest(run.out)


class AstGrep(Program):
    """Searches a tree of generated JavaScript files with a known number of matches."""
    name, package, folder, exe, random = "ast-grep", "ast-grep", ".", "ast-grep.exe", True
    files = 300

    def prepare(self, folder, plain):
        self.tree = os.path.join(folder, "tree")
        self.matches = 0
        sequence = pdf.Sequence(3)
        for i in range(self.files):
            below = os.path.join(self.tree, str(i % 10))
            os.makedirs(below, exist_ok=True)
            lines = []
            for j in range(60):
                a, b = (pdf.WORDS[sequence.below(len(pdf.WORDS))] for _ in range(2))
                kind = sequence.below(3)
                self.matches += kind == 0
                lines.append((f"look_up ({a}_{j}, 'of {b}', {j});", f"function {a}{j} (x) {{ return x + {j}; }}",
                              f"// look_up ({a}, {b}, 1)\nvar {b}{j} = [{j}, '{a}', look_up ({a})];")[kind])
            write(os.path.join(below, f"{i}.js"), "\n".join(lines).encode())

    def args(self):
        return ["run", "--threads", "4", "--pattern", "look_up($A,$B,$C)", "--lang", "js", "--json=stream",
                *(word for what in ("parent", "vcs", "exclude", "global", "dot") for word in ("--no-ignore", what)),
                windows_path(self.tree)] # the folder may be one that git ignores

    def result(self, run):
        # Several threads find them in any order, and members come in the order of Rust's hash tables.
        found = sorted(json.dumps(json.loads(line), sort_keys=True) for line in run.out.splitlines())
        if len(found) != self.matches:
            raise ValueError(f"{len(found)} matches instead of {self.matches}")
        return digest("\n".join(found).encode())


class Biome(Program):
    """Has its own allocator."""
    name, package, folder, exe, random, late = "biome", "biome", ".", "biome.exe", True, False

    def args(self):
        return ["--version"]

    def result(self, run):
        if not run.out.startswith(b"Version: 2.5.15"):
            raise ValueError(f"it says {run.out!r}")
        return run.out


class WinPty(Program):
    """Has its own C runtime."""
    name, package, folder, exe, late = "winpty-agent", "node-pty", "prebuilds/win32-x64", "winpty-agent.exe", False

    def args(self):
        return ["--version"]

    def result(self, run):
        if not run.out.startswith(b"winpty version"):
            raise ValueError(f"it says {run.out!r}")
        return run.out


class Idle(Program):
    """Does nothing."""
    name, package, folder, exe, late = "idle", None, None, "idle.exe", False


WORKING = (Zstd, Unzstd, PdfToText, PdfToPpm, PdfToCairo, Hermes, AstGrep)
WITHOUT = (Biome, WinPty)
