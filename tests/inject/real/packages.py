"""npm's packages with Windows images: pinned ones, in the folder that tests/real/get shares with all builds."""
import base64
import hashlib
import os
import shutil
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../../real"))
from npm import Missing, pack  # noqa: E402

STORE = os.environ.get("MIR_PACKAGES") or os.path.join(HERE, "../../../build-packages")


def rows(name):
    """The lines of a table of this folder, split at tabs, without comments."""
    with open(os.path.join(HERE, name)) as file:
        return [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]


def integrity_of(path):
    with open(path, "rb") as file:
        return "sha512-" + base64.b64encode(hashlib.sha512(file.read()).digest()).decode()


def is_safe(member):
    parts = member.name.split("/")
    return (member.isfile() or member.isdir()) and parts[0] != "" and ".." not in parts


def folder_of(package):
    """Where PACKAGE is, or will be; as in tests/real/get a scope is no folder of its own."""
    return os.path.join(os.path.abspath(STORE), package.replace("/", "-").lstrip("@"))


def kept_integrity(folder):
    """The integrity of the package that was unpacked into FOLDER."""
    with open(folder + ".integrity") as file:
        return file.read().strip()


def fetch(package, integrity=None, largest=None):
    """The folder of PACKAGE, fetched if it is not there, and its integrity.  LARGEST: of an archive, in MB."""
    folder = folder_of(package) + "+all" # tests/real/get may have unpacked a part of it
    if os.path.isdir(folder):
        return folder, kept_integrity(folder)
    os.makedirs(STORE, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=STORE, prefix=".get-") as work:
        archive = pack(package, work)
        if largest is not None and os.path.getsize(archive) > largest << 20:
            raise Missing(f"{package} has more than {largest} MB")
        got = integrity_of(archive)
        if integrity is not None and got != integrity:
            raise ValueError(f"{package} is not what it was: {got}")
        files = os.path.join(work, "files")
        with tarfile.open(archive) as tar:
            for member in tar:
                if is_safe(member):
                    member.mode |= 0o600 if member.isfile() else 0o700
                    tar.extract(member, files, set_attrs=False)
        with open(folder + ".integrity", "w") as file:
            file.write(got + "\n")
        try:
            os.rename(files, folder)
        except OSError: # another run was faster
            shutil.rmtree(files, ignore_errors=True)
    return folder, got


def images(folder):
    """The paths below FOLDER, in order, of all files that begin as programs of Windows do."""
    found = []
    for path, _, names in os.walk(folder):
        for name in names:
            full = os.path.join(path, name)
            if os.path.islink(full) or os.path.getsize(full) < 256:
                continue
            with open(full, "rb") as file:
                if file.read(2) == b"MZ":
                    found.append(os.path.relpath(full, folder))
    return sorted(found)
