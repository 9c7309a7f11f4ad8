"""What a training leaves on disk: configuration, checkpoints, metrics."""
