"""When time passes: one module per job."""
