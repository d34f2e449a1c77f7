"""Features of pictures: colour spaces, patches, VGG16 layers, Gaussian pyramids.

`vgg`, `vgg_weights`, `pyramid`, `frozen`, `winograd` and `activations` need torch, which the `perceptual` extra
installs. The other modules need no extra.
"""
