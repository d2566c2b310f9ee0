"""Runs programs under Wine, before and after an edit."""
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile


class Skip(Exception):
    """Something is not available here; the text says why."""


def windows_path(path):
    return "z:" + os.path.abspath(path).replace("/", "\\")


class NotHere(Exception):
    """A program does not run under this Wine, edited or not; the text says what it does."""


class NotLoaded(ValueError):
    """The edited program says the same, but mir-ucrt.dll nothing."""


class Wine:
    """Wine for one CPU: COMMAND, a list; PREFIX; and DLL, the mir-ucrt.dll for that CPU, with mir-inject.exe beside it
    or without.  Windows are not shown."""

    def __init__(self, command, prefix, dll):
        self.command, self.dll = command, dll
        self.launcher = os.path.join(os.path.dirname(dll), "mir-inject.exe")
        self.environment = dict(os.environ, WINEPREFIX=prefix, WINEDEBUG="-all", MIR_UCRT_VERBOSE="1",
                                WINEDLLOVERRIDES="mscoree,mshtml=;winedbg.exe=d", NODE_SKIP_PLATFORM_CHECK="1")
        if not os.path.exists(os.path.join(prefix, "system.reg")):
            self.run(None, ["wineboot", "-i"])
            self.run(None, ["reg", "add", r"HKCU\Software\Wine\Drivers", "/v", "Graphics", "/d", "null", "/f"])
            self.stop()

    def stop(self):
        """End what runs in the prefix."""
        command = [word + "server" if os.path.basename(word).startswith("wine") and word == self.command[-1] else word
                   for word in self.command]
        subprocess.run(command + ["-k"], env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60)

    def run(self, folder, args, seconds=240):
        """Run ARGS in FOLDER.  The status, standard output and standard error."""
        # Files, not pipes: a pipe only ends with the last process that inherited it.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            done = subprocess.run(self.command + args, cwd=folder, env=self.environment, timeout=seconds,
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
            out.seek(0)
            errors.seek(0)
            return done.returncode, out.read().replace(b"\r\n", b"\n"), errors.read().replace(b"\r\n", b"\n")


class Place:
    """A folder with a program, the files beside it, and what the program makes, in `made`."""

    def __init__(self, folder, program, beside, name=None):
        """PROGRAM, a path, which is called NAME here; BESIDE: the folder whose files it needs, or None."""
        shutil.rmtree(folder, ignore_errors=True)
        self.folder, self.made = folder, os.path.join(folder, "made")
        os.makedirs(self.made)
        name = name or os.path.basename(program)
        for other in os.listdir(beside) if beside else []:
            if other != name:
                os.symlink(os.path.join(os.path.abspath(beside), other), os.path.join(folder, other))
        self.exe = os.path.join(folder, name)
        shutil.copyfile(program, self.exe)

    def tree(self):
        """The names and digests of all that was made."""
        found = {}
        for path, _, names in os.walk(self.made):
            for name in names:
                full = os.path.join(path, name)
                with open(full, "rb") as file:
                    found[os.path.relpath(full, self.made)] = hashlib.sha256(file.read()).hexdigest()
        return found


def ours(errors):
    """The lines of mir-ucrt.dll in ERRORS, and the others."""
    lines = errors.decode("utf-8", "replace").splitlines()
    return [line for line in lines if line.startswith("mir-ucrt")], [l for l in lines if not l.startswith("mir-ucrt")]


def run_one(kind, wine, place, launch, seconds):
    """Run KIND in PLACE.  What it did, and what mir-ucrt.dll says of itself."""
    results, said = [], []
    for args in kind.commands(place):
        status, out, errors = wine.run(place.folder, launch + [windows_path(place.exe)] + args, seconds)
        taken, rest = ours(errors)
        said += taken
        results.append((status, kind.clean(out.decode("utf-8", "replace"), place), kind.clean("\n".join(rest), place)))
    return results + [kind.made(place)], said


def run_plain(kind, wine, program, folder, seconds=240):
    """What KIND does as it was made."""
    place = Place(os.path.join(folder, "before"), program, kind.beside())
    return run_one(kind, wine, place, [], seconds)[0]


def run_both(kind, wine, plain, edited, folder, seconds=240):
    """Run KIND as it was and edited or, if EDITED is None, by mir-inject.exe run.  What mir-ucrt.dll says of itself;
    raises ValueError if something differs."""
    before = run_plain(kind, wine, plain, folder, seconds)
    kind.check(before)
    place, launch = Place(os.path.join(folder, "after"), edited or plain, kind.beside(), os.path.basename(plain)), []
    shutil.copyfile(wine.dll, os.path.join(place.folder, "mir-ucrt.dll"))
    if edited is None:
        shutil.copyfile(wine.launcher, os.path.join(place.folder, "mir-inject.exe"))
        launch = [windows_path(os.path.join(place.folder, "mir-inject.exe")), "run", "--"]
    after, said = run_one(kind, wine, place, launch, seconds)
    for one, other in zip(before, after):
        if one != other:
            raise ValueError(f"before {str(one)[-400:]}, after {str(other)[-400:]}")
    if not said:
        raise NotLoaded("mir-ucrt.dll says nothing: was it loaded?")
    return re.sub(r"^mir-ucrt[^:]*: ", "", said[0])


def add_wine_options(parser):
    parser.add_argument("--x64")
    parser.add_argument("--x86")
    parser.add_argument("--wine", default="wine")
    parser.add_argument("--wine32")


def make_wines(options):
    """What the options above say: Wine by CPU, with prefixes in the folder options.work."""
    wines = {}
    for cpu, command, dll in (("x64", options.wine, options.x64), ("x86", options.wine32, options.x86)):
        if command and dll and shutil.which(shlex.split(command)[0]):
            prefix = os.path.join(os.path.abspath(options.work), "prefix-" + cpu)
            wines[cpu] = Wine(shlex.split(command), prefix, os.path.abspath(dll))
    return wines
