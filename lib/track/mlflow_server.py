"""One MLflow tracking server for a folder: sqlite and artifacts in it, loopback only. CANDELABRA_DATABASE names a
PostgreSQL to keep the runs in instead.

Started by server.ts as `python mlflow_server.py FOLDER --port 5000 --idle 1800`. A lock on FOLDER/server.lock, held for
life, keeps it the only one: the kernel lets go of it however the process ends, so it is never stale. The port is
bound before anything slow happens, and FOLDER/server.json then says where the server will be. `mlflow server` would
start two processes and import everything twice; this is one, in half the time and memory.
"""

import argparse
import asyncio
import json
import os
import secrets
import shutil
import socket
import sys
import time
import warnings

BUSY = 75  # exit status: another server has the folder


def lock(path):
    """Takes the folder for this process, or ends it."""
    file = open(path, "a+")
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(BUSY)
    return file


def bind(ports):
    """The first free port, last of all any."""
    for port in [*ports, 0]:
        # The protocol is said aloud: without it asyncio leaves Nagle on, and every call takes 40 ms longer.
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if os.name != "nt":
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
            server.listen(128)  # only this keeps another server, that starts just now, from the port
            return server
        except OSError:
            server.close()
    raise OSError("no free port on 127.0.0.1")


def write(path, body):
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(body)
    os.replace(temporary, path)


def last_port(path):
    """Links in reports go on working when the server comes back at the same address."""
    try:
        with open(path) as file:
            return [int(json.load(file)["port"])]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # never ran here: there is no address to keep


def prepare_database(path):
    """Makes the database whole or not at all, and brings an older MLflow's up to date beside a copy of it."""
    import sqlalchemy
    from mlflow.store.db import utils
    from mlflow.store.tracking.dbmodels import models  # noqa: F401: fills the list of tables
    from mlflow.version import VERSION

    fresh = not os.path.exists(path)
    made = f"{path}.tmp" if fresh else path
    if fresh and os.path.exists(made):
        os.remove(made)
    engine = sqlalchemy.create_engine(f"sqlite:///{made}")
    if fresh:
        utils._initialize_tables(engine)
    elif utils._get_schema_version(engine) != utils._get_latest_schema_revision():
        shutil.copyfile(path, f"{path}.before-{VERSION}")
        utils._upgrade_db(engine)
    engine.dispose()
    if fresh:
        os.replace(made, path)


def prepare_shared(address):
    """Fills an empty database that others may use too; an older MLflow's is theirs to bring up to date."""
    import sqlalchemy
    from mlflow.store.db import utils
    from mlflow.store.tracking.dbmodels import models  # noqa: F401: fills the list of tables

    engine = sqlalchemy.create_engine(address)
    if not sqlalchemy.inspect(engine).has_table("experiments"):
        utils._initialize_tables(engine)
    elif utils._get_schema_version(engine) != utils._get_latest_schema_revision():
        raise SystemExit("The database that POSTGRES_URL names is of another MLflow: save it, then `mlflow db upgrade` it")
    engine.dispose()


FIRST_VISIT = b"""<script>
for (const [key, value] of [["mlflow.workflowType_v1", '"machine_learning"'], ["mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true"]])
  if (localStorage.getItem(key) === null) localStorage.setItem(key, value);
</script>"""


def for_research(send):
    """The page opens in its model training view, without the assistant's panel, until the user chooses otherwise."""
    held = {}

    async def changed(message):
        if message["type"] == "http.response.start":
            held["start"], held["body"] = message, b""
            return
        held["body"] += message.get("body", b"")
        if message.get("more_body"):
            return
        start, body = held["start"], held["body"].replace(b"<head>", b"<head>" + FIRST_VISIT, 1)
        ours = (b"content-length", b"etag", b"last-modified")
        headers = [(name, value) for name, value in start["headers"] if name.lower() not in ours]
        await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    return changed


def application(state, idle):
    """MLflow's app behind a small door: who is here, stop, and nothing that a research folder has no use for."""
    from mlflow.server.fastapi_app import app

    # The assistant and the gateway can run programs and spend keys; any user of this machine can reach loopback.
    closed = ("/ajax-api/3.0/mlflow/assistant", "/gateway/", "/ajax-api/3.0/jobs", "/api/3.0/jobs", "/mcp")
    seen = [time.monotonic()]
    stop = asyncio.Event()

    async def answer(send, status, body):
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    async def door(scope, receive, send):
        path = scope.get("path", "")
        if scope["type"] == "http" and path == "/candelabra":
            await answer(send, 200, {"id": state["id"], "pid": state["pid"]})
        elif scope["type"] == "http" and path == "/candelabra/stop":
            given = dict(scope["headers"]).get(b"x-candelabra-token", b"").decode()
            right = scope["method"] == "POST" and secrets.compare_digest(given, state["token"])
            await answer(send, 200 if right else 403, {"stopping": right})
            if right:
                stop.set()
        elif path.startswith(closed):
            await answer(send, 404, {"message": "not part of Candelabra's local server"})
        else:
            seen[0] = time.monotonic()
            await app(scope, receive, for_research(send) if path == "/" and scope["method"] == "GET" else send)

    async def watch():
        while not stop.is_set() and time.monotonic() - seen[0] < idle:
            try:
                await asyncio.wait_for(stop.wait(), timeout=min(5, idle / 4))
            except asyncio.TimeoutError:
                pass

    return door, watch


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--port", type=int, action="append", default=[], help="tried first")
    parser.add_argument("--idle", type=float, default=1800, help="seconds without a request after which it ends")
    args = parser.parse_args()
    os.chdir(args.folder)
    held = lock("server.lock")

    log = os.open("server.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    server_socket = bind([*args.port, *last_port("server.json"), *range(5000, 5010)])
    database = os.environ.pop("CANDELABRA_DATABASE", "sqlite:///mlflow.db")
    state = {
        "pid": os.getpid(),
        "database": os.environ.pop("CANDELABRA_DATABASE_NAME", ""),
        "port": server_socket.getsockname()[1],
        "id": secrets.token_hex(8),
        "token": secrets.token_hex(16),
    }
    write("server.json", json.dumps(state))

    # Relative to the folder, so that no character in its name can confuse anyone.
    os.environ.update({
        "_MLFLOW_SERVER_FILE_STORE": database,
        "_MLFLOW_SERVER_REGISTRY_STORE": database,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": "./artifacts",
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "_MLFLOW_SGI_NAME": "uvicorn",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "64",
        "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "64",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    })
    warnings.simplefilter("ignore")  # of libraries about libraries
    if database.startswith("sqlite"):
        prepare_database("mlflow.db")
    else:
        prepare_shared(database)

    import uvicorn
    from mlflow.server.handlers import initialize_backend_stores

    initialize_backend_stores(
        os.environ["_MLFLOW_SERVER_FILE_STORE"],
        os.environ["_MLFLOW_SERVER_REGISTRY_STORE"],
        os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"],
    )

    async def serve():
        door, watch = application(state, args.idle)
        config = uvicorn.Config(door, log_level="warning", access_log=False, timeout_graceful_shutdown=5, lifespan="off")
        server = uvicorn.Server(config)
        watching = asyncio.create_task(watch())
        watching.add_done_callback(lambda _: setattr(server, "should_exit", True))
        await server.serve(sockets=[server_socket])

    asyncio.run(serve())
    held.close()


if __name__ == "__main__":
    main()
