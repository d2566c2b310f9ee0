"""Makes the pictures of docs/memory-picture.md and docs/allocators.md: pages of the traces of two examples, the packet
filters and the host, as Chromium shows them.

usage: pictures.py CHROMIUM MIR-REPORT PACKET-FILTER HOST   a HOST with all of its guests
"""
import glob
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / "tests" / "support"))
from browser import Browser  # noqa: E402

EXAMPLE = ROOT / "examples" / "packet-filter"
WIDTH, MOST = 1000, 150000  # pixels; bytes


def take(browser, name, first, last):
    """A picture of the page from the element FIRST to the element LAST."""
    top, bottom = browser.value(f"""[document.querySelector("{first}").getBoundingClientRect().top + scrollY,
        document.querySelector("{last}").getBoundingClientRect().bottom + scrollY]""")
    path = ROOT / "docs" / name
    browser.screenshot(path, x=0, y=top - 10, width=WIDTH, height=bottom - top + 20)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size} bytes")
    if size > MOST:
        sys.exit("that is too much")


def main(chromium, report, packet_filter, host):
    filters = sorted(glob.glob(f"{EXAMPLE}/filters/*.bpf"))
    with tempfile.TemporaryDirectory() as folder:
        for name, some in (("new", filters), ("old", filters[:9] + filters[:4])):
            subprocess.run([packet_filter, "--packets", "300", "--rounds", "1", "--swaps", "8", "--trace",
                            f"{folder}/{name}.trace", EXAMPLE / "data" / "loopback.pcap", *some], check=True,
                           stdout=subprocess.DEVNULL)
        subprocess.run([report, f"--html={folder}/page.html", f"{folder}/new.trace"], check=True)
        subprocess.run([report, f"--html={folder}/both.html", f"--diff={folder}/old.trace", f"{folder}/new.trace"],
                       check=True)
        done = subprocess.run([host, "--exhaust", "all", "--trace", f"{folder}/host.trace"], check=True, text=True,
                              stdout=subprocess.PIPE)
        if "left out" in done.stdout:
            sys.exit("this host has not all of its guests")
        subprocess.run([report, f"--html={folder}/host.html", f"{folder}/host.trace"], check=True)
        with Browser(chromium, folder) as browser:
            browser.size(WIDTH, 900)
            browser.open(f"{folder}/page.html", "#unit=blocks&search=init")
            browser.value("document.querySelector('#stack-table .opens').click()")
            browser.settle()
            take(browser, "memory-picture-stacks.png", "#stacks .controls", "#stack-table tbody tr:nth-child(4)")
            browser.open(f"{folder}/page.html", "#from=1&to=32&unit=blocks")
            take(browser, "memory-picture.png", ".tiles", "#range-controls")
            take(browser, "memory-picture-range.png", "#stacks", "#details")
            browser.open(f"{folder}/host.html")
            take(browser, "allocators-host.png", ".tiles", "#range-controls")
            browser.media(prefers_color_scheme="dark")
            browser.open(f"{folder}/both.html", "#order=callees")
            take(browser, "memory-picture-compared.png", "#stacks .controls", "#stack-table tbody tr:nth-child(4)")


if __name__ == "__main__":
    main(*sys.argv[1:])
