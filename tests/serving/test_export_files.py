"""The files of export/ beside the client: valid configurations, and a request."""

import json
import pathlib

import pytest
import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2

EXPORT = pathlib.Path(__file__).resolve().parents[2] / "export"


@pytest.mark.slow
@pytest.mark.parametrize("exported", ["plain"], indirect=True)
def test_request_file_is_answered(exported):
    request = json.loads((EXPORT / "generate.json").read_text())
    function = tf.saved_model.load(exported.path).signatures[request["signature_name"]]
    inputs = {name: tf.constant([row[name] for row in request["instances"]]) for name in request["instances"][0]}
    assert function(**inputs)["video_bytes"].shape == (2, 8)


def message(name, **fields):
    """A protobuf message class with optional fields, name -> type; [type] repeats."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    proto = descriptor_pb2.FileDescriptorProto(
        name="serving.proto", package="serving", syntax="proto3", dependency=["google/protobuf/wrappers.proto"])

    def add(name, fields):
        described = proto.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields.items(), 1):
            entry = described.field.add(name=field, number=number, label=3 if isinstance(kind, list) else 1)
            [kind] = kind if isinstance(kind, list) else [kind]
            if isinstance(kind, dict):
                add(name + "_" + field, kind)
                entry.type, entry.type_name = 11, f".serving.{name}_{field}"
            elif kind in ("Int64Value", "StringValue"):
                entry.type, entry.type_name = 11, f".google.protobuf.{kind}"
            else:
                entry.type = {"int64": 3, "bool": 8, "string": 9, "uint32": 13}[kind]

    add(name, fields)
    pool.Add(proto)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"serving.{name}"))()


def parse(file, name, **fields):
    return text_format.Parse((EXPORT / file).read_text(), message(name, **fields))


# The fields below are those of TensorFlow Serving's BatchingParameters, MonitoringConfig and ModelServerConfig.

def test_batching_config():
    parsed = parse("batching.config", "BatchingParameters", max_batch_size="Int64Value",
                   batch_timeout_micros="Int64Value", max_enqueued_batches="Int64Value",
                   num_batch_threads="Int64Value", thread_pool_name="StringValue", allowed_batch_sizes=["int64"],
                   pad_variable_length_inputs="bool")
    assert parsed.max_batch_size.value == 64 and not parsed.pad_variable_length_inputs


def test_monitoring_config():
    parsed = parse("monitoring.config", "MonitoringConfig", prometheus_config={"enable": "bool", "path": "string"})
    assert parsed.prometheus_config.enable
    assert parsed.prometheus_config.path in (EXPORT / "README.md").read_text()


def test_models_config():
    policy = {"latest": {"num_versions": "uint32"}, "all": {}, "specific": {"versions": ["int64"]}}
    model = {"name": "string", "base_path": "string", "model_platform": "string", "model_version_policy": policy}
    parsed = parse("models.config", "ModelServerConfig", model_config_list={"config": [model]})
    [config] = parsed.model_config_list.config
    assert (config.model_platform, config.model_version_policy.latest.num_versions) == ("tensorflow", 1)
    readme = (EXPORT / "README.md").read_text()
    assert f"--export_dir={config.base_path.removeprefix('/')}" in readme and ":/export:ro" in readme
