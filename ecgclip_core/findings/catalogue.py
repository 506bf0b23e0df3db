"""The findings catalogue: what can be said of an ECG, one entry a finding, read from ``assets/findings/*.toml``.

A file of the catalogue holds tables whose key is the finding's id::

    [left_bundle_branch_block]
    name = "left bundle branch block"
    group = "conduction"                    # one of GROUPS
    codes.scp = ["CLBBB"]                   # also scp_superclass, scp_subclass (PTB-XL) and snomed (SNOMED CT)
    parents = ["bundle_branch_block"]       # a recording with this finding has those too
    synonyms = ["LBBB", "Linksschenkelblock"]
    prompts = ["complete left bundle branch block", ...]      # sentences that state it
    contrast = ["no left bundle branch block", ...]           # sentences that state the opposite
    features = [{ text = "broad QRS complex", waves = ["QRS"], leads = [], measured = "qrs >= 120" }]
    criteria = [{ text = "QRS duration of 120 ms or more", expression = "qrs >= 120", source = "doi:..." }]
    leads = ["I", "aVL", "V1", "V5", "V6"]  # where to look; left out: all twelve
    waves = ["QRS", "ST", "T"]
    source = "doi:10.1161/CIRCULATIONAHA.108.191095"
    shown_by = "criteria"                   # or "statistics": no rule that a reader could apply to the tracing

The fields `criteria`, their `source` and the `measured` of a feature may be left out. `expression` and `measured` are
in the language of `findings.expressions`; ``docs/criteria.md`` has every name. A criterion without a source has that of
its entry.

No two entries share an id, name, synonym, code or prompt, so that every text means one finding or none.
"""

import re
import tomllib
import unicodedata
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ecgclip_core.bundled import ASSETS
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.errors import CatalogueError
from ecgclip_core.findings.expressions import ExpressionError, parse

GROUPS = (
    "overall",
    "rhythm",
    "conduction",
    "infarction",
    "st_t",
    "hypertrophy",
    "form",
    "repolarisation",
    "position",
    "beyond_the_ecg",
)
WAVES = ("P", "PR", "QRS", "ST", "T", "QT", "U", "TP")
CODE_SYSTEMS = ("scp", "scp_subclass", "scp_superclass", "snomed")
SHOWN_BY = ("criteria", "statistics")


@dataclass(frozen=True)
class Feature:
    """Something of a finding that can be seen on the tracing.

    Attributes
    ----------
    text : str
        In the words of a report, e.g. ``"absent P waves"``.
    waves, leads : tuple of str
        Where it is seen; of `WAVES` and `LEADS`.
    measured : str or None
        An expression that tells from measurements whether it is there.
    """

    text: str
    waves: tuple[str, ...]
    leads: tuple[str, ...]
    measured: str | None = None


@dataclass(frozen=True)
class Criterion:
    """A rule of a textbook or consensus for a finding.

    Attributes
    ----------
    text : str
        As a reader would say it, e.g. ``"QRS duration of 120 ms or more"``.
    expression : str
        The same over the names of ``docs/criteria.md``.
    source : str
        A DOI or a book.
    """

    text: str
    expression: str
    source: str


@dataclass(frozen=True)
class Finding:
    """One entry of the catalogue.

    Attributes
    ----------
    id, name, group : str
        Its key, what a reader calls it, and one of `GROUPS`.
    codes : dict of str to tuple of str
        By system: ``scp``, ``scp_subclass``, ``scp_superclass`` (PTB-XL's two levels above a code), ``snomed``.
    parents : tuple of str
        Findings that hold wherever this one holds.
    synonyms, prompts, contrast : tuple of str
        Other names; sentences that state it; sentences that state the opposite.
    features : tuple of Feature
    criteria : tuple of Criterion
        Each by itself; together they are what the source asks for.
    leads, waves : tuple of str
        Where to look for it.
    source : str
        A DOI or a book.
    shown_by : str
        ``"criteria"`` where a reader can tell from the tracing by rules, else ``"statistics"``.
    """

    id: str
    name: str
    group: str
    codes: dict[str, tuple[str, ...]] = field(hash=False)
    parents: tuple[str, ...]
    synonyms: tuple[str, ...]
    prompts: tuple[str, ...]
    contrast: tuple[str, ...]
    features: tuple[Feature, ...]
    criteria: tuple[Criterion, ...]
    leads: tuple[str, ...]
    waves: tuple[str, ...]
    source: str
    shown_by: str


@cache
def catalogue() -> dict[str, Finding]:
    """All findings by id, from the bundled files.

    Raises
    ------
    CatalogueError
        Naming file, entry and field of the first fault.
    """
    return read_catalogue(ASSETS / "findings")


def find(text: str) -> Finding | None:
    """The finding that a text names, or None.

    Parameters
    ----------
    text : str
        An id, name, synonym, code or prompt, in any case, with or without hyphens, umlauts spelt either way.
    """
    return _index().get(normalised(text))


def children(finding_id: str) -> list[Finding]:
    """A finding and all below it that have prompts of their own, the finding itself first.

    Raises
    ------
    CatalogueError
        If the catalogue has no such finding.
    """
    return [entry for entry in _walk(finding_id, _children_of()) if entry.prompts]


