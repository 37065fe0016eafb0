"""Carries trials between a study and Ray Tune: `lib/hyperopt/ray.ts` starts this and speaks JSON lines with it.

In:  a `spec` first, then {"job": {...}}, {"trial": 3, "answer": {...}}, {"cancel": 3}, {"over": true}.
Out: {"ready": {...}} when Ray is there, then {"message": {...}} for each line of a trial, {"lost": 3, "error": "..."} for
     one whose process died again and again, {"error": "..."} if Ray itself cannot be used.

A trial is a Tune trial that runs the same `deno` program as the pool of one machine. What is tried and what is stopped is
decided by the study, so both engines decide alike; Ray places trials on nodes, gives them CPUs and shares of GPUs, and
starts those again whose worker or node died. Such a trial goes on from its own checkpoint, in a folder that all nodes see.
"""

import asyncio
import collections
import ctypes
import json
import logging
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import ray
from ray import tune
from ray.tune.search import Searcher
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy


@ray.remote(num_cpus=0)
class Bridge:
    """The mailbox between the study's process and trials, wherever they run."""

    def __init__(self):
        self.jobs = collections.deque()
        self.said = asyncio.Queue()
        self.answers = {}
        self.cancelled = set()
        self.over = False

    async def submit(self, job):
        self.cancelled.discard(job["trial"])
        self.jobs.append(job)

    async def end(self):
        self.over = True

    async def next_job(self):
        """A job, None when there is none yet, "over" when there will be none."""
        return self.jobs.popleft() if self.jobs else "over" if self.over else None

    async def say(self, line):
        """Takes what a trial says; a report waits here for its answer."""
        message = line.get("message", {})
        if message.get("kind") == "report":
            answer = self.answers[message["trial"]] = asyncio.get_running_loop().create_future()
            self.said.put_nowait(line)
            return await answer
        self.said.put_nowait(line)

    async def heard(self):
        """What was said since the last time; waits for something."""
        lines = [await self.said.get()]
        while not self.said.empty():
            lines.append(self.said.get_nowait())
        return lines

    async def answer(self, trial, answer):
        waiting = self.answers.pop(trial, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    async def cancel(self, trial):
        self.cancelled.add(trial)
        self.jobs = collections.deque(job for job in self.jobs if job["trial"] != trial)
        await self.answer(trial, {"answer": "stop", "why": "cancelled"})

    async def is_cancelled(self, trial):
        return trial in self.cancelled


class Study(Searcher):
    """Gives Tune the jobs that the study wants run."""

    def __init__(self, bridge):
        super().__init__(metric="value", mode="max")
        self.bridge = bridge

    def suggest(self, trial_id):
        job = ray.get(self.bridge.next_job.remote())
        return Searcher.FINISHED if job == "over" else None if job is None else {"job": job}

    def on_trial_complete(self, trial_id, result=None, error=False):
        pass

    def save(self, checkpoint_path):
        """The study has a journal of its own."""

    def restore(self, checkpoint_path):
        """The study has a journal of its own."""


class Lost(tune.Callback):
    """Tells the study of trials that Tune gave up."""

    def __init__(self, bridge):
        self.bridge = bridge

    def on_trial_error(self, iteration, trials, trial, **info):
        error = str(getattr(trial, "get_error", lambda: None)() or "its worker died").strip().splitlines()[-1]
        ray.get(self.bridge.say.remote({"lost": trial.config["job"]["trial"], "error": error}))


def run_trial(config, bridge, program, seconds):
    """One trial: the `deno` program, its reports to Tune and the study, the study's answers back."""
    job = config["job"]
    folder = os.environ.get("RAY_RUNTIME_ENV_WORKING_DIR") or program["folder"] or os.getcwd()
    environment = {**os.environ, **program["environment"]}
    environment.pop("LD_PRELOAD", None)
    gpus = ray.get_gpu_ids()
    if gpus:
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(str(gpu) for gpu in gpus)
    child = subprocess.Popen(
        [*find_deno(program["deno"]), *program["arguments"]],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent if sys.platform == "linux" else None,
    )
    words = collections.deque(maxlen=20)
    threading.Thread(target=lambda: words.extend(child.stderr), daemon=True).start()
    stopped = []
    threading.Thread(target=watch, args=(child, bridge, job["trial"], seconds, stopped), daemon=True).start()
    try:
        child.stdin.write(json.dumps(job) + "\n")
        child.stdin.flush()
        for line in child.stdout:
            said = json.loads(line)
            if "error" in said:
                fail(bridge, job, said["error"])
                return
            message = said.get("result", said)
            answer = ray.get(bridge.say.remote({"message": message}))
            if message["kind"] != "report":
                if message["kind"] == "done":
                    tune.report({"value": message["value"], "step": job["rungs"][-1]})
                return
            tune.report({"value": message["value"], "step": message["step"], **message["metrics"]})
            child.stdin.write(json.dumps(answer) + "\n")
            child.stdin.flush()
        if stopped:
            fail(bridge, job, stopped[0])
            return
        time.sleep(0.1)  # the rest of what it wrote
        raise RuntimeError(f"the trial's process ended with {child.wait()}: {''.join(words).strip()[-2000:]}")
    finally:
        child.kill()
        child.wait()


def fail(bridge, job, error):
    """A failure of the trial's own: it would only fail again."""
    ray.get(bridge.say.remote({"message": {"kind": "failed", "trial": job["trial"], "error": error}}))


def watch(child, bridge, trial, seconds, stopped):
    """Ends a trial that was cancelled or is over its time."""
    started = time.monotonic()
    while child.poll() is None:
        if seconds and time.monotonic() - started > seconds:
            stopped.append(f"Cannot finish trial {trial} as it may take {seconds} s: it was stopped then")
            child.kill()
        elif ray.get(bridge.is_cancelled.remote(trial)):
            stopped.append(f"trial {trial} was cancelled")
            child.kill()
        time.sleep(1)


def find_deno(candidates):
    """The deno of this node: a path that is there, else the one on PATH, else npm's."""
    for path in [os.environ.get("DENO"), *candidates, shutil.which("deno")]:
        if path and os.access(path, os.X_OK):
            return [path]
    npx = shutil.which("npx")
    if npx:
        return [npx, "-y", "deno@2.8.1"]
    raise FileNotFoundError(f"Cannot run a trial on node {ray.util.get_node_ip_address()} as it must have deno or npx")


def die_with_parent():
    """PR_SET_PDEATHSIG: a trial's process ends with its Ray worker, however that ends."""
    ctypes.CDLL("libc.so.6").prctl(1, signal.SIGKILL)


def sees(path):
    """Whether this node sees a file."""
    return os.path.exists(path)


def check_storage(folder, token):
    """Every node must see the study's folder: checkpoints and candles lie there."""
    path = os.path.join(folder, f".seen-{token}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(token)
    try:
        look = ray.remote(num_cpus=0)(sees)
        nodes = [node for node in ray.nodes() if node["Alive"]]
        asked = [
            look.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(path)
            for node in nodes
        ]
        blind = [node["NodeManagerAddress"] for node, seen in zip(nodes, ray.get(asked)) if not seen]
        if blind:
            raise FileNotFoundError(
                f"Cannot run trials on Ray as every node must see {folder}: {', '.join(sorted(set(blind)))} does not; "
                "give a folder that all of them share with --storage-path"
            )
    finally:
        os.remove(path)


def reach(address):
    """Whether somebody answers at an address: Ray itself would wait for minutes."""
    if address == "auto":
        return
    host, port = address.removeprefix("ray://").rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise ConnectionError(f"nobody answers at {address}: {error}") from error


def connect(spec):
    """Joins a cluster, or starts one of as many nodes as are wanted on this machine."""
    options = {"logging_level": logging.ERROR, "log_to_driver": False}
    if spec["upload"]:
        options["runtime_env"] = {"working_dir": spec["upload"]}
    if spec["address"]:
        reach(spec["address"])
        ray.init(address=spec["address"], **options)
        return None
    for attempt in range(3):
        try:
            return start(spec["nodes"], spec["cpus"], options)
        except Exception as error:
            if "timed out during startup" not in str(error) or attempt == 2:
                raise
            ray.shutdown()  # Ray waits for 30 s: too short for a machine that is busy


def start(nodes, cpus, options):
    """A Ray of this machine alone, and what ends its nodes if it is of several."""
    if nodes == 1:
        local = {"num_cpus": cpus, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        ray.init(address="local", **local, **options)  # without "local" it would look for one that runs here
        return None
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": cpus, "include_dashboard": False})
    for _ in range(1, nodes):
        cluster.add_node(num_cpus=cpus)
    ray.init(address=cluster.address, **options)
    return cluster


def fit(spec, bridge):
    """Runs Tune until the study is over."""
    trainable = tune.with_parameters(run_trial, bridge=bridge, program=spec["program"], seconds=spec["seconds"])
    tune.Tuner(
        tune.with_resources(trainable, {"cpu": spec["trial_cpus"], "gpu": spec["trial_gpus"]}),
        tune_config=tune.TuneConfig(
            reuse_actors=True,  # a new one takes seconds to start
            search_alg=Study(bridge),
            num_samples=10**6,  # the study says when it is over
            trial_dirname_creator=lambda trial: f"trial_{trial.config['job']['trial']:05d}_{trial.trial_id}",
        ),
        run_config=tune.RunConfig(
            name="ray",
            storage_path=spec["storage"],
            failure_config=tune.FailureConfig(max_failures=spec["retries"]),
            callbacks=[Lost(bridge)],
            verbose=0,
        ),
    ).fit()


def main():
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # Ray writes to standard output, which is for messages alone

    def tell(line):
        out.write(json.dumps(line) + "\n")
        out.flush()

    cluster = None

    def end(code):
        threading.Timer(10, lambda: os._exit(code)).start()  # Ray may be waiting for something
        ray.shutdown()
        if cluster is not None:
            cluster.shutdown()
        os._exit(code)

    spec = json.loads(sys.stdin.readline())
    lines = queue.Queue()

    def read():
        for text in sys.stdin:
            lines.put(json.loads(text))
        end(1)  # the study's process is gone

    threading.Thread(target=read, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C: the study says what happens
    signal.signal(signal.SIGTERM, lambda *_: end(0))
    try:
        cluster = connect(spec)
        check_storage(spec["storage"], spec["token"])
    except Exception as error:  # told to the study, which ends
        plain = isinstance(error, (FileNotFoundError, ConnectionError))
        tell({"error": str(error) if plain else f"{type(error).__name__}: {error}"})
        end(1)
    bridge = Bridge.options(max_concurrency=1000).remote()
    resources = ray.cluster_resources()
    tell({
        "ready": {
            "nodes": sum(node["Alive"] for node in ray.nodes()),
            "cpus": resources.get("CPU", 0),
            "gpus": resources.get("GPU", 0),
            "version": ray.__version__,
        }
    })

    def carry():
        while True:
            line = lines.get()
            if "job" in line:
                bridge.submit.remote(line["job"])
            elif "answer" in line:
                bridge.answer.remote(line["trial"], line["answer"])
            elif "cancel" in line:
                bridge.cancel.remote(line["cancel"])
            elif "over" in line:
                bridge.end.remote()

    def write():
        while True:
            for line in ray.get(bridge.heard.remote()):
                tell(line)

    threading.Thread(target=carry, daemon=True).start()
    threading.Thread(target=write, daemon=True).start()
    try:
        fit(spec, bridge)
    except Exception as error:
        tell({"error": f"{type(error).__name__}: {error}"})
        end(1)
    end(0)


if __name__ == "__main__":
    main()
