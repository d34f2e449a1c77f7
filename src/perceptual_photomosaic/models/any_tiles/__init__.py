"""One network for any tiles: a query for every cell, a key for every tile, and their products as logits."""
