"""MosaicNet: the network, models on disk, and prediction on pictures of any size. Imports torch when used."""
