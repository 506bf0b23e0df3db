"""The signal encoder, the text encoder, and the checkpoint that holds both with their preprocessing."""
