"""A notebook in a real browser: opened, run through the menu, looked at. Every request is written down."""

import re
import time
from pathlib import Path

from playwright.sync_api import Locator, Page

from .servers import Server

TROUBLE = re.compile(
    r"Traceback \(most recent call last\)|Javascript Error|Error displaying widget|Failed to load model"
)


LATE = "[anywidget] Failed to initialize model."  # after 2 s: a script of ours then listens by itself, see awake.js


class Watched:
    """A page, what it asked for, and what it complained about."""

    def __init__(self, page: Page, shots: Path):
        self.page, self.shots = page, shots
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.errors.extend({str(error)} - {LATE}))

    @property
    def off_site(self) -> list[str]:
        """Requests that left this machine."""
        here = re.compile(r"(blob:)?(https?|wss?)://(127\.0\.0\.1|localhost)(:\d+)?/|(file|data|about):|blob:null/")
        return [address for address in self.requests if not here.match(address)]

    def shot(self, name: str, of: Locator | None = None) -> Path:
        """A picture of the page, or of a part of it, into the folder of screenshots."""
        path = self.shots / f"{name}.png"
        (of or self.page).screenshot(path=path)
        return path

    def shots_of_all(self, name: str) -> None:
        """Pictures of a whole notebook, a screen at a time."""
        notebook = self.page.locator(".jp-WindowedPanel-outer")
        height, whole = notebook.evaluate("node => [node.clientHeight, node.scrollHeight]")
        for number, top in enumerate(range(0, whole, height)):
            notebook.evaluate("(node, top) => { node.scrollTop = top; }", top)
            self.page.wait_for_timeout(300)
            self.shot(f"{name}-{number:02}")

    # JupyterLab ------------------------------------------------------------------------------------------

    def open_in_lab(self, server: Server, name: str) -> None:
        """Opens a notebook and waits until its kernel is attached: before that, Run All would ask for one."""
        self.page.goto(f"{server.address}/lab/tree/{name}?token={server.token}&reset", timeout=120_000)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
        wait_for(lambda: any(ready(session, name) for session in server.get("/api/sessions")), 90, "a kernel")

    def start_all(self) -> None:
        """Run > Run All Cells."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
        self.page.locator('.lm-Menu [data-command="runmenu:run-all"]').click()

    def finish_all(self, server: Server, name: str, seconds: float = 300) -> None:
        """Waits until the last cell has its number and the kernel is idle."""
        last = self.page.locator(".jp-CodeCell .jp-InputPrompt").last

        def done() -> bool:
            assert self.trouble() == []  # a failed cell ends the run: no use to wait
            kernels = [session["kernel"] for session in server.get("/api/sessions") if session["path"] == name]
            idle = all(kernel["execution_state"] == "idle" for kernel in kernels)
            return idle and bool(re.search(r"\[\d+\]", last.text_content()))

        wait_for(done, seconds, f"{name} to end")

    # Voila and pages without a kernel --------------------------------------------------------------------

    def open_in_voila(self, server: Server, name: str, seconds: float = 300) -> None:
        """Opens a notebook as an app: Voila runs all cells, then shows the page and connects the widgets."""
        self.page.goto(f"{server.address}/voila/render/{name}", timeout=1000 * seconds)
        self.page.locator("#rendered_cells").wait_for(timeout=1000 * seconds)
        self.page.locator("#loading").wait_for(state="hidden", timeout=1000 * seconds)

    def open_page(self, path: Path) -> None:
        """Opens a rendered page from disk and waits until its widgets, if it has any, are drawn."""
        self.page.goto(path.as_uri())
        if self.page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count():
            self.page.wait_for_function("document.body.dataset.widgets === 'drawn'")

    # Anywhere --------------------------------------------------------------------------------------------

    def trouble(self) -> list[str]:
        """Tracebacks and widgets that could not be shown, in any output, and errors of the page's own scripts.

        Not `inner_text`: of what lies off the screen JupyterLab draws nothing, and it has none.
        """
        outputs = self.page.locator(".jp-OutputArea-output").all_text_contents()
        return TROUBLE.findall("\n".join(outputs)) + self.errors


def ready(session: dict, name: str) -> bool:
    kernel = session["kernel"]
    return session["path"] == name and kernel["connections"] >= 1 and kernel["execution_state"] == "idle"


def wait_for(condition, seconds: float, what: str) -> None:
    """Asks until it is so."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.2)
