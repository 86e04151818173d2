"""How people speak to it: a command parses, calls one service, shows the result."""
