import { assert, assertEquals, assertThrows } from "@std/assert";
import type { StageEvent } from "../../lib/base/events.ts";
import { Secret } from "../../lib/base/secret.ts";
import type { Alert, AlertRule, Facts, Sink } from "../../lib/live/alert.ts";
import { alertRules, parseAlertRules } from "../../lib/live/alert_rules.ts";
import { openAlerts } from "../../lib/live/alerts.ts";

const minute = 60_000;
const account = (own: Partial<NonNullable<Facts["account"]>>) => ({ equity: 100, drawdown: 0, change: 0, ...own });

/** What a rule says of facts, one after the other: a line for each time that its condition begins or ends. */
function story(rule: AlertRule, facts: readonly Omit<Facts, "time">[], every = minute): string[] {
  const lines: string[] = [];
  let on = false;
  facts.forEach((fact, i) => {
    const verdict = rule.judge({ time: i * every, ...fact }, on);
    if (verdict === undefined || verdict.on === on) return;
    on = verdict.on;
    lines.push(`${i}: ${on ? "on" : "off"}: ${verdict.text}`);
  });
  return lines;
}
const rule = (text: string) => parseAlertRules(text)[0];
/** A sink that keeps what it is given. */
const keeper = (kept: Alert[], name = "keeper"): Sink => ({
  name,
  send: (alert) => Promise.resolve(void kept.push(alert)),
});

Deno.test("a drawdown is told once at its limit, and over once it is well under it", () => {
  const falls = [0.05, 0.1, 0.12, 0.09, 0.11, 0.085, 0.079, 0.09, 0.1];
  assertEquals(story(rule("drawdown(0.1)"), falls.map((drawdown) => ({ account: account({ drawdown }) }))), [
    "1: on: Equity is 10.0 % below its peak, 10.0 % is told",
    "6: off: Equity is back within 8.0 % of its peak",
    "8: on: Equity is 10.0 % below its peak, 10.0 % is told",
  ]);
});

Deno.test("a bar that loses more than its risk is told once until bars have been calm for a while", () => {
  const changes = [-0.01, -0.03, -0.04, 0, 0, -0.03, 0, 0, 0, 0];
  const facts = changes.map((change) => ({ account: account({ change }), valueAtRisk: 0.02 }));
  assertEquals(story(rule("var_breach(calm=3)"), facts), [
    "1: on: A bar lost 3.0 %, more than its value at risk of 2.0 %",
    "8: off: No bar lost more than its risk for 3 bars",
  ]);
  assertEquals(story(rule("var_breach"), changes.map((change) => ({ account: account({ change }) }))), []);
});

Deno.test("a feed is stale when it says so, or a lost connection takes too long; a flicker is not the end of it", () => {
  const feed = (state: NonNullable<Facts["feed"]>["state"]) => ({ feed: { state, note: `is ${state}` } });
  const quick = [feed("connected"), feed("reconnecting"), feed("connected"), {}, {}];
  assertEquals(story(rule("stale_feed(wait=60)"), quick, 20_000), []);
  const slow = [feed("connected"), feed("reconnecting"), {}, {}, {}, feed("connected"), {}, {}];
  assertEquals(story(rule("stale_feed(wait=60, steady=30)"), slow, 20_000), [
    "4: on: Market data do not come: is reconnecting",
    "7: off: Market data come again",
  ]);
  const dead = [feed("stale"), feed("reconnecting"), feed("connected"), feed("stale"), feed("connected"), {}, {}];
  assertEquals(story(rule("stale_feed"), dead, 20_000), [
    "0: on: Market data do not come: is stale",
    "6: off: Market data come again",
  ]);
});

Deno.test("losses of connections are a storm when there are many in a while", () => {
  const lost = { feed: { state: "reconnecting", note: "" } } as const;
  const facts = [lost, {}, lost, lost, {}, {}, {}, {}, {}, {}, {}, {}, {}];
  assertEquals(story(rule("reconnect_storm(count=3, minutes=5)"), facts), [
    "3: on: Connections were lost 3 times within 5 minutes",
    "7: off: Connections hold again",
  ]);
});

Deno.test("equity outside what the backtest lets expect is told after some bars, over once it is well inside", () => {
  const band = { low: 90, high: 110 };
  const equities = [100, 89, 91, 89, 88, 87, 90.5, 91.5, 92, 100];
  const facts = equities.map((equity) => ({ account: account({ equity }), band }));
  assertEquals(story(rule("off_band(bars=3, margin=0.1)"), facts), [
    "5: on: Equity 87.00 is outside what the backtest lets expect, 90.00 to 110.00",
    "8: off: Equity 92.00 is again within what the backtest lets expect, 90.00 to 110.00",
  ]);
});

