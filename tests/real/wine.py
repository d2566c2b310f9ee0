"""Windows programs under Wine."""
import os
import re
import shutil
import subprocess
import tempfile
import time

COMPILER = "x86_64-w64-mingw32-gcc-win32"


class Skip(Exception):
    """Something is not available here; the text says why."""


def windows_path(path):
    return "z:" + os.path.abspath(path).replace("/", "\\")


class Run:
    """The result of a run: status, out (bytes, with the line ends of Linux), errors, seconds."""

    def __init__(self, status, out, errors, seconds):
        self.status, self.errors, self.seconds = status, errors, seconds
        self.out = out.replace(b"\r\n", b"\n")

    def tail(self):
        return self.errors.decode("utf-8", "replace")[-600:]


class Wine:
    """A Wine prefix, made if it is not there: that of the environment, which may be shared, or one in FOLDER."""

    def __init__(self, folder):
        self.command = shutil.which("wine") or "/usr/lib/wine/wine64"
        if not os.path.exists(self.command):
            raise Skip("there is no Wine")
        self.is_shared = "WINEPREFIX" in os.environ
        self.prefix = os.environ.get("WINEPREFIX", os.path.join(folder, "wine"))
        self.environment = dict(os.environ, WINEPREFIX=self.prefix, WINEDEBUG="-all",
                                WINEDLLOVERRIDES="mscoree,mshtml=;winedbg.exe=d")
        try:
            self.start()
        except BaseException:  # interrupted, too
            self.stop()
            raise

    def start(self):
        """Make the prefix if it is not there, and start its server and its services."""
        if not os.path.exists(os.path.join(self.prefix, "system.reg")):
            made = subprocess.run(["wineboot", "-i"], env=self.environment, timeout=300,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if made.returncode != 0:
                raise RuntimeError("Wine cannot make its prefix: " + made.stdout.decode()[-600:])

        # The server stays for a minute after each program, so that the next one starts at once.  The first program
        # starts Wine's services, which inherit its output: nothing may wait for the end of that output.
        quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(["wineserver", "-p60"], env=self.environment, **quiet)
        subprocess.run([self.command, "cmd", "/c", "exit"], env=self.environment, timeout=120, **quiet)

    def version(self):
        """The first number of "wine-10.0 (Debian ...)"."""
        said = subprocess.run([self.command, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=True, text=True).stdout
        return int(re.match(r"wine-(\d+)", said).group(1))

    def run(self, args, environment=None, native=(), debug=None, seconds=300):
        """Run ARGS under Wine; NATIVE are the DLLs from the folder of the program that replace those of Wine."""
        env = dict(self.environment, **(environment or {}))
        if native:
            env["WINEDLLOVERRIDES"] += ";" + ",".join(native) + "=n,b"
        if debug:
            env["WINEDEBUG"] = debug
        # Files, not pipes: a pipe only ends with the last process that inherited it.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            start = time.monotonic()
            done = subprocess.run([self.command] + list(args), env=env, timeout=seconds,
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
            taken = time.monotonic() - start
            out.seek(0)
            errors.seek(0)
            return Run(done.returncode, out.read(), errors.read(), taken)

    def relay_only(self, functions):
        """Have WINEDEBUG=+relay log these functions, given as "dll.name"."""
        self.run(["reg", "add", r"HKCU\Software\Wine\Debug", "/v", "RelayInclude",
                  "/d", ";".join(functions), "/f"])

    def stop(self):
        if not self.is_shared:
            subprocess.run(["wineserver", "-k"], env=self.environment)


def ucrt_specs(folder):
    """The option that links programs to the UCRT; the default of Debian is the older msvcrt."""
    dumped = subprocess.run([COMPILER, "-dumpspecs"], stdout=subprocess.PIPE, check=True, text=True).stdout
    path = os.path.join(folder, "ucrt.specs")
    with open(path, "w") as file:
        file.write(dumped.replace("-lmsvcrt", "-lucrt"))
    return "-specs=" + path


def compile_tools(source, folder):
    """Build start.exe, idle.exe, report.dll and bcryptprimitives.dll in FOLDER."""
    if shutil.which(COMPILER) is None:
        raise Skip("there is no " + COMPILER)
    strict = ["-O2", "-Wall", "-Wextra", "-Werror"]
    dll = strict + ["-shared", "-nostdlib", "-s"]
    subprocess.run([COMPILER.replace("gcc-win32", "dlltool"), "-d", os.path.join(source, "mir-ucrt.def"),
                    "-l", os.path.join(folder, "libmir-ucrt.a")], check=True)
    for target, options in (("start.exe", strict + ["start.c"]),
                            ("idle.exe", strict + ["-D_UCRT", ucrt_specs(folder), "idle.c"]),
                            ("report.dll", dll + ["-Wl,-e,report_entry", "report.c", "-L" + folder,
                                                  "-lmir-ucrt", "-lkernel32"]),
                            ("bcryptprimitives.dll", dll + ["-Wl,-e,0", "random.c"])):
        subprocess.run([COMPILER, "-o", os.path.join(folder, target)] + options, cwd=source, check=True)
