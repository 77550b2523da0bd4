"""Which rule makes one answer of a series' slices, measured on series at hand and on simulated ones."""
