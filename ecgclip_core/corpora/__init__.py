"""Recordings with their reports and labels."""
