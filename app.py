"""ECGCLIP Studio: the pages of the app. Start it with ``streamlit run app.py``."""

from pathlib import Path

import streamlit as st

from ecgclip_core.bundled import ASSETS
from pages.shared.entry import entered
from pages.shared.look import dress
from pages.shared.model import choose_checkpoint

PAGES = Path(__file__).parent / "pages"

# A Material icon would be fetched from the network; the tab has one of our own.
st.set_page_config(page_title="ECGCLIP Studio", page_icon=ASSETS / "theme-icon.png", layout="wide")
page = st.navigation(
    [
        st.Page(PAGES / "reading.py", title="Reading", icon=":material/ecg_heart:", default=True),
        st.Page(PAGES / "criteria.py", title="Criteria", icon=":material/rule:"),
        st.Page(PAGES / "clusters.py", title="Clusters", icon=":material/segment:"),
        st.Page(PAGES / "cohort.py", title="Cohort", icon=":material/scatter_plot:"),
        st.Page(PAGES / "evidence.py", title="Evidence", icon=":material/fact_check:"),
    ],
    position="top",
)
entered()
dress()
page.run()
# Last, although it stands at the top: it asks the model, and the first tracing does not wait for that.
choose_checkpoint()
