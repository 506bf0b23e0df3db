"""One file from an address: streamed, resumed, tried again, held against its checksum."""

import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import requests

from ecgclip_core.ecg.names import shown, shown_file
from ecgclip_core.errors import DownloadError

ATTEMPTS = 5
# Seconds before the second attempt; each further one waits twice as long, at most `LONGEST_PAUSE`.
PAUSE = 1.0
LONGEST_PAUSE = 60.0
# Seconds to connect, and seconds without a byte.
TIMEOUTS = (15, 60)
# Bytes; what a break costs at most.
BLOCK = 1 << 16
# A server that is busy or half awake; everything else from 400 on is an answer.
_TRY_AGAIN = (408, 425, 429, 500, 502, 503, 504)


def download(
    session: requests.Session,
    address: str,
    file: Path,
    checksum: str | None = None,
    received: Callable[[int], None] = lambda number: None,
) -> None:
    """Fetch a file, or leave it where it is already there and undamaged.

    Parameters
    ----------
    session : requests.Session
    address : str
    file : Path
        Until it is whole and right, its bytes are kept beside it in ``NAME.part``, from where a later call goes on.
    checksum : str, optional
        ``"sha256:..."`` or ``"md5:..."``. Without one the file is fetched again every time, from its beginning.
    received : callable
        Told how many bytes came, or, with a negative number, that so many have to come again.

    Raises
    ------
    DownloadError
        Where the address does not answer, has no such file, or what it gives does not have the checksum.
    """
    if checksum and file.is_file() and checksum_of(file, checksum) == checksum:
        return
    part = file.with_name(file.name + ".part")
    if checksum is None:
        part.unlink(missing_ok=True)
    problem = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(min(PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            problem = _attempt(session, address, part, received)
            if part.is_file() and (checksum_of(part, checksum) == checksum if checksum else not problem):
                part.replace(file)
                return
        except OSError as fault:
            raise DownloadError(
                f"{shown_file(file.name)} cannot be written: {fault.strerror or 'disk error'}."
            ) from fault
        if not problem:
            # The server gave all it has and it is not what was published: an old part, or damage on the way.
            received(-part.stat().st_size)
            part.unlink()
            problem = "what came does not have the checksum that its makers publish"
    raise DownloadError(
        f"{shown_file(file.name)} could not be fetched from {urlsplit(address).hostname}: {problem}. The same command "
        "goes on from here."
    )


def checksum_of(file: Path, like: str) -> str:
    """The checksum of a file by the algorithm of another checksum, in the same form."""
    algorithm = like.partition(":")[0]
    with file.open("rb") as opened:
        return f"{algorithm}:{hashlib.file_digest(opened, algorithm).hexdigest()}"


def _attempt(session: requests.Session, address: str, part: Path, received: Callable[[int], None]) -> str:
    """Go on with a part; what went wrong, or nothing."""
    held = part.stat().st_size if part.is_file() else 0
    # Compressed on its way, a file could not be resumed at a place of its own.
    asked = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={held}-"} if held else {})
    try:
        with session.get(address, headers=asked, stream=True, timeout=TIMEOUTS) as answer:
            if answer.status_code == 416 and held:
                # There is nothing after what we hold; it is whole, or it is another file's.
                return ""
            if answer.status_code in _TRY_AGAIN:
                return f"the server answers {answer.status_code} {shown(answer.reason or '', 40)}"
            if answer.status_code not in (200, 206):
                raise DownloadError(
                    f"{urlsplit(address).hostname} answers {answer.status_code} {shown(answer.reason or '', 40)} for "
                    f"{shown_file(urlsplit(address).path)}. It may have moved; see the page of the corpus."
                )
            goes_on = answer.status_code == 206 and _start(answer) == held
            if held and not goes_on:
                received(-held)
            with part.open("ab" if goes_on else "wb") as opened:
                for block in answer.iter_content(BLOCK):
                    opened.write(block)
                    received(len(block))
    except requests.Timeout:
        return "the server does not answer in time"
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return "the connection fails or breaks off"
    except requests.RequestException as fault:
        raise DownloadError(f"{shown(address, 60)} is not an address that can be fetched from.") from fault
    return ""


def _start(answer: requests.Response) -> int:
    """The first byte of a partial answer; -1 where the server does not say."""
    match = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(match[1]) if match else -1
