import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { DISPLAY } from "../../lib/base/display.ts";
import { rng } from "../../lib/base/random.ts";
import {
  asColumns,
  checkFeatureLeaks,
  checkLeaks,
  checkLeaksAsync,
  type Columns,
  describeLeak,
} from "../../lib/features/leaks.ts";
import { withOtherFuture } from "../../lib/features/leak_views.ts";
import { featureSets } from "../../lib/features/sets.ts";
import { type Candles, newCandles } from "../../lib/market/candles.ts";
import { type Market, noCosts } from "../../lib/market/market.ts";
import { synthetic } from "../../lib/market/synthetic.ts";

type Feature = (candles: Candles) => Float64Array;

/** Bars with a column that has gaps: the first and some later values are not known. */
function bars(length: number, seed = 1): Candles {
  const candles = synthetic(length, rng(seed));
  const gappy = candles.$close.map((close, t) => (t < 4 || t % 97 < 5 ? NaN : close));
  return newCandles({ ...candles, extra: { gappy } });
}

const at = (column: Float64Array, t: number) => column[t] ?? NaN;
const each = (candles: Candles, value: (t: number) => number) => Float64Array.from(candles.time, (_, t) => value(t));

function globally(
  candles: Candles,
  scaled: (x: number, mean: number, std: number, low: number, high: number) => number,
) {
  const x = candles.$close;
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const std = Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length);
  const [low, high] = [x.reduce((a, b) => Math.min(a, b), Infinity), x.reduce((a, b) => Math.max(a, b), -Infinity)];
  return x.map((value) => scaled(value, mean, std, low, high));
}

/** What people get wrong: the feature, and how far ahead it looks. */
const leaks: Readonly<Record<string, readonly [Feature, number]>> = {
  "shift(-1)": [(c) => each(c, (t) => at(c.$close, t + 1)), 1],
  "shift(-1) that falls back on the last": [(c) => each(c, (t) => c.$close[t + 1] ?? c.$close[t]), 1],
  "shift(-7)": [(c) => each(c, (t) => at(c.$close, t + 7)), 7],
  "the next return": [(c) => each(c, (t) => (c.$close[t + 1] ?? c.$close[t]) / c.$close[t] - 1), 1],
  "whether the next bar goes up": [(c) => each(c, (t) => Number(c.$close[t + 1] > c.$close[t])), 1],
  "a warning one bar before a crash": [(c) => each(c, (t) => Number(c.$close[t + 1] < 0.975 * c.$close[t])), 1],
  "the next bar's volume": [(c) => each(c, (t) => at(c.$volume, t + 1)), 1],
  "a centred window": [
    (c) => each(c, (t) => [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5].reduce((sum, d) => sum + at(c.$close, t + d), 0) / 11),
    5,
  ],
  "a global z-score": [(c) => globally(c, (x, mean, std) => (x - mean) / std), Infinity],
  "a global min-max": [(c) => globally(c, (x, _m, _s, low, high) => (x - low) / (high - low)), Infinity],
  "the share of all bars that are over": [(c) => each(c, (t) => t / c.length), Infinity],
  "NaN filled from the future": [
    (c) => {
      const out = c.extra.gappy.slice();
      for (let t = out.length - 2; t >= 0; t--) if (Number.isNaN(out[t])) out[t] = out[t + 1];
      return out;
    },
    5,
  ],
  "NaN filled by a straight line": [
    (c) => {
      const out = c.extra.gappy.slice();
      for (let t = 0, last = -1; t < out.length; t++) {
        if (Number.isNaN(out[t])) continue;
        for (let i = last + 1; last >= 0 && i < t; i++) {
          out[i] = out[last] + (out[t] - out[last]) * (i - last) / (t - last);
        }
        last = t;
      }
      return out;
    },
    5,
  ],
  "a higher timeframe merged without its lag": [
    (c) => {
      const day = (t: number) => Math.floor(c.time[t] / 144e5);
      const close = new Map(Array.from(c.time, (_, t) => [day(t), c.$close[t]] as const));
      return each(c, (t) => close.get(day(t)) ?? NaN);
    },
    3,
  ],
  "smoothed from both ends": [
    (c) => {
      const out = c.$close.slice();
      for (let t = out.length - 2; t >= 0; t--) out[t] += 0.9 * (out[t + 1] - out[t]);
      return out;
    },
    100,
  ],
  "the high of the pivot that is still to be confirmed": [
    (c) => each(c, (t) => Number(t >= 2 && [-2, -1, 1, 2].every((d) => !(c.$high[t + d] >= c.$high[t])))),
    2,
  ],
};

