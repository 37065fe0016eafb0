import { rng } from "../base/random.ts";

/** When to try again. */
export interface RetryOptions {
  /** How often to try again after the first failure. */
  readonly retries?: number;
  /** Wait before the first retry, ms; doubles each time, up to a minute. */
  readonly firstWait?: number;
  readonly signal?: AbortSignal | undefined;
  /** For an error that may pass: the least to wait, ms. Nothing for one that won't. */
  readonly temporary: (error: unknown) => number | undefined;
  readonly onRetry?: (error: unknown, attempt: number, wait: number) => void;
}

const longest = 60_000;
const random = rng(Deno.pid); // two processes that were refused together come back at different times

/**
 * Does `work`, again after failures that may pass: waits double each time and are shortened by up to half at random
 * (Brooker 2015, "Exponential Backoff and Jitter", equal jitter). Throws the last error, or the signal's reason.
 */
export async function retrying<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { retries = 6, firstWait = 1000, signal, temporary, onRetry } = options;
  for (let attempt = 0;; attempt++) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      const least = temporary(error);
      if (least === undefined || attempt === retries) throw error;
      const wait = Math.max(least, Math.min(longest, firstWait * 2 ** attempt) * (0.5 + 0.5 * random()));
      onRetry?.(error, attempt + 1, wait);
      await pause(wait, signal);
    }
  }
}

/** Waits `ms`, or until the signal aborts, whose reason is then thrown. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
