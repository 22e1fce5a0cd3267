"""Floating-point operations of a traced function, counted on its graph: 2 for each multiply-add.

Counts convolutions, their gradients and matrix products; no element-wise operations. So a share of the ceiling computed
from it is a lower bound. A training step may need fewer products than the model's formulas (`kernels.winograd`), unless
its `Policy` has `winograd=False`.
"""

import math


def count(graph, operations=None):
    """FLOPs of one call of a graph.

    Args:
      graph: a `FuncGraph`, as `concrete_function.graph`, whose shapes are all known.
      operations: which of the graph's to count; None for those that its outputs and side effects need, as no others
        are run.

    Returns:
      Type of operation -> FLOPs, of those types that occur.

    Raises:
      ValueError: for a loop of unknown length, and for an unknown shape.
    """
    found = {}
    for op in _needed(graph) if operations is None else operations:
        if op.type in _HIDING:
            raise ValueError(f"{op.name}: {op.type} hides how often it is taken; trace without loops")
        if op.type in _CALLS:
            counts = count(op.graph._get_function(op.get_attr("f").name).graph)
        else:
            counts = {op.type: 2 * _COUNTS[op.type](op)} if op.type in _COUNTS else {}
        found.update({kind: found.get(kind, 0) + number for kind, number in counts.items()})
    return found


def _needed(graph):
    """The operations that the graph's outputs and side effects depend on."""
    found = set()
    waiting = [tensor.op for tensor in graph.outputs] + list(graph.control_outputs)
    while waiting:
        op = waiting.pop()
        if op not in found:
            found.add(op)
            waiting += [tensor.op for tensor in op.inputs] + list(op.control_inputs)
    return found


def _size(tensor):
    """Number of elements of a tensor of known shape."""
    if not tensor.shape.is_fully_defined():
        raise ValueError(f"{tensor.name}: shape {tensor.shape} is not known; give every size when tracing")
    return tensor.shape.num_elements()


def _forward(op):
    """Each output element is a sum over the kernel's window and the input's channels."""
    return _size(op.outputs[0]) * math.prod(op.inputs[1].shape[:3])


def _to_input(op):
    """The forward convolution's products, each once: its output is input 2 here, its kernel input 1."""
    return _size(op.inputs[2]) * math.prod(op.inputs[1].shape[:3])


def _to_filter(op):
    """As many again: one per element of the forward output (input 2) and of a kernel for one output channel."""
    return _size(op.inputs[2]) * math.prod(op.outputs[0].shape[:3])


def _product(op):
    """Each output element is a sum over the dimension that both inputs share."""
    left = op.inputs[0].shape
    transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
    return _size(op.outputs[0]) * left[-2 if transposed else -1]


_HIDING = ("While", "StatelessWhile", "If")
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_COUNTS = {"Conv2D": _forward, "Conv2DBackpropInput": _to_input, "Conv2DBackpropFilter": _to_filter,
           "MatMul": _product, "BatchMatMulV2": _product}
