"""What the systems learn: each task makes its data and a system to begin with, and measures and says what was learned."""
