"""Disjoint sets: what is coupled or identified, directly or through others."""

from collections.abc import Iterable


class Sets:
    """Disjoint sets of the numbers 0 ... n-1 (union-find)."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def find(self, i: int) -> int:
        """The representative of the set of a number."""
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def join(self, members: Iterable[int]) -> None:
        """Unite the sets of some numbers."""
        roots = [self.find(i) for i in members]
        for i in roots[1:]:
            self._parent[self.find(i)] = self.find(roots[0])

    def roots(self) -> list[int]:
        """The representative of every number."""
        return [self.find(i) for i in range(len(self._parent))]
