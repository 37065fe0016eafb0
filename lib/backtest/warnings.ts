import type { BacktestResult } from "./backtest.ts";
import { resultMetrics } from "./evaluate.ts";
import type { LagPoint } from "./lag.ts";
import { trades } from "./trades.ts";

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/**
 * Why a headline number should not be believed yet, as sentences; none when nothing stands out. To be shown beside the
 * numbers.
 *
 * @param lag the strategy's decision-lag curve (`lagCurve`), where it is known
 */
export function warnings(result: BacktestResult, { lag = [] }: { readonly lag?: readonly LagPoint[] } = {}): string[] {
  const { equity, step, fills, ruined, shortfall, wantedVolume, filledVolume, thinFills, capped } = result;
  const { sharpeRatio, probabilisticSharpeRatio } = resultMetrics(result);
  const count = trades(result).length;
  const days = equity.length * step / 864e5;
  const out: string[] = [];
  if (ruined) {
    const owed = shortfall > 0 ? `, owing ${shortfall.toFixed(2)} that the lender lost` : "";
    out.push(`The account was liquidated${owed}: what follows is the cash that was left.`);
  }
  if (Math.abs(sharpeRatio) > 10) {
    out.push(
      `A Sharpe ratio of ${
        sharpeRatio.toFixed(1)
      } is beyond any known strategy: look for wrong data or a leak from the future ` +
        `(deno task lab check-leaks) before anything else.`,
    );
  }
  const [now, later] = [lag.find((point) => point.lag === 0), lag.find((point) => point.lag === 1)];
  if (now && later && now.sharpeRatio > 1 && later.sharpeRatio < now.sharpeRatio / 2) {
    out.push(
      `One bar of delay takes the Sharpe ratio from ${now.sharpeRatio.toFixed(2)} to ${
        later.sharpeRatio.toFixed(2)
      }: ` +
        `the edge is in prices that may not be had, or in a look ahead.`,
    );
  }
  if (count > 0 && count < 30) {
    out.push(`${count === 1 ? "One trade is" : `${count} trades are`} too few to tell skill from luck.`);
  }
  if (fills.length > 0 && days < 90) {
    out.push(`The run covers ${Math.floor(days)} days: one mood of the market, and annual figures are extrapolated.`);
  }
  if (sharpeRatio > 0 && probabilisticSharpeRatio < 0.95) {
    out.push(
      `The chance that the true Sharpe ratio is above 0 is ${percent(probabilisticSharpeRatio)}, below the usual 95 %.`,
    );
  }
  if (wantedVolume > 0 && filledVolume === 0) {
    out.push("Nothing that was asked for was filled: the bars it came to did not trade, or had no volume.");
  } else if (filledVolume < 0.95 * wantedVolume) {
    out.push(
      `Only ${
        percent(filledVolume / wantedVolume)
      } of the volume asked for was filled: the size is too large for these bars.`,
    );
  }
  if (thinFills > 0) {
    const what = thinFills === 1 ? "fill takes" : "fills take";
    out.push(
      `${thinFills} of ${fills.length} ${what} more than a tenth of the bar's volume: such orders move the price.`,
    );
  }
  if (capped > 0) out.push(`The leverage limit cut ${capped} ${capped === 1 ? "wish" : "wishes"}.`);
  return out;
}
