"""A JupyterLab, a Voila and a plain file server of one's own: temporary settings, no news, no updates, one token."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SETTINGS = {  # what would ask the network or stand in the way of a click
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"autoStartDefaultKernel": True},
}
LAB = (
    "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0", "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)  # fmt: skip
VOILA = (
    "--no-browser",
    "--template=offline",
    "--show_tracebacks=True",
    "--Voila.ip=127.0.0.1",
    "--Voila.port_retries=0",
)
TEMPLATES = Path(__file__).parents[2] / "notebooks" / "pages" / "jupyter"


@dataclass(frozen=True)
class Server:
    """Where it listens."""

    address: str  # http://127.0.0.1:port
    token: str
    folder: Path  # the notebooks' folder

    def get(self, path: str):
        """The JSON that the server's API answers."""
        return json.loads(self.ask("GET", path))

    def ask(self, method: str, path: str) -> bytes:
        """The body that the server's API answers."""
        address, headers = f"{self.address}{path}", {"Authorization": f"token {self.token}"}
        with urllib.request.urlopen(
            urllib.request.Request(address, headers=headers, method=method), timeout=30
        ) as answer:
            return answer.read()

    def stop_kernels(self) -> None:
        """Ends them all: each holds a model in memory."""
        for session in self.get("/api/sessions"):
            self.ask("DELETE", f"/api/sessions/{session['id']}")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def environment(home: Path) -> dict[str, str]:
    """The kernel's and the server's: nothing of this user's own settings, and pictures below their cells."""
    folders = {
        "HOME": "home",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    found = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"} | {"JUPYTER_PATH": str(TEMPLATES)}
    for name, folder in folders.items():
        (home / folder).mkdir(parents=True, exist_ok=True)
        found[name] = str(home / folder)
    for name, values in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    return found


@contextmanager
def served(command: list[str], ready: str, folder: Path, home: Path, port: int, token: str) -> Iterator[Server]:
    """Runs a server until the block ends; `ready` is a path that answers once it is up."""
    server = Server(f"http://127.0.0.1:{port}", token, folder)
    log = home / "server.log"
    home.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=folder, env=environment(home), stdout=file, stderr=file
        )
    try:
        wait_until_up(server.address + ready, process, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_up(address: str, process: subprocess.Popen, log: Path, seconds: float = 90) -> None:
    """Returns when the address answers at all."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended:\n{log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"The server did not answer within {seconds:.0f} s:\n{log.read_text()[-2000:]}")


def jupyterlab(folder: Path, home: Path):
    """JupyterLab on `folder`; its settings, runtime files and workspaces lie in `home`."""
    port, token = free_port(), secrets.token_hex(8)
    command = ["jupyterlab", *LAB, f"--ServerApp.port={port}", f"--IdentityProvider.token={token}", str(folder)]
    return served(command, f"/lab?token={token}", folder, home, port, token)


def voila(folder: Path, home: Path):
    """Voila on all notebooks of `folder`: /voila/render/NAME.ipynb runs one and shows it as an app."""
    port = free_port()
    return served(["voila", str(folder), *VOILA, f"--port={port}"], "/", folder, home, port, "")
