"""The `ecgclip` command: one thin function a verb."""

import argparse
import os
import sys
from pathlib import Path

from ecgclip_core.bundled import ASSETS
from ecgclip_core.errors import EcgclipError

TASK_HELP = "ptbxl-super, ptbxl-sub, ptbxl-form, ptbxl-rhythm, ludb, challenge, findings or a .toml file of your own"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when done, 1 after an error that was said, 130 when interrupted."""
    chosen = _parser().parse_args(arguments)
    try:
        chosen.run(chosen)
    except EcgclipError as error:
        print(f"ecgclip: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if _is_first_process():
            print("\necgclip: stopped; the same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def _is_first_process() -> bool:
    """Of a training in several, whose processes all run the command."""
    return os.environ.get("LOCAL_RANK", "0") == os.environ.get("NODE_RANK", "0") == "0"


def pretrain(chosen: argparse.Namespace) -> None:
    """Train a checkpoint on a folder and on simulated recordings together."""
    from ecgclip_core.training.build_checkpoint import build_checkpoint

    build_checkpoint(
        chosen.data,
        chosen.recipe,
        chosen.out,
        chosen.folds,
        chosen.validate,
        chosen.simulated,
        chosen.texts,
        chosen.text_encoder,
        chosen.corpus,
        devices=chosen.devices,
        nodes=chosen.nodes,
    )
    if _is_first_process():
        print(f"Checkpoint written to {chosen.out / 'checkpoint'}")


def evaluate_zero_shot(chosen: argparse.Namespace) -> None:
    """Ask every label of a task of every recording of a labelled folder; write JSON."""
    from ecgclip_core.evaluation.tasks import task_named
    from ecgclip_core.evaluation.zero_shot import answer_task, check_apart, see_all, write_evaluation
    from ecgclip_core.model.checkpoint import load_model

    model, tasks = load_model(chosen.checkpoint), [task_named(name) for name in chosen.task]
    seen = see_all(model, chosen.data, chosen.folds)
    other = see_all(model, chosen.data, chosen.validate_folds) if chosen.validate_folds else None
    if other is not None:
        check_apart(seen, other)
    file, corpus = chosen.out or model.folder / "evaluation.json", chosen.corpus or _corpus_name(chosen)
    for task in tasks:
        answers, validation = answer_task(model, seen, task), None
        if other is not None:
            words = f"folds {', '.join(map(str, sorted(chosen.validate_folds)))}, {len(other.views)} recordings"
            validation = (words, answer_task(model, other, task, fewest=1))
        entry = write_evaluation(file, model, task, corpus, answers, validation)
        print(f"{task.name}: {entry['recordings']} recordings, {len(entry['findings'])} labels")
        for name, found in entry["macro"].items():
            print(f"  {name:10} {found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]")
    print(f"Written to {file}")


def evaluate_few_labels(chosen: argparse.Namespace) -> None:
    """Teach tasks with few labels and with many, beside controls that get the same; write JSON."""
    from ecgclip_core.evaluation.data_efficiency import compare_with_few_labels
    from ecgclip_core.evaluation.few_labels_entry import summary
    from ecgclip_core.evaluation.label_shares import Folds
    from ecgclip_core.evaluation.tasks import task_named
    from ecgclip_core.evaluation.written import keep_entry
    from ecgclip_core.model.checkpoint import load_model

    model, tasks = load_model(chosen.checkpoint), [task_named(name) for name in chosen.task]
    against = tuple(load_model(folder) for folder in chosen.against)
    file = chosen.out or model.folder / "evaluation.json"
    folds = Folds(frozenset(chosen.train_folds), frozenset(chosen.choose_folds), frozenset(chosen.folds))
    for task in tasks:
        entry = compare_with_few_labels(
            chosen.kind,
            model,
            chosen.data,
            task,
            chosen.log,
            chosen.cache,
            tuple(chosen.fractions),
            against,
            folds,
            chosen.corpus,
            chosen.steps,
        )
        keep_entry(file, entry)
        print(summary(entry))
    print(f"Written to {file}; every run stands in {chosen.log / 'runs.jsonl'}")


def evaluate_retrieval(chosen: argparse.Namespace) -> None:
    """Let recordings find their reports and reports their recordings; write JSON."""
    from ecgclip_core.evaluation.retrieval import pair_all, write_retrieval
    from ecgclip_core.model.checkpoint import load_model

    model = load_model(chosen.checkpoint)
    file = chosen.out or model.folder / "evaluation.json"
    entry = write_retrieval(
        file, model, chosen.corpus or _corpus_name(chosen), pair_all(model, chosen.data, chosen.folds)
    )
    for row in entry["retrieval"]:
        recall = row["recall"]
        print(
            f"{row['direction']:20} at {row['k']:2}  {recall['value']:.3f} [{recall['low']:.3f}, {recall['high']:.3f}]"
            f"  by chance {row['chance']:.3f}"
        )
    print(f"{entry['recordings']} recordings, {entry['distinct_reports']} distinct reports; written to {file}")


def evaluate_simulated_only(chosen: argparse.Namespace) -> None:
    """Check which findings that only simulations taught are told by the simulator's own traits; keep it for the app."""
    from ecgclip_core.evaluation.simulated_only import check_file, check_simulated_only, write_check
    from ecgclip_core.model.checkpoint import load_model

    model = load_model(chosen.checkpoint)
    rows = check_simulated_only(model, chosen.data, chosen.folds, chosen.simulated, chosen.cache)
    write_check(check_file(model), model, chosen.corpus or _corpus_name(chosen), rows)
    for row in rows:
        verdict = "learned the simulator, not offered" if row["learned_simulator"] else ""
        print(f"{row['auroc']:.3f} [{row['auroc_low']:.3f}, {row['auroc_high']:.3f}] {row['name']:40} {verdict}")
    learned = sum(row["learned_simulator"] for row in rows)
    print(f"{learned} of {len(rows)} findings are not offered; written to {check_file(model)}")


