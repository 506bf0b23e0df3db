"""Why the model answers as it does: saliency and clusters over time."""
