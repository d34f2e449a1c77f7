"""Model files: one safetensors file with the decoder, its templates and its model card.

A network predicts numbers of templates. `match_tiles` finds the templates in a tile set by their pixels, so the order,
the names and the other tiles of the set do not matter.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from perceptual_photomosaic.errors import ModelError
from perceptual_photomosaic.features.vgg import VGG16
from perceptual_photomosaic.features.vgg_weights import load_vgg_weights
from perceptual_photomosaic.files.replacing import written_aside
from perceptual_photomosaic.loss_settings import LossSettings
from perceptual_photomosaic.models.mosaicnet import MosaicNet, MosaicNetConfig
from perceptual_photomosaic.models.shipped import available_models
from perceptual_photomosaic.tiles.saved_spec import spec_of_old

__all__ = ["ModelCard", "load_model", "match_tiles", "save_model", "template_identity"]

_FORMAT = "perceptual-photomosaic 1"
_NEAR = 2.0  # largest mean difference, in levels of 255, of one tile drawn by two versions of a renderer


@dataclass(frozen=True)
class ModelCard:
    """The model card, which says what a model was trained for.

    Args:
        name: The name of the model, for messages.
        tiles: The spec of the tile set that it was trained for.
        sources: The source of each template, such as "glyph:A".
        identity: A digest of the templates' pixels.
        vgg: The identity of the encoder's weights.
        vgg_source: The source of these weights, as `load_vgg_weights` takes it.
        loss: The settings of the loss that was minimised.
        training: The settings of the run, as plain values.
        results: The losses on the validation pictures at the end.
    """

    name: str
    tiles: str
    sources: tuple[str, ...]
    identity: str
    vgg: str
    vgg_source: str
    loss: LossSettings
    training: dict[str, Any] = field(default_factory=dict)
    results: dict[str, float] = field(default_factory=dict)


def template_identity(templates: NDArray[np.uint8]) -> str:
    """Return a digest of templates (T, h, w, 3). It depends on their pixels and their order alone."""
    digest = hashlib.sha256(repr(templates.shape).encode())
    digest.update(np.ascontiguousarray(templates).tobytes())
    return digest.hexdigest()[:16]


def save_model(path: Path, net: MosaicNet, card: ModelCard, *, half: bool = False) -> None:
    """Write a model.

    Args:
        path: A path that ends in .safetensors. An existing file is replaced only when the new one is complete.
        net: The network; its encoder is not saved.
        card: Its model card.
        half: Store conv7, which is most of the file, in float16; the network still computes in float32.
    """
    from safetensors.torch import save_file

    tensors = {name: value.detach().cpu().float().contiguous() for name, value in net.decoder.state_dict().items()}
    if half:
        tensors["conv7.weight"] = tensors["conv7.weight"].half()
    tensors["templates"] = net.templates.detach().cpu().round().to(torch.uint8).contiguous()
    plain = asdict(card) | {"loss": card.loss.plain(), "network": asdict(net.config)}
    with written_aside(path) as part:
        save_file(tensors, part, {"format": "pt", "photomosaic": _FORMAT, "card": json.dumps(plain)})


def load_model(
    name_or_path: str | Path, *, vgg: VGG16 | None = None, dtype: torch.dtype = torch.float32
) -> tuple[MosaicNet, ModelCard]:
    """Load a model and its encoder.

    Args:
        name_or_path: Name of a model that comes with the package, or a file.
        vgg: An encoder that is already loaded; it must have the weights that the model was trained with.
        dtype: The data type in which the encoder computes, if it is loaded here.
    Raises:
        ModelError: There is no such model, the file is damaged, or the model was trained with another encoder.
    """
    from safetensors import SafetensorError, safe_open

    path = available_models().get(str(name_or_path), Path(name_or_path))
    if not path.is_file():
        shipped = ", ".join(available_models()) or "none"
        raise ModelError(f"no model '{name_or_path}': give a .safetensors file or a name ({shipped})")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelError(f"cannot read the model {path}: {error}") from error
    if metadata.get("photomosaic") != _FORMAT:
        raise ModelError(f"{path} is no model of this program (its format is {metadata.get('photomosaic', 'unknown')})")
    try:
        plain = json.loads(metadata["card"])
        config = MosaicNetConfig(**plain.pop("network"))
        plain["tiles"] = spec_of_old(plain["tiles"])
        card = ModelCard(**plain | {"loss": LossSettings.from_plain(plain["loss"]), "sources": tuple(plain["sources"])})
        templates = tensors.pop("templates")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the model {path} is damaged: {type(error).__name__} {error}") from error
    if vgg is None:
        vgg = VGG16(load_vgg_weights(card.vgg_source), dtype)
    if vgg.weights.identity() != card.vgg:
        raise ModelError(
            f"the model {path.name} was trained on VGG16 weights {card.vgg} ({card.vgg_source}), "
            f"not on {vgg.weights.identity()} ({vgg.weights.source})"
        )
    net = MosaicNet(vgg, templates, config)
    try:
        net.decoder.load_state_dict({name: value.float() for name, value in tensors.items()})
    except RuntimeError as error:
        raise ModelError(f"the model {path} is damaged: {str(error).splitlines()[-1].strip()}") from error
    return net.eval(), card


def match_tiles(net: MosaicNet, card: ModelCard, pictures: NDArray[np.uint8], spec: str) -> NDArray[np.int64]:
    """Find a model's templates in a tile set.

    Args:
        net: The network.
        card: Its model card.
        pictures: The pictures of all choices of the tile set at the size of the templates, uint8, (n, h, w, 3).
        spec: The spec of the tile set, for error messages.
    Returns:
        The choice of each template, (T,).
    Raises:
        ModelError: The tile set lacks a template, or its tiles have another size.
    """
    wanted = net.templates.cpu().permute(0, 2, 3, 1).round().to(torch.uint8).numpy()
    if pictures.shape[1:] != wanted.shape[1:]:
        raise ModelError(
            f"the model '{card.name}' has templates of {wanted.shape[2]} x {wanted.shape[1]} px, "
            f"the tiles are {pictures.shape[2]} x {pictures.shape[1]} px"
        )
    place = {picture.tobytes(): i for i, picture in reversed(list(enumerate(pictures)))}
    found = np.array([place.get(picture.tobytes(), -1) for picture in wanted], np.int64)
    every = pictures.reshape(len(pictures), -1).astype(np.int16)
    for i in np.flatnonzero(found < 0):
        distances = np.abs(every - wanted[i].reshape(1, -1)).mean(1)
        if distances.min(initial=np.inf) > _NEAR:
            raise ModelError(
                f"the model '{card.name}' was trained for {len(wanted)} tiles of '{card.tiles}', and '{spec}' has none "
                f"like {card.sources[i]}: use --tiles {card.tiles}, or train a model for your tiles"
            )
        found[i] = int(distances.argmin())
    return found
