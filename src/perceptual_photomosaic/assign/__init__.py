"""Who goes in which cell: costs, limits, and the methods that choose."""
