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
    """The settings of a perceptual loss. The defaults are those of the paper.

    Args:
        layers: Layers of VGG16.
        layer_factors: The weight of each layer.
        scales: For each layer, the pyramid scales at which it is compared; scale s is the picture made 2^s times
            smaller.
        blur_sigmas: Standard deviations, in pixels, of an additional blur of the mosaic, which hides the grid of
            tiles. Entry i is for the i-th smallest scale in use. Scales without an entry are not blurred.
        blur_windows: Side of the window of that blur, in pixels; entries as in `blur_sigmas`.
        form: "reconstruction": mean squared difference of features. "lpips": squared difference of features
            normalised over their channels, weighted per channel, summed over channels and averaged over positions.
        border: The values that a blur takes outside a picture: "zero" (black, as in the paper), or "edge" (the
            picture's outermost pixels, repeated).
        tone: A map of the target's colours before the comparison, for tiles that cannot show its dark tones: three
            rows of (factor of red, of green, of blue, offset in levels). If empty, the target is not changed.
        smooth: Blur enough to avoid aliasing before a picture is made smaller (see
            `features.pyramid.scale_geometry`). The paper's pyramid does not; at coarse scales it compares only one
            pixel of each tile.
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
        """Parse the option texts of the published program.

        Commas separate numbers, and colons separate the scales of different layers. As in that program, layers
        without a group of scales add nothing but still count in the mean over layers, and blurs beyond the scales in
        use are ignored.

        Raises:
            ConfigError: A text cannot be parsed, or the settings do not fit together.
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
        """Return the settings from plain values, as `plain` returns them."""
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
        """Return the settings as plain values, for JSON."""
        return asdict(self)

    def used_scales(self) -> tuple[float, ...]:
        """Return the scales that any layer uses, ascending, each once."""
        return tuple(sorted({scale for group in self.scales for scale in group}))

    def layers_at(self, scale: float) -> list[tuple[int, int]]:
        """Return the layers compared at a scale, as (layer number, number of times its group names the scale)."""
        return [(i, group.count(scale)) for i, group in enumerate(self.scales) if scale in group]


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(value) for value in text.split(",")) if text.strip() else ()
