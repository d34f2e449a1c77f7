"""Writing files safely: under a temporary name first, never over what is read; and opening SQLite databases."""
