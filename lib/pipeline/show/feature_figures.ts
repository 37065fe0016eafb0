import { type InformationCoefficient, informationCoefficient } from "../../features/analyse.ts";
import { columnOf } from "../../features/matrix.ts";
import { parseSpec, warmupOf } from "../../features/spec.ts";
import { bbands, macd, rsi, sma } from "../../features/indicators/mod.ts";
import { slice } from "../../market/candles.ts";
import { beforeAfterScaling } from "../../report/plots/before_after_scaling.ts";
import { featureCorrelation } from "../../report/plots/feature_correlation.ts";
import { indicatorPanels } from "../../report/plots/indicator_panels.ts";
import { informationCoefficient as coefficientPlot } from "../../report/plots/information_coefficient.ts";
import { warmupMap } from "../../report/plots/warmup_map.ts";
import type { FeaturesResult } from "../features.ts";

/** Figures of features, drawn when asked for. What is estimated is estimated on training rows only. */
export function featureFigures({ matrix, scaled, source }: FeaturesResult) {
  const [candles] = source.market.assets;
  const { train } = source.split;
  const trained = { from: Math.max(train.from, matrix.warmup), to: train.to };
  return {
    /** Price with average and bands, RSI and MACD under it, for the latest `bars`. */
    indicators(bars = 300) {
      const first = Math.max(0, candles.length - bars);
      const { symbol, time, $close } = slice(candles, first, candles.length);
      const cut = (column: Float64Array) => column.subarray(first);
      const bands = bbands(candles.$close, 20);
      const lines = macd(candles.$close);
      return indicatorPanels({
        symbol,
        time,
        close: $close,
        overlays: [{ name: "SMA 20", values: cut(sma(candles.$close, 20)) }],
        bands: [{ name: "Bollinger 20, 2 sd", lower: cut(bands.lower), upper: cut(bands.upper) }],
        panels: [
          {
            label: "rsi(14)",
            lines: [{ name: "RSI", values: cut(rsi(candles.$close, 14)) }],
            levels: [30, 70],
            domain: [0, 100],
          },
          {
            label: "macd(12, 26, 9)",
            bars: true,
            lines: [
              { name: "histogram", values: cut(lines.hist) },
              { name: "MACD", values: cut(lines.macd) },
              { name: "signal", values: cut(lines.signal) },
            ],
          },
        ],
      });
    },
    /** Distribution of `count` features, spread evenly over all, before and after scaling. */
    scaling: (count = 8) =>
      beforeAfterScaling(
        evenly(matrix.names.length, count).map((f) => ({
          name: matrix.names[f],
          before: columnOf(matrix, f),
          after: columnOf(scaled, f),
        })),
        matrix.names.length > count
          ? { title: `${count} of ${matrix.names.length} features before scaling, and as the network gets them` }
          : {},
      ),
    correlation: () => featureCorrelation({ names: matrix.names, values: matrix.values, ...trained }),
    warmup: () =>
      warmupMap({
        ...matrix,
        needs: matrix.names.map((name) => warmupOf(parseSpec(name, { columns: Object.keys(candles.extra) }))),
      }),
    /** Rank correlation with later returns, by horizon, of the `count` features that say most. */
    information(horizons: readonly number[] = [1, 2, 4, 8, 16, 24, 48], count = 9) {
      const all = informationCoefficient(matrix, candles, horizons, { range: trained });
      const byFeature = Map.groupBy(all, ({ feature }) => feature);
      const strength = (rows: readonly InformationCoefficient[]) =>
        Math.max(...rows.map(({ ic }) => Math.abs(ic) || 0));
      const strongest = [...byFeature].sort(([, a], [, b]) => strength(b) - strength(a)).slice(0, count);
      const curves = strongest.map(([name, rows]) => ({
        name,
        ic: rows.map(({ ic }) => ic),
        low: rows.map(({ low }) => low),
        high: rows.map(({ high }) => high),
      }));
      return coefficientPlot({ horizons, curves, of: byFeature.size });
    },
  };
}

/** At most `count` whole numbers below `n`, evenly spread. */
function evenly(n: number, count: number): number[] {
  return n <= count ? [...Array(n).keys()] : Array.from({ length: count }, (_, i) => Math.floor(i * n / count));
}
