"""When somebody speaks or clicks: one module per feature."""
