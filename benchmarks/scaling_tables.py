"""The table of docs/scaling.md from what benchmarks/scaling.py measured."""

import math

RECORDINGS = 2_800_000
LEADS, RECORDED_SAMPLES, PREPARED_SAMPLES, BYTES_A_SAMPLE = 12, 5000, 1000, 2
NETWORK_BITS_A_SECOND = 10e9
DAYS = 7


def tables(found: dict) -> str:
    """What was measured and what follows for `RECORDINGS`, as Markdown."""
    raw = RECORDINGS * LEADS * RECORDED_SAMPLES * BYTES_A_SAMPLE
    prepared = RECORDINGS * LEADS * PREPARED_SAMPLES * BYTES_A_SAMPLE
    lines = [
        f"| {RECORDINGS:,} recordings of 10 s | |",
        "|---|---|",
        f"| raw: WFDB, {LEADS} leads, 500 Hz, 16 bit | {raw / 1e9:,.0f} GB |",
        f"| prepared: float16, {LEADS} x {PREPARED_SAMPLES} | {prepared / 1e9:,.0f} GB |",
    ]
    if "cpu" in found:
        lines += _preparing_lines(found["cpu"])
    for kind in ("cpu", "gpu"):
        lines += _training_lines(found[kind]) if kind in found else ["", f"Training on a {kind.upper()}: not measured."]
    return "\n".join(lines) + "\n"


def _preparing_lines(found: dict) -> list[str]:
    rate = _rate(found["preparing"], found["machine"], 1)
    texts, drawn = (_rate(found[name], found["machine"], 1) for name in ("texts", "drawing"))
    ms = found["reading_a_batch_ms"]
    return [
        f"| read and prepared by one core | {rate:,.0f} recordings/s, {_hours(rate):,.0f} h |",
        f"| a million report texts read by the frozen text encoder, one core | {1e6 / texts / 3600:,.1f} h |",
        f"| changes of a batch drawn by one core, as each process does for all | {drawn:,.0f} recordings/s |",
        f"| a batch of 64 from disk; once in memory | {ms['from_disk']:.1f} ms; {ms['from_memory']:.1f} ms |",
    ]


def _training_lines(found: dict) -> list[str]:
    machine, gpu = found["machine"], found["machine"]["gpu"]
    rates = {name: _rate(one, machine, machine["cores"]) for name, one in found["training"].items()}
    cores = "" if gpu else f", {machine['cores']} cores"
    lines = [
        "",
        f"Training on one {machine['device']}{cores}, torch {machine['torch']}.{_busy_words(machine)}",
        "",
        "| | " + " | ".join(rates) + " |",
        "|---|" + "---|" * len(rates),
    ]
    for title, say in ROWS.items():
        said = [say(one, rates[name]) for name, one in found["training"].items()]
        lines.append(f"| {title} | " + " | ".join(said) + " |")
    return lines


ROWS = {
    "weights": lambda one, rate: f"{one['weights'] / 1e6:.1f} million",
    "recordings/s": lambda one, rate: f"{rate:,.0f}",
    "one epoch": lambda one, rate: f"{_hours(rate):,.1f} h",
    "all epochs of the recipe": lambda one, rate: f"{one['epochs']} epochs, {_hours(rate) * one['epochs']:,.0f} h",
    f"such devices for one epoch in {DAYS} days": lambda one, rate: f"{_devices(rate, 1)}",
    f"for all epochs in {DAYS} days": lambda one, rate: f"{_devices(rate, one['epochs'])}",
    "memory of a process at its peak": lambda one, rate: f"{one['memory_gb']:.1f} GB at a batch of {one['batch']}",
    "gradients of a step over 10 Gbit/s": lambda one, rate: f"{_network_ms(one):.0f} ms",
}


def _busy_words(machine: dict) -> str:
    if machine["gpu"] or not machine["busy"]:
        return ""
    return (
        f" The machine was busy (load {machine['load_before']}): these rates are what its cores would do alone, from "
        "the seconds they worked."
    )


def _rate(one: dict, machine: dict, cores: int) -> float:
    """Recordings a second: by the clock, but on a busy CPU by the seconds that its cores worked."""
    return one["a_core_second"] * cores if machine["busy"] and not machine["gpu"] else one["a_second"]


def _hours(rate: float) -> float:
    return RECORDINGS / rate / 3600


def _devices(rate: float, epochs: int) -> int:
    return math.ceil(_hours(rate) * epochs / (24 * DAYS))


def _network_ms(one: dict) -> float:
    """Each process sends and gets the float32 gradients about twice in a ring."""
    return 1000 * 2 * one["weights"] * 32 / NETWORK_BITS_A_SECOND
