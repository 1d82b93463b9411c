"""Ways to call PyTorch: one line each, that computes the same when it is saved, or is refused in words."""
import shutil

import torch
import torch.nn.functional as F
from torch import nn

import lathe
from interpreter import Network
from saving import SavingTest

# Of x [N, 4], with the members of Net.
SAVED = """
torch.where(x == x.flatten(1), x, x * 2)
torch.where(x != s.b, x, x * 2)
x + s.b
x + s.c
x * s.w.view(1,-1)
x - s.w.mean()
s.b - x
s.b / (x*x+1)
torch.matmul(x, s.l.weight.t())
F.linear(x, s.l.weight, s.l.bias)
F.linear(x, s.l.weight)
x.add(s.w, alpha=2)
x.sub_(1)
x.div(3)
x / 3
3 / (x**2 + 1)
2 ** x
x ** 2
x.pow(0.5 * 4)
torch.pow(2, x)
torch.sum(x, dim=1, keepdim=True)
x.sum(axis=1, keepdims=True)
x.sum(-1).unsqueeze(-1)
x.mean(1, True)
torch.mean(x, (1,), keepdim=True)
x.max(1)[0]
x.max(dim=1).values.unsqueeze(1)
torch.max(x, s.w)
torch.maximum(x, s.b)
x.amax(1)
x.amax(dim=(1,), keepdim=True)
x.softmax(1)
torch.softmax(x, -1)
F.log_softmax(x, dim=-1)
x.log_softmax(1)
x[:, 0]
x[:, 1:3]
x[..., -1]
x[:, None]
x[:, ::2]
torch.cat([x, x], 1)
torch.stack([x, x], dim=-1).flatten(1)
torch.chunk(x, 2, dim=1)[1]
x.chunk(2, -1)[0]
x.split([1, 3], dim=1)[1]
torch.split(x, 2, 1)[-1]
sum([x, x, x])
sum(x.chunk(2, 1))
torch.cat([y * i for i, y in enumerate(x.split(1, 1))], 1)
x.view(-1, 2, 2).permute(0, 2, 1).reshape(-1, 4)
x.view(x.shape[0], 2, 2).transpose(1, 2).contiguous().view(x.shape[0], -1)
x.reshape(x.size())
x.reshape(shape=(-1, 4))
x.view(x.shape)
x.view(*x.shape)
x.squeeze().unsqueeze(1).squeeze(1)
x.expand(-1, 4)
x[:, None].expand(-1, 3, -1)
x.clamp(0, 1)
x.clamp(min=0)
x.clip(max=0.5)
F.relu6(x)
F.hardtanh(x, -2, 2)
torch.relu_(x * 1)
x.relu().sigmoid().tanh()
F.elu(x, 0.5)
F.gelu(x)
F.silu(x)
F.softplus(x, 2)
F.leaky_relu_(x * 1, 0.1)
F.dropout(x, training=s.training)
F.dropout(x, 0.1, s.training)
F.dropout2d(x[:, :, None, None], 0.1, s.training).flatten(1)
F.layer_norm(x, (4,))
F.layer_norm(x, x.shape[1:], s.w, s.b)
F.group_norm(x[:, :, None], 2, s.w).flatten(1)
x.masked_fill(s.b > 0, 0.)
x.masked_fill(s.b > 0, -1e9)
x.masked_fill(s.b > 0, float('-inf')).softmax(-1)
torch.tril(x[:, :, None] * x[:, None])
x.abs().sqrt().exp().neg()
-x
torch.rsqrt(x * x + 1)
torch.erf(x)
x.float()
x.to(torch.float32)
x.to(x.device)
x.type_as(x)
x.clone()
x.contiguous()
x.t().t()
x.shape[1] * x
x * x.shape[0]
x.size(0) * x
x.view(x.size(0) * 2, 2).view(-1, 4)
x.view(x.size(0) // 1, 4)
x.numel() * x
torch.ones(4) * x
torch.arange(4.0) * x
torch.bmm(x[:, :, None], x[:, None]).flatten(1)
torch.addmm(s.b, x, s.l.weight, beta=0.5, alpha=2)
torch.square(x)
torch.reciprocal(x)
x if x.dim() == 2 else None
x if x.shape[1] == 4 else None
x if s.training else x * 2
x * (1 if s.training else 2)
F.interpolate(x[:, None], scale_factor=2).flatten(1)
F.interpolate(x[:, None], size=3, mode='linear', align_corners=True).flatten(1)
F.interpolate(x[:, None, None], scale_factor=(2, 2), mode='bicubic').flatten(1)
F.pad(x, (1, 1))
F.pad(x, (1, 1), 'constant', 1.0)
F.pad(x[:, None], (1, 1), mode='reflect').flatten(1)
F.avg_pool1d(x[:, None], 2).flatten(1)
F.avg_pool2d(x[:, None, None], (1, 2), stride=(1, 2)).flatten(1)
F.max_pool1d(x[:, None], 2, 1, 1).flatten(1)
F.adaptive_avg_pool1d(x[:, None], 2).flatten(1)
F.adaptive_max_pool2d(x[:, None, None], (1, None)).flatten(1)
F.conv1d(x[:, None], s.w.view(1, 1, 4), padding=2).flatten(1)
F.conv2d(x[:, None, None], s.w.view(1, 1, 1, 4), stride=1, padding='same').flatten(1)
F.conv_transpose1d(x[:, None], s.w.view(1, 1, 4), stride=2).flatten(1)
nn.Sequential(nn.ReLU(), nn.Tanh())(x)
s.l(x) @ s.l.weight.T
s.l.forward(x)
(lambda y: y.add_(1) + x)(x)
x.data
torch.tensor(2.0) * x
torch.tensor([1., 2., 3., 4.]) * x
float('inf') * x
3.14 * x
x.is_cuda and x or x * 2
getattr(x, 'shape')[1] * x
x.view(-1, 4, 1)[:, :, 0]
x.swapaxes(0, 1).swapdims(0, 1)
x.movedim(0, 1).moveaxis(1, 0)
torch.multiply(x, 2).subtract(1).divide(2)
torch.true_divide(x, 2)
x.mul(2).add(x, alpha=0.5)
torch.concat([x, x], dim=1)
torch.special.erf(x)
torch.nn.functional.sigmoid(x)
torch.jit.annotate(torch.Tensor, x) * 1
x @ s.l.weight
F.scaled_dot_product_attention(x.view(-1, 2, 2), x.view(-1, 2, 2), x.view(-1, 2, 2), is_causal=True).flatten(1) if hasattr(F, 'scaled_dot_product_attention') else x
torch.max(x)* x
x.unflatten(1, (2, 2)).flatten(1)
"""

