"""Mosaics of letters and emoji as text: plain, for terminals, as a page, as a drawing. One file per format.

`picture` converts a mosaic to rows of characters with their colours; `plain_text`, `ansi`, `html` and `svg` write them.
`terminal` detects what a terminal can show, and `quick` makes the text of `photomosaic show`.
"""
