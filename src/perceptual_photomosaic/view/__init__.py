"""The viewer: a folder with a web page of a mosaic, which works from disk, without a server or a network."""
