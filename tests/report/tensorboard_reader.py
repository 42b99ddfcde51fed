# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Reads a folder of event files with TensorBoard's own reader, and compares what it finds with what is expected.

Usage: python3 tensorboard_reader.py DIR            prints what the folder holds, as JSON
       python3 tensorboard_reader.py DIR EXPECTED   JSON of that form, in full; exit code 1 and a line per difference
Exit code 77: TensorBoard is not installed.

{RUN: {"scalars": {TAG: [[STEP, WALL_TIME, VALUE], ...]}, "texts": {TAG: [[STEP, WALL_TIME, MARKDOWN], ...]},
       "hparams": {NAME: VALUE}, "status": "STATUS_SUCCESS"}}; the run of the folder itself is ".", and hparams and
status are null where the run has none. Values are compared as float32.
"""
import json
import os
import struct
import sys

os.environ.setdefault("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "upb")
try:
    import tensorboard
    from tensorboard.backend.event_processing import data_provider, event_accumulator, plugin_event_multiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.hparams import api_pb2, backend_context, metadata
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

EVERYTHING = {kind: 0 for kind in event_accumulator.DEFAULT_SIZE_GUIDANCE}  # no sampling


def value_of(parameter):
    return getattr(parameter, parameter.WhichOneof("kind"))


def read_run(folder):
    run = event_accumulator.EventAccumulator(folder, size_guidance=EVERYTHING).Reload()
    tags = run.Tags()
    texts, content = {}, {}
    for tag in tags["tensors"]:
        plugin = run.SummaryMetadata(tag).plugin_data
        if plugin.plugin_name == "text":
            texts[tag] = [[e.step, e.wall_time, e.tensor_proto.string_val[0].decode()] for e in run.Tensors(tag)]
        elif plugin.plugin_name == metadata.PLUGIN_NAME:
            content[tag] = plugin.content
        else:
            raise SystemExit(f"{folder}: the tag {tag!r} is of the plugin {plugin.plugin_name!r}")
    start, end = (content.get(tag) for tag in (metadata.SESSION_START_INFO_TAG, metadata.SESSION_END_INFO_TAG))
    hparams = start and metadata.parse_session_start_info_plugin_data(start).hparams
    status = end and metadata.parse_session_end_info_plugin_data(end).status
    return {"scalars": {tag: [[e.step, e.wall_time, e.value] for e in run.Scalars(tag)] for tag in tags["scalars"]},
            "texts": texts,
            "hparams": start and {name: value_of(hparams[name]) for name in hparams},
            "status": end and api_pb2.Status.Name(status)}


def read(root):
    folders = sorted({folder for folder, _, names in os.walk(root) for name in names if "tfevents" in name})
    return {os.path.relpath(folder, root): read_run(folder) for folder in folders}


def shown_by_dashboards(root):
    """What the servers of the dashboards list: {kind: {run: set of tags}}, and the hparams page's columns."""
    runs = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(root).Reload()
    provider = data_provider.MultiplexerDataProvider(runs, root)
    context = RequestContext()
    listed = {kind: {run: set(tags) for run, tags in
                     ask(context, experiment_id="", plugin_name=plugin).items()}
              for kind, ask, plugin in (("scalars", provider.list_scalars, "scalars"),
                                        ("texts", provider.list_tensors, "text"))}
    hparams = backend_context.Context(base_plugin.TBContext(data_provider=provider))
    experiment = hparams.experiment_from_metadata(context, "", True, hparams.hparams_metadata(context, ""),
                                                  hparams.hparams_from_data_provider(context, "", None))
    return listed, {info.name for info in experiment.hparam_infos}, {m.name.tag for m in experiment.metric_infos}


def as_float32(value):
    try:
        return struct.pack("f", value)
    except OverflowError:
        return struct.pack("f", float("inf") if value > 0 else float("-inf"))


def comparable(run):
    """NaN equals itself; 1 and true differ."""
    scalars = {tag: [[step, time, "nan" if value != value else as_float32(value)] for step, time, value in points]
               for tag, points in run["scalars"].items()}
    hparams = run["hparams"] and {name: (isinstance(v, bool), v) for name, v in run["hparams"].items()}
    return {**run, "scalars": scalars, "hparams": hparams}


def differences(root, found, expected):
    for run in sorted(found.keys() | expected.keys()):
        if run not in found or run not in expected:
            yield f"run {run!r}: only in what is {'found' if run in found else 'expected'}"
            continue
        have, want = comparable(found[run]), comparable(expected[run])
        yield from (f"run {run!r}: {key}: found {found[run][key]!r}, expected {expected[run][key]!r}"
                    for key in want if have[key] != want[key])
    listed, names, metrics = shown_by_dashboards(root)
    for kind, tags in listed.items():
        want = {run: set(e[kind]) for run, e in expected.items() if e[kind]}
        if tags != want:
            yield f"the dashboard of {kind} lists {tags!r}, expected {want!r}"
    sessions = [e for e in expected.values() if e["hparams"]]
    if names != {name for e in sessions for name in e["hparams"]}:
        yield f"the page of hyper-parameters lists {sorted(names)!r}"
    if metrics != {tag for e in sessions for tag in e["scalars"]}:
        yield f"the page of hyper-parameters lists the metrics {sorted(metrics)!r}"


def main():
    root, found = sys.argv[1], read(sys.argv[1])
    if len(sys.argv) == 2:
        print(json.dumps(found, indent=1))
        return 0
    wrong = list(differences(root, found, json.loads(sys.argv[2])))
    print("\n".join(wrong) if wrong else f"TensorBoard {tensorboard.__version__} reads what was written")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