/** What may look like a leak and is none. */
const fair: Readonly<Record<string, Feature>> = {
  close: (c) => c.$close,
  "an expanding mean": (c) => {
    let sum = 0;
    return each(c, (t) => (sum += c.$close[t]) / (t + 1));
  },
  "the bar's number": (c) => each(c, (t) => t),
  "NaN filled from the past": (c) => {
    const out = c.extra.gappy.slice();
    for (let t = 1; t < out.length; t++) if (Number.isNaN(out[t])) out[t] = out[t - 1];
    return out;
  },
  "a higher timeframe with its lag": (c) => {
    const day = (t: number) => Math.floor(c.time[t] / 144e5);
    const close = new Map(Array.from(c.time, (_, t) => [day(t) + 1, c.$close[t]] as const));
    return each(c, (t) => close.get(day(t)) ?? NaN);
  },
  "the same number": (c) => each(c, () => 3),
};

const together = (features: Readonly<Record<string, Feature>>) => (candles: Candles): Columns =>
  asColumns(Object.fromEntries(Object.entries(features).map(([name, feature]) => [name, feature(candles)])));
const planted = Object.fromEntries(Object.entries(leaks).map(([name, [feature]]) => [name, feature]));

// Few bars: each is the last of all the data once. Many: of a short piece, or as far as the effort goes.
for (
  const [how, length, effort] of [["few bars", 600, 100e6], ["many bars", 6000, 100e6], [
    "little effort",
    6000,
    4e6,
  ]] as const
) {
  Deno.test(`every planted leak is found and nothing fair is accused, ${how}`, () => {
    const candles = bars(length);
    const found = checkLeaks(candles, together({ ...planted, ...fair }), { effort });
    assertEquals(found.leaks.map(({ feature }) => feature), Object.keys(leaks));
    assertEquals([found.passed, found.label, found.refused.runs], [false, "Look-ahead", 0]);
    for (const leak of found.leaks) {
      const ahead = leaks[leak.feature][1];
      if (leak.feature === "smoothed from both ends") assert(leak.ahead >= 100, leak.feature);
      else assertEquals(leak.whole ? Infinity : leak.ahead, ahead, leak.feature);
      assertEquals(leak.time, candles.time[leak.bar]);
    }
    if (effort === 100e6) assertEquals(found.tested, length - 1);
    else assert(found.tested < length / 2);
  });
}

Deno.test("a leak alone among fair features is found at its first bar", () => {
  const candles = bars(400);
  for (const [name, [feature]] of Object.entries(leaks)) {
    const found = checkLeaks(candles, together({ ...fair, [name]: feature }));
    assertEquals(found.leaks.map(({ feature }) => feature), [name]);
    // The first bar that could know better is the first that does.
    const whole = feature(candles);
    let first = Infinity;
    for (let cut = 1; cut < 400; cut++) {
      const short = feature(withoutFuture(candles, cut));
      const differs = short.findIndex((x, t) => !(x === whole[t] || (Number.isNaN(x) && Number.isNaN(whole[t]))));
      if (differs >= 0) first = Math.min(first, differs);
    }
    assertEquals(found.leaks[0].bar, first, name);
  }
});

const withoutFuture = (candles: Candles, cut: number): Candles =>
  newCandles({
    ...candles,
    ...Object.fromEntries(
      (["time", "$open", "$high", "$low", "$close", "$volume", "filled"] as const).map((
        name,
      ) => [name, candles[name].slice(0, cut)]),
    ) as Pick<Candles, "time" | "$open" | "$high" | "$low" | "$close" | "$volume" | "filled">,
    extra: { gappy: candles.extra.gappy.slice(0, cut) },
  });

