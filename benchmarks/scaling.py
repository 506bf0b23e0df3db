"""What 2.8 million ECGs would need, computed from what is measured here; writes docs/scaling.json and docs/scaling.md.

    python benchmarks/scaling.py [--steps 10] [--recordings 200]

On a host with a GPU the same command measures training on it and keeps what was measured elsewhere on a CPU. Recordings
are simulated, written as WFDB at 500 Hz and read back; a training step is that of the recipes, with texts already read.
What else runs on the machine disturbs the clock: where it was busy before the start, rates come from the seconds that
the processor spent on the work, and the table says so. A quiet machine gives better numbers.
"""

import argparse
import json
import multiprocessing
import os
import platform
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from scaling_tables import tables

from ecgclip_core.corpora.corpus import Corpus
from ecgclip_core.corpora.shards import Shards, write_shard
from ecgclip_core.ecg.read import read_ecg
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.model.architecture import space_of
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.model.text_encoder import TextEncoder
from ecgclip_core.simulation.simulate import simulate
from ecgclip_core.training.objectives import statements
from ecgclip_core.training.ranks import Ranks
from ecgclip_core.training.recipe import read_recipe
from ecgclip_core.training.text_bank import text_features
from ecgclip_core.training.text_start import text_start
from ecgclip_core.training.training_set import TrainingSet

DOCS = Path(__file__).parents[1] / "docs"
RECIPES = ("ecgclip-r18", "ecgclip-r34")
LEADS, RECORDED_HZ = 12, 500
DISTINCT = 12  # simulated recordings that are read again and again
TEXT_WIDTH = 384
STATEMENTS_A_REPORT = 3
BEGIN, END = "<!-- measured: written by benchmarks/scaling.py -->", "<!-- end of what was measured -->"


def main() -> None:
    """Measure, keep, and write the page's table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10, help="of training, for each recipe")
    parser.add_argument("--recordings", type=int, default=200, help="to read and prepare")
    chosen = parser.parse_args()
    file = DOCS / "scaling.json"
    kept = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    gpu = torch.cuda.is_available()
    found = {"machine": machine(gpu), "training": {name: apart(training, name, chosen.steps) for name in RECIPES}}
    if not gpu:
        found["preparing"] = preparing(chosen.recordings)
        found["texts"] = reading_texts()
        found["drawing"] = drawing()
        found["reading_a_batch_ms"] = reading()
    kept["gpu" if gpu else "cpu"] = found
    file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    page = DOCS / "scaling.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{tables(kept)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    print(tables(kept))


def machine(gpu: bool) -> dict:
    """What it was measured on, and how busy that was."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    processor = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    load = os.getloadavg()[0]
    return {
        "device": torch.cuda.get_device_name() if gpu else processor or platform.processor(),
        "gpu": gpu,
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "load_before": round(load, 1),
        "busy": load > 0.5,
    }


