"""Photos kept on disk, small: seen once, found again in a moment.

A library is a folder of three files. `library.sqlite` is the manifest: which file is which picture, what is known about
it, and which row of the arrays is its. `thumbnails.npy` and `features.npy` hold the rows; they are only ever appended
to, and a row counts when the manifest's transaction that names it is committed. What a killed process left behind
after the last committed row is cut off when the library is next opened for writing.
"""
