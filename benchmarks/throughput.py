"""Embedding and training throughput and memory, beside the published MERL architecture, in one run.

    python benchmarks/throughput.py --out throughput.json            # all cores; --device cuda for a GPU
    python benchmarks/throughput.py --threads 1 --repeats 12

Signals are ten seconds of twelve leads. Ours are read at 100 Hz (12 x 1000), as the bundled checkpoints want them; MERL
at its published 500 Hz (12 x 5000). Weights are random: speed does not depend on them. Every repeat measures all models
in turn, so that what else the machine does meets them alike; a ratio compares two models of the same repeat. Each
model has the batch it embeds fastest with. On a processor ratios are of processor time, which a busy machine distorts
least; recordings a second by the clock on the wall stand beside them.
"""

import argparse
import json
import multiprocessing
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.model.merl_encoder import MerlEncoder
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.model.signal_encoder import SignalEncoder
from ecgclip_core.model.space import CommonSpace
from ecgclip_core.training.losses import info_nce

REFERENCE = "merl"
OURS = {"ecgclip-r18": "resnet18", "ecgclip-r34": "resnet34"}
MODELS = (*OURS, REFERENCE)
RECORDED_HZ, SECONDS = 500, 10
WIDTHS, DIMENSIONS, TEXT_WIDTH = (64, 128, 256, 256), 256, 384
BATCHES = (1, 4, 16, 64)
TRAINING_BATCH = 64
SHORTEST_S = 0.5  # of one measurement
RESAMPLES = 2000


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, help="of torch; as many as it takes where left out")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, help="JSON file")
    chosen = parser.parse_args()
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    result = {"machine": machine(chosen.device), "seconds_of_ecg": SECONDS, "models": {}}
    batches = {name: best_batch(name, chosen.device) for name in MODELS}
    for what, prepare in MEASURES.items():
        works = {name: prepare(name, batches[name], chosen.device) for name in MODELS}
        result[what] = compared(works, chosen.repeats, chosen.device)
        say(what, result[what])
    for what in ("embedding", "training"):
        result[f"{what}_memory_mib"] = {name: peak_memory(name, what, batches[name], chosen.device) for name in MODELS}
        print(f"{what:20} peak memory, MiB  {result[f'{what}_memory_mib']}")
    for name in MODELS:
        weights = sum(value.numel() for value in network(name).signal_encoder.parameters())
        result["models"][name] = {
            "weights": weights,
            "batch": batches[name],
            "input": list(prepared(name, 1).shape[1:]),
        }
    if chosen.out:
        chosen.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def machine(device: str) -> dict:
    """What it was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    gpu = torch.cuda.get_device_name() if device.startswith("cuda") else None
    return {
        "processor": model or platform.processor(),
        "threads": torch.get_num_threads(),
        "gpu": gpu,
        "torch": torch.__version__,
        "precision": "float32",
    }


def network(name: str) -> CommonSpace:
    """The signal side of a model, never trained."""
    torch.manual_seed(0)
    encoder = MerlEncoder(length=RECORDED_HZ * SECONDS) if name == REFERENCE else SignalEncoder(OURS[name], WIDTHS)
    return CommonSpace(encoder, TEXT_WIDTH, DIMENSIONS).eval()


def prepared(name: str, batch: int) -> torch.Tensor:
    """Windows as a model wants them."""
    rate = RECORDED_HZ if name == REFERENCE else Preprocessing().sampling_rate
    return torch.randn(batch, 12, rate * SECONDS, generator=torch.Generator().manual_seed(0))


def embedding(name: str, batch: int, device: str) -> tuple[Callable[[], object], int]:
    """From prepared windows to vectors; the work, and how many recordings it does."""
    space, x = network(name).to(device), prepared(name, batch).to(device)

    def work():
        with torch.inference_mode():
            return space.embed_signal(x)

    return work, batch


def end_to_end(name: str, batch: int, device: str) -> tuple[Callable[[], object], int]:
    """From recordings in memory, 500 Hz, to vectors: with filters and resampling, or with MERL's scaling to 0..1."""
    space, preprocessing = network(name).to(device), Preprocessing()
    random = np.random.default_rng(0)
    ecgs = [ECG(random.normal(0, 0.2, (12, RECORDED_HZ * SECONDS)).astype(np.float32), RECORDED_HZ)] * batch

    def scaled(ecg: ECG) -> np.ndarray:
        lowest, highest = ecg.signal.min(), ecg.signal.max()
        return (ecg.signal - lowest) / (highest - lowest + 1e-8)

    def work():
        windows = [scaled(ecg) if name == REFERENCE else preprocessing.windows(ecg)[0][0] for ecg in ecgs]
        with torch.inference_mode():
            return space.embed_signal(torch.from_numpy(np.stack(windows)).to(device))

    return work, batch


