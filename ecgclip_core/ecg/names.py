"""Names from strangers' files, made safe to show and to look up."""

import re
from pathlib import PurePosixPath

LONGEST = 80

# A page renders Markdown: brackets could hide a link or an image, dollars a formula.
_MARKUP = str.maketrans(dict.fromkeys("[]<>`$*|\\", "-"))


def base_name(name: str) -> str:
    """The last part of a name that may hold folders of any system."""
    return PurePosixPath(name.replace("\\", "/").replace("\0", "")).name or "file"


def shown(text: str, longest: int = LONGEST) -> str:
    """A text that is harmless and short enough for a sentence on a page."""
    text = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * longest]).translate(_MARKUP)
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= longest else text[: longest - 1] + "…"


def shown_file(name: str) -> str:
    """The base name of a file for a sentence on a page."""
    return shown(base_name(name)) or "file"


def label_of(name: str) -> str:
    """What to call the recording in a file: its base name without the ending."""
    base = base_name(name)
    stem, _, ending = base.rpartition(".")
    return shown(stem if stem and 1 <= len(ending) <= 4 and ending.isalnum() else base) or "recording"


def listed(names, most: int = 12, longest: int = 24) -> str:
    """Names for a sentence: ``"I, II and III"``, with a count where there are many."""
    names = list(names)
    parts = [shown(name, longest) or "(no name)" for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(parts)} and {len(names) - most} more"
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