# And what is said of it.
REFUSED = """
F.softmax(x)  ->  'dim' is not given; name it
x[:, [0, 2]]  ->  it is indexed by a tensor; Lathe takes slices and positions
x[:, torch.tensor([0,1])]  ->  it is indexed by a tensor; Lathe takes slices and positions
x[:, True]  ->  it is indexed by a tensor; Lathe takes slices and positions
torch.cat((x, s.b.expand(x.size(0), 4)), dim=-1)  ->  a function that takes plain numbers makes a plain number of the batch
torch.cat([x, s.c.repeat(2, 1)], 1)  ->  it works for a batch of 2 and fails for 3, so the batch size is fixed
x.unbind(1)[0]  ->  Lathe has no op for the method 'unbind'
x.view(len(x.shape), -1)  ->  the result has shape [2, 4] for a batch of 2 and [2, 6] for 3
x.flatten()  ->  the result has shape [8] for a batch of 2 and [12] for 3
x.reshape(-1)  ->  the result has shape [8] for a batch of 2 and [12] for 3
x.repeat(1, 2)  ->  Lathe has no op for the method 'repeat'
x.clamp_min(0)  ->  Lathe has no op for the method 'clamp_min'
F.mish(x)  ->  Lathe has no op for torch.nn.functional.mish
F.threshold(x, 0, 0)  ->  Lathe has no op for torch.nn.functional._threshold
F.dropout(x)  ->  it drops in evaluation too; give it training=self.training
F.batch_norm(x, s.b, s.b.abs())  ->  Lathe has no op for torch.nn.functional.batch_norm; use nn.BatchNorm1d
F.normalize(x)  ->  Lathe has no op for torch.nn.functional.normalize
torch.where(x > 0, x, -x)  ->  Lathe has no op for operator.gt
x.masked_fill(x > 0, 0.)  ->  Lathe has no op for operator.gt
x.sin()  ->  Lathe has no op for the method 'sin'
x.round()  ->  Lathe has no op for the method 'round'
x.double()  ->  Lathe has no op for the method 'double'
x.detach()  ->  Lathe has no op for the method 'detach'; it would change training
x.T  ->  the result has shape [4, 2] for a batch of 2 and [4, 3] for 3
x.new_zeros(x.shape) + x  ->  Lathe has no op for the method 'new_zeros'
torch.zeros_like(x) + x  ->  Lathe has no op for torch.zeros_like
torch.zeros(x.shape[0], 4) + x  ->  a function that takes plain numbers makes a plain number of the batch
x.argmax(1)  ->  Lathe has no op for the method 'argmax'
x.sort(1)[0]  ->  Lathe has no op for the method 'sort'
x.topk(2, 1)[0]  ->  Lathe has no op for the method 'topk'
x.cumsum(1)  ->  Lathe has no op for the method 'cumsum'
torch.einsum('bi,ij->bj', x, s.l.weight)  ->  Lathe has no op for torch.functional.einsum; write it with matmul
F.max_pool2d(x[:, None, None], (1, 2), return_indices=True)[0].flatten(1)  ->  Lathe has no op for torch.nn.functional.max_pool2d_with_indices
x.bool()  ->  Lathe has no op for the method 'bool'
x > x  ->  Lathe has no op for operator.gt
x.view(torch.int32)  ->  it views a tensor as another type
x[0]  ->  the result has shape [4] for a batch of 2 and [4] for 3
x[0:1]  ->  the result has shape [1, 4] for a batch of 2 and [1, 4] for 3
x[:x.size(0)]  ->  it is sliced by the batch size; Lathe takes slices of plain numbers
torch.flip(x, [1])  ->  Lathe has no op for torch.flip
torch.roll(x, 1, 1)  ->  Lathe has no op for torch.roll
x.index_select(1, torch.tensor([0, 1]))  ->  Lathe has no op for the method 'index_select'
x.unfold(1, 2, 1)  ->  Lathe has no op for the method 'unfold'
torch.floor_divide(x, 2)  ->  it divides a tensor with rounding, which Lathe has not
x // 2  ->  it divides a tensor with rounding, which Lathe has not
x % 2  ->  Lathe has no op for operator.mod
torch.div(x, 2, rounding_mode='floor')  ->  'rounding_mode' is given, which Lathe has not
"""


