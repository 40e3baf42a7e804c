"""Long conversations as lessons, made of the library: each goes on from lesson to lesson, as those with people go on.

Whatever a conversation carries from turn to turn must have been met in lessons. Where every dialogue begins with an
empty memory and is over after a few turns, a hundredth turn is nothing that was ever learned.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from brain.contract import Brain
from school.teaching.streams import Streams
from school.texts.librarian import Librarian

# Lengths of a conversation, one as likely as another: of all blocks a third begin one, for every conversation has a
# first turn and an empty memory is unlike any other, and more than a third lie beyond the eighth.
BLOCKS = (1,) * 16 + (2,) * 4 + (8, 32)


class Talks:
    """``rows`` conversations side by side, of which every lesson holds the next ``length`` tokens.

    ``places``: the number of each row's conversation and its next block; ``carried``: what it carried there.
    """

    def __init__(self, brain: Brain, rows: int, length: int):
        self.places = [(row, 0) for row in range(rows)]
        self.carried = Streams.fresh(brain, rows, length)
        self._begin = Streams.fresh(brain, 1, length)

    def __len__(self) -> int:
        return len(self.places)

    def next(self, librarian: Librarian) -> tuple[np.ndarray, np.ndarray]:
        """The next block of every row: ids (R, T+1) and whether each target (R, T) is to be learned."""
        length = self.carried.pixels.shape[1]
        blocks = []
        for row, (number, block) in enumerate(self.places):
            if block == 0:
                self.carried.write(slice(row, row + 1), self._begin)
            blocks.append(librarian.dialogue(number, start=block * length, length=length))
            over = block + 1 == BLOCKS[librarian.drawn("talk", number, len(BLOCKS))]
            self.places[row] = (number + len(self), 0) if over else (number, block + 1)
        ids, learned = zip(*blocks, strict=True)
        return np.stack(ids), np.stack(learned)

    def restore(self, places: list[list[int]], tensors: dict[str, Tensor]) -> None:
        """Go on where a soul was; from the beginning if that had other rows, or none."""
        own = self.carried.tensors()
        kinds = {name: (tensor.shape, tensor.dtype) for name, tensor in tensors.items()}
        if len(places) == len(self) and all(kinds.get(name) == (own[name].shape, own[name].dtype) for name in own):
            self.places = [(number, block) for number, block in places]
            self.carried = Streams.of({name: tensors[name].to(own[name].device) for name in own})
