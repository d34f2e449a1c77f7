"""How a picture looks: colour spaces, patches, VGG16 layers, Gaussian pyramids.

`colour` and `patches` need numpy only; `vgg`, `weights` and `pyramid` need torch, which the `perceptual` extra brings.
"""
