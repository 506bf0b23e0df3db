"""Whether recordings and reports find each other."""

import pandas as pd
import streamlit as st

from ecgclip_core.figures.forest import forest
from pages.shared.look import figures_row


def retrieval_section(entry: dict) -> None:
    """Recall at each length of the list, both ways, beside what a random order would reach."""
    middle = entry["median_rank"]
    figures_row(
        [
            ("recordings", f"{entry['recordings']:,}", ""),
            ("persons", f"{entry['persons']:,}", ""),
            ("distinct reports", f"{entry['distinct_reports']:,}", ""),
            *((f"median place, {direction}", f"{place:g}", "") for direction, place in middle.items()),
        ]
    )
    table = pd.DataFrame(
        {
            "label": f"{row['direction']}, {_where(row['k'])}",
            "recall": row["recall"]["value"],
            "recall_low": row["recall"]["low"],
            "recall_high": row["recall"]["high"],
            "chance": row["chance"],
        }
        for row in entry["retrieval"]
    )
    st.plotly_chart(
        forest(table, {"recall": "Recall"}, {"recall": "chance"}),
        theme=None,
        key="evidence_retrieval",
        config={"displayModeBar": False},
        alt="Recall at 1, 5 and 10 in both directions with 95 % intervals; the table below has the same figures.",
    )
    st.caption(
        f"Each of {entry['recordings']:,} recordings looks for its report among {entry['distinct_reports']:,} distinct "
        "ones, and each report for its recording among all. Points are the share with a match among the first, bars "
        "95 % intervals over persons, grey strokes lists in random order. Reports that say the same are one, and every "
        f"recording that has it is right for it: the commonest stands {entry['most_often_the_same']:,} times."
    )
    st.dataframe(
        table.rename(
            columns={"label": "direction", "recall_low": "low", "recall_high": "high", "chance": "by chance"}
        ).style.format(precision=3),
        hide_index=True,
        width="stretch",
    )


def _where(k: int) -> str:
    return "in first place" if k == 1 else f"among the first {k}"
