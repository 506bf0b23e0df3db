"""The recording: reading it, judging its quality, measuring it."""
