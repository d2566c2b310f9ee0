#!/usr/bin/env python3
"""Fetches packages of npm's for tests: npm.py PACKAGE FOLDER puts the archive of PACKAGE, name@version, into FOLDER and
prints its path.  Status 77 with the reason on standard error: it cannot be fetched here.

Where the registry does not answer, npm tries for minutes, for each package.  So the registry is asked first, which
takes seconds at most if nothing is there; one that was reached may take its time to answer.  The outcome stays in the
file that NPM_VERDICT names, if it is set: ./dev test makes a new one for each run.
"""
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.parse

CONNECT_SECONDS = 5
ANSWER_SECONDS = 60
PACK_SECONDS = 600
PORTS = {"http": 80, "https": 443}


class Missing(Exception):
    """A package is not to be had here; the text says why."""


def configuration():
    """npm's own: the registry, and the proxy for it or an empty string."""
    names = ["registry", "https-proxy", "proxy"]
    said = subprocess.run(["npm", "config", "get"] + names, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=False).stdout
    values = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    values = {name: "" if values.get(name) in (None, "null", "undefined") else values[name] for name in names}
    return values["registry"], values["https-proxy"] or values["proxy"]


def ask(registry, proxy):
    """Wait for an answer of any kind from REGISTRY.  Raises OSError or HTTPException."""
    address = urllib.parse.urlsplit(registry)
    first = urllib.parse.urlsplit(proxy or registry)
    port = first.port or PORTS[first.scheme]
    socket.create_connection((first.hostname, port), CONNECT_SECONDS).close()
    if proxy and (first.scheme, address.scheme) != ("http", "https"):
        return # of other proxies it is enough that they are there
    if address.scheme == "https":
        # Whose certificate it is, is npm's business.
        connection = http.client.HTTPSConnection(first.hostname, port, timeout=ANSWER_SECONDS,
                                                 context=ssl._create_unverified_context())
        if proxy:
            connection.set_tunnel(address.hostname, address.port or PORTS["https"])
    else:
        connection = http.client.HTTPConnection(first.hostname, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", urllib.parse.urljoin(address.path or "/", "-/ping"))
        connection.getresponse()
    except ssl.SSLError:
        pass # an answer
    finally:
        connection.close()


def probe():
    """Why npm's registry does not answer; an empty string if it does."""
    os.environ.setdefault("RES_OPTIONS", "timeout:3 attempts:2") # of the resolver: by default it takes longer
    registry, proxy = configuration()
    try:
        ask(registry, proxy)
    except (OSError, http.client.HTTPException, ValueError, KeyError) as problem:
        what = f"npm's registry {registry or '(none)'}" + (f", by way of {proxy}," if proxy else "")
        return f"{what} does not answer: {getattr(problem, 'strerror', None) or problem}"
    return ""


def verdict(again=False):
    """The outcome of this run's probe; of a new one AGAIN."""
    path = os.environ.get("NPM_VERDICT")
    if path and not again:
        try:
            with open(path, encoding="utf-8") as file:
                return file.read().strip()
        except OSError:
            pass
    reason = probe()
    if path:
        part = f"{path}.{os.getpid()}"
        with open(part, "w", encoding="utf-8") as file:
            file.write(reason + "\n")
        os.replace(part, path) # another test may be reading it
    return reason


def gist(said):
    """The line of npm's errors that says most."""
    lines = [re.sub(r"^npm (ERR!|error)( \d{3})? *", "", line).strip() for line in said.splitlines()]
    told = [line for line in lines if line and not re.match(r"(code|syscall|errno|at) ", line)]
    return (told or lines or ["it said nothing"])[0]


def pack(package, folder):
    """Fetch PACKAGE into FOLDER.  The path of the archive."""
    if shutil.which("npm") is None:
        raise Missing(f"no npm, which would fetch {package}")
    if reason := verdict():
        raise Missing(reason)
    try:
        done = subprocess.run(["npm", "pack", "--loglevel=error", "--pack-destination", folder, package],
                              timeout=PACK_SECONDS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise Missing(verdict(again=True) or f"npm cannot fetch {package}: {problem}") from problem
    found = [name for name in os.listdir(folder) if name.endswith(".tgz")]
    if done.returncode != 0 or not found:
        raise Missing(verdict(again=True) or f"npm could not fetch {package}: {gist(done.stderr)}")
    return os.path.join(folder, found[0])


def main():
    if len(sys.argv) != 3:
        print("npm.py: usage: npm.py PACKAGE FOLDER", file=sys.stderr)
        return 2
    try:
        print(pack(*sys.argv[1:]))
    except Missing as reason:
        print(reason, file=sys.stderr)
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
