"""What the training steps in PyTorch share: parameters by our names, optimiser groups, clipping, averaging, the contestant."""
import torch

from arrays import read_arrays


def load(model, arrays, prefix):
    """Copies our start values into a model whose parameters have our names. Every name on either side must be met."""
    own = dict(model.named_parameters())
    own.update(model.named_buffers())
    given = {name[len("state/") :]: value for name, value in arrays.items() if name.startswith("state/")}
    with torch.no_grad():
        for name, value in given.items():
            own[name[len(prefix) :]].copy_(torch.from_numpy(value))
    met = {name[len(prefix) :] for name in given}
    extra = [name for name in own if name not in met and not name.endswith("num_batches_tracked")]
    unset = [name for name in extra if getattr(own[name], "requires_grad", False)]
    if unset:
        raise SystemExit(f"parameters without start values: {unset}")


def optimizer_of(model, facts, prefix):
    """The optimiser with one group for every rate and decay."""
    named = dict(model.named_parameters())
    groups = {}
    for each in facts["parameters"]:
        groups.setdefault((each["rate"], each["decay"]), []).append(named[each["name"][len(prefix) :]])
    lists = [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in groups.items()]
    options = facts["optimizer"]
    if options["id"] == "sgd":
        return torch.optim.SGD(lists, 0.01, momentum=options["momentum"], nesterov=options["nesterov"])
    betas = (options.get("beta1", 0.9), options.get("beta2", 0.999))
    return (torch.optim.Adam if options["id"] == "adam" else torch.optim.AdamW)(lists, 0.01, betas=betas)


def contestant(model, loss_of, settings, folder, prefix=""):
    """A contestant of one training step: loss_of(model, batch) is its loss, batch holds our arrays as tensors."""
    torch.set_num_threads(settings["threads"])
    arrays, facts = read_arrays(folder)
    load(model, arrays, prefix)
    optimizer = optimizer_of(model, facts, prefix)
    trained = [p for group in optimizer.param_groups for p in group["params"]]
    layout = torch.channels_last if settings["channelsLast"] else torch.contiguous_format
    model.to(memory_format=layout)
    batch = {}
    for name, value in arrays.items():
        if name.startswith("batch/"):
            tensor = torch.from_numpy(value)
            batch[name[len("batch/") :]] = tensor.contiguous(memory_format=layout) if tensor.dim() == 4 else tensor
    average = [p.detach().clone() for p in trained] if facts["ema"] else None

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model, batch)
        loss.backward()
        if facts["clipNorm"]:
            torch.nn.utils.clip_grad_norm_(trained, facts["clipNorm"])
        optimizer.step()
        if average:
            with torch.no_grad():
                torch._foreach_mul_(average, facts["ema"])
                torch._foreach_add_(average, [p.detach() for p in trained], alpha=1 - facts["ema"])
        return loss.item()

    return {"step": step, "check": lambda: [step(), step()]}
