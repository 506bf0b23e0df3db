"""Whether questions are understood however they are put: ``python benchmarks/paraphrases.py [--data FOLDER]``.

The texts in ``benchmarks/paraphrases/`` were written without sight of what teaches the model and are never to teach it.
Every finding that they ask for is asked of recordings in three ways: with the catalogue's own prompts, in the words of
each paraphrase as a reader would type it, and in the same words with the catalogue emptied, so that the text encoder
alone answers. Recordings are fold 9 of PTB-XL where it has enough with the finding, and simulated ones of seeds that no
training saw. The table ends with what is said to be understood, denied and asked at once. A JSON file has it all; the
texts themselves are printed only with ``--texts``, so that who teaches the model can read the table.
"""

import argparse
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from paraphrase_texts import Texts, read_texts
from tqdm import tqdm

from ecgclip_core.corpora.corpus import HOLDS, UNKNOWN
from ecgclip_core.corpora.labels import label_matrix
from ecgclip_core.corpora.tables import read_table
from ecgclip_core.ecg.read import read_ecg
from ecgclip_core.errors import EcgclipError
from ecgclip_core.evaluation.metrics import auroc, estimate, resampled_weights
from ecgclip_core.findings.catalogue import ancestors, catalogue, children
from ecgclip_core.model.checkpoint import load_model
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import PLAIN_FRAMES, Query, ask, ask_finding
from ecgclip_core.model.zero_shot import evidence
from ecgclip_core.simulation.conditions import CONDITIONS
from ecgclip_core.simulation.simulate import simulate

ROOT = Path(__file__).parents[1]
FEWEST_POSITIVES = 5
TEST_FOLD = 9
FIRST_SEED = 1_000_000
EACH = 8
BATCH = 32
WORST = 10
GOALS = {
    "paraphrases below own prompts": ("<=", 0.03),
    "mean AUROC of paraphrases": (">=", 0.85),
    "emptied catalogue below paraphrases": ("<=", 0.05),
    "paraphrases understood": (">=", 0.95),
    "unrelated not understood": (">=", 0.95),
}


@dataclass(frozen=True, eq=False)
class Recordings:
    """Encoded recordings with what is known of them.

    Attributes
    ----------
    source : str
        ``"real"`` or ``"simulated"``.
    vectors : Tensor, shape (n, d)
    truth : dict of str to ndarray of bool, shape (n,)
        Only findings with `FEWEST_POSITIVES` recordings with and without them.
    """

    source: str
    vectors: torch.Tensor
    truth: dict[str, np.ndarray]


def main() -> None:
    """Evaluate, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--data", default=os.environ.get("ECGCLIP_DATA", ROOT.parent / "shared" / "data"), type=Path)
    parser.add_argument("--checkpoint", help="a name or folder; the bundled checkpoint where left out")
    parser.add_argument("--output", default=ROOT / "runs" / "paraphrases.json", type=Path)
    parser.add_argument(
        "--texts", action="store_true", help="print the texts that do worst; not for who writes wordings"
    )
    options = parser.parse_args()
    model, texts = load_model(options.checkpoint), read_texts()
    sources = [simulated_recordings(model, tuple(texts.findings))]
    if (options.data / "ptbxl" / "records.csv").is_file():
        sources.insert(0, real_recordings(model, options.data / "ptbxl", tuple(texts.findings)))
    rows = pd.DataFrame(evaluated(model, texts, sources))
    report = {"checkpoint": model.name, "auroc": macro(rows), "language": language(model, texts)}
    report["goals"] = goals(report)
    show(rows, report)
    if options.texts:
        show_texts(rows, report["language"]["errors"])
    options.output.parent.mkdir(parents=True, exist_ok=True)
    report["rows"] = rows.to_dict("records")
    options.output.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")


def real_recordings(model: ECGCLIP, folder: Path, findings: tuple[str, ...]) -> Recordings:
    """Fold 9 of PTB-XL."""
    rows = read_table(folder)
    rows = rows[rows["strat_fold"] == TEST_FOLD]
    ecgs, kept = [], []
    for row, record in enumerate(tqdm(rows["record"], desc="Reading", unit="recording")):
        try:
            ecgs.append(read_ecg(folder / record))
            kept.append(row)
        except EcgclipError:
            continue
    columns, labels = label_matrix(rows.iloc[kept])
    labelled = (labels != UNKNOWN).all(axis=1)
    truth = {finding: labels[labelled, columns.index(finding)] == HOLDS for finding in findings if finding in columns}
    return Recordings("real", encoded(model, ecgs)[torch.from_numpy(labelled)], enough(truth))


def simulated_recordings(model: ECGCLIP, findings: tuple[str, ...]) -> Recordings:
    """`EACH` recordings of every condition."""
    asked = [finding for _ in range(EACH) for finding in CONDITIONS]
    ecgs = [
        simulate(finding, seed=FIRST_SEED + number)
        for number, finding in enumerate(tqdm(asked, desc="Simulating", unit="recording"))
    ]
    truth = {finding: np.array([finding in ecg.truth.findings for ecg in ecgs]) for finding in findings}
    return Recordings("simulated", encoded(model, ecgs), enough(truth))


def encoded(model: ECGCLIP, ecgs: list) -> torch.Tensor:
    """Vectors of length 1, shape (n, d)."""
    starts = tqdm(range(0, len(ecgs), BATCH), desc="Encoding", unit="batch")
    return torch.from_numpy(np.concatenate([model.encode_ecg(ecgs[start : start + BATCH]) for start in starts]))


def enough(truth: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The findings that can be told from the rest: with `FEWEST_POSITIVES` on either side."""
    return {finding: held for finding, held in truth.items() if min(held.sum(), (~held).sum()) >= FEWEST_POSITIVES}


