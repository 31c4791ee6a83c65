"""Everything that a script does with MLflow's client, against the server of MLFLOW_TRACKING_URI. Fails where an answer is not MLflow's."""

import math
import os
import tempfile

import mlflow
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

client = mlflow.MlflowClient()


def fails(code, function, *arguments, **named):
    try:
        function(*arguments, **named)
    except MlflowException as error:
        assert error.error_code == code, (error.error_code, str(error))
        return
    raise AssertionError(f"{function} was not refused")


# Experiments.
experiment = client.create_experiment("nlp", tags={"team": "a"})
fails("RESOURCE_ALREADY_EXISTS", client.create_experiment, "nlp")
assert client.get_experiment_by_name("nowhere") is None
assert client.get_experiment_by_name("nlp").experiment_id == experiment
client.set_experiment_tag(experiment, "team", "b")
client.rename_experiment(experiment, "nlp two")
found = client.get_experiment(experiment)
assert (found.name, found.tags, found.lifecycle_stage) == ("nlp two", {"team": "b"}, "active"), found
assert [e.name for e in client.search_experiments(filter_string="tags.team = 'b'")] == ["nlp two"]
client.delete_experiment(experiment)
assert [e.name for e in client.search_experiments(view_type=ViewType.DELETED_ONLY)] == ["nlp two"]
client.restore_experiment(experiment)

# A run as autologging and training loops write it.
mlflow.set_experiment("nlp two")
with mlflow.start_run(run_name="first", tags={"stage": "try"}) as active:
    run_id = active.info.run_id
    mlflow.log_params({"lr": 0.1, "model name": "small"})
    fails("INVALID_PARAMETER_VALUE", mlflow.log_param, "lr", 0.2)
    for step in range(20):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metrics({"acc": 0.9, "nan": float("nan"), "inf": float("inf")}, step=3)
    mlflow.set_tag("note", "x")
    mlflow.log_text("hello", "notes/hello.txt")
    mlflow.log_dict({"a": [1, 2]}, "config.json")
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "deep er"))
        for name, content in [("a.bin", b"\x00" * 1000), (os.path.join("deep er", "b.txt"), b"b")]:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        mlflow.log_artifacts(folder, "model")

run = client.get_run(run_id)
assert (run.info.status, run.info.run_name, run.info.experiment_id) == ("FINISHED", "first", experiment), run.info
assert run.info.end_time >= run.info.start_time > 0
assert run.data.params == {"lr": "0.1", "model name": "small"}, run.data.params
assert run.data.metrics["loss"] == 1 / 20 and run.data.metrics["acc"] == 0.9
assert math.isnan(run.data.metrics["nan"]) and run.data.metrics["inf"] == float("inf")
assert run.data.tags["stage"] == "try" and run.data.tags["mlflow.runName"] == "first"
client.delete_tag(run_id, "note")
assert "note" not in client.get_run(run_id).data.tags

# Artifacts.
assert sorted(f.path for f in client.list_artifacts(run_id)) == ["config.json", "model", "notes"]
assert sorted((f.path, f.is_dir) for f in client.list_artifacts(run_id, "model")) == [("model/a.bin", False), ("model/deep er", True)]
with tempfile.TemporaryDirectory() as folder:
    path = client.download_artifacts(run_id, "model", folder)
    assert open(os.path.join(path, "a.bin"), "rb").read() == b"\x00" * 1000
    assert open(os.path.join(path, "deep er", "b.txt"), "rb").read() == b"b"
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/hello.txt") == "hello"

# A model as MLflow 3 logs it.
if hasattr(client, "create_logged_model"):
    model = client.create_logged_model(experiment, name="clf", source_run_id=run_id, params={"C": "1"}, tags={"k": "v"})
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "MLmodel"), "w") as file:
            file.write("flavors: {}")
        client.log_model_artifacts(model.model_id, folder)
    client.finalize_logged_model(model.model_id, "READY")
    found = client.get_logged_model(model.model_id)
    assert (found.name, getattr(found.status, "value", found.status), found.source_run_id, found.params, found.tags["k"]) == ("clf", "READY", run_id, {"C": "1"}, "v"), found
    assert [f.path for f in client.list_artifacts(run_id, f"models/{model.model_id}")] == [f"models/{model.model_id}/MLmodel"]

# Batches; the same one twice.
other = client.create_run(experiment, run_name="second").info.run_id
metrics = [Metric("m", i / 7, 1_700_000_000_000 + i, i) for i in range(1000)]
for _ in range(2):
    client.log_batch(other, metrics=metrics)
client.log_batch(other, params=[Param("lr", "0.2")], tags=[RunTag("stage", "real")])
history = client.get_metric_history(other, "m")
assert [(p.step, p.value, p.timestamp) for p in history] == [(p.step, p.value, p.timestamp) for p in metrics]
client.log_batch(other, metrics=[Metric("long", i, i, i) for i in range(1000)])
for begin in range(1000, 24_000, 1000):
    client.log_batch(other, metrics=[Metric("long", i, i, i) for i in range(begin, begin + 1000)])
assert [p.step for p in client.get_metric_history(other, "long")] == list(range(24_000)), "the client follows the pages"
client.set_terminated(other, "FAILED")
fails("RESOURCE_DOES_NOT_EXIST", client.get_run, "0" * 32)
fails("RESOURCE_DOES_NOT_EXIST", client.log_metric, "0" * 32, "m", 1)


def names(filter_string="", **named):
    return [run.info.run_name for run in client.search_runs([experiment], filter_string, **named)]


assert names() == ["second", "first"]
assert names("metrics.loss < 0.1 and params.lr = '0.1'") == ["first"]
assert names("params.`model name` LIKE 'sm%'") == ["first"]
assert names("attributes.status = 'FAILED'") == ["second"]
assert names(order_by=["metrics.loss DESC"]) == ["first", "second"]
assert names(f"attributes.run_id IN ('{run_id}')") == ["first"]
page = client.search_runs([experiment], max_results=1)
assert page.token and [r.info.run_name for r in client.search_runs([experiment], max_results=1, page_token=page.token)] == ["first"]
fails("INVALID_PARAMETER_VALUE", client.search_runs, [experiment], "metrics.loss ~ 3")
client.delete_run(other)
assert names() == ["first"]
assert names(run_view_type=ViewType.DELETED_ONLY) == ["second"]
client.restore_run(other)

# What comes when nothing is chosen: the default experiment.
default = client.create_run("0")
assert default.info.experiment_id == "0" and default.info.run_name
assert client.get_experiment("0").name == "Default"
print("done")
