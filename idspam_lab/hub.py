"""Is the model hub within reach? Asked once, quickly, so that a room without network waits seconds, not minutes."""

import os
import socket
from functools import cache
from urllib.parse import urlsplit

from huggingface_hub import constants


@cache
def hub_reachable(timeout: float = 3.0) -> bool:
    """True if the hub's host takes a connection within `timeout` seconds, or a proxy stands in between."""
    if constants.HF_HUB_OFFLINE:
        return False
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return True
    host = urlsplit(constants.ENDPOINT)
    try:
        socket.create_connection((host.hostname, host.port or 443), timeout).close()
    except OSError:
        return False
    return True
