"""The README's first picture: a portrait from 919 photos with default settings, and an enlarged part."""

from __future__ import annotations

from pictures import sample, show, starter_photos

from perceptual_photomosaic import make_mosaic

mosaic = make_mosaic(sample("astronaut.png"), starter_photos())
show(mosaic.to_image((16, 16)), "portrait-photos")

face = mosaic.to_image((48, 48)).crop((20 * 48, 5 * 48, 40 * 48, 17 * 48))
show(face, "portrait-photos-detail")
