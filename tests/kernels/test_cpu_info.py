"""What the processor is said to have."""

import builtins
import io

import pytest

from rwae_tf.kernels import cpu_info

X86 = "processor\t: 0\nmodel name\t: no avx512f\nflags\t\t: fpu avx2\n\nprocessor\t: 1\nflags\t\t: fpu amx_bf16\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd bf16\n"


@pytest.mark.parametrize("text, expected", [
    (X86, {"fpu", "avx2", "amx_bf16"}), (ARM, {"fp", "asimd", "bf16"}), ("", set())])
def test_what_linux_says(monkeypatch, text, expected):
    monkeypatch.setattr(builtins, "open", lambda *arguments, **more: io.StringIO(text))
    assert cpu_info.instructions.__wrapped__() == expected


def test_where_nothing_is_said(monkeypatch):
    def missing(*arguments, **more):
        raise FileNotFoundError

    monkeypatch.setattr(builtins, "open", missing)
    assert cpu_info.instructions.__wrapped__() == set()


@pytest.mark.parametrize("said, fast", [
    ({"avx2"}, False), ({"avx2", "avx512f"}, False), ({"avx512_bf16"}, True), ({"amx_bf16"}, True)])
def test_fast_bfloat16(monkeypatch, said, fast):
    monkeypatch.setattr(cpu_info, "instructions", lambda: frozenset(said))
    assert cpu_info.bfloat16_is_fast() == fast
