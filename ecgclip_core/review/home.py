"""Where a reader's own work lies on this machine."""

import os
import sys
from pathlib import Path


def home() -> Path:
    """The folder for what a reader writes: ``ECGCLIP_HOME``, or the platform's folder for the data of programs.

    Without the variable that is ``$XDG_DATA_HOME/ecgclip`` or ``~/.local/share/ecgclip`` on Linux (XDG Base Directory
    Specification 0.8), ``~/Library/Application Support/ecgclip`` on macOS and ``%LOCALAPPDATA%\\ecgclip`` on Windows.
    It is not created here.
    """
    if chosen := os.environ.get("ECGCLIP_HOME"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "ecgclip"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "ecgclip"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "ecgclip"
