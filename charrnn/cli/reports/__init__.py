"""The reports of results: evaluations, scores, samples, checks, plans."""
