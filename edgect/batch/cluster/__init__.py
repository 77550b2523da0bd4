"""Classification by many machines: paths go out in batches, answers come back in order. Dask carries both."""