Deno.test("a peek at one bar of thousands is found when each bar is the last once", () => {
  const candles = bars(5000);
  const when = candles.time[3210];
  const peek: Feature = (c) => each(c, (t) => c.$close[t] + (c.time[t] === when ? 1e-12 * (c.$close[t + 1] ?? 0) : 0));
  const found = checkLeaks(candles, together({ peek, ...fair }));
  assertEquals(found.leaks.map(({ feature, bar, ahead }) => [feature, bar, ahead]), [["peek", 3210, 1]]);
});

Deno.test("a peek that makes its feature stand out is found first, however little effort is allowed", () => {
  const candles = bars(20_000);
  const down = candles.$close.map((close, t) => at(candles.$close, t + 1) / close);
  const worst = down.reduce((best, x, t) => (x < down[best] ? t : best), 0);
  const limit = (down[worst] + down.toSorted()[1]) / 2; // the worst bar and no other
  const peek: Feature = (c) => each(c, (t) => Number(c.$close[t + 1] / c.$close[t] < limit));
  const found = checkLeaks(candles, together({ peek }), { effort: 600_000 });
  assertEquals(found.leaks.map(({ feature, bar }) => [feature, bar]), [["peek", worst]]);
});

Deno.test("what leaves hidden bars alone but not changed ones is found by changing them", () => {
  const wait: Feature = (c) => each(c, (t) => c.$close[c.length >= 900 ? Math.min(t + 3, c.length - 1) : t]);
  const found = checkLeaks(bars(1000), together({ wait }));
  assertEquals(found.leaks.length, 1);
});

Deno.test("the other future is one that could have been, and tells of nothing before it", () => {
  const candles = bars(200);
  const other = withOtherFuture(candles, 120);
  for (let t = 0; t < 200; t++) {
    const [o, h, l, c] = [other.$open[t], other.$high[t], other.$low[t], other.$close[t]];
    assert(h >= Math.max(o, c) - 1e-9 && l <= Math.min(o, c) + 1e-9 && l > 0 && other.$volume[t] > 0);
    const same = c === candles.$close[t] && other.$volume[t] === candles.$volume[t];
    assertEquals(same, t < 120);
  }
  assertEquals(other.time, candles.time);
});

Deno.test("decisions over a market of several assets are checked the same way", () => {
  const market: Market = { assets: [bars(400, 1), bars(400, 2)], length: 400, costs: noCosts };
  const decisions = (peek: number) => (market: Market): Columns => {
    const [a, b] = market.assets;
    return asColumns({ weight: each(a, (t) => Number(at(b.$close, t + peek) > at(a.$close, t))) });
  };
  assert(checkLeaks(market, decisions(0)).passed);
  const found = checkLeaks(market, decisions(1));
  assertEquals(found.leaks.map(({ feature, ahead }) => [feature, ahead]), [["weight", 1]]);
});

Deno.test("features that take their time are checked too", async () => {
  const candles = bars(80);
  const slow = (feature: Feature) => async (c: Candles) => {
    await Promise.resolve();
    return asColumns({ slow: feature(c) });
  };
  assert((await checkLeaksAsync(candles, slow(fair.close))).passed);
  assert(!(await checkLeaksAsync(candles, slow(planted["shift(-1)"]))).passed);
  await assertRejects(() => checkLeaksAsync(candles, () => Promise.reject(new TypeError("no"))), TypeError, "no");
});

Deno.test("features that change the bars they are given do not spoil the check", () => {
  const candles = bars(300);
  const before = structuredClone(candles);
  const greedy: Feature = (c) => {
    for (let t = 1; t < c.length; t++) c.$close[t] = 0.5 * c.$close[t] + 0.5 * c.$close[t - 1];
    return c.$close;
  };
  assert(checkLeaks(candles, together({ greedy })).passed);
  assertEquals(candles, before);
});

