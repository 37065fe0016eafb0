import * as Plot from "@observablehq/plot";
import { type Figure, figure } from "../figure.ts";
import { capital, number, percent } from "../format.ts";
import { stackSvg } from "../svg.ts";
import { color, type Role } from "../theme.ts";
import { endLabelsOf, extent, isNarrow, keyRow, lineStyle, padded, panel, percentTick } from "./frame.ts";
import type { OwnText } from "./inputs.ts";

/** What a strategy makes under each assumption. */
export interface Sensitivity {
  readonly name: string;
  readonly role?: Role;
  readonly values: readonly number[]; // one per assumption
}

/** Sharpe ratio with decisions carried out later and later. */
export interface DecisionLagInput {
  readonly lags: readonly number[]; // bars of delay, ascending from 0
  readonly sharpe: readonly Sensitivity[];
}

/** Sharpe ratio against the delay between decision and fill: what falls to nothing after one bar had seen the future. */
export function decisionLag({ lags, sharpe }: DecisionLagInput, text: OwnText = {}): Figure {
  const first = sharpe[0];
  const ends = `${first.name} goes from ${number(first.values[0], { digits: 2 })} to ${
    number(first.values[lags.length - 1], { digits: 2 })
  } with ${lags[lags.length - 1]} bars of delay`;
  return slopes(lags, sharpe, {
    what: "Sharpe ratio, annual",
    x: "Delay between decision and fill, bars",
    tick: String,
    format: (v) => number(v, { digits: 2 }),
  }, {
    title: "Sharpe ratio if decisions are carried out later",
    caption: `${
      capital(ends)
    }. A Sharpe that falls to nothing after one bar may be a fast edge, or a decision that saw what it should not.`,
    alt: `Lines of Sharpe ratio by delay in bars: ${ends}.`,
    ...text,
  });
}

/** Return with fees scaled. */
export interface FeeColumnsInput {
  readonly multiples: readonly number[]; // of the assumed fee: 0, 0.5, 1, 2
  readonly returns: readonly Sensitivity[]; // total return, 0.1 = 10 %
  readonly fee: number; // bps of traded value per side at 1 ×
}

/** Total return against what a trade costs, from free to twice the assumed fee. */
export function feeColumns({ multiples, returns, fee }: FeeColumnsInput, text: OwnText = {}): Figure {
  const facts = returns.map(({ name, values }) =>
    `${name} ${percent(values[0], { sign: true })} free, ${percent(values[values.length - 1], { sign: true })} with ${
      number(multiples[multiples.length - 1])
    } × the fee`
  ).join("; ");
  const tick = (m: number) => `${number(m * fee)} bps`;
  return slopes(multiples, returns, {
    what: "Return over the period",
    x: `Fee per side; assumed: ${number(fee)} bps`,
    tick,
    format: (v) => percent(v, { sign: true }),
    axis: percentTick,
  }, {
    title: "What fees do to the return",
    caption: `${capital(facts)}. The assumed fee is ${number(fee)} bps of traded value a side.`,
    alt: `Lines of return by fee: ${facts}.`,
    ...text,
  });
}

function slopes(
  at: readonly number[],
  series: readonly Sensitivity[],
  { what, x, tick, format, axis }: {
    what: string;
    x: string;
    tick: (value: number) => string;
    format: (value: number) => string;
    axis?: (value: number) => string;
  },
  text: Parameters<typeof figure>[1],
): Figure {
  for (const { name, values } of series) {
    if (values.length === at.length && at.length > 0) continue;
    throw new RangeError(
      `Cannot draw "${what}" of "${name}" as it must have one value per step (${at.length}): current value is ${values.length}`,
    );
  }
  const draw = (width: number) => {
    const narrow = isNarrow(width);
    const drawn = panel({
      width,
      height: narrow ? 240 : 290,
      x: {
        domain: padded([at[0], at[at.length - 1]], 0.06),
        ticks: at,
        format: tick,
        label: x,
      },
      y: {
        domain: padded(extent(...series.map(({ values }) => values), [0]), 0.08),
        label: what,
        ...(axis && { format: axis }),
      },
      marks: series.flatMap((one, i) => {
        const points = at.map((where, k) => ({ where, value: one.values[k] }));
        const style = lineStyle(one, i);
        return [
          Plot.line(points, { x: "where", y: "value", ...style }),
          Plot.dot(points, {
            x: "where",
            y: "value",
            r: 3.2,
            fill: style.stroke,
            stroke: color("paper"),
            title: (p: { where: number; value: number }) => `${one.name}, ${tick(p.where)}\n${format(p.value)}`,
          }),
        ];
      }),
      zero: 0,
      labels: endLabelsOf(series, (one, last) => `${one.name} ${format(last)}`),
    });
    return narrow
      ? stackSvg([
        keyRow(
          width,
          series.map((one, i) => ({ text: `${one.name} ${format(one.values[at.length - 1])}`, ...lineStyle(one, i) })),
        ),
        drawn,
      ])
      : drawn;
  };
  return figure(draw, text);
}
