"""Safe writing of files, under a temporary name and never over inputs; and opening of SQLite databases."""