def calibrate(chosen: argparse.Namespace) -> None:
    """Fit how scores become probabilities on recordings that trained nothing; keep it in the checkpoint."""
    from ecgclip_core.evaluation.calibration import (
        calibrate_on_simulations,
        fit_calibration,
        save_calibration,
        scales_of_snapshots,
    )
    from ecgclip_core.evaluation.tasks import EVERY_FINDING, task_named
    from ecgclip_core.evaluation.zero_shot import answer_all, table
    from ecgclip_core.model.checkpoint import load_model

    model = load_model(chosen.checkpoint)
    answers = answer_all(model, chosen.data, task_named(EVERY_FINDING), chosen.folds)
    fitted = fit_calibration(answers.logits, answers.truth, answers.known)
    simulated = calibrate_on_simulations(model, chosen.simulated)
    snapshots = scales_of_snapshots(answers.logits, answers.earlier)
    corpus = chosen.corpus or _corpus_name(chosen)
    save_calibration(model.folder, table(answers)[0], fitted, corpus, simulated, snapshots)
    print(f"{len(answers.findings)} findings calibrated on {len(answers.truth)} recordings")


def fit_completion(chosen: argparse.Namespace) -> None:
    """Choose from which similarity on a feature counts as seen, on simulated recordings; keep it in the checkpoint."""
    from ecgclip_core.model.checkpoint import load_model
    from ecgclip_core.training.completion_fit import fit_completion as fit

    model = load_model(chosen.checkpoint)
    found = fit(model, chosen.simulated, chosen.cache)
    print(f"On {found['proposals']} proposals for simulated recordings:")
    for name in ("kept_true", "false_rejected", "true_kept"):
        print(f"{name:15} {found[name]:.3f}")
    print(f"Thresholds written to {model.folder}")


