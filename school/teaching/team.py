"""The processes that teach together, as torchrun started them, and how they talk to each other.

Only gradients travel between GPUs; everything else goes over the CPU, where a process that died is noticed at once.
What they say is in ``sharing``.
"""

from __future__ import annotations

import logging
import os
import time
from datetime import timedelta
from enum import IntEnum, auto

import torch
import torch.distributed as dist
from torch import Tensor

from school.office.mistakes import Mistake
from school.teaching.exchange import TeamBroken

log = logging.getLogger(__name__)

ASSEMBLY = timedelta(days=1)  # the leader may have a large library to read first
SILENCE = timedelta(minutes=10)  # of a process that is taken for dead then
SIGN_OF_LIFE = 60  # seconds after which a leader with nothing to teach says so
NUMBERS = 8  # that go with an order


class Order(IntEnum):
    START = auto()
    STEP = auto()
    MOVE = auto()
    CHECK = auto()
    GATHER = auto()
    WAIT = auto()
    STOP = auto()


class Team:
    """The processes that teach together, as torchrun started them. Every method but ``own_device`` and ``leave`` is for
    all of them at the same time, and raises TeamBroken when one of them is gone."""

    def __init__(self, *, rank: int, size: int, local_rank: int, local_size: int):
        self.rank, self.size, self.local_rank, self.local_size = rank, size, local_rank, local_size
        self.broken = False
        self._group: dist.ProcessGroup | None = None
        self._last_order = 0.0

    @classmethod
    def of_environment(cls) -> Team:
        """From the variables that torchrun sets."""
        rank, size, local_rank = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
        return cls(
            rank=rank, size=size, local_rank=local_rank, local_size=int(os.environ.get("LOCAL_WORLD_SIZE", size))
        )

    def own_device(self, device: torch.device) -> torch.device:
        """This process's own GPU where GPUs compute. Raises Mistake if there are too few."""
        if device.type != "cuda":
            return device
        if torch.cuda.device_count() < self.local_size:
            raise Mistake(
                f"{self.local_size} processes need as many GPUs, and this machine has {torch.cuda.device_count()}; "
                'start fewer, or set machine.device = "cpu".'
            )
        return torch.device("cuda", self.local_rank)

    def join(self, device: torch.device) -> None:
        """Wait until everybody is there."""
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        try:
            dist.init_process_group(backend, rank=self.rank, world_size=self.size, timeout=ASSEMBLY)
            self._group = dist.new_group(timeout=SILENCE)
        except RuntimeError as error:
            raise self._lost(error) from error

    def tell(self, order: Order, *numbers: float) -> None:
        """The leader's order to the others, with at most NUMBERS - 1 numbers."""
        said = torch.zeros(NUMBERS, dtype=torch.float64)
        said[: 1 + len(numbers)] = torch.tensor([order, *numbers], dtype=torch.float64)
        self._all(dist.broadcast, said, 0)
        self._last_order = time.monotonic()

    def hear(self) -> tuple[Order, list[float]]:
        """Wait for the leader's next order."""
        said = torch.empty(NUMBERS, dtype=torch.float64)
        self._all(dist.broadcast, said, 0)
        order, *numbers = said.tolist()
        return Order(int(order)), numbers

    def keep_company(self) -> None:
        """The leader's sign of life, when it is time for one."""
        if time.monotonic() - self._last_order > SIGN_OF_LIFE:
            self.tell(Order.WAIT)

    def dismiss(self) -> None:
        """The leader's last order."""
        self.tell(Order.STOP)

    def leave(self) -> None:
        """Close what ``join`` opened, so that its threads end before the process does; for each by itself."""
        if dist.is_initialized():
            dist.destroy_process_group()

    @torch.no_grad()
    def share(self, tensors: list[Tensor]) -> None:
        """Everybody gets the leader's values."""
        for tensor in tensors:
            values = tensor.detach().cpu().contiguous()
            self._all(dist.broadcast, values, 0)
            if self.rank:
                tensor.copy_(values)

    def sum(self, tensor: Tensor) -> None:
        """Replace everybody's by the sum of all."""
        self._all(dist.all_reduce, tensor)

    def gather(self, own: Tensor) -> Tensor | None:
        """Everybody's, one below the other, for the leader; None for the others."""
        own = own.cpu().contiguous()
        parts = None if self.rank else [torch.empty_like(own) for _ in range(self.size)]
        self._all(dist.gather, own, parts, 0)
        return None if parts is None else torch.cat(parts)

    def scatter(self, own: Tensor, whole: Tensor | None) -> None:
        """Each gets its part of the leader's ``whole``, which is None for the others."""
        values = torch.empty_like(own, device="cpu")
        parts = None if whole is None else [part.contiguous() for part in whole.cpu().split(len(own))]
        self._all(dist.scatter, values, parts, 0)
        own.copy_(values)

    def _all(self, collective, *arguments) -> None:
        if self.broken:
            raise self._lost(None)
        try:
            collective(*arguments, group=self._group)
        except RuntimeError as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception | None) -> TeamBroken:
        if error:
            log.info("the team broke: %s", error)
        self.broken = True
        return TeamBroken("another process of its team is gone")
