"""The main way in a real browser, on the bundled checkpoint: start, open a recording of one's own, ask, look, go on."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.simulation.simulate import simulate

ROOT = Path(__file__).parents[2]
BROWSERS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 120_000
FOOTER = ".ecgclip-footer"
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
MILLIMETRES = """() => {
    const page = document.querySelector('.st-key-tracing .js-plotly-plot');
    const box = page.getBoundingClientRect();
    const {xaxis, yaxis} = page._fullLayout;
    return {x: Math.abs(xaxis._m), y: Math.abs(yaxis._m), width: box.width, height: box.height};
}"""
CURVES = """() => document.querySelector('.st-key-tracing .js-plotly-plot')
    ._fullData.filter(trace => trace.meta === 'moments').length"""
OVERLAPS = """() => {
    // What lies in a closed expander has a place on the page, but is not seen.
    const seen = [...document.querySelectorAll('[data-testid=stMainBlockContainer] button, .ecgclip-measures > div, '
        + '.ecgclip-answer, [data-testid=stPlotlyChart]')].filter(e => e.offsetParent
        && !e.closest('details:not([open])'));
    const boxes = seen.map(e => [e, e.getBoundingClientRect()]).filter(([, b]) => b.width > 0);
    const hits = [];
    for (const [i, [e, a]] of boxes.entries())
        for (const [f, b] of boxes.slice(i + 1))
            if (!e.contains(f) && !f.contains(e) && a.left < b.right - 1 && b.left < a.right - 1
                && a.top < b.bottom - 1 && b.top < a.bottom - 1)
                hits.push(e.outerHTML.slice(0, 90) + ' / ' + f.outerHTML.slice(0, 90));
    return hits;
}"""


@pytest.fixture(scope="module")
def address():
    """Where a fresh server of the app listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(url, server):
    for _ in range(240):
        assert server.poll() is None, "the app did not start"
        try:
            with urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError("the app did not answer within a minute")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    found = next((path for path in BROWSERS if Path(path).exists()), None)
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(browser):
    """A page at 1440 x 900 that fails the test where it asks anything of another machine."""
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(PATIENCE_MS)
    elsewhere = []
    local = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "about:")
    opened.on("request", lambda request: request.url.startswith(local) or elsewhere.append(request.url))
    yield opened
    opened.close()
    assert elsewhere == []


@pytest.fixture
def own_files(tmp_path):
    """A WFDB record on disk, as a person would choose it."""
    import wfdb

    ecg = simulate("inferior_st_elevation_infarction", seed=77)
    wfdb.wrsamp(
        "mine",
        fs=500,
        units=["mV"] * 12,
        sig_name=list(LEADS),
        p_signal=ecg.signal.T.astype(float),
        fmt=["16"] * 12,
        write_dir=str(tmp_path),
    )
    return [str(tmp_path / "mine.hea"), str(tmp_path / "mine.dat")]


@pytest.mark.parametrize("name", ["criteria", "clusters", "cohort", "evidence", ""])
def test_each_page_opens_by_its_own_address_with_banner_and_navigation(page, address, name):
    page.goto(f"{address}/{name}")
    page.wait_for_selector(".ecgclip-banner")
    page.wait_for_selector(FOOTER)
    assert page.get_by_role("link", name="Evidence").count() == 1
    assert page.locator("[data-testid=stException]").count() == 0


def test_a_recording_of_ones_own_is_read_asked_and_kept_out_of_the_link(page, address, own_files, tmp_path):
    page.goto(f"{address}/?case=fibrillation")
    page.wait_for_selector(FOOTER)
    assert "case=fibrillation" in page.url

    page.get_by_text("Open files").click()
    page.set_input_files("input[type=file]", own_files)
    page.wait_for_selector(".ecgclip-title:text('mine')")
    page.keyboard.press("Escape")
    # A new recording starts with an empty question, so typing begins when its page is complete.
    page.wait_for_selector(IDLE)
    question = page.get_by_label("Ask this recording")
    question.fill("ST elevation in the inferior leads")
    question.press("Enter")
    page.wait_for_selector(".ecgclip-answer:has-text('elevation')")
    page.wait_for_selector("text=not what causes the finding")
    page.wait_for_selector(".ecgclip-flags:has-text('ST elevation')")
    page.wait_for_selector(FOOTER)
    assert question.input_value() == "ST elevation in the inferior leads"
    assert page.url.rstrip("/") == address
    page.screenshot(path=str(tmp_path / "own_recording.png"), full_page=True)
    assert (tmp_path / "own_recording.png").stat().st_size > 50_000