def complete(chosen: argparse.Namespace) -> None:
    """Add to the reports of a folder the waveform features that they leave out and the recordings show; write CSV."""
    from ecgclip_core.model.checkpoint import load_model
    from ecgclip_core.training.completion_corpus import complete_folder
    from ecgclip_core.training.endpoint import endpoint_from_settings
    from ecgclip_core.training.proposers import asking, offline

    endpoint = endpoint_from_settings(chosen.endpoint, chosen.endpoint_model)
    if endpoint is None:
        print("Features are proposed offline from the catalogue: no report text leaves this machine.")
        proposer, name = offline, "catalogue"
    else:
        print(
            f"Features are proposed by {endpoint.model} at {endpoint.host}: the statements of every report that states "
            "a finding are sent there."
        )
        proposer, name = asking(endpoint, chosen.cache), f"{endpoint.model} at {endpoint.host}"
    done = complete_folder(chosen.data, chosen.out, load_model(chosen.checkpoint), proposer, name)
    unreadable = f", {done.unreadable} not readable" if done.unreadable else ""
    print(
        f"{done.recordings} recordings{unreadable}: {done.kept} features kept, {done.rejected} rejected; "
        f"written to {chosen.out}"
    )


def fit_clusters(chosen: argparse.Namespace) -> None:
    """Fit the cluster dictionary of a checkpoint on its training recordings and describe it on simulated ones."""
    from ecgclip_core.corpora.folder import read_folder
    from ecgclip_core.interpretation.cluster_command import fit_and_describe
    from ecgclip_core.model.checkpoint import load_model

    model = load_model(chosen.checkpoint)
    corpus = read_folder(chosen.data, model.preprocessing, chosen.cache)
    if chosen.folds:
        corpus = corpus.where([fold in chosen.folds for fold in corpus.folds])
    dictionary, _ = fit_and_describe(model, corpus.signals, chosen.described, model.folder)
    print(f"{dictionary.k} clusters written to {model.folder}")


def build_cohort(chosen: argparse.Namespace) -> None:
    """Make a cohort with its map from a folder of recordings; the same command goes on after an interruption."""
    from ecgclip_core.cohort.build import build_cohort as build
    from ecgclip_core.model.checkpoint import load_model

    cohort = build(load_model(chosen.checkpoint), chosen.folder, chosen.out)
    print(f"{len(cohort)} recordings written to {chosen.out}; what could not be read is listed in skipped.csv there")


def simulate_cohort(chosen: argparse.Namespace) -> None:
    """Make a cohort of simulated recordings, such as the bundled one."""
    from ecgclip_core.cohort.build import build_simulated_cohort
    from ecgclip_core.model.checkpoint import load_model

    cohort = build_simulated_cohort(load_model(chosen.checkpoint), chosen.out, chosen.number)
    print(f"{len(cohort)} recordings written to {chosen.out}")


def fit_reports(chosen: argparse.Namespace) -> None:
    """Learn from reports with codes which codes annotators note; the table holds hashed words and no text."""
    import pandas as pd

    from ecgclip_core.corpora.labels import parse_codes
    from ecgclip_core.findings.report_codes import fit_code_table, write_code_table

    rows = pd.read_csv(chosen.texts)
    rows = rows[rows["strat_fold"].isin(chosen.folds)]
    table = fit_code_table(list(rows["report"].fillna("")), list(rows["scp_codes"].map(parse_codes)))
    write_code_table(table, chosen.out)
    print(f"{len(table.codes)} codes learned from {len(rows)} reports; written to {chosen.out}")


def fetch(chosen: argparse.Namespace) -> None:
    """Download a public corpus, or the first recordings of it; the same command goes on after an interruption."""
    from ecgclip_core.corpora.fetch import fetch as download
    from ecgclip_core.corpora.fetch import sources

    known = sources()
    if chosen.name not in known:
        raise EcgclipError(f"There is no corpus {chosen.name!r} to fetch. There are {', '.join(known)}.")
    source = known[chosen.name]
    print(f"{source.title} {source.version}\nLicence: {source.licence}\nPlease cite: {source.citation}\n")
    folder = download(source, chosen.out or Path("data") / source.name, chosen.limit)
    print(f"{source.title} is in {folder}")


def _corpus_name(chosen: argparse.Namespace) -> str:
    folds = f", folds {', '.join(map(str, sorted(chosen.folds)))}" if chosen.folds else ""
    return f"{Path(chosen.data).name}{folds}"


