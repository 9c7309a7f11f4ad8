"""Options that several commands share, and what people type into them."""
