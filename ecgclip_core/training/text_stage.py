"""Teaching the text encoder what the words of ECG readers mean, before it meets a signal.

Every text that states a finding is drawn to that finding's place and away from those of all others; a text that
excludes it has a place of its own. Texts about something else keep the place that general language gave them, so that
what was never taught is still told apart.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm import tqdm

from ecgclip_core.findings.catalogue import ancestors, catalogue, children
from ecgclip_core.findings.questions import example_questions
from ecgclip_core.findings.translation import to_english
from ecgclip_core.findings.wordings import wordings
from ecgclip_core.model.ecgclip import SCOPES
from ecgclip_core.model.text_encoder import TextEncoder
from ecgclip_core.training.text_bank import text_features
from ecgclip_core.training.text_start import TAUGHT_STEPS

BATCH = 96
GENERAL_BATCH = 48
CHUNK = 32
LEARNING_RATE = 5e-5
PLACE_LEARNING_RATE = 5e-3
WARMUP_SHARE = 0.1
TEMPERATURE = 0.07
SCOPE_WEIGHT = 1.0
KEPT_WEIGHT = 1.0
SAVED_EVERY = 100
TYPO_SHARE = 0.08
FRAME_SHARE = 0.4
# What stands around a finding when somebody asks for it; it says nothing of the finding.
FRAMES = (
    *("is there {}?", "{}?", "any {}?", "does the ECG show {}?", "evidence of {}", "signs of {}", "look for {}"),
    *("ECG with {}", "patient with {}", "the tracing shows {}", "please check for {}", "do you see {} here?"),
    *("consistent with {}", "{} on this ECG", "{} present", "could this be {}?", "findings: {}", "Does she have {}?"),
    *("Zeigt das EKG {}?", "Hinweis auf {}", "{} vorhanden?", "what about {}", "tell me whether there is {}"),
)


@dataclass(frozen=True)
class TaughtTexts:
    """What the text encoder learns from.

    Attributes
    ----------
    texts : list of str
        Texts that state or exclude a finding.
    places : ndarray of int, shape (n,)
        The place of each: 2 * finding, and 1 more where it is excluded.
    neutral : ndarray of bool, shape (p, p)
        Row: a place; columns: places that a text of it neither belongs to nor is held away from, those of findings
        that hold whenever it does.
    general : list of str
        Texts that name no finding of the catalogue.
    scopes : ndarray of int, shape (n + len(general),)
        Of `SCOPES`, -1 where a text may be about more than one.
    """

    texts: list[str]
    places: np.ndarray
    neutral: np.ndarray
    general: list[str]
    scopes: np.ndarray


def taught_texts(statements: dict[str, str]) -> TaughtTexts:
    """The catalogue's sentences, the wordings, statements of reports, and texts about anything else.

    Parameters
    ----------
    statements : dict of str to str
        Statements of reports of the training folds and the finding that each states; empty where it states none.
    """
    findings = list(catalogue())
    texts: dict[str, int] = {}
    for row, finding in enumerate(findings):
        for excluded, side in enumerate(wordings(finding)):
            for text in side:
                texts.setdefault(text, 2 * row + excluded)
                texts.setdefault(to_english(text), 2 * row + excluded)
    for text, finding in statements.items():
        if finding:
            texts.setdefault(text, 2 * findings.index(finding))
    general = [text for text, finding in statements.items() if not finding]
    scopes = [SCOPES.index("ecg")] * (len(texts) + len(general))
    for scope in SCOPES:
        examples = [text for text in example_questions(scope) if text not in texts]
        general += examples
        scopes += [SCOPES.index(scope)] * len(examples)
    return TaughtTexts(list(texts), np.array(list(texts.values())), neutral_places(findings), general, np.array(scopes))


def neutral_places(findings: list[str]) -> np.ndarray:
    """Places that a place implies: the parents of a finding that holds, the children of one that is excluded."""
    neutral = np.zeros((2 * len(findings), 2 * len(findings)), dtype=bool)
    for row, finding in enumerate(findings):
        for entry in ancestors(finding):
            neutral[2 * row, 2 * findings.index(entry.id)] = True
        for entry in children(finding):
            if entry.id != finding:
                neutral[2 * row + 1, 2 * findings.index(entry.id) + 1] = True
    return neutral


def teach_text_encoder(start: Path, taught: TaughtTexts, steps: int, out: Path, seed: int = 0) -> Path:
    """Train a text encoder, or go on with an interrupted run in `out`.

    Parameters
    ----------
    start : Path
        Folder of the BERT encoder to start from.
    taught : TaughtTexts
    steps : int
    out : Path
        Becomes a folder of the same form.

    Returns
    -------
    Path
        `out`.
    """
    if (out / "model.safetensors").is_file():
        return out
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    encoder = TextEncoder.from_pretrained(start)
    places, scope_head = _start_of_places(encoder, taught), nn.Linear(encoder.width, len(SCOPES))
    encoder.body.embeddings.requires_grad_(False)
    kept = text_features(encoder, taught.general)
    body = [parameter for parameter in encoder.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": body, "highest": LEARNING_RATE},
            {"params": [places, *scope_head.parameters()], "highest": PLACE_LEARNING_RATE},
        ],
        weight_decay=0.01,
    )
    modules = nn.ModuleDict({"body": encoder.body, "scope": scope_head})
    modules.register_parameter("places", places)
    first = _resume(out, modules, optimizer)
    neutral = torch.from_numpy(taught.neutral)
    encoder.train()
    with tqdm(total=steps, initial=first, desc="Teaching words", unit="step") as bar:
        for step in range(first, steps):
            # Each step draws its own numbers, so that an interrupted run ends where an uninterrupted one does.
            torch.manual_seed(seed * steps + step)
            for group in optimizer.param_groups:
                group["lr"] = group["highest"] * _schedule(step / steps)
            loss = _loss(encoder, places, scope_head, taught, neutral, kept, np.random.default_rng((seed, step)))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(body, 1.0)
            optimizer.step()
            bar.update()
            bar.set_postfix(loss=f"{loss.item():.3f}")
            if (step + 1) % SAVED_EVERY == 0:
                _save(out, modules, optimizer, step + 1)
    shutil.copyfile(start / "tokenizer.json", out / "tokenizer.json")
    config = json.loads((start / "config.json").read_text(encoding="utf-8"))
    (out / "config.json").write_text(json.dumps(config | {TAUGHT_STEPS: steps}), encoding="utf-8")
    save_file({name: value.contiguous() for name, value in encoder.body.state_dict().items()}, out / "model.part")
    (out / "model.part").rename(out / "model.safetensors")
    (out / "state.safetensors").unlink(missing_ok=True)
    return out


def _start_of_places(encoder: TextEncoder, taught: TaughtTexts) -> nn.Parameter:
    """The mean of each place's texts, so that training begins where general language puts them."""
    features = text_features(encoder, taught.texts)
    count = len(taught.neutral)
    sums = torch.zeros(count, encoder.width).index_add_(0, torch.from_numpy(taught.places), features)
    return nn.Parameter(nn.functional.normalize(sums + 1e-6, dim=1))


