"""How well a model predicts a text, beside what counting and compressing make of it."""
