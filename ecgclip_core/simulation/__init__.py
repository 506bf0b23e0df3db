"""12-lead recordings with known truth."""
