"""What this machine's processor can do, as far as Linux says."""

import functools


@functools.cache
def instructions():
    """The names of its sets of instructions, such as "avx2"; none where there is no /proc/cpuinfo."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            lines = [line.partition(":") for line in file]
    except OSError:
        return frozenset()
    values = [value for name, _, value in lines if name.strip() in ("flags", "Features")]
    return frozenset(" ".join(values).split())


def bfloat16_is_fast():
    """Whether it multiplies bfloat16 faster than float32."""
    return bool(instructions() & {"amx_bf16", "avx512_bf16"})
