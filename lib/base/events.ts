/**
 * What a running stage tells somebody who watches it from outside: the control panel, a script. One JSON object per line
 * of the file that `CANDELABRA_EVENTS` names, in the order things happened.
 */

/** Something that happened in a stage. */
export type StageEvent =
  | {
    readonly kind: "progress";
    readonly label: string;
    readonly done: number;
    readonly total: number;
    readonly note: string;
  }
  | { readonly kind: "run"; readonly id: string; readonly name: string; readonly url: string | null }
  | { readonly kind: "metrics"; readonly step: number | null; readonly values: Readonly<Record<string, number>> }
  | {
    readonly kind: "history"; // of a backtest: thinned to what a chart can show
    readonly title: string;
    readonly time: readonly number[]; // [T] bar open, ms UTC
    readonly equity: readonly number[]; // [T] quote currency
    readonly drawdown: readonly number[]; // [T] 0..1 of the peak
    readonly close: Readonly<Record<string, readonly number[]>>; // [T] by symbol
    readonly weights: Readonly<Record<string, readonly number[]>>; // [T] by symbol, share of equity
    readonly fills: readonly {
      readonly bar: number;
      readonly symbol: string;
      readonly units: number;
      readonly price: number;
    }[];
  }
  | { readonly kind: "page"; readonly path: string } // a report was written, from the project's folder
  | {
    readonly kind: "trial";
    readonly trial: number;
    readonly state: string;
    readonly value: number | null;
    readonly params: Readonly<Record<string, unknown>>;
  }
  | { readonly kind: "workers"; readonly workers: readonly Readonly<Record<string, number | string | null>>[] }
  | {
    readonly kind: "bar"; // a closed bar that a trader decided on
    readonly symbol: string;
    readonly bar: number; // its open, ms UTC
    readonly ohlcv: readonly [open: number, high: number, low: number, close: number, volume: number];
  }
  | {
    readonly kind: "account"; // after that bar
    readonly bar: number;
    readonly equity: number; // quote currency
    readonly cash: number; // that the account began with
    readonly drawdown: number; // 0..1 of the peak
    readonly weights: Readonly<Record<string, number>>; // exposure by symbol, share of equity
  }
  | {
    readonly kind: "fill";
    readonly bar: number;
    readonly symbol: string;
    readonly units: number; // bought; negative: sold
    readonly price: number; // quote currency
    readonly fee: number; // quote currency
  }
  | { readonly kind: "risk"; readonly bar: number; readonly rule: string; readonly reason: string }
  | {
    readonly kind: "book";
    readonly symbol: string;
    readonly bids: readonly (readonly [price: number, units: number])[];
    readonly asks: readonly (readonly [price: number, units: number])[];
  }
  | {
    readonly kind: "feed";
    readonly state: "connected" | "reconnecting" | "stale" | "skewed" | "closed";
    readonly note: string;
  }
  | { readonly kind: "alert"; readonly name: string; readonly on: boolean; readonly text: string };

/** Takes events. Cheap; never throws. */
export type OnEvent = (event: StageEvent) => void;
