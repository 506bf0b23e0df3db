"""What can be said of an ECG: the catalogue, reports, waveform features, prompts."""
