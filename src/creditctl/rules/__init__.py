"""The field's arithmetic: values in, values out; no database, no clock, no streams."""
