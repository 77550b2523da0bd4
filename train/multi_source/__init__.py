"""Training of the shipped default network on slices of several sources, cropped to the lungs."""
