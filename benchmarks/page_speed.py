"""How long the reading page takes, in a real browser: ``python benchmarks/page_speed.py``.

From the start of the server to the first painted tracing, and from picking a case to the complete page (median of 10).
"""

import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ecgclip_core.simulation.cases import cases

ROOT = Path(__file__).parents[1]
CHROMIUM = "/usr/bin/chromium"
PICKED = 10
TRACING = ".st-key-tracing .js-plotly-plot .scatterlayer .trace"
# The page is complete when Streamlit has finished the run that drew the title.
COMPLETE = """title => {
    const shown = document.querySelector('.ecgclip-title');
    const running = document.querySelector('[data-testid=stApp]').dataset.testScriptState !== 'notRunning';
    return shown && shown.innerText === title && !running && document.querySelector('.ecgclip-footer') !== null;
}"""


def main() -> None:
    """Start a server, measure, print, stop."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM if Path(CHROMIUM).exists() else None, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(60_000)
        begun = time.perf_counter()
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _open(page, f"http://127.0.0.1:{port}", begun)
            _pick(page)
        finally:
            server.terminate()
            browser.close()


def _open(page: Page, address: str, begun: float) -> None:
    while True:
        try:
            page.goto(address)
            break
        except Exception:  # noqa: BLE001 - the server is not listening yet
            time.sleep(0.05)
    page.wait_for_selector(".ecgclip-banner")
    print(f"start to first paint (banner)      {time.perf_counter() - begun:6.2f} s")
    page.wait_for_selector(TRACING)
    print(f"start to the first tracing         {time.perf_counter() - begun:6.2f} s")
    page.wait_for_function(COMPLETE, arg=cases()[0].title)
    print(f"start to the first complete page   {time.perf_counter() - begun:6.2f} s")


def _pick(page: Page) -> None:
    took = []
    for case in cases()[1 : PICKED + 1]:
        page.locator(".st-key-case_choice").get_by_role("combobox").click()
        option = page.get_by_role("option", name=f"Simulated · {case.title}", exact=True)
        option.wait_for()
        begun = time.perf_counter()
        option.click()
        page.wait_for_function(COMPLETE, arg=case.title)
        took.append(time.perf_counter() - begun)
    print(f"picking a case to complete page    {statistics.median(took):6.2f} s (median of {len(took)})")
    print("each:", ", ".join(f"{seconds:.2f}" for seconds in took))


if __name__ == "__main__":
    main()
