"""The mathematics: arrays in, arrays out; no files, no configuration, no printing."""
