"""Choice of tiles for cells: costs, limits, and the methods."""
