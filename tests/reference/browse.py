"""Uses the HTML of ./dev docs as a reader does: finds names, follows links, on a wide and a narrow screen, in the dark and
without scripts.  Nothing may be loaded from elsewhere, and nothing complain.

usage: browse.py CHROMIUM FOLDER SITE
  FOLDER   for the browser's files
  SITE     the pages

Prints a line for each test, "ok NAME" or "not ok NAME", and why one failed on standard error, as "NAME: why".
"""
import os
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from browser import Browser, run_tests  # noqa: E402

QUERY, RESULTS = "document.getElementById('query')", "document.getElementById('results')"


def same(what, found, wanted):
    assert found == wanted, f"{what}: {found!r}, not {wanted!r}"


class Tests:
    def __init__(self, browser, site):
        self.browser, self.site = browser, site

    # What a reader does and sees.

    def _open(self, page, fragment=""):
        self.browser.open(f"{self.site}/{page}", fragment)

    def _place(self):
        """The page and the place that are shown."""
        return self.browser.value("location.href").rsplit("/", 1)[1]

    def _arrive(self, wanted):
        """Wait until the page WANTED is there."""
        until = time.monotonic() + 10
        while self._place() != wanted or self.browser.value("document.readyState") != "complete":
            assert time.monotonic() < until, f"{self._place()} is shown, not {wanted}"
        self.browser.settle()

    def _found(self):
        """The names in the list of results; None if it is not shown."""
        return self.browser.value(f"{RESULTS}.hidden ? null : [...{RESULTS}.querySelectorAll('b')].map(b => b.textContent)")

    def _is_in_sight(self, name):
        """Whether the heading of NAME is at the top of the page, below the bar."""
        top, bar = self.browser.value(f"[document.getElementById('{name}').getBoundingClientRect().top,"
                                      "document.querySelector('header').getBoundingClientRect().bottom]")
        return bar <= top < bar + 120

    # Tests.

    def the_search_finds_a_function_and_opens_it(self):
        self._open("index.html")
        self.browser.press("/")
        self.browser.type("code_publish")
        same("the first result", self._found()[0], "MIR_code_publish")
        self.browser.press("Enter")
        self._arrive("mir-code.html#MIR_code_publish")
        assert self._is_in_sight("MIR_code_publish"), "the heading is out of sight"
        same("the list", self._found(), None)

    def the_search_stays_on_its_page(self):
        self._open("mir-code.html")
        self.browser.click_on(QUERY)
        self.browser.type("mir_code_trim")
        self.browser.press("Enter")
        self._arrive("mir-code.html#MIR_code_trim")
        assert self._is_in_sight("MIR_code_trim"), "the heading is out of sight"

    def arrows_choose_and_escape_closes(self):
        self._open("index.html")
        self.browser.press("/")
        self.browser.type("arena")
        names, chosen = self._found(), f"{RESULTS}.querySelector('[aria-selected=true] b').textContent"
        assert len(names) > 5, names
        same("the choice", self.browser.value(chosen), names[0])
        self.browser.press("ArrowDown", "ArrowDown")
        same("the choice", self.browser.value(chosen), names[2])
        self.browser.press("ArrowUp")
        same("the choice", self.browser.value(chosen), names[1])
        same("what a screen reader reads", self.browser.value(
            f"document.getElementById({QUERY}.getAttribute('aria-activedescendant')).querySelector('b').textContent"), names[1])
        self.browser.press("Escape")
        same("the list", self._found(), None)

    def results_can_be_clicked(self):
        self._open("index.html")
        self.browser.click_on(QUERY)
        self.browser.type("zone bytes")
        same("the first result", self._found()[0], "MIR_zone_bytes")
        self.browser.click_on(f"{RESULTS}.querySelector('a')")
        self._arrive("mir-heap.html#MIR_zone_bytes")

    def the_search_finds_constants_guides_and_tools(self):
        self._open("index.html")
        for typed, wanted in (("no_thunks", "MIR_CODE_NO_THUNKS"), ("hardened", "Hardened Linux"), ("mir-inject", "mir-inject"),
                              ("mir-heap.h", "mir-heap.h"), ("lua", "adapters/mir-lua.h"), ("varr_push", "VARR_PUSH")):
            self.browser.value(f"{QUERY}.value = ''")
            self.browser.click_on(QUERY)
            self.browser.type(typed)
            same(f"the first result for {typed}", (self._found() or [""])[0], wanted)

    def the_search_says_that_it_finds_nothing(self):
        self._open("index.html")
        self.browser.press("/")
        self.browser.type("qwxz")
        same("the results", self._found(), [])
        same("the list", self.browser.value(f"{RESULTS}.textContent"), "Nothing found")
        self.browser.press("Enter")
        same("the place", self._place(), "index.html")

    def a_name_leads_to_its_explanation(self):
        self._open("mir-code.html", "#MIR_code_options_t")
        assert self._is_in_sight("MIR_code_options_t"), "the heading is out of sight"
        self.browser.click_on("document.getElementById('MIR_code_options_t.alloc').querySelector('a')")
        self._arrive("mir-alloc.html#MIR_alloc_t")
        assert self._is_in_sight("MIR_alloc_t"), "the heading is out of sight"

    def guides_and_reference_lead_to_each_other(self):
        self._open("mir-code.html")
        self.browser.click_on("document.querySelector('main a[href=\"guide-mir.html\"]')")
        self._arrive("guide-mir.html")
        link = "document.querySelector('main code > a[href^=\"mir-code.html#\"]')"
        target = self.browser.value(f"{link}.getAttribute('href')")
        self.browser.click_on(link)
        self._arrive(target)

    def pictures_are_shown(self):
        self._open("guide-memory-picture.html")
        sizes = self.browser.value("[...document.images].map(image => image.naturalWidth)")
        assert len(sizes) >= 4 and min(sizes) > 100, sizes

    def nothing_is_wider_than_a_phone(self):
        pages = [name for name in sorted(os.listdir(self.site)) if name.endswith(".html")]
        self.browser.size(360, 640)
        for page in pages:
            self._open(page)
            width = self.browser.value("document.documentElement.scrollWidth")
            assert width <= 360, f"{page} is {width} pixels wide"

    def the_contents_open_on_a_phone(self):
        self.browser.size(360, 640)
        self._open("mir-code.html")
        shown = "getComputedStyle(document.querySelector('nav')).display != 'none'"
        same("the contents are shown", self.browser.value(shown), False)
        self.browser.click_on("document.getElementById('menu')")
        same("the contents are shown", self.browser.value(shown), True)
        self.browser.click_on("document.querySelector('nav a[href=\"mir-code.html#MIR_code_free\"]')")
        self._arrive("mir-code.html#MIR_code_free")
        same("the contents are shown", self.browser.value(shown), False)

    def text_can_be_read_in_the_dark(self):
        for scheme, is_dark in (("dark", True), ("light", False)):
            self.browser.media(prefers_color_scheme=scheme)
            self._open("mir-code.html")
            red, green, blue = self.browser.pixels(640, 890, 1, 1)[0][0]
            same(f"the back is dark, {scheme}", red + green + blue < 150, is_dark)
            contrasts = self.browser.value("""(() => {
                const light = text => {
                  const parts = text.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255).map(
                    part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
                  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
                };
                const back = light(getComputedStyle(document.body).backgroundColor);
                return ["main p", "main a", ".lead", ".signature b", "nav ul ul a"].map(name => {
                  const one = light(getComputedStyle(document.querySelector(name)).color);
                  return [name, (Math.max(one, back) + 0.05) / (Math.min(one, back) + 0.05)];
                });
              })()""")
            for name, contrast in contrasts:
                assert contrast >= 4.5, f"{name} has a contrast of {contrast:.1f}, {scheme}"

    def all_is_there_without_scripts(self):
        self.browser.scripts(False)
        self._open("index.html")
        self.browser.scripts(True)
        text = self.browser.value("document.querySelector('main').textContent")
        for name in ("MIR_code_publish", "VARR_PUSH", "HTAB_DO", "MIR_init_with", "MIR_CODE_OK"):
            assert name in text, f"{name} is missing"


def main(chromium, folder, site):
    with Browser(chromium, folder, site) as browser:
        return run_tests(Tests(browser, site), browser, folder)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
