import { hashOf } from "../base/hash.ts";
import { log } from "../base/log.ts";
import { redact } from "../base/secret.ts";
import type { Sandbox } from "../data/ccxt_sandbox.ts";
import type { NewBar } from "../market/growing.ts";
import type { Done } from "./trader.ts";

/** An order that went to a test network, or could not. */
export interface OrderRecord {
  readonly kind: "order";
  readonly t: number; // bar decided at
  readonly k: number; // asset
  readonly id: string;
  readonly wanted: number; // base units, negative to sell
  readonly units: number; // filled
  readonly price: number | null; // mean of its fills
  readonly error?: string;
}

/** Sends what a trader wants to a test network, beside its books on paper. */
export interface Orders extends AsyncDisposable {
  /** Orders what leads from what is held there to the exposure wanted after bar `t`. Does not wait. */
  want(t: number, bars: readonly NewBar[], did: Done): void;
}

/** Who orders, and what is known. */
export interface OrdersOptions {
  readonly sandbox: Sandbox;
  readonly session: string;
  readonly symbols: readonly string[]; // [K]
  /** Base units held there, by the orders of before [K]. */
  readonly held: readonly number[];
  readonly onOrder: (order: OrderRecord) => void;
}

/**
 * Orders beside the books: they say what a market would have made of the decisions, and change nothing of them. One
 * after the other; spot, so no exposure under 0. An order that fails is told, and made good by what is wanted at the next
 * bar that wants something.
 */
export function sandboxOrders({ sandbox, session, symbols, held, onOrder }: OrdersOptions): Orders {
  const units = Float64Array.from(held);
  const mark = hashOf(session).slice(0, 10);
  let queue = Promise.resolve();
  const send = async (t: number, k: number, target: number) => {
    const wanted = target - units[k];
    const id = `c${mark}t${t}k${k}`;
    try {
      const order = await sandbox.order(symbols[k], wanted, id);
      if (order === undefined) return; // less than the exchange takes
      units[k] += order.units;
      onOrder({
        kind: "order",
        t,
        k,
        id,
        wanted,
        units: order.units,
        price: Number.isNaN(order.price) ? null : order.price,
      });
    } catch (error) {
      const text = redact(error instanceof Error ? error.message : String(error)).slice(0, 300);
      onOrder({ kind: "order", t, k, id, wanted, units: 0, price: null, error: text });
    }
  };
  return {
    want(t, bars, { intent, equity }) {
      intent.weights.forEach((weight, k) => {
        if (weight === null) return;
        const target = Math.max(0, weight) * equity / bars[k].close;
        queue = queue.then(() => send(t, k, target)).catch((error) => log("error", `Cannot keep an order: ${error}`));
      });
    },
    async [Symbol.asyncDispose]() {
      await queue;
      await sandbox[Symbol.asyncDispose]();
    },
  };
}
