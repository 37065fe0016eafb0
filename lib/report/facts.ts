import type { CellError } from "./execute.ts";
import type { Parameters } from "./notebook.ts";
import type { Badge, Tile } from "./summary.ts";

/** What a report says of itself, for programs: embedded in its page. Equal for equal runs. */
export interface ReportFacts {
  readonly schema: 1;
  readonly name: string; // of the notebook: "03_backtest"
  readonly title: string;
  readonly status: "finished" | "failed";
  readonly error?: CellError;
  readonly finding: string;
  readonly tiles: readonly Tile[];
  readonly badges: readonly Badge[];
  readonly metrics: Readonly<Record<string, number | null>>; // null: not a finite number
  readonly provenance: Readonly<Record<string, string>>;
  readonly parameters: Parameters;
  readonly config: Readonly<Record<string, string>>;
}

/** What differs from one run to the next. It stands alone in the page, so that the rest can be compared. */
export interface RunFacts {
  readonly time: number; // ms UTC
  readonly run?: string; // MLflow's id
  readonly runUrl?: string;
}

const FACTS = "candelabra";
const RUN = "candelabra-run";
const OPEN = "<!--of this run only-->";
const CLOSE = "<!--/of this run only-->";

/** The page's element that holds its facts. */
export function embedFacts(facts: ReportFacts): string {
  return block(FACTS, facts);
}

/** The part of the page that differs between equal runs: the facts and how they are shown. */
export function embedRun(run: RunFacts, shown: string): string {
  return `${OPEN}${shown}${block(RUN, run)}${CLOSE}`;
}

/**
 * The page without what differs between equal runs: two such texts of the same commit, config, data and seed are
 * the same, byte for byte.
 */
export function withoutRun(page: string): string {
  const [start, end] = [page.indexOf(OPEN), page.indexOf(CLOSE)];
  return start < 0 || end < start ? page : page.slice(0, start) + page.slice(end + CLOSE.length);
}

/** A page's facts, or nothing when it is no report of ours. */
export function readFacts(page: string): (ReportFacts & RunFacts) | undefined {
  const [facts, run] = [FACTS, RUN].map((id) => {
    const start = `<script type="application/json" id="${id}">`;
    const at = page.indexOf(start);
    return at < 0 ? undefined : JSON.parse(page.slice(at + start.length, page.indexOf("</script>", at)));
  });
  return facts && { ...facts, ...run, time: run?.time ?? NaN };
}

function block(id: string, content: unknown): string {
  return `<script type="application/json" id="${id}">${JSON.stringify(content).replace(/</g, "\\u003c")}</script>`;
}
