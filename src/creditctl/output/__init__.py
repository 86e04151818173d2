"""How it answers: knows the types of values and the formats, never the things themselves."""
