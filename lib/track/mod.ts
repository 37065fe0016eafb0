/** Runs, and where they are kept. */
export { type ArtifactEntry, getArtifact, listArtifacts, putArtifact, runUrl } from "./artifacts.ts";
export { type Connection, connection } from "./connection.ts";
export { type GitState, gitState } from "./git.ts";
export { type MemoryRun, memoryRun } from "./memory_run.ts";
export { type Mlflow, mlflow } from "./mlflow.ts";
export { openRun, type RunOptions, withRun } from "./open_run.ts";
export { ensurePython, type Venv } from "./python.ts";
export { createVersion, deleteAlias, getByAlias, listVersions, type ModelVersion, setAlias } from "./registry.ts";
export type { DatasetInput, Run, RunParams } from "./run.ts";
export { findRun, getRun, metricHistory, type MetricPoint, searchRuns, type StoredRun } from "./runs.ts";
export { mlflowVariables, stopServer, type TrackingServer, trackingServer } from "./server.ts";
export { sendUnsent } from "./unsent.ts";
