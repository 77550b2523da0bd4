"""Whether an engine, here, answers as a bundle says that it should."""
