"""What counting alone can predict: yardsticks for a network, and an n-gram that can write."""