def test_two_findings_in_one_question_are_answered_one_by_one_and_lead_to_their_criteria(page, address):
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.goto(f"{address}/?case=fibrillation")
    page.wait_for_selector(FOOTER)
    question = page.get_by_label("Ask this recording")
    question.fill("AF and LBBB")
    question.press("Enter")
    page.wait_for_selector(".ecgclip-answer .part.total")
    assert page.locator(".ecgclip-answer .part").count() == 3
    page.wait_for_selector("text=Half of the attribution")
    page.wait_for_selector(IDLE)
    page.wait_for_timeout(1500)
    drawn = page.evaluate(MILLIMETRES)
    assert drawn["x"] == pytest.approx(drawn["y"], rel=0.01)
    assert drawn["x"] * 266 == pytest.approx(drawn["width"], rel=0.02)
    assert page.evaluate(CURVES) == 1
    assert page.evaluate(OVERLAPS) == []

    page.get_by_role("button", name="Criteria of left bundle branch block").click()
    page.wait_for_selector(".ecgclip-criteria .state")
    page.wait_for_selector(FOOTER)
    assert page.url == f"{address}/criteria"
    assert page.get_by_text("QRS duration of 120 ms or more").first.is_visible()
    assert page.evaluate(OVERLAPS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


@pytest.mark.parametrize("width", [1280, 1440, 2560])
def test_a_millimetre_is_square_the_paper_fills_its_place_and_nothing_overlaps(page, address, width):
    page.set_viewport_size({"width": width, "height": 1000})
    page.goto(address)
    page.wait_for_selector(FOOTER)
    page.wait_for_selector(".st-key-tracing .js-plotly-plot .scatterlayer")
    page.wait_for_timeout(1500)
    drawn = page.evaluate(MILLIMETRES)
    assert drawn["x"] == pytest.approx(drawn["y"], rel=0.01)
    assert drawn["x"] * 266 == pytest.approx(drawn["width"], rel=0.02)
    assert page.evaluate(OVERLAPS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_zooming_keeps_a_millimetre_square(page, address):
    page.goto(address)
    page.wait_for_selector(FOOTER)
    page.wait_for_selector(".st-key-tracing .js-plotly-plot .scatterlayer")
    page.wait_for_timeout(1000)
    before = page.evaluate(MILLIMETRES)
    page.locator(".st-key-tracing .js-plotly-plot").hover()
    page.locator(".st-key-tracing [data-title='Zoom in']").click()
    page.wait_for_timeout(1000)
    after = page.evaluate(MILLIMETRES)
    assert after["x"] > 1.5 * before["x"]
    assert after["x"] == pytest.approx(after["y"], rel=0.01)


def test_the_drawn_tracing_is_the_recording(page, address):
    """What the browser holds for the rhythm strip is the signal of the case, in millimetres."""
    from ecgclip_core.simulation.cases import cases

    page.goto(address)
    page.wait_for_selector(FOOTER)
    page.wait_for_timeout(1000)
    held = page.evaluate(
        """() => {
            const trace = document.querySelector('.st-key-tracing .js-plotly-plot')._fullData[12];
            return {y: Array.from(trace.y), dx: trace.dx};
        }"""
    )
    lead = cases()[0].ecg().lead("II")
    assert held["dx"] == pytest.approx(25 / 500)
    assert np.allclose(np.array(held["y"]) - held["y"][0], (lead - lead[0]) * 10, atol=0.01)
