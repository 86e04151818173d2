"""Where the gate counts: outside the database, `redis`; in it, `services.gate_counters`."""
