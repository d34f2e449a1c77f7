"""The README's first picture: a portrait from 919 photos, and what it looks like up close."""

from __future__ import annotations

from pictures import sample, show, starter_photos

from perceptual_photomosaic import make_mosaic

mosaic = make_mosaic(sample("astronaut.png"), starter_photos(), columns=80, min_distance=4)
show(mosaic.to_image((12, 12)), "portrait-photos")

face = mosaic.to_image((48, 48)).crop((24 * 48, 17 * 48, 44 * 48, 29 * 48))
show(face, "portrait-photos-detail")
