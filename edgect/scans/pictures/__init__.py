"""PNG, JPEG, WebP, TIFF and BMP: decoders, and whether a file holds all that its picture needs."""

MIN_SIDE = 32  # pixels of the shorter side of a slice
