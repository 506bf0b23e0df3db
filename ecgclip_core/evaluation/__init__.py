"""Tasks, metrics with intervals, tables."""
