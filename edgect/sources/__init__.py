"""A source of labelled slices: a table or a folder, what is known of it, and its fixed parts."""
