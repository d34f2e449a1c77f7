"""A message to a webhook when a run ends."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.progress import Reporter

__all__ = ["check_url", "notify"]


def check_url(url: str) -> None:
    """Check that a URL is http or https, and raise ConfigError if not."""
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"--notify takes an http or https URL, not '{url}'")


def notify(url: str, message: dict[str, Any], reporter: Reporter) -> bool:
    """Send a message as JSON by POST. If that fails, the reporter gets a note, and no error is raised.

    Args:
        url: An http or https URL.
        message: Plain values; chat programs show the value of `text`.
        reporter: Receives the note.
    Returns:
        True if the server accepted the message.
    Raises:
        ConfigError: The URL is not http or https.
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
