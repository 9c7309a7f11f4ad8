"""The recurrent cells, each `forward` beside its `backward`."""
