"""From the words of a sentence about waves to its claims: what belongs to which wave, in which leads, joined how."""

from dataclasses import replace

from ecgclip_core.findings.claims import Claim, Reading

# Every recording has the others.
_MAY_BE_ABSENT = ("P", "Q", "R", "S", "T", "U")


def read_tokens(tokens: list[tuple[str, object]]) -> Reading | None:
    """Read words with their kind (`feature_words.tokens_of`); None where the grammar ends."""
    claims = _Claims()
    for place, (kind, value) in enumerate(tokens):
        if not claims.take(kind, value, tokens[place + 1 :]):
            return None
    return claims.reading()


class _Claims:
    """Claims as they come, word by word: adjectives wait for their wave, claims for their leads."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self.joined: list[str] = []  # before each claim
        self.without_leads = 0  # from which claim on no leads were named
        self.wave = ""
        self.bare = False  # the wave was named and nothing said of it
        self.waiting: list[tuple[str, str]] = []  # adjectives before their wave, with what joined them
        self.before = ""  # what joins the next claim to the last
        self.denied = False
        self.spread: list[str] = []  # adjectives that the waves after the next "and" share
        self.leads_first: list | None = None
        self.last = ""

    def take(self, kind: str, value, following: list[tuple[str, object]]) -> bool:
        """Read one more word; False where the grammar ends."""
        done = getattr(self, f"_{kind}")(value, following)
        self.last = kind if kind != "word" else str(value)
        return done

    def reading(self) -> Reading | None:
        self._close_wave()
        if self.waiting or not self.claims or self.denied or any(_says_nothing(claim) for claim in self.claims):
            return None
        # "no ST elevation in V1 to V4": in none of them.
        claims = [
            replace(claim, scope="any") if claim.denied and claim.scope == "all" else claim for claim in self.claims
        ]
        return _grouped(claims, self.joined)

    def _add(self, claim: Claim) -> None:
        self.claims.append(replace(claim, denied=self.denied))
        self.joined.append(self.before if len(self.claims) > 1 else "")
        self.before = ""

    def _close_wave(self) -> None:
        if self.bare:
            self.bare = False
            for quality in self.spread or ["present"]:
                self._add(Claim(self.wave, quality))
            self.denied = False

    def _phrase(self, name: str, following: list) -> bool:
        self._close_wave()
        if self.waiting or self.last == "phrase":
            return False
        self.spread = []
        self._add(Claim("", name))
        self.denied, self.wave = False, ""
        return True

    def _wave(self, name: str, following: list) -> bool:
        self._close_wave()
        if not self.waiting:
            if self.last not in ("and", "or", "comma"):
                self.spread = []
            self.wave, self.bare = name, True
            return True
        self.wave, self.spread = name, [quality for quality, _ in self.waiting]
        before = self.before
        for place, (quality, joined) in enumerate(self.waiting):
            self.before = before if place == 0 else joined
            self._add(Claim(name, quality))
        self.waiting, self.denied = [], False
        return True

    def _quality(self, name: str, following: list) -> bool:
        direct = self.wave and self.last in ("wave", "absent") or (self.wave and self.bare and self.last != "leads")
        if not direct and _wave_follows(following):
            self._close_wave()
            joined = self.last if self.waiting and self.last in ("or", "comma") else "and"
            self.waiting.append((name, joined))
            return True
        if not self.wave:
            return False
        self.bare, self.spread = False, []
        self._add(Claim(self.wave, name))
        self.denied = False
        return True

    def _number(self, value: tuple, following: list) -> bool:
        low, high, unit = value
        if unit == "bpm" and self.wave not in ("RATE", "ATRIAL_RATE"):
            self._close_wave()
            self._add(Claim("RATE", "size", low=low, high=high))
            return True
        if self.waiting and _wave_follows(following):
            return False
        if self.bare or not self.claims:
            if not self.wave:
                return False
            self.bare = False
            self._add(Claim(self.wave, "size" if unit != "ms" else "duration", low=low, high=high))
            self.denied = False
            return True
        last = self.claims[-1]
        if last.quality.startswith("axis_"):
            self._add(Claim("AXIS", "size", low=low, high=high))
            return True
        if last.low is not None or last.high is not None:
            self._add(Claim(last.wave, "size" if unit != "ms" else "duration", low=low, high=high))
            return True
        quality = "duration" if unit == "ms" and last.wave in ("P", "Q", "R", "S", "QRS") else last.quality
        if quality == "duration":
            self._add(Claim(last.wave, "duration", low=low, high=high, denied=last.denied))
            return True
        quality = "size" if last.quality == "present" else last.quality
        self.claims[-1] = replace(last, quality=quality, low=low, high=high)
        return True

    def _leads(self, groups: list, following: list) -> bool:
        self._close_wave()
        if self.last == "and" and self.without_leads == len(self.claims) and self.claims and not self.waiting:
            # "in I, aVL and the inferior leads": the same claims in further leads.
            return self._same_in(groups)
        if self.without_leads == len(self.claims):
            if self.claims or self.leads_first:
                return False
            self.leads_first = groups
            return True
        self._place(groups)
        return True

    def _same_in(self, groups: list) -> bool:
        if len(self.claims) != 1:
            return False
        for leads, scope in groups:
            self.claims.append(replace(self.claims[0], leads=leads, scope=scope))
            self.joined.append("and")
        self.without_leads, self.before = len(self.claims), ""
        return True

    def _place(self, groups: list) -> None:
        placed, joined = self.claims[: self.without_leads], self.joined[: self.without_leads]
        for claim, joiner in zip(self.claims[self.without_leads :], self.joined[self.without_leads :], strict=True):
            for number, (leads, scope) in enumerate(groups):
                placed.append(replace(claim, leads=leads, scope=scope))
                joined.append("and" if number else joiner)
        self.claims, self.joined, self.without_leads = placed, joined, len(placed)

    def _word(self, name: str, following: list) -> bool:
        if name == "absent":
            if self.bare and not (following and following[0][0] in ("wave", "quality", "phrase")):
                self.bare = False
                self.denied = True
                self._add(Claim(self.wave, "present"))
                self.denied = False
                return True
            self._close_wave()
            self.denied = True
            return True
        if self.denied and name == "or":
            return False
        self._close_wave()
        if self.waiting:
            return True
        if name != "comma" or not self.before:
            self.before = name
        return True


def _says_nothing(claim: Claim) -> bool:
    return claim.quality == "present" and claim.wave not in _MAY_BE_ABSENT


def _wave_follows(following: list[tuple[str, object]]) -> bool:
    """Whether adjectives run on until a wave, so that they belong to it."""
    before = "quality"
    for kind, value in following:
        if kind == "wave":
            return before == "quality"
        if kind not in ("quality", "word") or value == "absent":
            return False
        before = kind
    return False


def _grouped(claims: list[Claim], joined: list[str]) -> Reading | None:
    """ "A, B or C" is one group, "A and B" two; both in one sentence only where "or" joins qualities of one wave."""
    joined = joined[1:]
    for place in reversed(range(len(joined))):
        if joined[place] == "comma":
            joined[place] = joined[place + 1] if place + 1 < len(joined) else "and"
    if joined and set(joined) == {"or"}:
        return Reading((tuple(claims),))
    groups: list[list[Claim]] = [[claims[0]]]
    for claim, joiner in zip(claims[1:], joined, strict=True):
        if joiner == "or":
            if claim.wave != groups[-1][-1].wave:
                return None
            groups[-1].append(claim)
        else:
            groups.append([claim])
    return Reading(tuple(tuple(group) for group in groups))
