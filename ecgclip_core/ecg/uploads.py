"""Several files at once, or an archive of them: which belong together, and which recordings they make.

Nothing is unpacked to disk, and no name in an upload is ever used as a path. Every file ends up in exactly one
`Upload`, except what operating systems leave behind (``__MACOSX``, names with a leading dot).
"""

import io
import zipfile
import zlib
from dataclasses import dataclass, field
from lzma import LZMAError

from ecgclip_core.ecg.names import base_name, label_of, listed, shown_file
from ecgclip_core.ecg.read import companions_of, read_files, why_not_read
from ecgclip_core.ecg.readers import reader_for
from ecgclip_core.ecg.recognise import kind_of
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import EcgclipError, MissingInformationError

MAX_UNPACKED_BYTES = 200_000_000
MAX_FILES = 5_000
MAX_RECORDINGS = 200
# Recordings shrink to a half or a tenth. Beyond this, and larger than any recording, an archive is built to burst.
MAX_GROWTH = 200
_GROWTH_MATTERS_ABOVE = 20_000_000

_SIGNAL_ENDINGS = (".dat", ".mat")

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    LZMAError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    OverflowError,
)


@dataclass(frozen=True, eq=False)
class Upload:
    """One recording found in an upload, or files that make none.

    Attributes
    ----------
    label : str
        What to call it on the page; holds no path.
    ecg : ECG or None
    problem : str or None
        Why there is no ECG, in a sentence that says what to do.
    needed : tuple of str
        What a person has to state before it can be read: ``"sampling_rate"``, ``"units"``.
    files : tuple of str
        Base names of the files it is made of.
    """

    label: str
    ecg: ECG | None = None
    problem: str | None = None
    needed: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(eq=False)
class _Piece:
    """A file of the upload; those of one folder of one archive can belong together."""

    name: str
    place: str
    content: bytes = field(repr=False)
    taken: bool = False


def recordings_in(
    files: dict[str, bytes], sampling_rate: float | None = None, units: str | None = None
) -> list[Upload]:
    """Find the recordings in files that were uploaded together.

    Parameters
    ----------
    files : dict of str to bytes
        By the names they came with; ZIP archives are looked into.
    sampling_rate, units : optional
        A person's answers to what a file does not say (`Upload.needed`); files that do say keep their own.

    Returns
    -------
    list of Upload
        Readable recordings and problems, in the order of the files.
    """
    pieces, uploads = _unpacked(files)
    openers = [piece for piece in pieces if reader_for(piece.name, piece.content)]
    parts = {part for piece in openers for part in _headers_named_by(piece)}
    openers = [piece for piece in openers if (piece.place, piece.name.lower()) not in parts]
    for piece in openers[:MAX_RECORDINGS]:
        uploads.append(_read(piece, pieces, sampling_rate, units))
    beyond = [_claim(piece, pieces)[1] for piece in openers[MAX_RECORDINGS:]]
    if beyond:
        uploads.append(
            Upload(
                label=f"{len(beyond)} more recordings",
                problem=f"Only the first {MAX_RECORDINGS} recordings of an upload are read. For more, build a "
                "cohort from a folder: ecgclip cohort build FOLDER --out OUT.",
                files=tuple(name for names in beyond for name in names),
            )
        )
    return _numbered(uploads + _leftovers([piece for piece in pieces if not piece.taken]))


def _read(piece: _Piece, pieces: list[_Piece], sampling_rate: float | None, units: str | None) -> Upload:
    members, names = _claim(piece, pieces)
    label = label_of(piece.name)
    try:
        try:
            return Upload(label, read_files(piece.name, members, label=label), files=names)
        except MissingInformationError as lack:
            answers = {"sampling_rate": sampling_rate, "units": units}
            given = {what: answers[what] for what in lack.needed if answers[what] is not None}
            if not given:
                raise
            return Upload(label, read_files(piece.name, members, **given, label=label), files=names)
    except EcgclipError as problem:
        return Upload(label, problem=str(problem), needed=getattr(problem, "needed", ()), files=names)


def _headers_named_by(piece: _Piece) -> set[tuple[str, str]]:
    """Place and name of the headers of segments, where a recording has several."""
    try:
        names = reader_for(piece.name, piece.content).companions(piece.name, piece.content)
    except EcgclipError:
        return set()
    return {(piece.place, name.lower()) for name in names if reader_for(name) and name.lower() != piece.name.lower()}