Deno.test("a failed run is told", () => {
  assertEquals(story(rule("run_failed"), [{}, { failed: "the disk is full" }]), [
    "1: on: The run failed: the disk is full",
  ]);
});

Deno.test("every rule can be written, says nothing of empty facts, and starts unset", () => {
  for (const name of Object.keys(alertRules)) {
    assertEquals(story(rule(name), [{}, {}, {}]), []);
    assert(alertRules[name].help !== "");
  }
  assertEquals(parseAlertRules(" "), []);
});

Deno.test("a text that cannot be read is told where and why", () => {
  assertThrows(() => parseAlertRules("drawdwon(0.1)"), SyntaxError, 'nearest is "drawdown"');
  assertThrows(() => parseAlertRules("drawdown, drawdown(0.2)"), SyntaxError, '"drawdown" is there twice');
  assertThrows(() => parseAlertRules("drawdown(2)"), RangeError, "must be a number from 0.0001 to 1");
});

Deno.test("a condition is told once when it begins and once when it is over, to sinks, trader and panel", async () => {
  const kept: Alert[] = [];
  const events: StageEvent[] = [];
  const own: Alert[] = [];
  {
    await using alerts = openAlerts({
      ...{ rules: parseAlertRules("drawdown(0.1)"), sinks: [keeper(kept)], run: "paper btc" },
      ...{ onAlert: (alert) => own.push(alert), onEvent: (event) => events.push(event) },
    });
    for (const [i, drawdown] of [0, 0.2, 0.3, 0.01, 0].entries()) {
      alerts.observe({ time: i, account: account({ drawdown }) });
    }
    assertEquals(alerts.active, []);
  }
  assertEquals(kept.map(({ name, on, time, run }) => [name, on, time, run]), [
    ["drawdown", true, 1, "paper btc"],
    ["drawdown", false, 3, "paper btc"],
  ]);
  assertEquals(own, kept);
  assertEquals(events.map((event) => event.kind === "alert" && [event.name, event.on]), [["drawdown", true], [
    "drawdown",
    false,
  ]]);
  assert(kept[0].id !== kept[1].id);
});

Deno.test("what was told before a restart is not told again", async () => {
  const kept: Alert[] = [];
  const rules = () => parseAlertRules("drawdown(0.1)");
  let active: readonly string[];
  {
    await using alerts = openAlerts({ rules: rules(), sinks: [keeper(kept)] });
    alerts.observe({ time: 1, account: account({ drawdown: 0.2 }) });
    active = alerts.active;
  }
  {
    await using alerts = openAlerts({ rules: rules(), sinks: [keeper(kept)], active });
    alerts.observe({ time: 2, account: account({ drawdown: 0.2 }) });
    alerts.observe({ time: 3, account: account({ drawdown: 0 }) });
  }
  assertEquals(kept.map(({ on, time }) => [on, time]), [[true, 1], [false, 3]]);
});

Deno.test("a sink that keeps failing is said and stops neither the trader nor the other sinks", async () => {
  const kept: Alert[] = [];
  const failures: string[] = [];
  let tries = 0;
  const broken: Sink = { name: "broken", send: () => Promise.reject(new Error(`no ${++tries}`)) };
  {
    await using alerts = openAlerts({
      ...{ rules: parseAlertRules("run_failed"), sinks: [broken, keeper(kept)], retries: 2, firstWait: 1 },
      onFailure: (sink, alert, error) => failures.push(`${sink} ${alert.name} ${(error as Error).message}`),
    });
    alerts.observe({ time: 1, failed: "why not" });
  }
  assertEquals(kept.length, 1);
  assertEquals(failures, ["broken run_failed no 3"]);
});

Deno.test("a sink that hangs is given up on when the run is over", async () => {
  const failures: unknown[] = [];
  const hanging: Sink = {
    name: "hanging",
    send: (_, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  };
  {
    await using alerts = openAlerts({
      ...{ rules: parseAlertRules("run_failed"), sinks: [hanging], patience: 20 },
      onFailure: (_, __, error) => failures.push(error),
    });
    alerts.observe({ time: 1, failed: "why not" });
  }
  assertEquals(String(failures[0]), "AbortError: the run is over");
});

Deno.test("a rule or a listener that throws stops nothing, and texts hold no secret", async () => {
  const kept: Alert[] = [];
  new Secret("hunter2hunter2");
  const bad: AlertRule = {
    name: "bad",
    judge() {
      throw new TypeError("made to fail");
    },
  };
  {
    await using alerts = openAlerts({
      ...{ rules: [bad, ...parseAlertRules("run_failed")], sinks: [keeper(kept)] },
      onAlert() {
        throw new TypeError("made to fail");
      },
    });
    alerts.observe({ time: 1, failed: "cannot log in with hunter2hunter2" });
  }
  assertEquals(kept.map(({ text }) => text), ["The run failed: cannot log in with ***"]);
});
