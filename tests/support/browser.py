"""Drives a headless Chromium as a user does, with its mouse and its keyboard, over --remote-debugging-pipe.

    with Browser("chromium", folder) as browser:
        browser.open("page.html")
        browser.click(10, 20)
        browser.press("Tab", "Enter")
        print(browser.value("document.title"), browser.complaints)

The standard library of Python 3 is all it needs.  Messages are JSON with a 0 behind them, on the descriptors 3 and 4
of Chromium.  Whatever waits gives up after WAIT seconds.
"""
import base64
import fcntl
import json
import os
import pathlib
import select
import signal
import struct
import sys
import time
import zlib

WAIT = 30
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38,
        "ArrowRight": 39, "ArrowDown": 40, "Backspace": 8, "-": 189, "_": 189, ".": 190, "/": 191}
SHIFT = 8
LEFT = ("target navigated", "context was destroyed", "execution context", "Promise was collected")  # of errors: the page


class BrowserError(Exception):
    pass


def pixels_of(png):
    """The rows of pixels of a PNG with 8 bits a sample, not interlaced."""
    at, parts = 8, b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, _, color = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            parts += body
        at += size + 12
    step, data, rows, above = {2: 3, 6: 4}[color], zlib.decompress(parts), [], None
    for y in range(height):
        start = y * (width * step + 1)
        how, row = data[start], bytearray(data[start + 1:start + 1 + width * step])
        for i, byte in enumerate(row):
            a, b = row[i - step] if i >= step else 0, above[i] if above else 0
            c = above[i - step] if above and i >= step else 0
            nearest = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]  # Paeth's
            row[i] = (byte + (0, a, b, (a + b) // 2, nearest)[how]) & 255
        rows.append([tuple(row[i:i + 3]) for i in range(0, len(row), step)])
        above = row
    return rows


class Browser:
    """One Chromium with one page.  FOLDER is for its files.  `complaints` has what went wrong in the page: errors
    of scripts, what is logged as an error or a warning, violations of the Content-Security-Policy, and every
    request but that of the page itself and those of files in the folder SITE, if one is named."""

    def __init__(self, program, folder, site=None):
        self.site = site and pathlib.Path(site).resolve().as_uri() + "/"
        self.complaints, self.received, self.buffer, self.last = [], [], b"", 0
        theirs_in, self.out = os.pipe()
        self.input, theirs_out = os.pipe()
        # Root has no sandbox.
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--hide-scrollbars", "--force-color-profile=srgb", f"--user-data-dir={folder}/profile",
                   "--remote-debugging-pipe", "about:blank"]
        # Neither pipe may be where the other goes.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (theirs_in, theirs_out)]
        log = os.open(f"{folder}/browser.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self.process = os.posix_spawnp(program, command, {**os.environ, "HOME": folder}, setsid=True, file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, log, 1),
            (os.POSIX_SPAWN_DUP2, log, 2), (os.POSIX_SPAWN_DUP2, ends[0], 3), (os.POSIX_SPAWN_DUP2, ends[1], 4)])
        for number in (theirs_in, theirs_out, *ends, log):
            os.close(number)
        try:
            self._attach()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        try:
            os.killpg(self.process, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.process, 0)
        os.close(self.out)
        os.close(self.input)

    # Messages.

    def _attach(self):
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.are_scripts_on = True
        self.size(1100, 900)

    def _read(self, until):
        """The next message; an error at the time UNTIL."""
        while b"\0" not in self.buffer:
            if not select.select([self.input], [], [], max(0, until - time.monotonic()))[0]:
                raise BrowserError("Chromium does not answer")
            data = os.read(self.input, 1 << 16)
            if not data:
                raise BrowserError("Chromium has ended")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def _note(self, event):
        method, what = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(one.get("value")) for one in what["args"]))
        elif method == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.complaints.append(what["entry"]["text"])
        elif method == "Network.requestWillBeSent" and not self._is_own(what["request"]["url"]):
            self.complaints.append("requests " + what["request"]["url"])
        self.received.append(method)

    def _is_own(self, url):
        return url.split("#")[0] == self.address or self.site and url.startswith((self.site, "data:"))

    def call(self, method, **parameters):
        """Call METHOD of the protocol; its result."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data, until = json.dumps(message).encode() + b"\0", time.monotonic() + WAIT
        while data:
            data = data[os.write(self.out, data):]
        while True:
            answer = self._read(until)
            if answer.get("id") == self.last:
                break
            self._note(answer)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def _wait_for(self, method):
        until = time.monotonic() + WAIT
        while method not in self.received:
            self._note(self._read(until))

    # The page.

    def scripts(self, are_on):
        """Whether the pages opened from now on may run theirs."""
        self.call("Emulation.setScriptExecutionDisabled", value=not are_on)
        self.are_scripts_on = are_on

    def open(self, path, fragment=""):
        """Open the file PATH, and wait until it is loaded and drawn."""
        self.address = pathlib.Path(path).resolve().as_uri()
        self.call("Page.navigate", url="about:blank")
        self.value("1")
        self.received.clear()
        self.call("Page.navigate", url=self.address + fragment)
        self._wait_for("Page.loadEventFired")
        if self.are_scripts_on:
            self.settle()

    def value(self, expression):
        """The value of a JavaScript expression, or of what it promises: in the next page if one is opened meanwhile."""
        until = time.monotonic() + WAIT
        while True:
            try:
                result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
                break
            except BrowserError as error:
                if time.monotonic() > until or not any(text in str(error) for text in LEFT):
                    raise
                time.sleep(0.05)
        if "exceptionDetails" in result:
            raise BrowserError(result["exceptionDetails"].get("exception", {}).get("description", expression))
        return result["result"].get("value")

    def settle(self):
        """Wait until what is due has been drawn."""
        self.value("new Promise(done => requestAnimationFrame(() => done()))")

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def media(self, media="", **features):
        """Show the page as for MEDIA ("print") and FEATURES, as prefers_color_scheme="dark"."""
        self.call("Emulation.setEmulatedMedia", media=media, features=[
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()])

    def screenshot(self, path, **clip):
        """Write a picture of what is seen, or of the part CLIP (x, y, width, height of the whole page)."""
        options = {"clip": {"scale": 1, **clip}, "captureBeyondViewport": True} if clip else {}
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png", **options)["data"]))

    def pixels(self, x, y, width, height):
        """The rows of pixels, (red, green, blue), of a part of what is seen."""
        left, top = self.value("[scrollX, scrollY]")
        data = base64.b64decode(self.call("Page.captureScreenshot", format="png", clip={
            "x": left + x, "y": top + y, "width": width, "height": height, "scale": 1})["data"])
        return pixels_of(data)

    # Input.  Places are pixels of the window.

    def _mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def point(self, x, y):
        self._mouse("mouseMoved", x, y)
        self.settle()

    def click(self, x, y):
        self.drag((x, y))

    def drag(self, *places):
        """Press the button at the first of PLACES, move to the others, release it at the last."""
        (x, y), held = places[0], {"button": "left", "buttons": 1, "clickCount": 1}
        self._mouse("mouseMoved", x, y)
        self._mouse("mousePressed", x, y, **held)
        for x, y in places[1:]:
            self._mouse("mouseMoved", x, y, button="left", buttons=1)
        self._mouse("mouseReleased", x, y, **held)
        self.settle()

    def press(self, *keys, shift=False):
        for key in keys:
            code = KEYS.get(key, ord(key[0].upper()))
            event = {"key": key, "windowsVirtualKeyCode": code, "modifiers": SHIFT if shift else 0,
                     "code": "Space" if key == " " else key}
            text = {"Enter": "\r", " ": " "}.get(key, key if len(key) == 1 else "")
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **event)
            self.call("Input.dispatchKeyEvent", type="keyUp", **event)
        self.settle()

    def type(self, text):
        self.press(*text)

    def box(self, expression):
        """Where the element is that a JavaScript expression names, brought into sight: x, y, width, height."""
        return self.value(f"""(element => {{
            element.scrollIntoView({{block: "center", inline: "nearest"}});
            const box = element.getBoundingClientRect();
            return [box.x, box.y, box.width, box.height];
          }})({expression})""")

    def click_on(self, expression):
        x, y, width, height = self.box(expression)
        self.click(x + width / 2, y + height / 2)


def run_tests(tests, browser, folder, is_chosen=lambda name: True):
    """Run the methods of TESTS that need nothing and begin with no underscore, each in a new state of BROWSER, and print a
    line for each, "ok NAME" or "not ok NAME", and on standard error "NAME: why".  A picture of what failed is in FOLDER.
    Whether one failed."""
    failed = 0
    for name, method in vars(type(tests)).items():
        if not callable(method) or method.__code__.co_argcount != 1 or name.startswith("_") or not is_chosen(name):
            continue
        title = name.replace("_", " ")
        try:
            browser.size(1100, 900)
            browser.media()
            browser.scripts(True)
            method(tests)
            assert not browser.complaints, f"the complaints: {browser.complaints}"
            print("ok", title)
        except Exception as error:  # the next test may run
            failed += 1
            print("not ok", title)
            line = error.__traceback__.tb_next.tb_lineno if error.__traceback__.tb_next else 0
            print(f"{title}: {type(error).__name__}, line {line}: {error}"[:800].replace("\n", " "), file=sys.stderr,
                  flush=True)
            try:
                browser.screenshot(f"{folder}/{name}.png")
            except BrowserError as another:
                print(f"{title}: no picture: {another}", file=sys.stderr, flush=True)
        browser.complaints.clear()
        sys.stdout.flush()
    return failed > 0
