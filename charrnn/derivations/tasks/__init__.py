"""What the systems learn: a task makes data and an initial system, and measures and says what was learned."""
