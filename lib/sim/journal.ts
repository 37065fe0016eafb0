/** Why: an order at the open (`rebalance`), a resting limit (`fillQuotes`), by force (`mark`), a stop (`fillStops`). */
export const FILL = { market: 0, limit: 1, liquidation: 2, stop: 3 } as const;

/** Every fill of one account in order, as columns; `length` of each are in use. */
export interface Journal {
  length: number;
  t: Int32Array; // bar the fill happened in
  k: Int32Array; // asset
  kind: Uint8Array; // one of FILL
  units: Float64Array; // base units, negative sold
  price: Float64Array; // mid price before spread and impact, quote currency
  fee: Float64Array; // quote currency
  spreadCost: Float64Array; // quote currency
  impactCost: Float64Array; // quote currency
}

/** An empty journal with room for `capacity` fills. */
export function newJournal(capacity = 1024): Journal {
  const column = () => new Float64Array(capacity);
  return {
    length: 0,
    t: new Int32Array(capacity),
    k: new Int32Array(capacity),
    kind: new Uint8Array(capacity),
    units: column(),
    price: column(),
    fee: column(),
    spreadCost: column(),
    impactCost: column(),
  };
}

/** Appends a fill; grows by doubling. */
export function record(
  journal: Journal,
  t: number,
  k: number,
  kind: number,
  units: number,
  price: number,
  fee: number,
  spreadCost: number,
  impactCost: number,
): void {
  if (journal.length === journal.t.length) grow(journal);
  const i = journal.length++;
  journal.t[i] = t;
  journal.k[i] = k;
  journal.kind[i] = kind;
  journal.units[i] = units;
  journal.price[i] = price;
  journal.fee[i] = fee;
  journal.spreadCost[i] = spreadCost;
  journal.impactCost[i] = impactCost;
}

function grow(journal: Journal): void {
  const larger = newJournal(2 * journal.t.length);
  const names = ["t", "k", "kind", "units", "price", "fee", "spreadCost", "impactCost"] as const;
  for (const name of names) {
    larger[name].set(journal[name]);
    journal[name] = larger[name] as never;
  }
}

/** The fills so far as columns of just that length, with bars counted from `from`. Shares memory, but for the bars. */
export function fillsSince(journal: Journal, from: number): Journal {
  const { length } = journal;
  return {
    length,
    t: journal.t.slice(0, length).map((t) => t - from),
    k: journal.k.subarray(0, length),
    kind: journal.kind.subarray(0, length),
    units: journal.units.subarray(0, length),
    price: journal.price.subarray(0, length),
    fee: journal.fee.subarray(0, length),
    spreadCost: journal.spreadCost.subarray(0, length),
    impactCost: journal.impactCost.subarray(0, length),
  };
}
