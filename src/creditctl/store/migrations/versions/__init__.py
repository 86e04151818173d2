"""One file per step, named by number and intent."""
