"""A question taken apart before a model sees it: what is asked for, of which findings, and whether it is denied."""

import re
from dataclasses import replace

from ecgclip_core.findings.abbreviations import WrittenOut, without_ambiguous, write_out
from ecgclip_core.findings.catalogue import find
from ecgclip_core.findings.coordination import MOST_PARTS, split
from ecgclip_core.findings.framing import denied_plainly, leads_in, trimmed, unframed, unframed_whole
from ecgclip_core.findings.naming import speaks_of_ecg, speaks_of_findings, stated
from ecgclip_core.findings.parts import Part, meaning
from ecgclip_core.findings.polarity import Polarity, read_polarities
from ecgclip_core.findings.translation import to_english

# A longer text, in letters, is no question; it goes to the model as it is.
LONGEST_QUESTION = 1000

# "or not" asks and denies nothing, nor does ", is it?".
_TAG = re.compile(
    r"[,\s]+(?:or not|yes or no|y/n|oder nicht|ja oder nein|ja/nein)\W*$"
    r"|[,\s]+(?:or|oder) (?:neither|none|both|something else|anything else|other|keine?[rns]?|beides?|etwas anderes)"
    r"(?: of (?:them|these|those|the two))?\W*$"
    r"|,\s*(?:(?:is|was|are|were|does|do|did|has|have|had|can|could|will|would)(?:n['’]?t)? "
    r"(?:there|it|this|that|he|she|they|you|we|i)|ok(?:ay)?|agreed|am i right|is that right|yes|eh|"
    r"richtig|stimmt(?:['’]?s| das)?|"
    r"korrekt|nicht wahr|ne|gell|ja|oder(?: nicht)?)\s*[?.!]*$|,\s*(?:no|nein)\s*\?+$",
    re.IGNORECASE,
)
# After a denial also without a comma: "I don't have AF do I?"
_TAG_OF_DENIAL = re.compile(
    r"(?P<denial>(?:\b(?:no|not|never)\b|n['’]?t\b).+?)\s+(?:is|are|was|were|do|does|did|has|have|had|can|would)"
    r" (?:there|it|this|that|he|she|they|you|we|i)\s*[?.!]*$",
    re.IGNORECASE,
)
_YES = re.compile(r"\s*[:=–-]*\s+(?:yes|ja)\s*(?:[,;]|$)", re.IGNORECASE)
_NO = re.compile(r"(?P<no>\w\s*[:=–-]*\s+(?:no|nein))\s*(?:[,;]|$)", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:^|[\s,;]+)\d{1,2}[.)]\s+(?=[^\W\d])")
_CONTRAST = re.compile(r"(?P<one>[^,;]+?) (?:and )?(?P<not>not|nicht) (?P<other>[^,;]+)", re.IGNORECASE)


def read_question(text: str) -> tuple[Part, ...]:
    """Take a question in free words apart.

    Parameters
    ----------
    text : str
        English or German, with any abbreviations: ``"AF with RVR, but no LBBB?"``. "Rule out" and "exclude" ask for
        a finding; "ruled out" denies it.

    Returns
    -------
    tuple of Part
        In the order of the text; empty only for a text of nothing but space. Words that name no catalogue entry
        are never taken for one that is merely near: their part has no finding.
    """
    source = _in_one_line(text)
    if not source:
        return ()
    if len(source) > LONGEST_QUESTION or not re.search(r"\w", source):
        return (Part(source, source, None, False, ""),)
    written = _written_out(source)
    alone = find(source) if " " not in source else None
    if alone is not None:
        # As the whole question even "as" is an abbreviation.
        return (Part(source, to_english(trimmed(written.text)), alone.id, False, ""),)
    parts = _parts(written.text)
    if not any(part.finding or speaks_of_findings(part.english) for part in parts):
        return (Part(source, trimmed(source) or source, None, False, ""),)
    return tuple(_in_own_words(parts, written)) if len(parts) > 1 else (replace(parts[0], text=source),)


def plain_statement(text: str) -> str:
    """The whole of a question as a plain English statement, for a text encoder.

    Parameters
    ----------
    text : str
        As for `read_question`.

    Returns
    -------
    str
        Without the words that make a question of it and without politeness, with abbreviations written out and
        German in English; denials and all else stay where they stand. Text that is not about an ECG comes back as it
        is.
    """
    source = _in_one_line(text)
    if len(source) > LONGEST_QUESTION or not re.search(r"\w", source):
        return source
    sentences = map(denied_plainly, _sentences(_untagged(_written_out(source).text)))
    plain = ". ".join(filter(None, (to_english(unframed_whole(sentence)) for sentence in sentences)))
    return plain if speaks_of_findings(plain) else source