def ancestors(finding_id: str) -> list[Finding]:
    """All findings that hold wherever this one holds, without itself, nearest first.

    Raises
    ------
    CatalogueError
        If the catalogue has no such finding.
    """
    return _walk(finding_id, {entry.id: entry.parents for entry in catalogue().values()})[1:]


def with_code(system: str, code: str) -> Finding | None:
    """The finding that carries a code, e.g. ``with_code("snomed", "164889003")``."""
    return _by_code().get((system, code))


def normalised(text: str) -> str:
    """What two spellings of one phrase have in common: case, spaces, hyphens, accents left out, ä and ae as a."""
    plain = text.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(sign))
    # "Sägezahn", "Saegezahn" and "Sagezahn"; British "ischaemia" and American "ischemia".
    plain = plain.replace("ae", "a").replace("oe", "o").replace("ue", "u").replace("emi", "ami")
    return re.sub(r"(?<!\d)[.]|[.](?!\d)|[^\w.,°<>+%=]|_", "", plain)


def read_catalogue(folder: Path) -> dict[str, Finding]:
    """Read and check every TOML file of a folder; see the top of this module for their form.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict of str to Finding
        By id, in the order of the files' names and of the entries in them.

    Raises
    ------
    CatalogueError
        Naming file, entry and field of the first fault.
    """
    entries: dict[str, Finding] = {}
    home: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        for key, table in _tables(path).items():
            if key in home:
                raise CatalogueError(f"{path.name}, entry {key}, field id: also an entry of {home[key]}.")
            entries[key] = _finding(path.name, key, table)
            home[key] = path.name
    if not entries:
        raise CatalogueError("The findings catalogue is empty: no entry in any .toml file of its folder.")
    _check_parents(entries, home)
    _index_of(entries, home)
    _codes_of(entries, home)
    return entries


def _tables(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise CatalogueError(f"{path.name}: not readable as TOML ({fault}).") from fault


_TEXT_FIELDS = ("name", "group", "source", "shown_by")
_LIST_FIELDS = ("parents", "synonyms", "prompts", "contrast", "leads", "waves")
_FIELDS = (*_TEXT_FIELDS, *_LIST_FIELDS, "codes", "features", "criteria")
_LEAST = {"prompts": 3, "contrast": 2, "waves": 1}


def _finding(file: str, key: str, table: object) -> Finding:
    def fault(name: str, what: str) -> CatalogueError:
        return CatalogueError(f"{file}, entry {key}, field {name}: {what}.")

    if not re.fullmatch(r"[a-z][a-z0-9_]*", key):
        raise fault("id", "must be lower-case words joined by underscores")
    if not isinstance(table, dict):
        raise CatalogueError(f"{file}, entry {key}: must be a table.")
    for name in table:
        if name not in _FIELDS:
            raise fault(name, f"unknown; the fields are {', '.join(_FIELDS)}")
    texts = {}
    for name in _TEXT_FIELDS:
        if not isinstance(table.get(name), str) or not table[name].strip():
            raise fault(name, "must be a text that is not empty")
        texts[name] = table[name]
    lists = {name: _texts(table.get(name, []), name, fault) for name in _LIST_FIELDS}
    for name, least in _LEAST.items():
        if len(lists[name]) < least:
            raise fault(name, f"needs at least {least}")
    for name, allowed in (("group", GROUPS), ("shown_by", SHOWN_BY)):
        if texts[name] not in allowed:
            raise fault(name, f"{texts[name]!r} is none of {', '.join(allowed)}")
    _check_among(lists["leads"], LEADS, "leads", fault)
    _check_among(lists["waves"], WAVES, "waves", fault)
    for sentence in lists["contrast"]:
        if normalised(sentence) in {normalised(prompt) for prompt in lists["prompts"]}:
            raise fault("contrast", f"{sentence!r} is also a prompt")
    return Finding(
        id=key,
        **texts,
        **(lists | {"leads": lists["leads"] or LEADS}),
        codes=_codes(table.get("codes", {}), fault),
        features=_features(table.get("features", []), fault),
        criteria=_criteria(table.get("criteria", []), texts["source"], fault),
    )


def _texts(values: object, name: str, fault) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(text, str) and text.strip() for text in values):
        raise fault(name, "must be a list of texts that are not empty")
    for place, text in enumerate(values):
        if normalised(text) in {normalised(earlier) for earlier in values[:place]}:
            raise fault(name, f"{text!r} is there twice")
    return tuple(values)


def _check_among(values: tuple[str, ...], allowed: tuple[str, ...], name: str, fault) -> None:
    for value in values:
        if value not in allowed:
            raise fault(name, f"{value!r} is none of {', '.join(allowed)}")


def _codes(table: object, fault) -> dict[str, tuple[str, ...]]:
    if not isinstance(table, dict):
        raise fault("codes", "must be a table of lists")
    _check_among(tuple(table), CODE_SYSTEMS, "codes", fault)
    codes = {system: _texts(table[system], f"codes.{system}", fault) for system in table}
    for code in codes.get("snomed", ()):
        if not re.fullmatch(r"\d{6,18}", code):
            raise fault("codes.snomed", f"{code!r} is not a SNOMED CT identifier (6 to 18 digits)")
    return codes


