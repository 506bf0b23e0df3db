"""Comments of WFDB headers, where LUDB and the Challenges keep what they know of a recording."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

# A header of twelve leads has about 1,000 bytes; nobody's comments go beyond this.
_LONGEST = 100_000


def headers(folder: Path) -> Iterator[Path]:
    """The header files of a folder and of all folders in it, in the order of their names."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            if file.endswith(".hea"):
                yield Path(place, file)


def comments(file: Path) -> list[str]:
    """The comment lines of a header without their mark."""
    with file.open(encoding="utf-8", errors="replace") as opened:
        lines = opened.read(_LONGEST).splitlines()
    return [line.lstrip().lstrip("#").strip() for line in lines if line.lstrip().startswith("#")]


def first_comments(folder: Path) -> list[str]:
    """The comments of the first header, which tells whose folder it is; none where there is no header."""
    file = next(headers(folder), None)
    return [] if file is None else comments(file)


def commented(folder: Path, what: str) -> Iterator[tuple[str, list[str]]]:
    """Every record of a folder, relative and without its ending, and the comments of its header."""
    for file in tqdm(list(headers(folder)), desc=f"Reading {what} headers", unit="header"):
        yield file.relative_to(folder).with_suffix("").as_posix(), comments(file)


def value(lines: list[str], key: str) -> str:
    """What stands after a key such as ``Dx:`` or ``<age>:``; empty where the key is missing."""
    pattern = re.compile(rf"<?{re.escape(key)}>?\s*:\s*(.*)", re.IGNORECASE)
    return next((found[1].strip() for found in map(pattern.fullmatch, lines) if found), "")
