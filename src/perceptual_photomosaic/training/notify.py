"""Tell a webhook that a run ended."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.progress import Reporter

__all__ = ["check_url", "notify"]


def check_url(url: str) -> None:
    """Raise ConfigError unless a URL is http or https."""
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"--notify takes an http or https URL, not '{url}'")


def notify(url: str, message: dict[str, Any], reporter: Reporter) -> bool:
    """POST a message as JSON; a failure is noted and changes nothing else.

    Args:
        url: http or https.
        message: Plain values; `text` is what a chat shows.
    Returns:
        Whether it was taken.
    """
    check_url(url)
    body = json.dumps(message).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10):
            return True
    except (urllib.error.URLError, OSError, ValueError) as error:
        reporter.note(f"could not notify {url}: {error}")
        return False
