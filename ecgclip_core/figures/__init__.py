"""Plotly figures and the printed page, from plain results."""
