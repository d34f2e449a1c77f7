"""What a picture file says about its pixels: their kind, their colours and which way is up. One file per question."""
