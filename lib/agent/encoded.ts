/** What windows say, kept for the bars looked at so far: rows go on bar by bar, and meet on the same bars. */
export interface Encoded {
  /** Forgets all: the weights are others now. */
  forget(): void;
  /**
   * Writes the encodings of the windows that end at `bars`, working out those not known yet, many at a time.
   *
   * @param bars [R]
   * @param ahead how many bars a row will probably go on: they are then worked out together
   * @param into [R, E]
   */
  look(bars: Int32Array, ahead: number, into: Float32Array): Promise<void>;
}

const CHUNK = 1024; // bars encoded at once
const KEPT = 16_384; // encodings kept at the most, unless more rows look at once

/**
 * @param T bars of the table
 * @param E numbers of an encoding
 * @param window bars an observation shows
 * @param encode works out the encodings of n bars
 */
export function newEncoded(
  { T, E, window }: { readonly T: number; readonly E: number; readonly window: number },
  encode: (bars: Int32Array, into: Float32Array) => Promise<void>,
): Encoded {
  const slots = new Int32Array(T).fill(-1); // of each bar
  let [capacity, used] = [0, 0];
  let bars = new Int32Array(0); // of each slot
  let values = new Float32Array(0);

  const forget = () => {
    for (let i = 0; i < used; i++) slots[bars[i]] = -1;
    used = 0;
  };
  /** Gives slots to bars that have none. Says whether there were enough. */
  const assign = (wanted: Int32Array, ahead: number): boolean => {
    for (let row = 0; row < wanted.length; row++) {
      if (slots[wanted[row]] >= 0) continue;
      const last = Math.min(T - 1, wanted[row] + ahead);
      for (let bar = wanted[row]; bar <= last && used < capacity; bar++) {
        if (slots[bar] >= 0) continue;
        bars[used] = bar;
        slots[bar] = used++;
      }
      if (slots[wanted[row]] < 0) return false;
    }
    return true;
  };
  return {
    forget,
    async look(wanted, ahead, into) {
      for (let row = 0; row < wanted.length; row++) checkBar(wanted[row], window, T);
      const most = Math.min(T, Math.max(KEPT, wanted.length));
      if (most > capacity) {
        forget();
        [capacity, bars, values] = [most, new Int32Array(most), new Float32Array(most * E)];
      }
      let from = used;
      const reach = Math.max(0, Math.min(ahead, Math.floor(capacity / wanted.length) - 1));
      if (!assign(wanted, reach)) { // all slots are taken: start over
        forget();
        assign(wanted, reach);
        from = 0;
      }
      for (let at = from; at < used; at += CHUNK) {
        const end = Math.min(used, at + CHUNK);
        await encode(bars.subarray(at, end), values.subarray(at * E, end * E));
      }
      for (let row = 0; row < wanted.length; row++) {
        const at = slots[wanted[row]] * E;
        into.set(values.subarray(at, at + E), row * E);
      }
    },
  };
}

/** @throws {RangeError} if the window that ends at this bar would reach out of the table */
export function checkBar(bar: number, window: number, T: number): void {
  if (bar >= window - 1 && bar < T) return;
  throw new RangeError(`Cannot look at bar ${bar} as a window of ${window} needs one of ${window - 1}..${T - 1}`);
}
