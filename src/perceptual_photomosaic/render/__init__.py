"""Output of an assignment as pixels on disk, without ever holding the whole mosaic in memory.

`tile_sheet` draws the tiles that are used, `stream` writes the mosaic strip by strip, `formats` has the limits of each
file format.
"""