def encoder_only(text: str) -> Query:
    """The question as a model without a catalogue is asked it: no name, abbreviation, language or negation is known."""
    statement = tuple(frame.format(text) for frame in PLAIN_FRAMES)
    return Query(text, text, None, (statement,), (f"no {text}",), True, "ecg", "never taught", 0)


def evaluated(model: ECGCLIP, texts: Texts, sources: list[Recordings]) -> list[dict]:
    """AUROC of every wording of every finding on every source that can tell it."""
    rows = []
    for finding, wordings in tqdm(texts.findings.items(), desc="Asking", unit="finding"):
        asked = {text: (ask(model, text), encoder_only(text)) for text in wordings}
        for recordings in sources:
            if finding not in recordings.truth:
                continue
            own = area(model, recordings, finding, ask_finding(model, catalogue()[finding]))
            for text, (query, alone) in asked.items():
                rows.append(
                    {
                        "finding": finding,
                        "source": recordings.source,
                        "positives": int(recordings.truth[finding].sum()),
                        "text": text,
                        "own": own,
                        "paraphrase": area(model, recordings, finding, query),
                        "emptied": area(model, recordings, finding, alone),
                    }
                )
    return rows


def area(model: ECGCLIP, recordings: Recordings, finding: str, query: Query) -> float:
    """AUROC of one question."""
    with torch.no_grad():
        score = evidence(model, recordings.vectors, query).numpy()
    held = recordings.truth[finding]
    return float(auroc(held, score, np.ones((1, len(held))))[0])


def macro(rows: pd.DataFrame) -> dict[str, dict]:
    """Means over findings with 95 % intervals from a bootstrap over findings.

    ``together`` has each finding once, on real recordings where they can tell it.
    """
    real = set(rows.loc[rows["source"] == "real", "finding"])
    together = rows[(rows["source"] == "real") | ~rows["finding"].isin(real)]
    report = {}
    for name, part in [*rows.groupby("source"), ("together", together)]:
        means = part.groupby("finding")[["own", "paraphrase", "emptied"]].mean()
        means["paraphrase below own"] = means["own"] - means["paraphrase"]
        means["emptied below paraphrase"] = means["paraphrase"] - means["emptied"]
        weights = resampled_weights(means.index.to_numpy())
        estimates = {
            column: asdict(estimate(weights @ means[column].to_numpy() / weights.sum(axis=1))) for column in means
        }
        report[name] = {"findings": len(means), **estimates}
    return report


