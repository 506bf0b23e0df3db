"""The way into a page is always through app.py.

Streamlit finds the folder `pages/` beside app.py and, until app.py has run once on a new server, opens the files in it
on their own: without page config, navigation and banner.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st


def through_app(page: Callable[[], None], file: str) -> None:
    """Show a page, or go back to it by way of app.py where that has not run."""
    if not st.session_state.get("entered"):
        st.session_state["wanted"] = f"pages/{Path(file).name}"
        st.switch_page("app.py")
    page()


def entered() -> None:
    """Called by app.py before every page; goes on to the page that was wanted before."""
    st.session_state["entered"] = True
    if wanted := st.session_state.pop("wanted", None):
        st.switch_page(wanted)