class Net(nn.Module):
    def __init__(self, call):
        super().__init__()
        self.call = eval(f"lambda s, x: {call}", {"torch": torch, "F": F, "nn": nn})
        self.w = nn.Parameter(torch.randn(4))
        self.l = nn.Linear(4, 4)
        self.register_buffer("b", torch.randn(4))
        self.c = torch.randn(4)

    def forward(self, x):
        return self.call(self, x)


class Calls(SavingTest):
    def test_calls_that_are_saved(self):
        for call in SAVED.strip().splitlines():
            with self.subTest(call):
                module = Net(call).eval()
                lathe.save(module, torch.rand(2, 4) + 0.1, self.path())
                network = Network(self.path())
                for batch in (2, 5):
                    x = torch.rand(batch, 4) + 0.1
                    with torch.no_grad():
                        expected = module(x.clone())
                    found = network(x)
                    self.assertEqual(found.shape, expected.shape)
                    self.assertTrue(torch.allclose(found, expected, 0, 1e-6, equal_nan=True))

    def test_calls_that_are_refused(self):
        for line in REFUSED.strip().splitlines():
            call, _, words = line.partition("  ->  ")
            with self.subTest(call):
                shutil.rmtree(self.path(), ignore_errors=True)
                problems = self.problems(Net(call), torch.rand(2, 4) + 0.1)
                self.assertTrue(problems[0].reason.startswith(words), problems)
