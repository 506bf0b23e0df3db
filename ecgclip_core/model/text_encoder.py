"""The text encoder: a small BERT, mean over tokens, from files that lie in the checkpoint."""

from pathlib import Path

import torch
from torch import Tensor, nn

LONGEST_TOKENS = 64
TEXT_WEIGHTS = "text_encoder.safetensors"


def text_weights_file(folder: Path, config: dict) -> Path:
    """Where the text encoder's weights of a checkpoint lie.

    Parameters
    ----------
    folder : Path
        Of the checkpoint.
    config : dict
        Its ``config.json``. Where it has ``text_encoder_of``, the weights are those of the checkpoint of that name in
        the folder beside it, so that several signal encoders share one file.
    """
    shared = config.get("text_encoder_of")
    return (folder.parent / Path(shared).name if shared else folder) / TEXT_WEIGHTS


class TextEncoder(nn.Module):
    """Sentences in, one vector of length 1 for each.

    Parameters
    ----------
    config : dict
        Fields of a ``transformers.BertConfig``.
    tokenizer_file : path
        A ``tokenizer.json``.
    """

    def __init__(self, config: dict, tokenizer_file: str | Path):
        super().__init__()
        from tokenizers import Tokenizer
        from transformers import BertConfig, BertModel

        self.config = config
        self.tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self.tokenizer.enable_truncation(LONGEST_TOKENS)
        self.tokenizer.enable_padding()
        self.body = BertModel(BertConfig(**config), add_pooling_layer=False)
        self.width = config["hidden_size"]

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "TextEncoder":
        """The text encoder of a local folder.

        Parameters
        ----------
        folder : path
            With ``config.json``, ``tokenizer.json`` and ``model.safetensors`` of a BERT encoder, or a checkpoint.
        """
        import json

        from safetensors.torch import load_file

        folder = Path(folder)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if "architecture" in config:
            file, prefix = text_weights_file(folder, config), "text_encoder.body."
            config = config["architecture"]["text"]
        else:
            file, prefix = folder / "model.safetensors", "bert."
        encoder = cls({key: config[key] for key in _BERT_FIELDS}, folder / "tokenizer.json")
        weights = {key.removeprefix(prefix): value.float() for key, value in load_file(file).items()}
        encoder.body.load_state_dict({key: weights[key] for key in encoder.body.state_dict()})
        return encoder.eval()

    def forward(self, texts: list[str]) -> Tensor:
        """Vectors of shape (m, width), each of length 1."""
        encodings = self.tokenizer.encode_batch([text.lower() for text in texts])
        device = self.body.device
        ids = torch.tensor([encoding.ids for encoding in encodings], device=device)
        mask = torch.tensor([encoding.attention_mask for encoding in encodings], device=device)
        states = self.body(input_ids=ids, attention_mask=mask).last_hidden_state
        mean = (states * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        return nn.functional.normalize(mean, dim=1)


_BERT_FIELDS = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "max_position_embeddings",
    "type_vocab_size",
    "layer_norm_eps",
    "pad_token_id",
)
