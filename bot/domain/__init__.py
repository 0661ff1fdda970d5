"""Pure business: values in, values out; no clock, no SQL, no HTTP, no platform."""
