"""Settings of the perceptual losses."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.pyramid import Border
from perceptual_photomosaic.features.vgg import check_layers

__all__ = ["LPIPS_LAYERS", "PAPER_LAYERS", "LossSettings"]

PAPER_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
LPIPS_LAYERS = ("conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3")
Form = Literal["reconstruction", "lpips"]


@dataclass(frozen=True)
class LossSettings:
    """The settings of a perceptual loss. The defaults are the paper's.

    Args:
        layers: Layers of VGG16.
        layer_factors: Weight of each layer.
        scales: For each layer, the pyramid scales of its comparison; scale s is the picture made 2^s times smaller.
        blur_sigmas: Further blur of the mosaic, which hides the grid of tiles: entry i is for the i-th smallest scale
            that is used. Scales without an entry get none.
        blur_windows: Side of that blur's window in pixels, with one entry for each scale in the same way.
        form: "reconstruction": mean squared difference of features. "lpips": squared difference of features
            normalised over their channels, weighted per channel, summed over channels and averaged over positions.
        border: Values of blurs outside a picture: "zero" (black, as in the paper), or its own "edge", repeated.
        tone: Map of the target's colours before the comparison, for tiles that cannot show its dark tones: three rows
            of (factor of red, of green, of blue, offset in levels). Empty compares with the target as it is.
        smooth: Blur enough before pixels are left out (see `features.pyramid.scale_geometry`). The paper's pyramid
            does not; at coarse scales it compares only one pixel of each tile.
    """

    layers: tuple[str, ...] = PAPER_LAYERS
    layer_factors: tuple[float, ...] = (1.0,) * 5
    scales: tuple[tuple[float, ...], ...] = ((0.0, 1.0, 2.0),) * 5
    blur_sigmas: tuple[float, ...] = (3.0, 3.0, 3.0)
    blur_windows: tuple[int, ...] = (8, 8, 8)
    form: Form = "reconstruction"
    border: Border = "zero"
    tone: tuple[tuple[float, ...], ...] = ()
    smooth: bool = False

    def __post_init__(self) -> None:
        check_layers(self.layers)
        if not self.layers or not any(self.scales):
            raise ConfigError("the loss needs at least one layer and one scale")
        if len(self.scales) > len(self.layers):
            raise ConfigError(f"{len(self.scales)} groups of scales for {len(self.layers)} layers: give one per layer")
        if len(self.layer_factors) < len(self.scales):
            raise ConfigError(
                f"{len(self.layer_factors)} layer factors for {len(self.scales)} layers with scales: give one per layer"
            )
        if any(scale < 0 for scale in self.used_scales()):
            raise ConfigError(f"scales are 0 (full size) or more, not {min(self.used_scales())}")
        if any(value <= 0 for value in (*self.blur_sigmas, *self.blur_windows)):
            raise ConfigError("blurs have positive sigmas and windows; leave an entry out for no blur at that scale")
        if self.form not in ("reconstruction", "lpips"):
            raise ConfigError(f"the loss has forms 'reconstruction' and 'lpips', not '{self.form}'")
        if self.border not in ("zero", "edge"):
            raise ConfigError(f"the border of a blur is 'zero' or 'edge', not '{self.border}'")

    @classmethod
    def parse(
        cls, layers: str, factors: str, scales: str, sigmas: str, windows: str, form: Form = "reconstruction"
    ) -> LossSettings:
        """Read the option texts of the published program: commas between numbers, colons between the layers' scales.

        As in that program, layers without a group of scales add nothing but still count in the mean over layers, and
        blurs beyond the scales in use are ignored.
        """
        if not all(group.strip() for group in scales.split(":")):
            raise ConfigError(f"each layer's scales are numbers with commas, but a group of '{scales}' is empty")
        try:
            return cls(
                layers=tuple(name.strip() for name in layers.split(",")),
                layer_factors=_numbers(factors),
                scales=tuple(_numbers(group) for group in scales.split(":")),
                blur_sigmas=_numbers(sigmas),
                blur_windows=tuple(int(value) for value in _numbers(windows)),
                form=form,
            )
        except ValueError as error:
            raise ConfigError(f"loss options are numbers with commas, as in '0,1,2:0,1:0': {error}") from None

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> LossSettings:
        """The inverse of `plain`."""
        return cls(
            layers=tuple(values["layers"]),
            layer_factors=tuple(values["layer_factors"]),
            scales=tuple(tuple(group) for group in values["scales"]),
            blur_sigmas=tuple(values["blur_sigmas"]),
            blur_windows=tuple(values["blur_windows"]),
            form=values["form"],
            border=values.get("border", "zero"),
            tone=tuple(tuple(row) for row in values.get("tone", ())),
            smooth=values.get("smooth", False),
        )

    def plain(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    def used_scales(self) -> tuple[float, ...]:
        """All scales of any layer, ascending, once each."""
        return tuple(sorted({scale for group in self.scales for scale in group}))

    def layers_at(self, scale: float) -> list[tuple[int, int]]:
        """Pairs of (layer number, how often its group names this scale)."""
        return [(i, group.count(scale)) for i, group in enumerate(self.scales) if scale in group]


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(value) for value in text.split(",")) if text.strip() else ()
