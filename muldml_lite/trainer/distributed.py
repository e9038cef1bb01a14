"""Several processes, one batch: each forwards its share of the images, and the losses see them all."""

from __future__ import annotations

import functools

import torch
import torch.distributed
from accelerate import Accelerator
from torch import Tensor, nn


def share(count: int, process: int, processes: int) -> slice:
    """The rows of a batch of `count` that are this process's; shares differ by one at most."""
    each, extra = divmod(count, processes)
    first = process * each + min(process, extra)
    return slice(first, first + each + (process < extra))


def gather_rows(own: Tensor, count: int, accelerator: Accelerator) -> Tensor:
    """This process's rows (b, K) of a batch → the whole batch (count, K), with gradient at its own rows.

    Every process works out the loss of the whole batch from the same numbers, so the gradient that arrives at its own
    rows is complete, and nothing has to be sent back. (A gather with gradient would send the gradients of all rows
    around once more, only to add up equal copies.) Summed over the processes, the gradients of the weights are those
    of one process with the whole batch; as DDP takes the mean of them, the loss is to be multiplied by their number.
    """
    processes = accelerator.num_processes
    if processes == 1:
        return own
    shares = [share(count, process, processes) for process in range(processes)]
    sizes = [part.stop - part.start for part in shares]
    padded = nn.functional.pad(own.detach(), (0, 0, 0, sizes[0] - len(own)))  # collectives want equal shapes
    parts = accelerator.gather(padded).split(sizes[0])
    whole = [part[:size] for part, size in zip(parts, sizes, strict=True)]
    whole[accelerator.process_index] = own
    return torch.cat(whole)


def ask_main(word: bool) -> bool:
    """The main process's word, for which all others wait here; a single process has its own at once.

    A group gives up after 10 or 30 minutes without one of its processes. So a pause has to be said again and again, and
    to be asked for as often.
    """
    if not torch.distributed.is_initialized():
        return word
    said = torch.tensor([word], dtype=torch.uint8)
    torch.distributed.broadcast(said, 0, group=_cpu_group(torch.distributed.group.WORLD))
    return bool(said)


@functools.lru_cache(maxsize=1)
def _cpu_group(world: torch.distributed.ProcessGroup) -> torch.distributed.ProcessGroup:
    """The same processes, on their CPUs: a GPU that waits in NCCL is busy, and asking it would stop its queue."""
    if torch.distributed.get_backend(world) == "gloo":
        return world
    return torch.distributed.new_group(backend="gloo")


def synchronise_batch_norm(network: nn.Module, accelerator: Accelerator) -> nn.Module:
    """The network with batch statistics taken over all processes; the names of its weights stay."""
    if accelerator.num_processes == 1:
        return network
    if accelerator.device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(network)
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, GlobalBatchNorm2d.like(child))
    return network


class GlobalBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation over the images of all processes, for devices that torch's SyncBatchNorm refuses (CPUs)."""

    @classmethod
    def like(cls, other: nn.BatchNorm2d) -> GlobalBatchNorm2d:
        made = cls(other.num_features, other.eps, other.momentum)
        made.load_state_dict(other.state_dict())
        return made.to(other.weight)

    def forward(self, input: Tensor) -> Tensor:
        """Images (b, C, H, W); b may differ between processes."""
        if not self.training:
            return super().forward(input)
        wide = input.to(torch.promote_types(input.dtype, torch.float32))
        sums = wide.sum((0, 2, 3))  # (C,)
        sums = torch.cat([sums, sums.new_tensor([wide.numel() / wide.shape[1]])])  # (C+1,), last the count
        sums = _SumOverProcesses.apply(sums)
        mean, count = sums[:-1] / sums[-1], sums[-1]  # (C,), ()
        # From differences to the mean of all: differences of squares would cancel.
        centred = wide - mean[:, None, None]  # (b, C, H, W)
        variance = _SumOverProcesses.apply(centred.square().sum((0, 2, 3))) / count  # (C,)
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
            self.running_var.lerp_((variance * count / (count - 1)).to(self.running_var), self.momentum)
        factor = self.weight * torch.rsqrt(variance + self.eps)  # (C,)
        return torch.addcmul(self.bias[:, None, None], centred, factor[:, None, None]).to(input.dtype)


class _SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes, and of its gradient on the way back."""

    @staticmethod
    def forward(ctx, own: Tensor) -> Tensor:
        total = own.clone()
        torch.distributed.all_reduce(total)
        return total

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, upstream: Tensor) -> Tensor:
        total = upstream.clone()
        torch.distributed.all_reduce(total)
        return total
