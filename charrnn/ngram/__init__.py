"""What counting alone can predict: n-grams, as baselines for a network and as writers."""