def apart(work, *given):
    """The result of a function in a process of its own, so that its memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, given)


def preparing(number: int) -> dict:
    """Reading WFDB files of 500 Hz and preparing them, on one core."""
    torch.set_num_threads(1)
    preprocessing = Preprocessing()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(DISTINCT):
            _write_wfdb(Path(folder), f"r{seed}", simulate("sinus rhythm", seed=seed).signal)
        timed = _Clock()
        prepared = np.stack(
            [preprocessing.windows(read_ecg(Path(folder) / f"r{row % DISTINCT}.hea"))[0][0] for row in range(number)]
        ).astype(np.float16)
        write_shard(Path(folder) / "shard.npy", prepared)
        return timed.rates(number)


def reading_texts(number: int = 128) -> dict:
    """Reports of three statements through the text encoder, on one core."""
    torch.set_num_threads(1)
    encoder = TextEncoder.from_pretrained(text_start().folder)
    names = [entry.name for entry in catalogue().values()]
    texts = [". ".join(names[(row + step) % len(names)] for step in (0, 7, 19)) for row in range(number)]
    timed = _Clock()
    text_features(encoder, texts)
    return timed.rates(number)


def drawing(batches: int = 30) -> dict:
    """The largest of the numbers that change a batch, the noise of every sample, on one core."""
    torch.set_num_threads(1)
    generator, shape = torch.Generator().manual_seed(0), (64, LEADS, Preprocessing().length)
    timed = _Clock()
    for _ in range(batches):
        torch.randn(*shape, generator=generator)
    return timed.rates(batches * shape[0])


def reading() -> dict:
    """Milliseconds to read 64 rows of a mapped shard that is not in memory, and once it is."""
    rows = np.random.default_rng(0).permutation(4096)[:64]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shard.npy"
        write_shard(file, np.ones((4096, LEADS, Preprocessing().length), dtype=np.float16))
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        shards, found = Shards([file], [4096]), {}
        for name in ("from_disk", "from_memory"):
            begun = time.perf_counter()
            shards[rows]
            found[name] = round(1000 * (time.perf_counter() - begun), 2)
    return found


def training(name: str, steps: int) -> dict:
    """Steps of a recipe as `pretrain` makes them: reading, changing, loss, gradients, AdamW."""
    recipe = read_recipe(name)
    data, device = _random_set(), torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(0)
    # Without the text encoder, whose outputs are kept between epochs.
    model = space_of(recipe.architecture(), TEXT_WIDTH, Preprocessing().length).to(device).train()
    model.preprocessing = Preprocessing()
    lesson = _lesson(recipe, data, device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    rng, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)

    def step() -> None:
        rows = rng.integers(len(data.real), size=recipe.batch)
        optimizer.zero_grad()
        statements.loss(model, lesson, rows, rng, generator, Ranks()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    step()
    timed = _Clock()
    for _ in range(steps):
        step()
    rates = timed.rates(steps * recipe.batch)
    memory = torch.cuda.max_memory_allocated() if device.type == "cuda" else _peak_memory()
    weights = sum(value.numel() for value in model.parameters())
    return {**rates, "batch": recipe.batch, "epochs": recipe.epochs, "memory_gb": memory / 1e9, "weights": weights}


class _Clock:
    """Both kinds of seconds since it was made."""

    def __init__(self) -> None:
        self._wait()
        self.wall, self.work = time.perf_counter(), time.process_time()

    def rates(self, number: int) -> dict:
        """Recordings a second, and a second that a core worked on them."""
        self._wait()
        wall, work = time.perf_counter() - self.wall, time.process_time() - self.work
        return {"a_second": number / wall, "a_core_second": number / work}

    @staticmethod
    def _wait() -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()


class _RandomBank:
    """In the place of a TextBank: a random place for every text."""

    def __init__(self, device: torch.device):
        self.features, self.row = torch.randn(4096, TEXT_WIDTH, device=device), {}

    def __getitem__(self, texts: list[str]) -> torch.Tensor:
        return self.features[[self.row.setdefault(text, len(self.row) % 4096) for text in texts]]


def _random_set(number: int = 512) -> TrainingSet:
    rng = np.random.default_rng(0)
    findings = tuple(catalogue())
    labels = rng.integers(-1, 2, (number, len(findings))).astype(np.int8)
    said = tuple(tuple(f"statement {n}" for n in rng.integers(1000, size=STATEMENTS_A_REPORT)) for _ in range(number))
    real = Corpus(
        tuple(map(str, range(number))),
        rng.normal(0, 0.3, (number, LEADS, Preprocessing().length)).astype(np.float16),
        np.ones(number, dtype=bool),
        findings,
        labels,
        said,
        np.arange(number).astype(str),
        np.ones(number, dtype=int),
        np.full(number, 60.0),
    )
    nobody = real.where(np.zeros(number, dtype=bool))
    return TrainingSet(real, nobody, nobody, said, labels, (), np.zeros((number, 0), dtype=np.int8))


def _lesson(recipe, data: TrainingSet, device: torch.device) -> statements.Lesson:
    sentences = [([f"{finding} {n}" for n in range(4)], [f"no {finding}"]) for finding in data.real.findings]
    presence = statements.weight_of_presence(data.real.labels).to(device)
    reports = [". ".join(said) for said in data.texts]
    return statements.Lesson(recipe, data, _RandomBank(device), sentences, reports, {}, presence, presence[:0])


def _write_wfdb(folder: Path, name: str, signal: np.ndarray) -> None:
    """Format 16 at 1000 units a millivolt, as PTB-XL has it."""
    leads = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
    samples = np.round(np.nan_to_num(signal.T) * 1000).astype("<i2")
    lines = [f"{name} {LEADS} {RECORDED_HZ} {len(samples)}"]
    lines += [
        f"{name}.dat 16 1000.0(0)/mV 16 0 {first} 0 0 {lead}" for lead, first in zip(leads, samples[0], strict=True)
    ]
    (folder / f"{name}.hea").write_text("\n".join(lines) + "\n")
    (folder / f"{name}.dat").write_bytes(samples.tobytes())


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
