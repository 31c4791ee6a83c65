"""Logs 60 batches of 50 values with MLflow's client, slowly, whatever becomes of the server meanwhile. Prints the run's id first."""

import os
import sys
import time

# Nobody reads what the client says at its end.
os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"

import mlflow
from mlflow.entities import Metric

client = mlflow.MlflowClient()
run = client.create_run("0").info.run_id
print(run)
sys.stdout.flush()
for batch in range(60):
    client.log_batch(run, metrics=[Metric("m", float(i), i, i) for i in range(batch * 50, batch * 50 + 50)])
    time.sleep(0.02)
client.set_terminated(run)
