import weakref

import torch

from vaekit.engine._recording import recorded


def test_a_function_is_written_down_and_gives_the_same():
    a, b = torch.randn(3, 4), torch.randn(4, 2)
    program = recorded(lambda a, b: [(a @ b).tanh().sum(0), a.T], [a, b])
    for found, expected in zip(program(a + 1, b), [((a + 1) @ b).tanh().sum(0), (a + 1).T]):
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_what_is_made_on_the_way_is_not_held():
    """A step of large batches would not fit into memory otherwise."""
    made, alive = [], []

    def function(x):
        for _ in range(10):
            x = x * 2
            made.append(weakref.ref(x))
        alive.append(sum(reference() is not None for reference in made))
        return x

    assert recorded(function, [torch.ones(3)])(torch.ones(3)).tolist() == [1024.0] * 3
    assert alive == [1]


def test_gradients_are_written_down_though_nobody_holds_what_they_hang_on():
    weights = torch.randn(5, requires_grad=True)

    def function(x, weights):
        return torch.autograd.grad((weights * x).exp().tanh().sum(), weights)[0]

    x = torch.randn(5)
    program = recorded(function, [x, weights])
    torch.testing.assert_close(program(2 * x, weights), function(2 * x, weights), rtol=0, atol=0)
