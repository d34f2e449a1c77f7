"""Mosaics of letters and emoji as text: plain, for terminals, as a page, as a drawing. One file per format.

`picture` turns a mosaic into rows of characters with their colours; `plain`, `ansi`, `html` and `svg` write those;
`terminal` finds out what a terminal can show, and `quick` makes the text that `photomosaic show` puts there at once.
"""
