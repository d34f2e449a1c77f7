"""Photo libraries on disk: thumbnails and features of photos, computed once and used many times.

A library is a folder of three files. `library.sqlite` is the manifest: which file contains which picture, the record of
each picture, and its row in the arrays. `thumbnails.npy` and `features.npy` contain the rows. Rows are only appended,
and a row is valid once the transaction of the manifest that names it is committed. Rows that a killed process left
after the last committed row are cut off when the library is next opened for writing.
"""
