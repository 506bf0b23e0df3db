"""What a reader asked, as the model is asked it: prompts, contrast, and what an answer would rest on."""

from dataclasses import dataclass, replace

from ecgclip_core.errors import QuestionError
from ecgclip_core.findings.catalogue import Finding, catalogue, children
from ecgclip_core.findings.question import Part, plain_statement, read_question
from ecgclip_core.model.ecgclip import ECGCLIP, LONGEST_TEXT
from ecgclip_core.model.places import Place, likeliest
from ecgclip_core.model.scope import scope_of

# Words around a statement that belong to no finding; the mean over them is steadier than the statement alone.
PLAIN_FRAMES = ("{}", "ECG with {}", "signs of {}")
BASES = ("never taught", "simulated", "real")


@dataclass(frozen=True)
class Query:
    """A question as the model is asked it.

    Attributes
    ----------
    text : str
        What the reader wrote.
    name : str
        What it was understood as: a catalogue entry's name, or the text itself.
    finding : str or None
        Identifier of the catalogue entry.
    statements : tuple of tuples of str
        For each statement (an entry and those below it) its wordings; the question holds if one of them does.
    contrast : tuple of str
        Wordings of the opposite.
    understood : bool
        False for text that is not about an ECG.
    scope : str
        ``"ecg"``, ``"beyond"`` what an ECG can show, or ``"none"``.
    basis : str
        ``"real"``, ``"simulated"`` or ``"never taught"``: the recordings that taught the finding.
    offered : bool
        False where a score would tell simulated recordings from real ones rather than the finding
        (``ECGCLIP.learned_simulator``).
    n : int
        Real recordings with the finding that its score was checked on; 0 where there were too few to check.
    negated : bool
        Whether the question is that the statements do not hold.
    joined : str
        ``"and"`` or ``"or"``: how a part belongs to the part before it.
    parts : tuple of Query
        The questions that one text asks; empty where it asks one.
    near : tuple of (Query, float)
        Of a text that no entry has: what it is likely to mean, with the shares of each.
    """

    text: str
    name: str
    finding: str | None
    statements: tuple[tuple[str, ...], ...]
    contrast: tuple[str, ...]
    understood: bool
    scope: str
    basis: str
    n: int
    negated: bool = False
    joined: str = "and"
    parts: tuple["Query", ...] = ()
    near: tuple[tuple["Query", float], ...] = ()
    offered: bool = True

    @property
    def each(self) -> tuple["Query", ...]:
        """The parts, or the question itself where it has none."""
        return self.parts or (self,)


def ask(model: ECGCLIP, question: str) -> Query:
    """Turn a question into prompts.

    Parameters
    ----------
    model : ECGCLIP
    question : str
        The name, a synonym or a code of a catalogue entry, or any other words; also a denial ("no atrial
        fibrillation") and several findings at once ("LBBB and AF"), each of which becomes a part. Words that the
        catalogue does not have go to the text encoder as they are.

    Returns
    -------
    Query

    Raises
    ------
    QuestionError
        Where the question is empty or too long.
    """
    text = " ".join(question.split())
    if not text:
        raise QuestionError("The question is empty. Ask about a finding, for example: atrial fibrillation")
    if len(text) > LONGEST_TEXT:
        raise QuestionError(
            f"The question has {len(text):,} characters; at most {LONGEST_TEXT:,} can be read. "
            "Ask about one finding at a time."
        )
    parts = read_question(question)
    if not all(part.finding for part in parts):
        return _ask_in_own_words(model, text, parts)
    queries = [_ask_part(model, part) for part in parts]
    return replace(queries[0], text=text, joined="and") if len(queries) == 1 else _together(text, queries)


def ask_finding(model: ECGCLIP, finding: Finding, text: str | None = None) -> Query:
    """The question for a catalogue entry: its own prompts and those of the entries below it."""
    entries = children(finding.id)
    real = set(model.config.get("taught_by_recordings", ()))
    if finding.id in real:
        # What only simulated recordings taught would add noise to a question that real ones taught.
        entries = [entry for entry in entries if entry.id in real]
    statements = tuple(tuple(entry.prompts) for entry in entries)
    basis, n = _basis(model, finding.id)
    asked = text or finding.name
    offered = finding.id not in model.learned_simulator
    contrast = tuple(finding.contrast)
    return Query(asked, finding.name, finding.id, statements, contrast, True, "ecg", basis, n, offered=offered)


def _ask_part(model: ECGCLIP, part: Part) -> Query:
    query = ask_finding(model, catalogue()[part.finding], part.text)
    name = f"no {query.name}" if part.negated else query.name
    return replace(query, name=name, negated=part.negated, joined="or" if part.joined == "or" else "and")


def _ask_in_own_words(model: ECGCLIP, text: str, parts: tuple[Part, ...]) -> Query:
    """A text that names more than the catalogue has, asked whole: what describes a finding is not cut into signs.

    A denial in it is left to the text encoder, which was taught sentences that exclude a finding: of "the upper
    chambers do not beat as one" the opposite is not what "beat as one" says.
    """
    english = plain_statement(text)
    named = any(part.finding for part in parts)
    scope = "ecg" if named else scope_of(model, english)[0]
    statement = tuple(frame.format(english) for frame in PLAIN_FRAMES)
    contrast = (f"no {english}",)
    near = tuple((_ask_place(model, place), share) for place, share in likeliest(model, english))
    return Query(text, english, None, (statement,), contrast, scope == "ecg", scope, "never taught", 0, near=near)


def _ask_place(model: ECGCLIP, place: Place) -> Query:
    """The question for the sentences that state an entry, or for those that exclude it."""
    query = ask_finding(model, catalogue()[place.finding])
    if not place.excluded:
        return query
    name = f"no {query.name}"
    return replace(query, name=name, finding=None, statements=(query.contrast,), contrast=query.statements[0])


def _together(text: str, parts: list[Query]) -> Query:
    """One question of several findings, which rests on what the weakest of them rests on."""
    name = parts[0].name + "".join(f" {part.joined} {part.name}" for part in parts[1:])
    weakest = min(parts, key=lambda part: (BASES.index(part.basis), part.n))
    offered = all(part.offered for part in parts)
    return Query(text, name, None, (), (), True, "ecg", weakest.basis, weakest.n, parts=tuple(parts), offered=offered)


def _basis(model: ECGCLIP, finding: str) -> tuple[str, int]:
    entry = model.calibration["findings"].get(finding)
    if entry:
        return "real", int(entry["positives"])
    if finding in model.config.get("taught_by_recordings", ()):
        return "real", 0
    return ("simulated" if finding in model.config.get("taught_by_simulation", ()) else "never taught"), 0
