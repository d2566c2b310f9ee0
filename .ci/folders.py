"""The folders of the library that mutants and coverage are about, and which tests belong to each: tests/folders."""
import json
import os
import re
import subprocess

# Tests of scripts and pages, and those of LLVM.
LEFT_OUT = {"once", "llvm"}


def read_folders():
    """{folder: the folders of tests/}"""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with open(os.path.join(root, "tests/folders"), encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    return {folder: tests.split() for folder, tests in (line.split(":") for line in lines)}


FOLDERS = read_folders()


def folder_of(path):
    return next((folder for folder in FOLDERS if path == folder or path.startswith(folder + "/")), None)


class Test:
    """One of meson's tests; FILES are the targets that it needs, for ninja."""

    def __init__(self, known, files):
        self.name, self.command, self.workdir, self.env = known["name"], known["cmd"], known["workdir"], known["env"]
        self.suites = {suite.rpartition(":")[2] for suite in known["suite"]}
        self.files = [files[name] for name in known["depends"]]
        found = [re.search(r"(?:^|/)tests/(\w+)/", word) for word in known["cmd"]]
        self.folder = next((match[1] for match in found if match), None)


def tests_in(build):
    """The tests of the directory BUILD, which is configured, that are in folders of tests/."""
    known = json.loads(subprocess.check_output(["meson", "introspect", "--tests", "--targets", build]))
    files = {target["id"]: os.path.relpath(target["filename"][0], build) for target in known["targets"]}
    tests = [Test(test, files) for test in known["tests"]]
    return [test for test in tests if test.folder and not test.suites & LEFT_OUT]


def tests_of(folder, tests):
    return [test for test in tests if test.folder in FOLDERS[folder]]