def language(model: ECGCLIP, texts: Texts) -> dict:
    """What is understood of the texts themselves, and the texts that are not."""
    wordings = [(finding, text, ask(model, text)) for finding, some in texts.findings.items() for text in some]
    unrelated = {text: ask(model, text) for text in texts.unrelated}
    beyond = {text: ask(model, text) for text in texts.beyond}
    denied = {text: denies(ask(model, text), finding) for text, finding in texts.denied}
    several = {text: findings <= {part.finding for part in ask(model, text).each} for text, findings in texts.several}
    named = [naming(finding, query) for finding, _, query in wordings]
    return {
        "paraphrases understood": float(np.mean([query.understood for *_, query in wordings])),
        "paraphrases naming the finding": named.count("right") / len(named),
        "paraphrases naming one above or below it": named.count("near") / len(named),
        "paraphrases naming another": named.count("wrong") / len(named),
        "paraphrases taken for a denial": float(np.mean([query.each[0].negated for *_, query in wordings])),
        "unrelated not understood": float(np.mean([not query.understood for query in unrelated.values()])),
        "unrelated of scope none": float(np.mean([query.scope == "none" for query in unrelated.values()])),
        "beyond of scope beyond": float(np.mean([query.scope == "beyond" for query in beyond.values()])),
        "beyond not understood": float(np.mean([not query.understood for query in beyond.values()])),
        "denials right": float(np.mean(list(denied.values()))),
        "several all found": float(np.mean(list(several.values()))),
        "errors": {
            "paraphrases not understood": [f"{finding}: {text}" for finding, text, q in wordings if not q.understood],
            "paraphrases naming another": [
                f"{finding}: {text} ({query.name})"
                for (finding, text, query), name in zip(wordings, named, strict=True)
                if name == "wrong"
            ],
            "unrelated understood": [f"{text} ({query.name})" for text, query in unrelated.items() if query.understood],
            "beyond of another scope": [f"{text} ({q.scope})" for text, q in beyond.items() if q.scope != "beyond"],
            "denials wrong": [text for text, right in denied.items() if not right],
            "several not all found": [text for text, right in several.items() if not right],
        },
    }


def naming(finding: str, query: Query) -> str:
    """Whether a question was taken for its finding: ``"right"``, ``"near"``, ``"wrong"`` or ``"none"`` named."""
    named = {part.finding for part in query.each} - {None}
    near = {entry.id for entry in (*ancestors(finding), *children(finding))}
    if not named:
        return "none"
    return "right" if finding in named else "near" if named & near else "wrong"


def denies(query: Query, finding: str) -> bool:
    """Whether a question denies the finding and asks for it nowhere."""
    parts = [part for part in query.each if part.finding == finding]
    return bool(parts) and all(part.negated for part in parts)


def goals(report: dict) -> dict[str, dict]:
    """Each goal with the number reached, on each finding once."""
    found = report["auroc"]["together"]
    reached = {
        "paraphrases below own prompts": found["paraphrase below own"]["value"],
        "mean AUROC of paraphrases": found["paraphrase"]["value"],
        "emptied catalogue below paraphrases": found["emptied below paraphrase"]["value"],
    } | report["language"]
    return {
        name: {
            "reached": reached[name],
            "goal": f"{sign} {bound}",
            "met": reached[name] <= bound if sign == "<=" else reached[name] >= bound,
        }
        for name, (sign, bound) in GOALS.items()
    }


def show(rows: pd.DataFrame, report: dict) -> None:
    """Print what was found."""
    print(f"\nAUROC over findings, checkpoint {report['checkpoint']} (95 % interval)")
    for name, part in report["auroc"].items():
        print(f"  {name}, {part['findings']} findings")
        for column, value in part.items():
            if column != "findings":
                print(f"    {column:26s} {value['value']:+.3f} ({value['low']:+.3f} to {value['high']:+.3f})")
    means = rows.groupby(["source", "finding"])[["positives", "own", "paraphrase", "emptied"]].mean()
    print("\nFindings whose paraphrases do worst against their own prompts")
    order = (means["own"] - means["paraphrase"]).sort_values(ascending=False).index
    print(means.loc[order].head(WORST).round(3).to_string())
    print("\nLanguage")
    for name, share in report["language"].items():
        if name != "errors":
            print(f"  {name:42s} {share:.3f}")
    print("\nGoals")
    for name, goal in report["goals"].items():
        print(f"  {'met   ' if goal['met'] else 'missed'} {name:38s} {goal['reached']:.3f} ({goal['goal']})")


def show_texts(rows: pd.DataFrame, errors: dict[str, list[str]]) -> None:
    """Print the texts that do worst."""
    print("\nTexts that do worst against the own prompts, as asked and with the catalogue emptied")
    for column in ("paraphrase", "emptied"):
        below = (rows["own"] - rows[column]).sort_values(ascending=False).index[:WORST]
        print(rows.loc[below, ["source", "finding", "own", column, "text"]].round(3).to_string(index=False))
    for name, wrong in errors.items():
        print(f"\n{name} ({len(wrong)})", *wrong, sep="\n  ")


if __name__ == "__main__":
    main()