def _features(rows: object, fault) -> tuple[Feature, ...]:
    if not isinstance(rows, list):
        raise fault("features", "must be a list of tables")
    features = []
    for row in rows:
        if not isinstance(row, dict) or set(row) - {"measured"} != {"text", "waves", "leads"}:
            raise fault("features", "each needs text, waves and leads, and may have measured")
        if not isinstance(row["text"], str) or not row["text"].strip():
            raise fault("features.text", "must be a text that is not empty")
        waves, leads = (_texts(row[name], f"features.{name}", fault) for name in ("waves", "leads"))
        _check_among(waves, WAVES, "features.waves", fault)
        _check_among(leads, LEADS, "features.leads", fault)
        if "measured" in row:
            _check_expression(row["measured"], "features.measured", fault)
        features.append(Feature(row["text"], waves, leads or LEADS, row.get("measured")))
    return tuple(features)


def _criteria(rows: object, source: str, fault) -> tuple[Criterion, ...]:
    if not isinstance(rows, list):
        raise fault("criteria", "must be a list of tables")
    criteria = []
    for row in rows:
        if not isinstance(row, dict) or set(row) - {"source"} != {"text", "expression"}:
            raise fault("criteria", "each needs text and expression, and may have source")
        for name in ("text", "source"):
            if name in row and not (isinstance(row[name], str) and row[name].strip()):
                raise fault(f"criteria.{name}", "must be a text that is not empty")
        _check_expression(row["expression"], "criteria.expression", fault)
        criteria.append(Criterion(row["text"], row["expression"], row.get("source", source)))
    _texts([criterion.text for criterion in criteria], "criteria.text", fault)
    return tuple(criteria)


def _check_expression(expression: object, name: str, fault) -> None:
    try:
        parse(expression)
    except ExpressionError as problem:
        raise fault(name, f"{expression!r}: {problem}") from problem


def _check_parents(entries: dict[str, Finding], home: dict[str, str]) -> None:
    for entry in entries.values():
        for parent in entry.parents:
            if parent not in entries:
                raise CatalogueError(f"{home[entry.id]}, entry {entry.id}, field parents: there is no entry {parent}.")
    for entry in entries.values():
        above, waiting = set(), list(entry.parents)
        while waiting:
            parent = waiting.pop()
            if parent == entry.id:
                raise CatalogueError(f"{home[entry.id]}, entry {entry.id}, field parents: it is its own ancestor.")
            if parent not in above:
                above.add(parent)
                waiting.extend(entries[parent].parents)


def _index_of(entries: dict[str, Finding], home: dict[str, str]) -> dict[str, Finding]:
    index: dict[str, Finding] = {}
    for entry in entries.values():
        names = {
            "id": (entry.id,),
            "name": (entry.name,),
            "synonyms": entry.synonyms,
            "prompts": entry.prompts,
            # A subclass of PTB-XL often has the letters of one of its codes and no name of its own.
            **{f"codes.{system}": codes for system, codes in entry.codes.items() if system != "scp_subclass"},
        }
        for name, texts in names.items():
            for text in texts:
                other = index.setdefault(normalised(text), entry)
                if other is not entry:
                    raise CatalogueError(
                        f"{home[entry.id]}, entry {entry.id}, field {name}: "
                        f"{text!r} also means {other.id} in {home[other.id]}."
                    )
    return index


def _codes_of(entries: dict[str, Finding], home: dict[str, str]) -> dict[tuple[str, str], Finding]:
    by_code: dict[tuple[str, str], Finding] = {}
    for entry in entries.values():
        for system, codes in entry.codes.items():
            for code in codes:
                other = by_code.setdefault((system, code), entry)
                if other is not entry:
                    raise CatalogueError(
                        f"{home[entry.id]}, entry {entry.id}, field codes.{system}: "
                        f"{code!r} is also a code of {other.id} in {home[other.id]}."
                    )
    return by_code


@cache
def _index() -> dict[str, Finding]:
    return _index_of(catalogue(), dict.fromkeys(catalogue(), "catalogue"))


@cache
def _by_code() -> dict[tuple[str, str], Finding]:
    return _codes_of(catalogue(), dict.fromkeys(catalogue(), "catalogue"))


@cache
def _children_of() -> dict[str, tuple[str, ...]]:
    below: dict[str, list[str]] = {key: [] for key in catalogue()}
    for entry in catalogue().values():
        for parent in entry.parents:
            below[parent].append(entry.id)
    return {key: tuple(ids) for key, ids in below.items()}


def _walk(start: str, next_ids: dict[str, tuple[str, ...]]) -> list[Finding]:
    if start not in catalogue():
        raise CatalogueError(f"There is no finding {start!r} in the catalogue.")
    seen, waiting = {start: None}, deque([start])
    while waiting:
        for key in next_ids[waiting.popleft()]:
            if key not in seen:
                seen[key] = None
                waiting.append(key)
    return [catalogue()[key] for key in seen]
