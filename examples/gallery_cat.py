"""A cat from patches of the deep sky, a rocket and a cup of coffee: each patch at most nine times."""

from __future__ import annotations

from pictures import sample, show

from perceptual_photomosaic import make_mosaic

tiles = [
    f"slices:{sample('hubble_deep_field.jpg')},size=24",
    f"slices:{sample('rocket.jpg')},size=14",
    f"slices:{sample('coffee.png')},size=14",
]
mosaic = make_mosaic(sample("chelsea.png"), tiles, columns=75, max_uses=9, variants="flip")
show(mosaic.to_image((13, 13)), "cat")
