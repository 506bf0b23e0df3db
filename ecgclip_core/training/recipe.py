"""Reading a recipe: a TOML file with an architecture and the settings of its training."""

import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from ecgclip_core.errors import EcgclipError

RECIPES = Path(__file__).parent / "recipes"
KNOWN = {
    "encoder": ("ecgclip", "merl"),
    "layout": ("resnet18", "resnet34"),
    "precision": ("bf16-mixed", "32-true"),
}


@dataclass(frozen=True)
class Recipe:
    """Architecture and training settings; the recipe files say what each means."""

    name: str
    layout: str
    widths: tuple[int, ...]
    dimensions: int
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    warmup_share: float
    average_decay: float
    simulated_share: float
    texts: int
    text_steps: int
    youngest: float
    seed: int
    encoder: str = "ecgclip"
    text_hidden: int | None = None
    objective: str = "statements"
    coarse: str | None = None
    precision: str = "bf16-mixed"
    accumulate: int = 1

    def architecture(self) -> dict:
        """What ``config.json`` says of the networks, without the text encoder."""
        return {
            "encoder": self.encoder,
            "layout": self.layout,
            "widths": list(self.widths),
            "dimensions": self.dimensions,
            "text_hidden": self.text_hidden,
        }

    def to_dict(self) -> dict:
        """Plain values, for ``config.json``."""
        return asdict(self)


def read_recipe(name: str | Path) -> Recipe:
    """A bundled recipe by name, or one from a file.

    Raises
    ------
    EcgclipError
        Where there is none, or a setting is missing or unknown.
    """
    file = Path(name) if Path(name).suffix == ".toml" else RECIPES / f"{name}.toml"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in RECIPES.glob("*.toml")))
        raise EcgclipError(f"No recipe {Path(name).name!r}. Known: {known}; or give the path of a .toml file.")
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        settings = table["architecture"] | table["training"]
        recipe = Recipe(name=file.stem, **settings | {"widths": tuple(settings["widths"])})
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise EcgclipError(f"The recipe {file.name} is not complete: {error}.") from error
    for key, known in KNOWN.items():
        if getattr(recipe, key) not in known:
            raise EcgclipError(
                f"The recipe {file.name} has {key} = {getattr(recipe, key)!r}. It can be: {', '.join(known)}."
            )
    for key in ("batch", "accumulate"):
        if not isinstance(getattr(recipe, key), int) or getattr(recipe, key) < 1:
            raise EcgclipError(f"The recipe {file.name} has {key} = {getattr(recipe, key)!r}. It is a count from 1 on.")
    return recipe
