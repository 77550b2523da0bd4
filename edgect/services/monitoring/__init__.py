"""What a service tells those who watch it: metrics as Prometheus reads them, and whether it is well."""
