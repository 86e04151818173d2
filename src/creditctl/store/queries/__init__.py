"""Named SQL, one file per aggregate: reads say what comes back, writes what they change."""
