"""The same model in idiomatic PyTorch, for tools/benchmark.py.

The widths, batch and updates of ours in its joint step: dcgan, LSTMs in both directions or a mean over frames for z_c,
an LSTM fed by its own samples for z_m, an LSTM prior, Adam per part. `python torch_peer.py '{"loss": ..., ...}'` speaks
the protocol of worker.py.
"""

import math

import torch
import worker
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

BANDWIDTHS = (1.0, 2.0, 4.0, 8.0, 16.0)


def encoder(size, colours, channels, features):
    """Frames [N, C, size, size] -> h [N, features]."""
    widths = [colours] + [channels * 2**i for i in range(int(math.log2(size)) - 2)]
    parts = []
    for before, after in zip(widths, widths[1:], strict=False):
        parts += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(16 * widths[-1], features), nn.Tanh())


def decoder(size, colours, channels, features):
    """h [N, features] -> frames' logits [N, C, size, size]."""
    widths = [channels * 2**i for i in range(int(math.log2(size)) - 2)][::-1] + [colours]
    parts = [nn.Linear(features, 16 * widths[0], bias=False), nn.BatchNorm1d(16 * widths[0]), nn.LeakyReLU(0.2),
             nn.Unflatten(1, (widths[0], 4, 4))]
    for before, after in zip(widths, widths[1:-1], strict=False):
        parts += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
    return nn.Sequential(*parts, nn.ConvTranspose2d(widths[-2], colours, 4, 2, 1))


class Encoders(nn.Module):
    """q(z_c, z_m | x)."""

    def __init__(self, o):
        super().__init__()
        self.frames = encoder(o["size"], 3, o["channels"], o["features"])
        self.ordered = {"bidirectional": True, "mean": False}[o["content_encoder"]]
        self.summary = (nn.LSTM(o["features"], o["hidden"], batch_first=True, bidirectional=True) if self.ordered
                        else nn.Sequential(nn.Linear(o["features"], o["hidden"]), nn.LeakyReLU(0.2)))
        self.content = nn.Linear((1 + self.ordered) * o["hidden"], 2 * o["content"])
        self.cell = nn.LSTMCell(o["features"] + o["motion"], o["hidden"])
        self.motion = nn.Linear(o["hidden"], 2 * o["motion"])

    def forward(self, x, noise_c, noise_m):
        """x [B, T, C, H, W] -> z_c, its (loc, scale), z_m, its (loc, scale)."""
        batch, length = x.shape[:2]
        h = self.frames(x.flatten(0, 1)).unflatten(0, (batch, length))
        if self.ordered:
            _, (last, _) = self.summary(h)
            summary = torch.cat([last[0], last[1]], -1)
        else:
            summary = self.summary(h).mean(1)
        loc, raw = self.content(summary).chunk(2, -1)
        scale = F.softplus(raw) + 1e-4
        z, state, found = x.new_zeros(batch, noise_m.shape[-1]), None, []
        for t in range(length):
            state = self.cell(torch.cat([h[:, t], z], -1), state)
            loc_t, raw_t = self.motion(state[0]).chunk(2, -1)
            scale_t = F.softplus(raw_t) + 1e-4
            z = loc_t + scale_t * noise_m[:, t]
            found.append((z, loc_t, scale_t))
        z_m, loc_m, scale_m = (torch.stack(parts, 1) for parts in zip(*found, strict=True))
        return loc + scale * noise_c, (loc, scale), z_m, (loc_m, scale_m)


class Prior(nn.Module):
    """p(z_m,t | z_m,<t), teacher-forced."""

    def __init__(self, o):
        super().__init__()
        self.lstm = nn.LSTM(o["motion"], o["hidden"], batch_first=True)
        self.out = nn.Linear(o["hidden"], 2 * o["motion"])

    def forward(self, z_m):
        """z_m [B, T, D] -> (loc, scale) given the codes before."""
        loc, raw = self.out(self.lstm(F.pad(z_m[:, :-1], (0, 0, 1, 0)))[0]).chunk(2, -1)
        return loc, F.softplus(raw) + 1e-4


class Decoder(nn.Module):
    """p(x | z_c, z_m)."""

    def __init__(self, o):
        super().__init__()
        self.recurrent = o["decoder"] == "lstm"
        self.join = nn.Linear(o["content"] + o["motion"], o["hidden"])
        self.features = (nn.LSTM(o["hidden"], o["features"], batch_first=True) if self.recurrent
                         else nn.Linear(o["hidden"], o["features"]))
        self.frames = decoder(o["size"], 3, o["channels"], o["features"])

    def forward(self, z_c, z_m):
        """Codes -> logits [B, T, C, H, W]."""
        h = F.leaky_relu(self.join(torch.cat([z_c[:, None].expand(-1, z_m.shape[1], -1), z_m], -1)), 0.2)
        h = self.features(h)[0] if self.recurrent else torch.tanh(self.features(h))
        return self.frames(h.flatten(0, 1)).unflatten(0, z_m.shape[:2])