def _claim(piece: _Piece, pieces: list[_Piece]) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The files that make the recording of `piece`, and the names of those that no earlier recording has claimed."""
    piece.taken = True
    near = {other.name: other for other in reversed(pieces) if other.place == piece.place}
    near[piece.name] = piece
    try:
        held = companions_of(piece.name, {name: other.content for name, other in near.items()})
    except EcgclipError:
        # A header that cannot be read names nothing; the signal files of its own name are its all the same.
        stem = label_of(piece.name)
        held = {name: name for name in near if label_of(name) == stem and name.lower().endswith(_SIGNAL_ENDINGS)}
    new = [near[name] for name in dict.fromkeys(held.values()) if not near[name].taken]
    for other in new:
        other.taken = True
    members = {name: near[name].content for name in held.values()}
    return {**members, piece.name: piece.content}, tuple(shown_file(one.name) for one in [piece, *new])


def _leftovers(pieces: list[_Piece]) -> list[Upload]:
    """Files that belong to no recording: a sentence for each that is known, one for all the rest."""
    uploads = []
    rest = []
    for piece in pieces:
        if kind_of(piece.content) in ("text", "data", "an empty file") and not piece.name.lower().endswith(
            _SIGNAL_ENDINGS
        ):
            rest.append(piece)
        else:
            name = shown_file(piece.name)
            uploads.append(Upload(name, problem=why_not_read(piece.name, piece.content), files=(name,)))
    if len(rest) == 1:
        name = shown_file(rest[0].name)
        uploads.append(Upload(name, problem=why_not_read(rest[0].name, rest[0].content), files=(name,)))
    elif rest:
        names = tuple(shown_file(piece.name) for piece in rest)
        sentence = f"Passed over, since no recording needs them and their format is not read: {listed(names)}."
        uploads.append(Upload(f"{len(rest)} other files", problem=sentence, files=names))
    return uploads


def _unpacked(files: dict[str, bytes]) -> tuple[list[_Piece], list[Upload]]:
    """All files, those in archives too, and what was wrong with an archive."""
    pieces, problems = [], []
    for name, content in files.items():
        if kind_of(content) != "a ZIP archive":
            if not _left_behind(name):
                pieces.append(_Piece(base_name(name), _folder_of(name), bytes(content)))
            continue
        inside, wrong = _inside(name, content, f"{len(pieces)}:{base_name(name)}")
        pieces += inside
        problems += wrong
    return pieces, problems


def _inside(name: str, content: bytes, place: str) -> tuple[list[_Piece], list[Upload]]:
    title = shown_file(name)

    def refused(sentence: str) -> tuple[list[_Piece], list[Upload]]:
        return [], [Upload(title, problem=f"{title} {sentence}", files=(title,))]

    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _left_behind(entry.filename)]
    except _DAMAGE:
        return refused("is a damaged ZIP archive. Make or download it again.")
    size = sum(entry.file_size for entry in entries)
    if size > MAX_UNPACKED_BYTES or (size > _GROWTH_MATTERS_ABOVE and size > MAX_GROWTH * len(content)):
        return refused(
            f"would grow from {len(content) / 1e6:.1f} to {size / 1e6:.0f} MB and was not unpacked; archives of up to "
            f"{MAX_UNPACKED_BYTES / 1e6:.0f} MB are. Pack fewer recordings."
        )
    if len(entries) > MAX_FILES:
        return refused(f"holds {len(entries)} files; archives of up to {MAX_FILES} are read. Pack fewer recordings.")
    if not entries:
        return refused("is an empty ZIP archive.")
    pieces, problems = [], []
    for entry in entries:
        inner = shown_file(entry.filename)
        sentence = None
        if entry.flag_bits & 0x1:
            sentence = f"{inner} in {title} is encrypted. Pack it again without a password."
        else:
            try:
                with archive.open(entry) as stream:
                    unpacked = stream.read(entry.file_size + 1)
                if kind_of(unpacked) == "a ZIP archive":
                    sentence = f"{inner} in {title} is an archive within an archive. Upload it on its own."
            except _DAMAGE:
                sentence = f"{inner} in {title} is damaged and cannot be unpacked. Make or download the archive again."
        if sentence:
            problems.append(Upload(inner, problem=sentence, files=(inner,)))
        else:
            pieces.append(_Piece(base_name(entry.filename), f"{place}/{_folder_of(entry.filename)}", unpacked))
    return pieces, problems


def _folder_of(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[0]


def _left_behind(name: str) -> bool:
    """Whether an operating system made the file on its own."""
    parts = name.replace("\\", "/").split("/")
    return (
        "__MACOSX" in parts
        or (parts[-1].startswith(".") and parts[-1] not in (".", ".."))
        or parts[-1]
        in (
            "Thumbs.db",
            "desktop.ini",
        )
    )


def _numbered(uploads: list[Upload]) -> list[Upload]:
    """The same uploads with labels that differ."""
    seen: dict[str, int] = {}
    numbered = []
    for upload in uploads:
        seen[upload.label] = count = seen.get(upload.label, 0) + 1
        label = upload.label if count == 1 else f"{upload.label} ({count})"
        numbered.append(Upload(label, upload.ecg, upload.problem, upload.needed, upload.files))
    return numbered
