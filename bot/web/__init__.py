"""HTTP routes that are not a platform callback: health, metrics, read and intake API."""
