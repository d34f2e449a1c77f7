"""Training of MosaicNet: settings, data, the loop, checkpoints and run folders. Needs the 'train' extra."""
