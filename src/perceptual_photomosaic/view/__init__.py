"""A mosaic to look at in a browser: a folder that works from disk, without a server and without a network."""
