"""From an assignment to pixels on disk, without ever holding the whole mosaic.

`sheet` gathers the tiles that are used, `stream` lays them out lazily, `formats` knows what each file format can take.
"""