def _in_one_line(text: str) -> str:
    """Items of a list, one a line, are several questions; any other end of a line is a space."""
    lines = [line for line in text.splitlines() if re.search(r"\w", line)]
    if 1 < len(lines) <= MOST_PARTS and all(_names_something(line) for line in lines):
        text = "; ".join(lines)
    text = " ".join(re.sub(r"\n\s*(?=(?:[-*•]|\d[.)])\s)", "; ", text.strip()).split())
    return _NUMBERED.sub("; ", text).lstrip("; ") if len(_NUMBERED.findall(text)) > 1 else text


def _names_something(line: str) -> bool:
    if len(line) > LONGEST_QUESTION:
        return False
    return all(meaning(unframed(polarity.text))[0] for polarity in _polarities(_written_out(line).text))


def _untagged(text: str) -> str:
    """Denied in one word, and without a tag at the end; items with an answer each are sentences: "AF no, LBBB yes"."""
    if _YES.search(text) and _NO.search(text):
        text = _YES.sub(";", _NO.sub(r"\g<no>;", text))
    return _TAG_OF_DENIAL.sub(r"\g<denial>?", _TAG.sub("?", denied_plainly(text)))


def _contrasted(sentence: str) -> str:
    """With a comma between what is and what is not: "early repolarisation not pericarditis"."""
    found = _CONTRAST.fullmatch(sentence)
    if found is None or any(meaning(unframed(found[side]))[0] is None for side in ("one", "other")):
        return sentence
    return f"{found['one']}, {found['not']} {found['other']}"


def _written_out(source: str) -> WrittenOut:
    """With abbreviations written out, those that are everyday words too only beside a word about an ECG."""
    rest = without_ambiguous(source)
    if rest == source or not re.search(r"\w", unframed(rest)) or speaks_of_ecg(write_out(rest).text):
        return write_out(source)
    return write_out(source, ambiguous=False)


def _parts(text: str) -> list[Part]:
    """The parts of all sentences, each finding once; none of a text with too many."""
    parts: list[Part] = []
    for sentence in map(denied_plainly, _sentences(_untagged(text))):
        for part in _parts_of_sentence(sentence, joined="and" if parts else ""):
            said = any(part.finding == earlier.finding and part.negated == earlier.negated for earlier in parts)
            if part.finding is None or not said:
                parts.append(part)
    return parts if len(parts) <= MOST_PARTS else []


def _in_own_words(parts: list[Part], written: WrittenOut) -> list[Part]:
    """With the words of the question in place of those that abbreviations were written out to."""
    searched, placed = 0, []
    for part in parts:
        start = written.text.find(part.text, searched)
        start = written.text.find(part.text) if start < 0 else start
        if start >= 0:
            searched = start + len(part.text)
            part = replace(part, text=written.original(start, searched))
        placed.append(part)
    return placed


def _sentences(text: str) -> list[str]:
    """Cut after question marks, exclamation marks, semicolons and the full stops of whole words."""
    cuts = re.split(r"(?<=[?!;])\s+|(?<=[^\W\d_]{4}[.])\s+|(?<=[^\W\d_]{3}[.])\s+(?=[A-ZÄÖÜ])", text)
    return [cut.rstrip("; ") for cut in cuts if re.search(r"\w", cut)]


def _parts_of_sentence(sentence: str, joined: str) -> list[Part]:
    plain = unframed(sentence) or trimmed(sentence)
    finding, english = meaning(plain)
    if finding is not None:
        return [Part(plain, english, finding.id, False, joined)]
    polarities = _without_lead_in(_polarities(_contrasted(sentence)))
    groups = [(split(unframed(polarity.text)), polarity.holds == "absent") for polarity in polarities]
    groups = [(pieces, negated) for pieces, negated in groups if pieces]
    if not groups:
        return [Part(plain, english, None, False, joined)]
    as_prompt = stated(trimmed(sentence)) or stated(plain) or stated(english)
    if as_prompt is not None and not all(piece.finding for pieces, _ in groups for piece in pieces):
        return [Part(plain, english, as_prompt.id, False, joined)]
    parts: list[Part] = []
    for pieces, negated in groups:
        for piece in pieces:
            # Neither one nor the other: one is absent and so is the other.
            link = "and" if negated and piece.joined == "or" else piece.joined
            parts.append(replace(piece, negated=piece.negated != negated, joined=link or ("and" if parts else joined)))
    return parts


def _polarities(sentence: str) -> list[Polarity]:
    return [polarity for polarity in read_polarities(sentence) if re.search(r"\w", polarity.text)]


def _without_lead_in(polarities: list[Polarity]) -> list[Polarity]:
    """Without what before a denial says only who thinks so: "am I right that there is no AF?"."""
    if len(polarities) > 1 and polarities[1].holds == "absent" and leads_in(polarities[0].text):
        return polarities[1:]
    return polarities
