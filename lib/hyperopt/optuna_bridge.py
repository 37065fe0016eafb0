"""Optuna behind two pipes: a request a line on standard input, its answer a line on standard output.

Started by optuna.ts as `python optuna_bridge.py`; ends when its input does, so that it never outlives who started it.
Requests: open {sampler, space, seed, study, storage, startup, past}, ask, report {trial, step, value}, tell {trial,
state, value}. Answers: an object, or {"error": …}. Trials have our numbers; Optuna's are its own, and where it keeps a
trial on disk ours is an attribute of it.
"""

import json
import os
import sys

answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # whatever prints goes to the error stream, not between the answers
os.environ.setdefault("OMP_NUM_THREADS", "1")  # GP: its own trials need the cores

import optuna  # noqa: E402
from optuna.distributions import (  # noqa: E402
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState, create_trial  # noqa: E402

OURS = "candelabra:trial"
optuna.logging.set_verbosity(optuna.logging.WARNING)


def distribution(parameter):
    if parameter["kind"] == "choice":
        return CategoricalDistribution(parameter["values"])
    low, high, log = parameter["min"], parameter["max"], parameter["log"]
    if parameter["kind"] == "float":
        return FloatDistribution(low, high, log=log)
    return IntDistribution(int(low), int(high), log=log, step=int(parameter["step"]))


def active(parameter, params):
    only = parameter.get("only")
    return only is None or (only["of"] in params and params[only["of"]] in only["is"])


class FileLock:
    """A lock that the kernel lets go of however the process ends: Optuna's own stays behind, and keeps others 30 s."""

    def __init__(self, path):
        self.file = open(path + ".lock", "a+")

    def acquire(self):
        import fcntl

        fcntl.flock(self.file, fcntl.LOCK_EX)
        return True

    def release(self):
        import fcntl

        fcntl.flock(self.file, fcntl.LOCK_UN)


def cut_torn_line(path):
    """A process that was killed may have left half a line, which would make nonsense of the next one."""
    if not os.path.exists(path):
        return
    with open(path, "rb+") as file:
        body = file.read()
        file.truncate(body.rfind(b"\n") + 1)


def storage_of(address):
    if not address:
        return optuna.storages.InMemoryStorage()
    if address.startswith(("postgresql://", "postgres://")):
        return postgres(address.split("://", 1)[1])
    from optuna.storages.journal import JournalFileBackend

    os.makedirs(os.path.dirname(os.path.abspath(address)), exist_ok=True)
    cut_torn_line(address)
    lock = None if os.name == "nt" else FileLock(address)
    return optuna.storages.JournalStorage(JournalFileBackend(address, lock_obj=lock))


def postgres(rest):
    """In a schema of its own: MLflow may share the database, and both keep a table called alembic_version."""
    import psycopg

    with psycopg.connect("postgresql://" + rest, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS optuna")
    apart = {"connect_args": {"options": "-csearch_path=optuna"}, "pool_pre_ping": True}
    return optuna.storages.RDBStorage("postgresql+psycopg://" + rest, engine_kwargs=apart)


def make_sampler(name, seed, startup):
    given = {} if startup is None else {"n_startup_trials": startup}
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True, **given)
    if name == "cmaes":
        return optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False, **given)
    if name == "gp":
        return optuna.samplers.GPSampler(seed=seed, warn_independent_sampling=False, **given)
    raise ValueError(f"no sampler {name}")


class Bridge:
    def open(self, sampler, space, seed, study, storage=None, startup=None, past=()):
        import warnings

        warnings.simplefilter("ignore")  # what is experimental in Optuna, and what it will rename
        if sampler == "gp":
            try:
                import torch  # noqa: F401
            except ImportError:
                raise ModuleNotFoundError("torch") from None
        self.name, self.seed, self.startup = sampler, seed, startup
        self.space = space  # list of [name, parameter], parents first
        self.distributions = {name: distribution(parameter) for name, parameter in space}
        self.storage = storage_of(storage)
        self.study = optuna.create_study(
            storage=self.storage, study_name=study, direction="maximize", load_if_exists=True, sampler=self.sampler(0)
        )
        self.ids = {}  # our number: Optuna's trial
        for frozen in self.study.get_trials(deepcopy=False):
            if OURS in frozen.user_attrs:
                self.ids[frozen.user_attrs[OURS]] = frozen
        self.next = len(past)
        for trial in past:
            self.remember(trial)
        return {"optuna": optuna.__version__}

    def sampler(self, n):
        """A new one for each trial, seeded by its number: what comes next depends on the history alone."""
        return make_sampler(self.name, (self.seed * 1_000_003 + n) % 2**32, self.startup)

    def remember(self, trial):
        """Makes Optuna's storage hold what our journal says of a trial."""
        ours, outcome = trial["trial"], trial.get("outcome")
        found = self.ids.get(ours)
        if found is None:
            self.study.add_trial(
                create_trial(
                    state=TrialState.RUNNING,
                    params=trial["params"],
                    distributions={name: self.distributions[name] for name in trial["params"]},
                    user_attrs={OURS: ours},
                )
            )
            found = self.ids[ours] = self.study.get_trials(deepcopy=False)[-1]
        elif found.params != trial["params"]:
            raise ValueError(f"trial {ours} of the study in the storage has other parameters: it is another study's")
        if found.state.is_finished():
            return
        for report in trial["reports"]:
            if report["step"] not in found.intermediate_values:
                self.report(ours, report["step"], report["value"])
        if outcome:
            self.tell(ours, **outcome)

    def ask(self):
        asked = self.ids.get(self.next)
        if asked is not None and not asked.state.is_finished():  # by a process that died before it could write so
            self.next += 1
            return {"trial": self.next - 1, "params": asked.params}
        self.study.sampler = self.sampler(self.next)
        trial = self.study.ask()
        params = {}
        for name, parameter in self.space:
            if active(parameter, params):
                params[name] = trial._suggest(name, self.distributions[name])
        trial.set_user_attr(OURS, self.next)
        self.ids[self.next] = trial
        self.next += 1
        return {"trial": self.next - 1, "params": params}

    def report(self, trial, step, value):
        found = self.ids[trial]
        self.storage.set_trial_intermediate_value(found._trial_id, step, value)
        return {}

    def tell(self, trial, state, value=None):
        found = self.ids[trial]
        if state == "pruned" and value is not None:
            frozen = self.storage.get_trial(found._trial_id)
            if not frozen.intermediate_values:  # Optuna takes a pruned trial's value from its last report
                self.storage.set_trial_intermediate_value(found._trial_id, 0, value)
        states = {"finished": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
        self.study.sampler = self.sampler(self.next)
        self.study.tell(found.number, value if state == "finished" else None, state=states[state])
        return {}


def fault(error):
    if isinstance(error, ModuleNotFoundError):
        return {"error": "module", "module": error.name or str(error)}
    return {"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}


bridge = Bridge()
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = getattr(bridge, request.pop("do"))(**request)
    except Exception as error:  # the asker says it to the user
        answer = fault(error)
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
