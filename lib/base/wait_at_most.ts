const STEPS = 10;

/**
 * Waits for `work`, `ms` at most, and takes neither its value nor its error. In steps: after a long computation timers
 * come before what lies in pipes and sockets, and a single one would give up what has long been there.
 */
export async function waitAtMost(ms: number, work: Promise<unknown>): Promise<void> {
  let over = false;
  const end = work.then(() => {}, () => {}).finally(() => over = true);
  for (let step = 0; step < STEPS && !over; step++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms / STEPS);
    await Promise.race([end, promise]);
    clearTimeout(timer);
  }
}