def critic(o):
    """f_gamma."""
    widths = (o["content"], 256, 256, 128, 1)
    parts = []
    for before, after in zip(widths, widths[1:], strict=False):
        parts += [spectral_norm(nn.Linear(before, after)), nn.LeakyReLU(0.2)]
    return nn.Sequential(*parts[:-1])


def normal_kl(loc, scale, loc_p, scale_p):
    """KL of normals, summed over all but the batch, its mean."""
    kl = torch.log(scale_p / scale) + (scale**2 + (loc - loc_p) ** 2) / (2 * scale_p**2) - 0.5
    return kl.flatten(1).sum(1).mean()


def mmd2(q, p, bandwidths):
    """Unbiased squared MMD of q, p [..., n, d], RBF kernels."""
    def kernel(x, y):
        d2 = ((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1)
        return sum(torch.exp(d2 * (-0.5 / s**2)) for s in bandwidths)

    n = q.shape[-2]
    off = (1 - torch.eye(n, device=q.device)) / (n * (n - 1))
    return ((kernel(q, q) + kernel(p, p)) * off).sum((-2, -1)) - 2 * kernel(q, p).mean((-2, -1))


def slope(f, z):
    """f(z) and |grad f(z)|^2, differentiable."""
    features = f(z)
    gradient, = torch.autograd.grad(features.sum(), z, create_graph=True)
    return features, gradient.square().sum(-1)


class Peer:
    """One training step of either loss.

    Args:
      o: sizes ("batch", "length", "size", "channels", "features", "content", "motion", "hidden"), "decoder" ("lstm" or
        "dense"), "content_encoder" ("bidirectional" or "mean"), "loss" ("ds_vae" or "rwae_mmd"), "variant" ("eager",
        "channels_last", "compile", or "bfloat16": channels_last under autocast).
    """

    def __init__(self, o):
        torch.manual_seed(0)
        self.o = o
        self.encoders, self.decoder, self.prior, self.critic = Encoders(o), Decoder(o), Prior(o), critic(o)
        parts = [self.encoders, self.decoder, self.prior, self.critic]
        self.optimizers = [torch.optim.Adam(part.parameters(), 3e-4, (0.5, 0.9)) for part in parts]
        self.x = torch.rand(o["batch"], o["length"], 3, o["size"], o["size"])
        self.main = [p for part in parts[:3] for p in part.parameters()]
        if o["variant"] in ("channels_last", "bfloat16"):
            for part in (self.encoders.frames, self.decoder.frames):
                part.to(memory_format=torch.channels_last)
            self.x = self.x.flatten(0, 1).to(memory_format=torch.channels_last).unflatten(0, self.x.shape[:2])
        if o["variant"] == "compile":
            self.encoders, self.decoder, self.prior = map(torch.compile, (self.encoders, self.decoder, self.prior))

    def step(self):
        """One joint update."""
        o = self.o
        with torch.autocast("cpu", torch.bfloat16, enabled=o["variant"] == "bfloat16"):
            z_c, content, z_m, motion = self.encoders(
                self.x, torch.randn(o["batch"], o["content"]), torch.randn(o["batch"], o["length"], o["motion"]))
            loc, scale = self.prior(z_m)
            logits = self.decoder(z_c, z_m)
        z_c, z_m, loc, scale = (code.float() for code in (z_c, z_m, loc, scale))
        objective = (torch.sigmoid(logits.float()) - self.x).square().sum() / o["batch"]
        content_kl = normal_kl(*content, torch.zeros(()), torch.ones(()))
        motion_kl = normal_kl(*motion, loc, scale)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        if o["loss"] == "ds_vae":
            (objective + content_kl + motion_kl).backward()
        else:
            z_p = torch.randn_like(z_c).requires_grad_()
            f_p, slopes = slope(self.critic, z_p)
            divergence = mmd2(self.critic(z_c), f_p, (1.0,)) / (1 + 10 * slopes.mean())
            drawn = loc + scale * torch.randn_like(loc)
            motion_mmd = mmd2(z_m.transpose(0, 1), drawn.transpose(0, 1), BANDWIDTHS).sum()
            objective = objective + 10 * divergence + 60 * motion_mmd + motion_kl + content_kl
            gradients = torch.autograd.grad(-divergence, list(self.critic.parameters()), retain_graph=True)
            objective.backward(inputs=self.main)
            for p, gradient in zip(self.critic.parameters(), gradients, strict=True):
                p.grad = gradient
        for optimizer in self.optimizers:
            optimizer.step()


def build(options):
    """Work and facts of `options`: those of `Peer`, and "threads"."""
    if options["threads"]:
        torch.set_num_threads(options["threads"])
    return Peer(options).step, {"torch": torch.__version__}


if __name__ == "__main__":
    worker.serve(build)
