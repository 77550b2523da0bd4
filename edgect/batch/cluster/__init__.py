"""Classification by many machines: paths go out in batches, rows come back in order. Dask carries both."""
