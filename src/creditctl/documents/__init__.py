"""What is handed out: values in, text or bytes out; nothing here asks a database or a clock."""
