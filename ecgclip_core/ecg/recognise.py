"""What a file is, from its first bytes and not from its name."""

import re

# First bytes, where they stand, and what to call the file. Sources: the formats' specifications.
_MAGIC = (
    (b"DICM", 128, "a DICOM file"),
    (b"SCPECG", 16, "an SCP-ECG file"),
    (b"%PDF", 0, "a PDF"),
    (b"\x89PNG", 0, "a PNG image"),
    (b"\xff\xd8\xff", 0, "a JPEG image"),
    (b"GIF8", 0, "a GIF image"),
    (b"II*\x00", 0, "a TIFF image"),
    (b"MM\x00*", 0, "a TIFF image"),
    (b"PK\x03\x04", 0, "a ZIP archive"),
    (b"PK\x05\x06", 0, "a ZIP archive"),
    (b"\x1f\x8b", 0, "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7z archive"),
    (b"Rar!", 0, "a RAR archive"),
    (b"\xfd7zXZ", 0, "an xz archive"),
    (b"BZh", 0, "a bzip2 archive"),
    (b"\x89HDF", 0, "an HDF5 file"),
    (b"MATLAB 5.0", 0, "a MATLAB file"),
    (b"\x93NUMPY", 0, "a NumPy file"),
    (b"0       ", 0, "an EDF file"),
    (b"\xffBIOSEMI", 0, "a BDF file"),
    (b"\xd0\xcf\x11\xe0", 0, "an old Office file"),
    (b"MZ", 0, "a Windows program"),
    (b"\x7fELF", 0, "a program"),
    (b"ISHNE", 0, "an ISHNE Holter file"),
    (b"GDF ", 0, "a GDF file"),
    (b"@ MFR", 0, "an MFER file"),
)
# Root elements of the XML dialects of ECGs that are read.
_DIALECTS = {
    "annotatedecg": "an HL7 aECG file",
    "restingecg": "a GE MUSE XML file",
    "restingecgdata": "a Philips ECG XML file",
}
_SPACE = re.compile(r"\s*")
_ROOT = re.compile(r"<(?:[\w.\-]{1,100}:)?([A-Za-z_][\w.\-]{0,100})[\s/>]")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def kind_of(content: bytes, shortest_mark: int = 2) -> str:
    """What a file looks like.

    Parameters
    ----------
    content : bytes
    shortest_mark : int
        Marks with fewer bytes are passed over. Samples can begin with any two bytes, so signal files are asked for 4.

    Returns
    -------
    str
        ``"text"``, ``"data"`` (bytes without a known mark) or a phrase such as ``"a DICOM file"``.
    """
    if not content:
        return "an empty file"
    for mark, start, kind in _MAGIC:
        if len(mark) >= shortest_mark and content.startswith(mark, start):
            return kind
    head = content[:4096]
    if not _is_text(head) and _utf_16_of(head) is None:
        return "data"
    start = decoded(head).lstrip()[:200].lower()
    if start.startswith(("<!doctype html", "<html")):
        return "a web page"
    if start.startswith("<"):
        root = root_of(content)
        if root or start.startswith("<?xml"):
            return _DIALECTS.get(root.lower(), "an XML file")
    return "text"


def root_of(content: bytes, within: int = 200_000) -> str:
    """The name of the root element of an XML file, without its prefix; empty where its beginning shows none."""
    text = decoded(content[:within])
    place = 0
    while True:
        place = _SPACE.match(text, place).end()
        before = next(
            (marks for marks in (("<!--", "-->"), ("<?", "?>"), ("<!", ">")) if text.startswith(marks[0], place)), None
        )
        if before is None:
            match = _ROOT.match(text, place)
            return match[1] if match else ""
        opening, closing = before
        end = text.find(closing, place)
        # A document type may hold declarations of its own in brackets.
        bracket = text.find("[", place, end) if opening == "<!" and end >= 0 else -1
        if bracket >= 0:
            end = text.find(closing, max(text.find("]", bracket), bracket))
        if end < 0:
            return ""
        place = end + len(closing)


def _is_text(head: bytes) -> bool:
    if head[:2] in _UTF_16:
        words = head[: len(head) // 2 * 2].decode("utf-16", errors="replace")
        return sum(letter.isascii() and (letter.isprintable() or letter.isspace()) for letter in words) > len(words) / 2
    if any(byte < 32 and byte not in b"\t\n\r\f" for byte in head):
        return False
    # Eight-bit samples have no control characters either, but are seldom ASCII or UTF-8 (whose last letter may be cut).
    return sum(byte < 127 for byte in head) > 0.7 * len(head) or "\ufffd" not in head.decode("utf-8", "replace").rstrip(
        "\ufffd"
    )


def _utf_16_of(content: bytes) -> str | None:
    """The byte order of XML in UTF-16 that begins without a mark of it."""
    return {b"<\0?\0": "utf-16-le", b"\0<\0?": "utf-16-be"}.get(content[:4])


def decoded(content: bytes) -> str:
    """Text in the encoding it shows: UTF-8 or UTF-16 with or without a mark, else Windows' Latin letters."""
    if content[:2] in _UTF_16:
        return content.decode("utf-16", errors="replace")
    if (order := _utf_16_of(content)) is not None:
        return content.decode(order, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
