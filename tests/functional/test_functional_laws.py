"""What every function must allow: batching over models, tracing, single precision, inputs left as they are."""

import functools

import pytest
import torch
from torch.func import grad, vmap

from vaekit import functional
from vaekit.engine._recording import recorded

ROWS, OTHER_ROWS, WEIGHT, LOGITS = (5, 3), (6, 3), (3, 3), (5, 2)
MASK = torch.tensor([1.0, 0.0, 1.0])
SPLINE = ((3, 4), (3, 4), (3, 3))


def conditioned(function):
    def of_tensors(z, A, C):
        return function(z, MASK.to(z), lambda u: (torch.tanh(u @ A), u @ C))

    return of_tensors


def total_correlation(estimator):
    return lambda z, loc, logvar: functional.total_correlation_terms(z, loc, logvar, 50, estimator)


def full_total_correlation(z, loc, logvar, all_loc, all_logvar):
    return functional.total_correlation_terms(z, loc, logvar, aggregate="full", components=(all_loc, all_logvar))


def hessian_penalty(z, A, signs, directions):
    return functional.hessian_penalty(lambda z: torch.tanh(z @ A), z, signs, directions)


def partial(name, **parameters):
    return functools.partial(getattr(functional, name), **parameters)


# name: (function of tensors, their shapes)
FUNCTIONS = {
    "normal_log_density": (functional.normal_log_density, [ROWS] * 3),
    "kl_normal": (functional.kl_normal, [ROWS] * 2),
    "entropy_normal": (functional.entropy_normal, [ROWS]),
    "laplace_cross_entropy": (partial("laplace_cross_entropy", rate=2.0), [ROWS] * 2),
    "clamp_logvar": (functional.clamp_logvar, [ROWS]),
    "free_bits, batch": (partial("free_bits", floor=0.1), [ROWS]),
    "free_bits, row": (partial("free_bits", floor=0.1, per="row"), [ROWS]),
    **{
        f"maximum_mean_discrepancy, {kernel}, {bandwidth}": (
            partial("maximum_mean_discrepancy", kernel=kernel, bandwidth=bandwidth, unbiased=unbiased),
            [ROWS, OTHER_ROWS],
        )
        for kernel, bandwidth, unbiased in (
            ("rbf", None, False),
            ("rbf", "median", True),
            ("rbf_multi", 2.0, False),
            ("infovae", None, True),
            ("imq", None, False),
            ("imq_multi", "median", False),
        )
    },
    **{f"total_correlation_terms, {word}": (total_correlation(word), [ROWS] * 3) for word in ("mss", "mws", "batch")},
    "total_correlation_terms, full": (full_total_correlation, [ROWS] * 3 + [OTHER_ROWS] * 2),
    "aggregate_covariance": (functional.aggregate_covariance, [ROWS] * 2),
    "dip_penalty": (partial("dip_penalty", lambda_od=2, lambda_d=3), [ROWS] * 2),
    "permute_dims": (functional.permute_dims, [ROWS] * 2),
    "standardize": (functional.standardize, [ROWS]),
    "multi_information": (functional.multi_information, [ROWS]),
    "hessian_penalty": (hessian_penalty, [ROWS, WEIGHT, (2, *ROWS), (2, *ROWS)]),
    "quantize": (partial("quantize", n_values=5), [ROWS]),
    "coupling": (conditioned(functional.coupling), [ROWS, WEIGHT, WEIGHT]),
    "coupling_inverse": (conditioned(functional.coupling_inverse), [ROWS, WEIGHT, WEIGHT]),
    "monotone_spline": (partial("monotone_spline", bound=1.0), [ROWS, *SPLINE]),
    "monotone_spline_inverse": (partial("monotone_spline_inverse", bound=1.0), [ROWS, *SPLINE]),
    "density_ratio": (functional.density_ratio, [LOGITS]),
    "discriminator_loss": (functional.discriminator_loss, [LOGITS] * 2),
    "binary_discriminator_loss": (functional.binary_discriminator_loss, [(5,), (6,)]),
    "non_saturating_loss": (functional.non_saturating_loss, [(5,)]),
    "importance_weighted_bound": (functional.importance_weighted_bound, [ROWS]),
    "linear_warmup": (partial("linear_warmup", n_steps=2), [()]),
    "cyclical_warmup": (partial("cyclical_warmup", n_steps=2), [()]),
    "capacity": (partial("capacity", max_capacity=3.0, n_steps=2), [()]),
}
every_function = pytest.mark.parametrize("name", FUNCTIONS)


def draw(name, seed=0, n_models=None):
    generator = torch.Generator().manual_seed(seed)
    stack = () if n_models is None else (n_models,)
    return [torch.randn(stack + shape, generator=generator, dtype=torch.float64) for shape in FUNCTIONS[name][1]]


def value_and_gradients(name):
    """Return the function's outputs together with the gradients of their sum."""
    function, _ = FUNCTIONS[name]

    def outputs(*tensors):
        result = function(*tensors)
        return (result,) if torch.is_tensor(result) else tuple(result)

    def total(*tensors):
        return sum(output.sum() for output in outputs(*tensors))

    return lambda *tensors: outputs(*tensors) + grad(total, argnums=tuple(range(len(tensors))))(*tensors)


def test_no_public_function_is_missing():
    named = {name.split(",")[0] for name in FUNCTIONS}
    assert named == {name for name in functional.__all__ if name.islower()}


@every_function
def test_a_stack_of_models_gives_what_a_loop_gives(name):
    function, stacked = value_and_gradients(name), draw(name, n_models=3)
    one_by_one = [function(*tensors) for tensors in zip(*stacked)]
    torch.testing.assert_close(vmap(function)(*stacked), tuple(torch.stack(outputs) for outputs in zip(*one_by_one)))


@every_function
def test_what_was_traced_on_one_batch_holds_for_another(name):
    function = value_and_gradients(name)
    traced = recorded(function, draw(name, seed=0))
    torch.testing.assert_close(traced(*draw(name, seed=1)), function(*draw(name, seed=1)))


@every_function
def test_single_precision_stays_single_and_is_close(name):
    function, tensors = value_and_gradients(name), draw(name)
    single = function(*[tensor.float() for tensor in tensors])
    assert {output.dtype for output in single} == {torch.float32}
    torch.testing.assert_close([output.double() for output in single], list(function(*tensors)), rtol=1e-3, atol=1e-4)


@every_function
def test_inputs_are_left_as_they_are(name):
    tensors = draw(name)
    copies = [tensor.clone() for tensor in tensors]
    FUNCTIONS[name][0](*tensors)
    assert all(torch.equal(tensor, copy) for tensor, copy in zip(tensors, copies))
