"""The least-squares start: the first decoder chooses nearly the same templates as plain distances."""

from __future__ import annotations

import pytest
import torch

from perceptual_photomosaic.features.vgg import VGG16
from perceptual_photomosaic.loss_settings import LossSettings
from perceptual_photomosaic.losses import PerceptualLoss
from perceptual_photomosaic.models.mosaicnet import MosaicNet, MosaicNetConfig
from perceptual_photomosaic.training.cover import from_afar, template_costs
from perceptual_photomosaic.training.start import fit_decoder
from tests.narrow import narrow_weights


def pictures(count: int, generator: torch.Generator) -> torch.Tensor:
    """Return smooth random pictures, (count, 3, 128, 128)."""
    coarse = torch.rand(count, 3, 17, 17, generator=generator) * 255
    return torch.nn.functional.interpolate(coarse, size=(128, 128), mode="bicubic").clamp(0, 255)


@pytest.mark.parametrize("tone", [(), ((0.3, 0.0, 0.0, 90.0), (0.0, 0.3, 0.0, 80.0), (0.0, 0.0, 0.3, 70.0))])
def test_first_decoder_is_the_nearest_template(tone: tuple[tuple[float, ...], ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    vgg = VGG16(narrow_weights())
    templates = torch.rand(9, 3, 1, 1, generator=generator) * 200 + torch.rand(9, 3, 8, 8, generator=generator) * 55
    net = MosaicNet(vgg, templates.to(torch.uint8), MosaicNetConfig(9, vgg.channels("pool3"), hidden=96, pixels=True))
    loss = PerceptualLoss(vgg, LossSettings(("conv1_1",), (1.0,), ((0.0,),), (2.0,), (5,), tone=tone))
    error = fit_decoder(net, loss, [pictures(4, generator) for _ in range(12)])
    assert error < 3.0
    unseen = pictures(6, generator)
    costs = template_costs(loss.toned(unseen), from_afar(net.templates, 2.0), 8)
    chosen = net.decoder(net.encode(unseen))[1].argmax(1)
    excess = costs.gather(1, chosen[:, None])[:, 0] - costs.amin(1)
    assert float((chosen == costs.argmin(1)).float().mean()) > 0.9
    assert float(excess.mean()) < 0.02 * float(costs.mean())
