"""PNG, JPEG, WebP, TIFF and BMP: decoders, and whether a file holds all that its picture needs."""
