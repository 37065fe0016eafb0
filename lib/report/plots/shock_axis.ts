import { duration } from "../format.ts";

/** Round times before and after a shock, in bars from it, about `count` of them. */
export function shockTicks([first, last]: readonly [number, number], step: number, count: number): number[] {
  const day = 864e5;
  const units = [
    36e5,
    2 * 36e5,
    6 * 36e5,
    12 * 36e5,
    day,
    2 * day,
    5 * day,
    7 * day,
    14 * day,
    30 * day,
    90 * day,
    365 * day,
  ];
  const span = (last - first) * step;
  const unit = (units.find((one) => span / one <= count && one >= step) ?? Math.ceil(span / count / step) * step) /
    step;
  const ticks: number[] = [];
  for (let i = Math.ceil(first / unit); i * unit <= last; i++) ticks.push(i * unit);
  return ticks;
}

/** Says such a time: "shock", "2 d", "12 h". */
export const shockTick = (step: number) => (bars: number): string =>
  bars === 0 ? "shock" : duration(Math.round(bars * step));
