"""The order of what a step reads and what it writes, in the graph that TensorFlow makes of it before it runs it."""

import collections

import pytest
import tensorflow as tf
import tiny
from tensorflow.python.eager import context

from rwae_tf import models
from rwae_tf.training.trainer import Trainer


def optimized(made, phase):
    """The graph of a step of a phase after TensorFlow's optimizers."""
    context.context().enable_graph_collection()
    try:
        made.step(phase, tf.constant(tiny.sequences()), 0)
        graphs = context.context().export_run_metadata().function_graphs
    finally:
        context.context().disable_graph_collection()
    return max((graph.post_optimization_graph for graph in graphs), key=lambda graph: len(graph.node))


def unordered(graph):
    """Accesses to the same variable, one of them a write, of which neither has to wait for the other."""
    before = {node.name: [name.lstrip("^").partition(":")[0] for name in node.input] for node in graph.node}
    reads, writes = collections.defaultdict(list), collections.defaultdict(list)
    for node in graph.node:
        if node.op == "ReadVariableOp":
            reads[node.input[0]].append(node.name)
        elif node.op.endswith("VariableOp"):
            writes[node.input[0]].append(node.name)

    def waits_for(name):
        found, new = set(), [name]
        while new:
            new = [other for name in new for other in before[name] if other not in found and not found.add(other)]
        return found

    assert writes
    for variable, names in writes.items():
        waiting = {name: waits_for(name) for name in {*names, *reads[variable]}}
        for name in names:
            yield from ((name, other) for other in waiting
                        if other != name and other not in waiting[name] and name not in waiting[other])


@pytest.mark.parametrize("changes", [
    {"content_divergence": "adversarial", "joint_update": True, "inference_steps": 1, "decoder": "dense"},
    pytest.param({"content_divergence": "adversarial", "action_size": 3}, marks=pytest.mark.slow),
    pytest.param({"content_divergence": "scaled_mmd"}, marks=pytest.mark.slow),
], ids=lambda changes: changes["content_divergence"] + ("_fused" if "joint_update" in changes else ""))
def test_no_weight_is_written_while_it_may_yet_be_read(changes):
    model = models.build(tiny.config(**changes), tiny.SPEC)
    made = Trainer(model, tf.distribute.get_strategy())
    made.follow_schedules(0)
    for phase in made.phases:
        assert list(unordered(optimized(made, phase))) == []
