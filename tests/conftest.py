"""What tests of several rooms share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real recordings; tests that need it are skipped where it does not exist."""
    folder = Path(os.environ.get("ECGCLIP_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "ptbxl" / "records.csv").is_file():
        pytest.skip("needs the folder of real recordings, which is not part of the project (set ECGCLIP_DATA)")
    return folder


@pytest.fixture(scope="session")
def tiny_tokenizer(tmp_path_factory) -> Path:
    """A ``tokenizer.json`` that spells words letter by letter, so that no test needs a file from elsewhere."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    letters = "abcdefghijklmnopqrstuvwxyz0123456789-.,()"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{letter}" for letter in letters)]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    file = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(file))
    return file


@pytest.fixture(scope="session")
def tiny_model(tiny_tokenizer, make_ecg):
    """An ECGCLIP of the real architecture, thin, untrained and the same every time; it has no folder."""
    import torch

    from ecgclip_core.model.ecgclip import ECGCLIP
    from ecgclip_core.model.signal_encoder import SignalEncoder
    from ecgclip_core.model.text_encoder import TextEncoder

    with torch.random.fork_rng():
        torch.manual_seed(0)
        text = {"vocab_size": 86, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
        text |= {"intermediate_size": 64, "max_position_embeddings": 64}
        model = ECGCLIP(SignalEncoder("resnet18", (8, 16, 16, 16)), TextEncoder(text, tiny_tokenizer), dimensions=16)
        # Batch normalisation learns the scale of ECGs: activations then differ between moments as in a trained model.
        x = torch.cat([torch.from_numpy(model.preprocessing.windows(make_ecg(seed=seed))[0]) for seed in range(8)])
        with torch.no_grad():
            for _ in range(20):
                model.train().embed_signal(x)
    model.hash = "tiny00000000"
    model.name = "tiny"
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def make_ecg():
    """A function that draws a plain sinus rhythm: ``make_ecg(seed=0, duration=10.0, sampling_rate=500)``.

    Its ``truth`` is the delineation (a DataFrame): beats at 60 to 100 per minute, the first R peak at 0.5 s.
    """
    import numpy as np
    import pandas as pd

    from ecgclip_core.ecg.leads import LEADS
    from ecgclip_core.ecg.recording import ECG

    # Centre and half width in seconds about the R peak, and height in mV.
    shapes = {"P": (-0.16, 0.045, 0.12), "QRS": (0.0, 0.045, 1.0), "T": (0.28, 0.09, 0.25)}

    def draw(seed: int = 0, duration: float = 10.0, sampling_rate: float = 500) -> ECG:
        random = np.random.default_rng(seed)
        times = np.arange(round(duration * sampling_rate)) / sampling_rate
        gains = random.uniform(-1, 1, (12, 3))
        signal = random.normal(0, 0.005, (12, len(times)))
        rows = []
        for beat, r in enumerate(np.arange(0.5, duration - 0.45, 60 / random.uniform(60, 100))):
            for column, (wave, (centre, half, height)) in enumerate(shapes.items()):
                bump = height * np.exp(-0.5 * ((times - r - centre) / (half / 2.5)) ** 2)
                signal += gains[:, column, None] * bump
                start, peak, end = r + centre - half, r + centre, r + centre + half
                rows += [(lead, beat, wave, start, peak, end) for lead in LEADS]
        columns = ["lead", "beat", "wave", "onset_s", "peak_s", "offset_s"]
        truth = pd.DataFrame(rows, columns=columns)
        return ECG(signal.astype(np.float32), sampling_rate, name=f"drawn {seed}", truth=truth)

    return draw
