"""Models over HTTP: the OpenAI completions interface, and the engine that writes for all clients at once."""
