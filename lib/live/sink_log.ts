import { log } from "../base/log.ts";
import type { Sink } from "./alert.ts";

/** Alerts as lines of the log: warnings, and a word when a condition is over. */
export function logSink(): Sink {
  return {
    name: "log",
    send({ name, on, text, run }) {
      log(on ? "warn" : "info", text, { alert: name, on, run });
      return Promise.resolve();
    },
  };
}
