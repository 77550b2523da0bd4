"""Many inputs to rows: in order, resumable, by threads or by the workers of a Dask scheduler."""