Deno.test("features that refuse few bars are tested where they do not, and the refusals are told", () => {
  const strict = (c: Candles) => {
    if (c.length < 200) throw new RangeError("at least 200 bars are needed");
    return asColumns({ leak: planted["shift(-1)"](c), fine: c.$close });
  };
  const found = checkLeaks(bars(3000), strict, { effort: 5e6 });
  assertEquals(found.leaks.map(({ feature }) => feature), ["leak"]);
  assert(found.refused.runs > 0);
  assertEquals(found.refused.reason, "at least 200 bars are needed");
  const never = (c: Candles) => {
    if (c.length < 3000) throw new RangeError("all or nothing");
    return asColumns({ fine: c.$close });
  };
  const nothing = checkLeaks(bars(3000), never);
  assertEquals([nothing.passed, nothing.tested], [false, 0]);
  assertStringIncludes(nothing.verdict, "nothing could be tested");
});

Deno.test("features that fail, differ from run to run, or change their shape are errors", () => {
  const candles = bars(100);
  const random = rng(1);
  assertThrows(
    () =>
      checkLeaks(candles, () => {
        throw new TypeError("broken");
      }),
    TypeError,
    "broken",
  );
  assertThrows(
    () => checkLeaks(candles, (c) => asColumns({ dice: each(c, () => random()) })),
    RangeError,
    "must agree",
  );
  assertThrows(
    () => checkLeaks(candles, (c) => asColumns({ [`x${c.length}`]: c.$close })),
    RangeError,
    "the same for any",
  );
  assertThrows(
    () => checkLeaks(candles, (c) => asColumns({ short: c.$close.slice(9) })),
    RangeError,
    "must give 100 rows",
  );
});

Deno.test("what never has a value is told, and alone does not pass", () => {
  const candles = bars(100);
  const nothing: Feature = (c) => each(c, () => NaN);
  const one = checkLeaks(candles, together({ nothing, close: fair.close }));
  assertEquals([one.passed, one.silent], [true, ["nothing"]]);
  assertStringIncludes(one.verdict, "1 of 2 keep the prefix law, every bar tested; nothing never had a value");
  assertEquals(checkLeaks(candles, together({ nothing })).passed, false);
});

Deno.test("no bars and one bar can show nothing, and that is what is said", () => {
  for (const length of [0, 1]) {
    const found = checkLeaks(bars(length), together(fair));
    assertEquals([found.passed, found.tested, found.leaks], [false, 0, []]);
  }
  assertEquals(checkLeaks(bars(2), together({ leak: planted["shift(-1)"] })).leaks.length, 1);
});

Deno.test("the verdict names the feature, the bar and the distance, in text and HTML", () => {
  const found = checkLeaks(bars(300), together({ "<b>": planted["shift(-1)"], z: planted["a global z-score"] }));
  assertEquals(found.verdict, "2 of 2 look ahead: <b> (1 bar), z (the whole series)");
  assertEquals(
    describeLeak(found.leaks[0]),
    "looks 1 bar ahead or more: 100.556 at bar 0 (2017-07-14 02:40 UTC) becomes NaN when later bars are hidden",
  );
  const { "text/plain": text, "text/html": html } = found[DISPLAY]();
  assertStringIncludes(String(text), "Look-ahead: 2 of 2 look ahead");
  assert(String(html).includes("&#60;b&#62;") && !String(html).includes("<b>"));
  const { leaks: [peek, global] } = JSON.parse(JSON.stringify(found));
  assertEquals([peek.feature, peek.ahead, peek.whole, global.whole], ["<b>", 1, false, true]);
  assert(global.ahead > 250);
});

Deno.test("the sets of features pass on long data, and say how much of it was tested", () => {
  const found = checkFeatureLeaks(bars(3000), featureSets.quick, { effort: 10e6 });
  assert(found.passed && found.tested > 500);
  assertEquals(found.label, "No look-ahead");
  assertStringIncludes(
    found.verdict,
    `12 of 12 keep the prefix law, ${found.tested.toLocaleString("en-US")} of 3,000 bars tested`,
  );
});

Deno.test("progress goes from 0 to all", () => {
  const shares: number[] = [];
  checkLeaks(bars(500), together(fair), { onProgress: (done, total) => shares.push(done / total) });
  assert(shares.every((share, i) => share <= 1 && share >= (shares[i - 1] ?? 0)) && shares.at(-1) === 1);
});
