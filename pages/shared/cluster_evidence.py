"""What was measured of the clusters, and how their dictionary was fitted."""

import pandas as pd
import streamlit as st

from pages.shared.cohort import finding_names


def cluster_evidence(checks: dict, dictionary) -> None:
    """Tables of the checks, then the fit."""
    if not checks:
        st.info("Nothing was measured of these clusters yet: python benchmarks/clusters.py --data FOLDER")
    else:
        _table(checks)
    st.subheader("How the dictionary was fitted")
    _fit(dictionary)


def _table(checks: dict) -> None:
    st.write(
        "Measured on recordings that neither the model nor the clusters were fitted on, with 95 % intervals over "
        "persons."
    )
    rows = [*_forest_rows(checks.get("forest")), *_wave_rows(checks.get("waves"))]
    rows += [*_occlusion_rows(checks.get("occlusion")), *_mislabelled_rows(checks.get("mislabelled"))]
    st.dataframe(
        pd.DataFrame(rows, columns=["question", "measure", "found", "goal", "to compare"]),
        hide_index=True,
        width="stretch",
        height="content",
    )
    taught, forest = checks.get("corpus"), checks.get("forest")
    if taught and forest:
        asked = ", ".join(finding_names(checks["questions"]))
        st.caption(
            f"The forest saw nothing but cluster proportions of {taught['taught']:,} recordings (folds 1-8), which "
            f"also gave the thresholds, and decided on {taught['reported']:,} of fold {taught['fold']}: {asked}. "
            "A gap is the model's AUROC less the forest's, in points."
        )


def _forest_rows(found: dict | None) -> list[tuple]:
    if not found:
        return []
    who = "Do proportions hold what the model decides by?"
    majority = f"always the model's usual answer: {_said(found['majority'])}"
    return [
        (who, "equal decisions of model and forest", _said(found["equal"]), "0.95 or more", majority),
        (who, "Cohen's kappa", _said(found["kappa"]), "0.80 or more", "chance: 0"),
        (
            who,
            "gap of decisions on true labels (points)",
            _said(found["hard_gap"], 100, 1),
            "at most 1.8",
            f"AUROC of decisions: model {found['hard_model']['value']:.3f}, forest {found['hard_forest']['value']:.3f}",
        ),
        (
            who,
            "gap of scores on true labels (points)",
            _said(found["soft_gap"], 100, 1),
            "",
            f"AUROC of scores: model {found['soft_model']['value']:.3f}, forest {found['soft_forest']['value']:.3f}",
        ),
    ]


def _wave_rows(found: dict | None) -> list[tuple]:
    if not found:
        return []
    who = f"Do they follow the waves? ({found['recordings']} recordings of LUDB, drawn by hand)"
    recall = ", ".join(f"{wave} {share:.2f}" for wave, share in found["recall"].items())
    return [
        (who, "purity", _said(found["purity"]), "0.80 or more", f"one cluster for all: {_said(found['majority'])}"),
        (who, "normalised mutual information", _said(found["information"]), "", "unrelated: 0"),
        (who, "moments in the wave of the name", _said(found["named"]), "", f"found of each wave: {recall}"),
    ]


def _occlusion_rows(found: dict | None) -> list[tuple]:
    if not found:
        return []
    who = "Does taking a cluster away change answers as foretold?"
    guess = f"always the likelier sign: {_said(found['sign_majority'])}"
    return [
        (who, "correlation of foretold and seen change", _said(found["correlation"]), "", "unrelated: 0"),
        (who, "right sign, larger half of the changes", _said(found["sign"]), "", guess),
    ]


def _mislabelled_rows(found: dict | None) -> list[tuple]:
    if not found:
        return []
    return [
        (
            "Does a second look find wrong labels?",
            f"of {100 * found['wrong']:.0f} % injected ones, in the first tenth of the list",
            _said(found["found"]),
            "0.50 or more",
            f"a random order: {found['first']:.2f}; interval over {found['injections']} draws",
        )
    ]


def _said(estimate: dict, scale: float = 1.0, digits: int = 3) -> str:
    value, low, high = (scale * estimate[name] for name in ("value", "low", "high"))
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _fit(dictionary) -> None:
    meta = dictionary.meta
    facts = {
        "recordings": meta.get("recordings"),
        "moments": meta.get("moments"),
        "variance kept by the components": meta.get("explained_variance"),
        "temperature": round(dictionary.temperature, 2),
        "cell (s)": meta.get("step_s"),
        "chance that a cluster lasts to the next moment": meta.get("stay"),
    }
    st.dataframe(
        pd.DataFrame([(key, str(value)) for key, value in facts.items() if value is not None], columns=["", " "]),
        hide_index=True,
    )
    agreement = meta.get("agreement", {})
    if agreement:
        st.caption(
            "Adjusted Rand index between two dictionaries fitted on different recordings, by number of clusters: "
            + ", ".join(f"{k}: {value:.2f}" for k, value in agreement.items())
        )
