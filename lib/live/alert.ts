/** What an alert is, what it is decided on, and what takes it. */
import type { StageEvent } from "../base/events.ts";

/** What is known at one moment; a part that is left out is not known to have changed. */
export interface Facts {
  readonly time: number; // ms UTC
  /** The books after a bar. */
  readonly account?: {
    readonly equity: number; // quote currency
    readonly drawdown: number; // 0..1 of the peak
    readonly change: number; // of equity over the last bar: −0.02 is a loss of 2 %
  };
  /** What one bar loses at most in all but a few cases, share of equity: 0.02 is 2 %. */
  readonly valueAtRisk?: number;
  /** Where the backtest lets expect equity by now. Quote currency. */
  readonly band?: { readonly low: number; readonly high: number };
  /** What the stream said last. */
  readonly feed?: Pick<Extract<StageEvent, { readonly kind: "feed" }>, "state" | "note">;
  /** Why the run ended before it should. */
  readonly failed?: string;
}

/** A condition that began or ended. */
export interface Alert {
  /** The same for every sink and retry; another for every other alert. */
  readonly id: string;
  readonly name: string; // the rule's
  readonly on: boolean; // false: it is over
  readonly time: number; // ms UTC
  readonly text: string; // one sentence
  readonly run: string; // what it is about: a run's name
}

/** What a rule thinks of a condition: nothing where the facts do not tell. */
export type Verdict = { readonly on: boolean; readonly text: string } | undefined;

/** One condition. Told of every fact, it remembers what it needs. */
export interface AlertRule {
  readonly name: string;
  /** @param on whether the condition holds by now: it ends at another level than it begins at (hysteresis) */
  judge(facts: Facts, on: boolean): Verdict;
}

/** Takes alerts to people. */
export interface Sink {
  readonly name: string;
  /** Throws when it was not delivered; is then called again with the same alert. */
  send(alert: Alert, signal: AbortSignal): Promise<void>;
  /** For an error that may pass: the least to wait before the next try, ms; nothing for one that won't. Left out: 0. */
  temporary?(error: unknown): number | undefined;
}
