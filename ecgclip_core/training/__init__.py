"""Losses and pre-training."""
