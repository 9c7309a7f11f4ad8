"""Reference implementation of interpolated modified Kneser-Ney with dictionaries, which the fast counting must equal.

Nothing here imports charrnn.
"""

from collections import Counter, defaultdict

BEGIN = None  # precedes each segment: it is context, and never predicted


def counts(segments, n, order):
    """How often each n-gram occurs; below the highest order, how many different symbols precede it."""
    if n == order:
        return Counter(tuple(s[i : i + n]) for s in segments for i in range(len(s) - n + 1))
    follows = defaultdict(set)
    for s in segments:
        padded = [BEGIN, *s]
        for i in range(1, len(padded) - n + 1):
            follows[tuple(padded[i : i + n])].add(padded[i - 1])
    return {gram: len(before) for gram, before in follows.items()}


def discount(c):
    """The discount D(count) of one order: Chen and Goodman's D_1, D_2, D_3+."""
    n1, n2, n3, n4 = (sum(count == k for count in c.values()) for k in (1, 2, 3, 4))
    if 0 in (n1, n2, n3):
        return lambda count: {0: 0, 1: 0.5, 2: 1.0}.get(count, 1.5)
    Y = n1 / (n1 + 2 * n2)
    D = [0, 1 - 2 * Y * n2 / n1, 2 - 3 * Y * n3 / n2, 3 - 4 * Y * n4 / n3]
    if min(D[1:]) <= 0:
        return lambda count: {0: 0, 1: 0.5, 2: 1.0}.get(count, 1.5)
    return lambda count: D[min(count, 3)]


def kneser_ney(segments, V, order):
    """The function p(context, w); a context is a tuple of ids of any length."""
    c = {n: counts(segments, n, order) for n in range(1, order + 1)}
    D = {n: discount(c[n]) for n in c}

    def p(context, w, n=order):
        if n == 0:
            return 1 / V
        if len(context) < n - 1:
            return p(context, w, n - 1)
        h = tuple(context[len(context) - n + 1 :])
        following = [c[n].get((*h, v), 0) for v in range(V)]
        C = sum(following)
        if C == 0:
            return p(context, w, n - 1)
        γ = sum(D[n](count) for count in following) / C
        return (following[w] - D[n](following[w])) / C + γ * p(context, w, n - 1)

    return p