def _folds(text: str) -> set[int]:
    """``"1-7,9"`` as a set of numbers."""
    numbers = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers |= set(range(int(first), int(last or first) + 1))
    return numbers


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ecgclip", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    verb = verbs.add_parser("pretrain", help=pretrain.__doc__)
    verb.add_argument(
        "--data", type=Path, required=True, help="recordings with a table, or a public corpus; see docs/corpora.md"
    )
    verb.add_argument("--recipe", default="ecgclip-r18", help="a bundled recipe or a .toml file")
    verb.add_argument("--folds", type=_folds, default=_folds("1-8"), help="strat_fold values to train on, as 1-8")
    verb.add_argument("--validate", type=_folds, default=set(), help="strat_fold values to watch")
    verb.add_argument("--simulated", type=int, default=6000, help="simulated recordings to draw from")
    verb.add_argument("--texts", type=Path, help="CSV with further reports: report, scp_codes, strat_fold")
    verb.add_argument(
        "--text-encoder",
        type=Path,
        help="folder with a BERT encoder, or a checkpoint to share its text encoder; the train extra's where left out",
    )
    verb.add_argument("--corpus", help="what the recordings are, in words, for the model card")
    verb.add_argument("--out", type=Path, required=True, help="folder of the run; the same one resumes it")
    verb.add_argument("--devices", type=int, default=1, help="GPUs of this host, or processes where it has none")
    verb.add_argument("--nodes", type=int, default=1, help="hosts that train together (docs/training.md)")
    verb.set_defaults(run=pretrain)

    kinds = verbs.add_parser("evaluate", help="measure a checkpoint").add_subparsers(required=True, metavar="KIND")
    verb = kinds.add_parser("zero-shot", help=evaluate_zero_shot.__doc__)
    _add_labelled_folder(verb)
    verb.add_argument("--task", nargs="+", default=["findings"], help=TASK_HELP)
    verb.add_argument("--validate-folds", type=_folds, help="strat_fold values that give the thresholds of F1")
    verb.add_argument("--out", type=Path, help="JSON file; evaluation.json of the checkpoint where left out")
    verb.set_defaults(run=evaluate_zero_shot)

    for kind, words in (
        ("probe", "Logistic regression on the frozen encoder, with few labels and with many, beside controls."),
        ("finetune", "Train the whole network on labels, few and many, beside controls that get the same steps."),
    ):
        verb = kinds.add_parser(kind, help=words)
        _add_labelled_folder(verb, "strat_fold values that report; 9 where left out")
        verb.add_argument("--train-folds", type=_folds, default=_folds("1-7"), help="strat_fold values that teach")
        verb.add_argument("--choose-folds", type=_folds, default=_folds("8"), help="those that choose all settings")
        verb.add_argument("--task", nargs="+", default=["findings"], help=TASK_HELP)
        verb.add_argument("--fractions", type=float, nargs="+", default=[0.01, 0.1, 1.0], help="of the labels")
        verb.add_argument("--against", nargs="+", default=[], help="other checkpoints to compare with")
        verb.add_argument("--steps", type=int, default=300, help="at most in one fine-tuning, alike for every model")
        verb.add_argument("--out", type=Path, help="JSON file; evaluation.json of the checkpoint where left out")
        verb.add_argument("--log", type=Path, default=Path("runs/few-labels"), help="folder; the same one goes on")
        verb.add_argument("--cache", type=Path, default=Path("runs/cache"), help="folder for prepared signals")
        verb.set_defaults(run=evaluate_few_labels, kind=kind, folds=_folds("9"))

    verb = kinds.add_parser("retrieval", help=evaluate_retrieval.__doc__)
    _add_labelled_folder(verb)
    verb.add_argument("--out", type=Path, help="JSON file; evaluation.json of the checkpoint where left out")
    verb.set_defaults(run=evaluate_retrieval)

    verb = kinds.add_parser("simulated-only", help=evaluate_simulated_only.__doc__)
    _add_labelled_folder(verb)
    verb.add_argument("--simulated", type=int, default=780, help="recordings to simulate, of seeds of their own")
    verb.add_argument("--cache", type=Path, default=Path("runs/simulated-only"), help="folder for them")
    verb.set_defaults(run=evaluate_simulated_only)

    verb = verbs.add_parser("calibrate", help=calibrate.__doc__)
    _add_labelled_folder(verb)
    verb.add_argument("--simulated", type=int, default=780, help="recordings for findings that only simulations taught")
    verb.set_defaults(run=calibrate)

    verb = verbs.add_parser("complete", help=complete.__doc__)
    verb.add_argument("--data", type=Path, required=True, help="recordings with reports; see docs/corpora.md")
    verb.add_argument("--out", type=Path, required=True, help="CSV file; the same one goes on where it stopped")
    verb.add_argument("--endpoint", help="base address of an OpenAI-compatible language model; offline where left out")
    verb.add_argument("--endpoint-model", help="name of the model there; its key comes from ECGCLIP_ENDPOINT_KEY")
    verb.add_argument("--cache", type=Path, default=Path("runs/completion"), help="folder for the endpoint's answers")
    _add_checkpoint(verb)
    verb.set_defaults(run=complete)

    verb = verbs.add_parser("fit-completion", help=fit_completion.__doc__)
    verb.add_argument("--simulated", type=int, default=780, help="recordings to choose the thresholds on")
    verb.add_argument("--cache", type=Path, required=True, help="folder for them; another checkpoint uses them again")
    _add_checkpoint(verb)
    verb.set_defaults(run=fit_completion)

    kinds = verbs.add_parser("clusters", help="time-localized clusters").add_subparsers(required=True, metavar="KIND")
    verb = kinds.add_parser("fit", help=fit_clusters.__doc__)
    _add_labelled_folder(verb)
    verb.add_argument("--cache", type=Path, required=True, help="folder for prepared signals")
    verb.add_argument("--described", type=int, default=780, help="simulated recordings to describe the clusters on")
    verb.set_defaults(run=fit_clusters)

    kinds = verbs.add_parser("cohort", help="maps of many recordings").add_subparsers(required=True, metavar="KIND")
    verb = kinds.add_parser("build", help=build_cohort.__doc__)
    verb.add_argument("folder", type=Path, help="recordings, with or without a table")
    _add_cohort_output(verb)
    verb.set_defaults(run=build_cohort)
    verb = kinds.add_parser("simulate", help=simulate_cohort.__doc__)
    verb.add_argument("--number", type=int, default=1560, help="recordings, the conditions in turn")
    _add_cohort_output(verb)
    verb.set_defaults(run=simulate_cohort)
    verb = verbs.add_parser("fetch", help=fetch.__doc__)
    verb.add_argument("name", help="ptb-xl, mimic-iv-ecg, code-15, ludb, challenge-2021 or challenge-2020")
    verb.add_argument("--limit", type=int, help="the first so many recordings only, and the tables")
    verb.add_argument("--out", type=Path, help="folder of the corpus; data/NAME where left out")
    verb.set_defaults(run=fetch)
    kinds = verbs.add_parser("reports", help="findings of report texts").add_subparsers(required=True, metavar="KIND")
    verb = kinds.add_parser("fit", help=fit_reports.__doc__)
    verb.add_argument("--texts", type=Path, required=True, help="CSV with report, scp_codes and strat_fold")
    verb.add_argument("--folds", type=_folds, default=_folds("1-8"), help="strat_fold values to learn from, as 1-8")
    verb.add_argument("--out", type=Path, default=ASSETS / "reports" / "codes.safetensors", help="file of the table")
    verb.set_defaults(run=fit_reports)
    return parser


def _add_cohort_output(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--out", type=Path, required=True, help="folder of the cohort")
    _add_checkpoint(verb)


def _add_checkpoint(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--checkpoint", help="a folder or the name of a bundled checkpoint")


def _add_labelled_folder(
    verb: argparse.ArgumentParser, folds: str = "strat_fold values to take, as 9; all where left out"
) -> None:
    verb.add_argument("--data", type=Path, required=True, help="recordings with labels; see docs/corpora.md")
    verb.add_argument("--folds", type=_folds, help=folds)
    _add_checkpoint(verb)
    verb.add_argument("--corpus", help="what the recordings are, in words, for the evidence page")


if __name__ == "__main__":
    sys.exit(main())