def training(name: str, batch: int, device: str) -> tuple[Callable[[], object], int]:
    """One step: forward, the same loss for all, backward, AdamW."""
    space, x = network(name).to(device).train(), prepared(name, TRAINING_BATCH).to(device)
    texts = torch.randn(TRAINING_BATCH, TEXT_WIDTH, generator=torch.Generator().manual_seed(1)).to(device)
    optimizer = torch.optim.AdamW(space.parameters(), lr=1e-4)

    def work():
        optimizer.zero_grad()
        info_nce(space.embed_signal(x), space.embed_text_features(texts), 0.07).backward()
        optimizer.step()

    return work, TRAINING_BATCH


MEASURES = {"embedding": embedding, "end_to_end": end_to_end, "training": training}


def best_batch(name: str, device: str) -> int:
    """The batch that a model embeds fastest with."""
    rates = {batch: rate(*embedding(name, batch, device), device)[0] for batch in BATCHES}
    return max(rates, key=rates.get)


def rate(work: Callable[[], object], recordings: int, device: str) -> tuple[float, float]:
    """Recordings a second of processor (of GPU: by the clock) and by the clock, over at least `SHORTEST_S`."""
    clock = time.perf_counter if device.startswith("cuda") else time.process_time
    work()
    _wait(device)
    begun, on_the_wall, done = clock(), time.perf_counter(), 0
    while clock() - begun < SHORTEST_S:
        work()
        _wait(device)
        done += recordings
    return done / (clock() - begun), done / (time.perf_counter() - on_the_wall)


def compared(works: dict, repeats: int, device: str) -> dict:
    """Rates of each model, and how many times the reference's, with a 95 % interval over the repeats."""
    rates = {name: [] for name in works}
    for _ in range(repeats):
        for name, (work, recordings) in works.items():
            rates[name].append(rate(work, recordings, device))
    result = {}
    reference = np.array(rates[REFERENCE])
    for name, found in rates.items():
        by_processor, by_clock = np.array(found).T
        result[name] = {"recordings_a_core_second": estimate(by_processor), "recordings_a_second": estimate(by_clock)}
        if name != REFERENCE:
            result[name]["times_merl"] = estimate(by_processor / reference[:, 0])
            result[name]["times_merl_by_clock"] = estimate(by_clock / reference[:, 1])
    return result


def estimate(values: np.ndarray) -> dict:
    """Median with a bootstrap interval of it."""
    drawn = np.random.default_rng(0).choice(values, (RESAMPLES, len(values)))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
    return {"value": float(np.median(values)), "low": float(low), "high": float(high)}


def peak_memory(name: str, what: str, batch: int, device: str) -> float:
    """MiB beyond what the process held before, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_peak, (name, what, batch, device, torch.get_num_threads()))


def _peak(name: str, what: str, batch: int, device: str, threads: int) -> float:
    torch.set_num_threads(threads)
    before = _resident("VmRSS")
    work, _ = MEASURES[what](name, batch, device)
    for _ in range(3):
        work()
    if device.startswith("cuda"):
        return round(torch.cuda.max_memory_allocated() / 2**20, 1)
    return round(_resident("VmHWM") - before, 1)


def _resident(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def say(what: str, found: dict) -> None:
    """One line a model."""
    for name, row in found.items():
        value = row["recordings_a_second"]
        line = f"{what:12} {name:12} {value['value']:8.1f} recordings/s [{value['low']:.1f}, {value['high']:.1f}]"
        if "times_merl" in row:
            times = row["times_merl"]
            line += f"   {times['value']:.2f} times MERL [{times['low']:.2f}, {times['high']:.2f}]"
        print(line)


if __name__ == "__main__":
    main()