def _loss(encoder, places, scope_head, taught: TaughtTexts, neutral: Tensor, kept: Tensor, rng) -> Tensor:
    # A place with few texts is met as often as one with many.
    share = 1 / np.bincount(taught.places, minlength=len(neutral))[taught.places]
    rows = rng.choice(len(taught.texts), BATCH, p=share / share.sum())
    # What is about something else is met as often as what is about an ECG.
    scopes_of_general = taught.scopes[len(taught.texts) :]
    share = 1 / np.bincount(scopes_of_general, minlength=len(SCOPES))[scopes_of_general]
    others = rng.choice(len(taught.general), GENERAL_BATCH, p=share / share.sum())
    shown = [varied(taught.texts[row], rng) for row in rows] + [taught.general[row] for row in others]
    features = _encoded(encoder, shown)
    stated, general = features[:BATCH], features[BATCH:]
    target = torch.from_numpy(taught.places[rows])
    logits = stated @ nn.functional.normalize(places, dim=1).T / TEMPERATURE
    loss = nn.functional.cross_entropy(logits.masked_fill(neutral[target], -torch.inf), target)
    scopes = torch.from_numpy(taught.scopes[np.concatenate([rows, len(taught.texts) + others])])
    loss = loss + SCOPE_WEIGHT * nn.functional.cross_entropy(scope_head(features) / TEMPERATURE, scopes)
    return loss + KEPT_WEIGHT * (1 - (general * kept[others]).sum(dim=1)).mean()


def _encoded(encoder: TextEncoder, texts: list[str]) -> Tensor:
    """In chunks of about one length, so that little is padded."""
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        parts = [encoder([texts[row] for row in order[start : start + CHUNK]]) for start in range(0, len(order), CHUNK)]
    return torch.cat(parts).float()[torch.tensor(order).argsort()]


def varied(text: str, rng: np.random.Generator) -> str:
    """The same text as somebody else might type it: inside a question, or with a slip of the finger."""
    if rng.random() < FRAME_SHARE:
        text = FRAMES[rng.integers(len(FRAMES))].format(text)
    if rng.random() < TYPO_SHARE and len(text) > 8:
        place = int(rng.integers(1, len(text) - 2))
        swapped = text[place + 1] + text[place]
        text = text[:place] + (swapped if rng.random() < 0.5 else text[place + 1]) + text[place + 2 :]
    return text


def _schedule(done: float) -> float:
    """Linear warm-up, then linear to zero."""
    return min((done + 1e-3) / WARMUP_SHARE, max((1 - done) / (1 - WARMUP_SHARE), 0.0))


def _save(out: Path, modules: nn.Module, optimizer, step: int) -> None:
    tensors = {f"module.{name}": value for name, value in modules.state_dict().items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{key}": value for key, value in state.items()}
    partial = out / "state.part"
    save_file({name: value.contiguous() for name, value in tensors.items()}, partial, {"step": str(step)})
    partial.rename(out / "state.safetensors")


def _resume(out: Path, modules: nn.Module, optimizer) -> int:
    """Load the state of an interrupted run; the number of finished steps."""
    file = out / "state.safetensors"
    if not file.is_file():
        return 0
    from safetensors import safe_open

    tensors = load_file(file)
    modules.load_state_dict({name[7:]: value for name, value in tensors.items() if name.startswith("module.")})
    described = optimizer.state_dict()
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, number, key = name.split(".")
            described["state"].setdefault(int(number), {})[key] = value
    optimizer.load_state_dict(described)
    with safe_open(file, "pt") as opened:
        return int(opened.metadata()["step"])
