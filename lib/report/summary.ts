import { type Displayable, displayed } from "../base/display.ts";
import { escapeHtml } from "../base/progress.ts";

/** A key figure of a report, beside its yardstick. */
export interface Tile {
  readonly label: string; // "Sharpe"
  readonly value: string; // "1.32", formatted, with its unit
  readonly beside?: string; // "buy and hold 0.87"
  readonly tone?: "good" | "bad" | "warn";
}

/** A check's verdict, shown as a badge: `"no look-ahead: 46 of 46 features keep the prefix law"`. */
export interface Badge {
  readonly label: string;
  readonly verdict: string;
  readonly passed: boolean;
}

/** What a notebook says of itself. The renderer lifts it from a cell's output into the report's header. */
export interface Summary {
  readonly finding: string; // one sentence, computed from the numbers
  readonly tiles: readonly Tile[];
  readonly badges?: readonly Badge[];
  /** Laid over the page where its figures are not to be believed yet: `"single seed"`. */
  readonly watermark?: string;
  readonly provenance: Readonly<Record<string, string>>; // data, span, hashes, seed, costs, …
  /** Plain numbers for `reports/index.html` and the MLflow run. */
  readonly metrics: Readonly<Record<string, number>>;
}

export const SUMMARY_MIME = "application/vnd.candelabra.summary+json";

/** A summary that shows itself in the notebook and becomes the header of its report. */
export function summary(content: Summary): Summary & Displayable {
  return displayed(content, () => ({
    [SUMMARY_MIME]: content,
    "text/html": `<p><strong>${escapeHtml(content.finding)}</strong></p>`,
    "text/plain": content.finding,
  }));
}
