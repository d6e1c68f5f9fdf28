"""The evidence page as Chromium shows and prints it, and dbt's docs with their lineage."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

from support.chromium import PROGRAM, Tab, tab
from support.evidence_page import Written, page_of

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="chromium is needed; Debian's package is called chromium"
)
A4 = (210, 297)  # millimetres
MODEL = "model.stedi_lakehouse.customers_curated"
GRAPH = "document.querySelector('.__________cytoscape_container')"
CY = f"{GRAPH}._cyreg.cy"  # of Cytoscape, which draws the graph


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab(tmp_path_factory.mktemp("chromium")) as found:
        found.call("Emulation.setScrollbarsHidden", hidden=True)
        yield found


@pytest.fixture
def shown(browser: Tab, written: Written) -> Tab:
    """The page, freshly opened."""
    browser.complaints.clear()
    browser.requests.clear()
    browser.open(page_of(written.lakehouse))
    return browser


def ink(path: Path) -> float:
    """The share of a picture that is not white."""
    picture = imread(path)[..., :3]
    return float((picture.min(axis=2) < 0.9).mean())


def test_page_opens_without_console_errors_or_requests(shown: Tab, written: Written) -> None:
    assert shown.ask("document.querySelectorAll('svg').length") == 3
    assert shown.complaints == []
    assert shown.requests == [page_of(written.lakehouse).as_uri()]


def test_console_errors_and_requests_are_noticed(browser: Tab, tmp_path: Path) -> None:
    """Without this, the test before might see nothing because it looks at nothing."""
    browser.complaints.clear()
    browser.requests.clear()
    bad = tmp_path / "bad.html"
    bad.write_text("<img src='http://127.0.0.1:9/a.png'><script>missing()</script>")
    browser.open(bad)
    browser.until("document.images[0].complete")
    assert "http://127.0.0.1:9/a.png" in browser.requests
    assert any("missing is not defined" in said for said in browser.complaints)


def test_page_refuses_to_load_or_run_injected_content(
    browser: Tab, written: Written, tmp_path: Path
) -> None:
    browser.complaints.clear()
    more = "<img src='http://127.0.0.1:9/a.png'><script>document.title = 'run'</script></body>"
    path = tmp_path / "page.html"
    path.write_text(written.page.replace("</body>", more))
    browser.open(path)
    assert browser.ask("document.title") == "STEDI lakehouse: evidence"
    refused = [said for said in browser.complaints if "Content Security Policy" in said]
    for what in ("a.png", "script"):
        assert len([said for said in refused if what in said]) == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_page_fits_desktop_and_phone(width: int, shown: Tab, tmp_path: Path) -> None:
    shown.call(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=900, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip
    picture = shown.screenshot(tmp_path / "page.png")
    assert 0.03 < ink(picture) < 0.6
    height = shown.ask("document.documentElement.scrollHeight")
    assert imread(picture).shape[:2] == (height, width)
    # wide tables scroll inside their box; the page does not
    assert shown.ask("document.documentElement.scrollWidth") <= width
    # no column is so narrow that words break into letters
    narrowest = shown.ask(
        "Math.min(...[...document.querySelectorAll('#laws-table td, #tests-table td')]"
        ".map(cell => cell.getBoundingClientRect().width))"
    )
    assert narrowest > 80
    # all that the laws' tables say is within the window
    outside = shown.ask(
        "[...document.querySelectorAll('#laws-table *, #tests-table *')]"
        f".filter(e => e.getBoundingClientRect().right > {width}).length"
    )
    assert outside == 0
    drawn = shown.ask(
        "[...document.querySelectorAll('svg')].every(s => s.getBoundingClientRect().height > 40)"
    )
    assert drawn


# The contrast of each text with what is behind it (WCAG 2.2, 1.4.3), least first.
CONTRASTS = """(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) {
    const found = rgba(getComputedStyle(e).backgroundColor); if (found[3]) return found; }
    return [255, 255, 255]; };
  return [...document.querySelectorAll('body *:not(svg *)')]
    .filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()))
    .map(e => { const [a, b] = [light(rgba(getComputedStyle(e).color)), light(behind(e))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      return [ratio, e.tagName + '.' + e.className + ' ' + e.textContent.trim().slice(0, 40)]; })
    .sort((one, other) => one[0] - other[0]).slice(0, 5);
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_what_is_behind_it(
    scheme: str, browser: Tab, written: Written, tmp_path: Path
) -> None:
    """On a page that has everything: alarms, broken laws, unknowns."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.call("Emulation.setEmulatedMedia", features=features)
    more = "".join(
        f"<p class='{of}'>text <code>code</code> <a href='#'>link</a> "
        + "".join(f"<span class='state {state}'>{state}</span>" for state in STATES)
        for of in ("alarm", "unknown", "verdict bad", "quiet")
    )
    path = tmp_path / "page.html"
    path.write_text(written.page.replace("</body>", f"{more}</body>"))
    browser.open(path)
    background = browser.ask("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    found = browser.ask(CONTRASTS)
    browser.call("Emulation.setEmulatedMedia", features=[])
    assert [each for each in found if each[0] < 4.5] == []


STATES = (
    "holds", "broken", "checked-in-part", "not-checked", "proven", "proven-in-part", "not-proven",
    "passed", "failed", "not-run", "kept", "stale",
)  # fmt: skip


def test_every_link_leads_to_a_section(shown: Tab) -> None:
    links = shown.ask("[...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))")
    assert len(links) == 9
    for link in links:
        assert shown.ask(f"document.querySelectorAll('{link}').length") == 1
        shown.click(f"document.querySelector('nav a[href=\"{link}\"]')")
        assert shown.ask("location.hash") == link


def test_page_prints_on_a4_and_nothing_is_cut_off(shown: Tab, tmp_path: Path) -> None:
    printed = shown.pdf(tmp_path / "page.pdf").read_bytes()
    boxes = {*re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)}
    assert [[round(float(points) / 72 * 25.4) for points in box] for box in boxes] == [[*A4]]
    # at the width of the paper within its margins, nothing is wider
    width = round((A4[0] - 24) / 25.4 * 96)
    shown.call("Emulation.setEmulatedMedia", media="print")
    shown.call(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=1000, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip
    wide = shown.ask(
        "[...document.querySelectorAll('table, svg')].filter("
        f"e => e.getBoundingClientRect().right > {width} + 1).map(e => e.id || e.tagName)"
    )
    shown.call("Emulation.setEmulatedMedia", media="")
    assert wide == []


def test_lineage_of_the_docs_can_be_walked(browser: Tab, written: Written, tmp_path: Path) -> None:
    """From the overview through folders to a model, its whole lineage graph, and a table in it."""
    target = written.lakehouse.folder / "target"
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.complaints.clear()
    browser.requests.clear()
    browser.open(target / "static_index.html")
    for name in ("stedi_lakehouse", "models", "curated", "customers_curated"):
        # dbt breaks long names with blanks that are not seen
        browser.click(
            "[...document.querySelectorAll('a.menu-tree, a.menu-node')].find(e => "
            f"e.innerText.replace(/\\s/g, '') == '{name}' && e.getBoundingClientRect().width)"
        )
    browser.until(f"location.hash.includes('{MODEL}')")
    browser.click("document.querySelector('.launcher-btn a')")
    browser.until(f"Boolean({GRAPH} && {GRAPH}._cyreg && {CY}.nodes().length)")
    browser.click("document.querySelector('[ng-click=\"showExpanded()\"]')")
    browser.until(f"{CY}.nodes().filter(n => n.id().includes('.landing.')).length == 3")
    nodes = browser.ask(f"{CY}.nodes().map(n => n.id())")
    manifest = json.loads((target / "manifest.json").read_text())
    # the graph does not show tests of columns
    assert {*nodes} == {
        name for name in relatives(MODEL, manifest)
        if "test_metadata" not in manifest["nodes"].get(name, {})
    }  # fmt: skip

    people = f"{CY}.getElementById('model.stedi_lakehouse.customer_trusted')"
    browser.click_at(
        f"(() => {{ const box = {GRAPH}.getBoundingClientRect(), at = {people}.renderedPosition();"
        " return [box.x + at.x, box.y + at.y] })()"
    )
    browser.until(f"{people}.selected()")
    assert ink(browser.screenshot(tmp_path / "lineage.png", whole=False)) > 0.5

    # dbt's own page has images without an address; nothing else may be missing
    assert [said for said in browser.complaints if "Uncaught" in said] == []
    assert {address.partition(":")[0] for address in browser.requests} == {"file"}


def relatives(model: str, manifest: dict[str, Any]) -> set[str]:
    """A model with all of its ancestors and descendants."""
    found = {model}
    for edges in (manifest["parent_map"], manifest["child_map"]):
        waiting = [model]
        while waiting:
            more = {*edges.get(waiting.pop(), ())} - found
            found |= more
            waiting += more
    return found
