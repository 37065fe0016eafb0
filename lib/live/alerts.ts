import { brief } from "../base/brief.ts";
import type { OnEvent } from "../base/events.ts";
import { hashOf } from "../base/hash.ts";
import { log } from "../base/log.ts";
import { redact } from "../base/secret.ts";
import { retrying } from "../data/retry.ts";
import type { Alert, AlertRule, Facts, Sink } from "./alert.ts";

/** Which conditions are watched, and who is told. */
export interface AlertOptions {
  readonly rules: readonly AlertRule[];
  readonly sinks: readonly Sink[];
  /** What the alerts are about: a run's name. */
  readonly run?: string;
  /** Names of conditions that people were told of before a restart: they are not told again. */
  readonly active?: readonly string[];
  /** Called for every alert, before any sink: the trader's own answer, such as its kill switch. */
  readonly onAlert?: (alert: Alert) => void;
  readonly onEvent?: OnEvent;
  /** Told when a sink gives up on an alert; logged as an error when left out. */
  readonly onFailure?: (sink: string, alert: Alert, error: unknown) => void;
  /** How often a sink tries again, its first wait in ms, and how long disposing waits for what is under way, ms. */
  readonly retries?: number;
  readonly firstWait?: number;
  readonly patience?: number;
}

/** Watches conditions. Disposing waits a while for alerts that are under way, then gives up on them and says so. */
export interface Alerts extends AsyncDisposable {
  /** Looks at what is new. Cheap, never waits, never throws: sinks work beside the trader. */
  observe(facts: Facts): void;
  /** Names of the conditions that hold by now, to be kept over a restart. */
  readonly active: readonly string[];
}

/**
 * Tells people of conditions: once when one begins, once when it is over, whatever happens between. Every sink has a
 * queue of its own; one that fails is tried again with growing waits, and when it keeps failing that is said and the
 * trader goes on. Texts are redacted.
 */
export function openAlerts(options: AlertOptions): Alerts {
  const { rules, sinks, run = "", onAlert, onEvent, patience = 10_000 } = options;
  const active = new Set(options.active);
  const stop = new AbortController();
  const queues = sinks.map((sink) => queue(sink, options, stop.signal));
  let count = 0;
  const raise = (name: string, on: boolean, time: number, words: string) => {
    const text = redact(words);
    const alert: Alert = {
      id: hashOf(run, name, String(on), String(time), String(count++)),
      name,
      on,
      time,
      text,
      run,
    };
    safely(() => onAlert?.(alert));
    safely(() => onEvent?.({ kind: "alert", name, on, text }));
    for (const add of queues) add.push(alert);
  };
  return {
    observe(facts) {
      for (const rule of rules) {
        safely(() => {
          const on = active.has(rule.name);
          const verdict = rule.judge(facts, on);
          if (verdict === undefined || verdict.on === on) return;
          if (verdict.on) active.add(rule.name);
          else active.delete(rule.name);
          raise(rule.name, verdict.on, facts.time, verdict.text);
        });
      }
    },
    get active() {
      return [...active];
    },
    async [Symbol.asyncDispose]() {
      const done = Promise.all(queues.map((one) => one.idle()));
      const timer = setTimeout(() => stop.abort(new DOMException("the run is over", "AbortError")), patience);
      await done;
      clearTimeout(timer);
    },
  };
}

/** Alerts of one sink, one after the other. */
function queue(sink: Sink, { retries = 6, firstWait = 1000, onFailure }: AlertOptions, signal: AbortSignal) {
  const told = onFailure ??
    ((name, alert, error) =>
      log("error", `Cannot tell "${alert.text}" by ${name}: ${brief(error)}`, { alert: alert.id }));
  let last: Promise<void> = Promise.resolve();
  const send = async (alert: Alert) => {
    const temporary = (error: unknown) => sink.temporary ? sink.temporary(error) : 0;
    try {
      await retrying(() => sink.send(alert, signal), { retries, firstWait, signal, temporary });
    } catch (error) {
      safely(() => told(sink.name, alert, error));
    }
  };
  return {
    push: (alert: Alert) => void (last = last.then(() => send(alert))),
    idle: () => last,
  };
}

/** What an alert sets off must not stop the trader. */
function safely(work: () => void): void {
  try {
    work();
  } catch (error) {
    log("error", `Cannot finish an alert: ${brief(error)}`);
  }
}
