"""The tables of what `serving_load` measured, and what the numbers say."""

from bench.serving_clients import BINARY, FORMS


def lines(result):
    """The tables of the parts that were measured, and in a sentence each what the numbers say."""
    text = [f"clips of {'x'.join(map(str, result['clip']))}, {result['cpus']} CPUs; bytes of a request: "
            + ", ".join(f"{form} {size:,}" for form, size in result["bytes"].items())]
    parts = {"rows": _speed_lines, "overload": _overload_lines, "memory": _memory_lines}
    for part, write in parts.items():
        text += ["", *write(result)] if part in result else []
    return text


def _speed_lines(result):
    rows, batches = result["rows"], result["batches"]
    table = ["| form | server | clients | clips/s | p50, ms | p99, ms | CPU, ms | errors |", "|---" * 8 + "|"]
    table += [f"| `{row['form']}` | {row['server']} | {row['clients']} | {row['clips_per_second']:.1f} | "
              f"{row['p50_ms']:.1f} | {row['p99_ms']:.1f} | {row['cpu_ms']:.1f} | {row['errors']} |" for row in rows]
    table += ["", "| clips in a call in process | clips/s | CPU of a clip, ms |", "|---" * 3 + "|"]
    table += [f"| {row['clips']} | {row['clips_per_second']:.1f} | {row['cpu_ms']:.1f} |" for row in batches]
    found, text = {(row["form"], row["server"], row["clients"]): row for row in rows}, []
    for form in FORMS:
        if (one := found.get((form, "batching", 1))) is not None:
            bare = found[form, "none, in process", 1]
            text.append(f"`{form}`: one client waits {one['p50_ms'] / bare['p50_ms']:.2f} times as long as in process, "
                        f"{one['p50_ms'] - bare['p50_ms']:.1f} ms longer")
    most = max(row["clients"] for row in rows)
    if most > 1:
        joined, alone = (found[BINARY, server, most] for server in ("batching", "no batching"))
        text.append(f"batching: {joined['clips_per_second'] / alone['clips_per_second']:.2f} times the clips/s at "
                    f"{most} clients, for {joined['cpu_ms'] / alone['cpu_ms']:.2f} times the CPU of a clip")
    best = min(batches, key=lambda row: row["cpu_ms"])
    text.append(f"in process: {best['clips']} clips in a call need {best['cpu_ms'] / batches[0]['cpu_ms']:.2f} times "
                "the CPU of a clip alone, which no joining of requests gets below")
    return [*table, "", *text]


def _overload_lines(result):
    overload = result["overload"]
    answers = ", ".join(f"{count:,} times {status}" for status, count in overload["during"]["statuses"].items())
    return [f"overload, {overload['clients']} clients on a queue of {overload['queue']}: {answers}; "
            "one client before and after: p50 "
            f"{overload['before']['p50_ms']:.1f} and {overload['after']['p50_ms']:.1f} ms, "
            f"{overload['after']['errors']} errors after"]


def _memory_lines(result):
    memory = result["memory"]
    return [f"memory over {memory['seconds']} s, {memory['clients']} clients: "
            f"{', '.join(map(str, memory['megabytes']))} MB"]
