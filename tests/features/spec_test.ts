import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { indicators } from "../../lib/features/indicators/mod.ts";
import {
  formatSpec,
  ownColumns,
  parseSpec,
  parseSpecs,
  type Spec,
  splitSpecs,
  warmupOf,
} from "../../lib/features/spec.ts";
import { transforms } from "../../lib/features/transforms.ts";

fc.configureGlobal({ seed: 20260101 });

const canonical = (text: string, columns?: string[]) => formatSpec(parseSpec(text, columns ? { columns } : {}));

Deno.test("what a user writes is read as meant", () => {
  for (
    const [text, wanted] of [
      ["rsi(7)", "rsi(7)"],
      ["rsi", "rsi(14)"],
      [" rsi ( ) ", "rsi(14)"],
      ["bop", "bop()"],
      ["sma(20)/$close", "sma(20)/$close"],
      ["sma(20) / $close - 1", "sma(20)/$close - 1"],
      ["$close/return", "$close/return(1)"],
      ["$close/zscore(50)", "$close/zscore(50)"],
      ["zscore($close, 50)", "$close/zscore(50)"],
      ["$close*$volume/return", "$close*$volume/return(1)"],
      ["$close*($volume/return)", "$close*($volume/return(1))"],
      ["macd(fastperiod=8).hist", "macd(8, 26, 9).hist"],
      ["macd(8, signalperiod=5).hist", "macd(8, 26, 5).hist"],
      ["macd", "macd(12, 26, 9).macd"],
      ["bbands(20).upper/$close", "bbands(20, 2, 2, 0).upper/$close"],
      ["bbands.upper", canonical("bbands().upper")],
      ["sma(20, $volume)", "sma(20, $volume)"],
      ["sma($volume, 20)", "sma(20, $volume)"],
      ["sma(20, $close)", "sma(20)"],
      ["sma(10, rsi(14))", "sma(10, rsi(14))"],
      ["correl(30, $close, $volume)", "correl(30, $close, $volume)"],
      ["funding_rate", "funding_rate"],
      ["Stimmung.täglich", "Stimmung.täglich"],
      ["`Funding Rate`/zscore(10)", "`Funding Rate`/zscore(10)"],
      ["`funding`", "funding"],
      ["`rsi`", "`rsi`"],
      ["$close/(`return`)", "$close/`return`"],
      ["filled", "filled"],
      ["1 - 2 - rsi", "1 - 2 - rsi(14)"],
      ["1 - (2 - rsi)", "1 - (2 - rsi(14))"],
      ["((($close)))", "$close"],
      ["--$close", "--$close"],
      ["-1*$close", "-1*$close"],
      ["1e3*$close + .5", "1000*$close + 0.5"],
      ["$close/clip(-1, 1)", "$close/clip(-1, 1)"],
      ["$close/clip(high=2, low=-3)", "$close/clip(-3, 2)"],
    ]
  ) assertEquals(canonical(text), wanted, text);
});

Deno.test("product binds tighter than sum, minus tighter than product, both lean left", () => {
  const kinds = (text: string) => {
    const spec = parseSpec(text);
    return spec.kind === "arithmetic"
      ? `${formatSpec(spec.left)} ${spec.operator} ${formatSpec(spec.right)}`
      : spec.kind;
  };
  assertEquals(kinds("$open + $high*$low"), "$open + $high*$low");
  assertEquals(kinds("$open*$high + $low"), "$open*$high + $low");
  assertEquals(kinds("$open - $high - $low"), "$open - $high - $low");
  assertEquals(kinds("$open/$high/$low"), "$open/$high / $low");
  assertEquals(kinds("-$open*$high"), "-$open * $high");
  assertEquals(kinds("-($open*$high)"), "negative");
});

Deno.test("what a shell makes of $close in double quotes is refused, and told", () => {
  const texts = [
    "sma(20)/$close - 1",
    "$close/logreturn(48)",
    "sma(20, $volume)",
    "$high - $low",
    "rsi - $close",
    "1 - -$close",
  ];
  for (const text of texts) {
    parseSpec(text);
    const { message } = faultOf(text.replaceAll(/\$\w+/g, ""));
    assertStringIncludes(message, "in a shell, features go in single quotes");
  }
  assertThrows(() => splitSpecs("rsi(14), "), SyntaxError, "single quotes"); // of "rsi(14), $close"
  assertEquals(canonical("$close* -1"), "$close*-1");
});

/** The message, and what the caret points at. */
function faultOf(text: string, columns?: string[]): { message: string; at: string } {
  const error = assertThrows(() => parseSpec(text, columns ? { columns } : {}), SyntaxError, "Cannot read the feature");
  const { at, length } = error.cause as { at: number; length: number };
  const [message, line, caret] = error.message.split("\n");
  assertEquals(line, `  ${text.replace(/\s/g, " ")}`);
  assertEquals(caret, `  ${" ".repeat(at)}${"^".repeat(length)}`);
  return { message, at: text.slice(at, at + length) };
}

Deno.test("an error shows the text, points at the fault and names what is near", () => {
  for (
    const [text, at, part, columns] of [
      ["sma(20)/$clse", "$clse", 'nearest is "$close"'],
      ["rsii(14)", "rsii", 'nearest is "rsi"'],
      ["$close/retrun(3)", "retrun", 'nearest is "return"'],
      ["rsi(14", "", '"," or ")" must follow an argument of rsi, and the end is there'],
      ["rsi(14))", ")", 'an operator or the end must follow, and ")" is there'],
      ["rsi(1.5)", "1.5", "timeperiod of rsi must be a whole number"],
      ["rsi(0)", "0", "timeperiod of rsi must be a whole number"],
      ["rsi(-3)", "-3", "current value is -3"],
      ["rsi(timeperoid=3)", "timeperoid", 'nearest is "timeperiod"'],
      ["macd(12, fastperiod=3)", "3", "fastperiod of macd is given twice"],
      ["macd(fastperiod=3, 5)", "5", "cannot follow one with a name"],
      ["macd(fastperiod=$close)", "$close", "fastperiod of macd must be a number"],
      ["bop(3)", "3", "bop takes no parameters"],
      ["bop(period=3)", "period", "bop takes no parameters"],
      ["rsi(3, 4)", "4", "rsi takes timeperiod"],
      ["bbands", "bbands", "has the outputs upper, middle, lower: pick one with a dot, such as bbands.upper"],
      ["bbands(20).uper", "uper", 'nearest is "upper"'],
      ["bbands.uper", "uper", 'nearest is "upper"'],
      ["bbands(20).", "", "the name of an output must follow the dot"],
      ["fundng_rate", "fundng_rate", 'nearest is "funding_rate"', ["funding_rate"]],
      ["$close/retrun", "retrun", 'nearest is "return"', []],
      ["$close/zscore", "zscore", "zscore needs its period: write zscore(20)"],
      ["$close/clip(1)", "clip", "clip needs its low and high: write clip(-3, 3)"],
      ["$close/lag(-1)", "-1", "period of lag must be a positive whole number"],
      ["$close/lag(0)", "0", "period of lag must be a positive whole number"],
      ["return", "return", "write $close/return"],
      ["log()", "log", "works on one thing"],
      ["log($close, $open)", "$open", "works on one thing"],
      ["$close/log($open)", "$open", "already works on what stands before the slash"],
      ["", "", "it is empty"],
      ["   ", " ", "it is empty"],
      ["1 + 2", "1 + 2", "it reads no column"],
      ["sma(20, 2*3)", "2*3", "it reads no column"],
      ["sma(20) sma", "sma", 'an operator or the end must follow, and "sma" is there'],
      ["rsi(,)", ",", "must come here"],
      ["rsi(3,)", ")", "another argument of rsi must follow the comma"],
      ["atr(14, $close)", "$close", "atr reads $high, $low, $close: give 3 in their place or none, not 1"],
      ["$close # 2", "#", '"#" does not belong in a feature'],
      ["$close + 😀", "😀", "does not belong in a feature"],
      ["`abc", "`", "the backtick is not closed"],
      ["1e999*rsi", "1e999", "too large a number"],
      ["$close*", "", "must come here, and the end is there"],
      ["rsi", "rsi", "write rsi() for the indicator or `rsi` in backticks for the column", ["rsi"]],
      ["$close/return", "return", "write return() for the transform or `return` in backticks", ["return"]],
      ["(".repeat(100), "(", "nested deeper than"],
      ["-".repeat(500) + "$close", "-", "nested deeper than"],
      ["sma(20)\n/$clse", "$clse", "is not a column"],
    ] as [string, string, string, string[]?][]
  ) {
    const found = faultOf(text, columns);
    assertEquals(found.at, at, text);
    assert(found.message.includes(part), `${text}: ${found.message}`);
  }
});

Deno.test("with the data's columns known, a column may be named as an indicator or transform and be reached", () => {
  const columns = ["rsi", "return", "sma.x", "$funding"];
  assertEquals(parseSpec("`rsi`", { columns }), { kind: "column", name: "rsi" });
  assertEquals(canonical("rsi()", columns), "rsi(14)");
  assertEquals(canonical("$close/`return`", columns), "$close/`return`");
  assertEquals(canonical("$close/return()", columns), "$close/return(1)");
  assertEquals(parseSpec("sma.x", { columns }), { kind: "column", name: "sma.x" });
  assertEquals(parseSpec("$funding", { columns }), { kind: "column", name: "$funding" });
});

const name = fc.constantFrom("funding_rate", "Funding Rate", "rsi", "return", "sma.sma", "bbands.x", "α", "3m", "a-b");
const number = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
).map((value): Spec => ({ kind: "number", value: value === 0 ? 0 : value }));
const column = fc.oneof(fc.constantFrom(...ownColumns), name).map((name): Spec => ({ kind: "column", name }));

const plain = { noNullPrototype: true };

/** Any spec there is: leaves, and whatever can stand above them. */
const { spec } = fc.letrec<{ spec: Spec; reading: Spec }>((tie) => {
  const indicator = fc.constantFrom(...Object.keys(indicators)).chain((name) => {
    const { params, inputs, outputs } = indicators[name];
    const periods = Object.fromEntries(
      Object.entries(params).map(([param, value]) => [
        param,
        /period\d?$/.test(param) ? fc.integer({ min: 2, max: 99 }) : fc.constant(value),
      ]),
    );
    const own = fc.constant([] as Spec[]);
    const replaced = inputs.length === 1 ? fc.tuple(tie("reading")) : own;
    return fc.record({
      kind: fc.constant("indicator" as const),
      name: fc.constant(name),
      params: fc.record(periods, plain) as fc.Arbitrary<Record<string, number>>,
      inputs: fc.oneof(own, replaced).map((given) => (isOwn(given, inputs) ? [] : given)),
      output: fc.constantFrom(...outputs),
    }, plain);
  });
  const transform = fc.constantFrom(...Object.keys(transforms)).chain((name) => {
    const params = Object.keys(transforms[name].params).map((param) => [param, fc.integer({ min: 1, max: 99 })]);
    return fc.record({
      kind: fc.constant("transform" as const),
      name: fc.constant(name),
      params: fc.record(Object.fromEntries(params), plain) as fc.Arbitrary<Record<string, number>>,
      of: tie("spec"),
    }, plain);
  });
  const negative = fc.record({ kind: fc.constant("negative" as const), of: tie("spec") }, plain)
    .filter(({ of }) => of.kind !== "number"); // that is a number itself
  const arithmetic = fc.record({
    kind: fc.constant("arithmetic" as const),
    operator: fc.constantFrom("+" as const, "-" as const, "*" as const, "/" as const),
    left: tie("spec"),
    right: tie("spec"),
  }, plain);
  return {
    spec: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      number,
      column,
      indicator,
      transform,
      negative,
      arithmetic,
    ),
    reading: tie("spec").filter((spec) => reads(spec)),
  };
});

const isOwn = (given: readonly Spec[], inputs: readonly string[]) =>
  given.length > 0 && given.every((input, i) => input.kind === "column" && input.name === inputs[i]);

function reads(spec: Spec): boolean {
  if (spec.kind === "number") return false;
  if (spec.kind === "arithmetic") return reads(spec.left) || reads(spec.right);
  return spec.kind === "column" || spec.kind === "indicator" || reads(spec.of);
}

const columns = ["funding_rate", "Funding Rate", "rsi", "return", "sma.sma", "bbands.x", "α", "3m", "a-b"];

Deno.test("any spec's text reads back as the spec, whatever columns the data has", () => {
  fc.assert(
    fc.property(spec.filter(reads), (spec) => {
      const text = formatSpec(spec);
      assertEquals(parseSpec(text), spec, text);
      assertEquals(parseSpec(text, { columns }), spec, text);
      assertEquals(formatSpec(parseSpec(text)), text);
    }),
    { numRuns: 400 },
  );
});

Deno.test("white space between words changes nothing", () => {
  fc.assert(fc.property(spec.filter(reads), fc.constantFrom(" ", "\n", "\t  "), (spec, space) => {
    const text = formatSpec(spec);
    const spread = text.replace(
      /`[^`]*`|\de[+-]\d+|[(),+*/=]/g,
      (mark) => mark.length > 1 ? mark : `${space}${mark}${space}`,
    );
    assertEquals(parseSpec(spread), spec, spread);
  }));
});

Deno.test("no text does worse than a SyntaxError that points inside it", () => {
  const words = fc.constantFrom(..."( ) , . = + - * / $close rsi macd zscore clip 3 1.5 x ` $ 'é".split(" "), " ");
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.array(words, { maxLength: 12 }).map((some) => some.join("")),
  );
  fc.assert(
    fc.property(text, (text) => {
      try {
        assertEquals(typeof formatSpec(parseSpec(text)), "string");
      } catch (error) {
        assert(error instanceof SyntaxError, String(error));
        const { at, length } = error.cause as { at: number; length: number };
        assert(at >= 0 && length >= 1 && at <= text.length, `${at} of ${JSON.stringify(text)}`);
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a list is cut at the commas outside brackets and backticks", () => {
  assertEquals(splitSpecs("rsi(14), $close/return,\n my_column,correl(30, $close, $volume), `a,b`"), [
    "rsi(14)",
    "$close/return",
    "my_column",
    "correl(30, $close, $volume)",
    "`a,b`",
  ]);
  assertEquals(splitSpecs("bbands(20).*, macd.*"), [
    ...["bbands(20).upper", "bbands(20).middle", "bbands(20).lower"],
    ...["macd.macd", "macd.signal", "macd.hist"],
  ]);
  assertEquals(parseSpecs("rsi, sma(5)").map(formatSpec), ["rsi(14)", "sma(5)"]);
});

Deno.test("a gap in a list, or a star on nothing, is pointed at", () => {
  for (const text of ["rsi,,sma", "rsi,", ",rsi", "", " , "]) {
    assertThrows(() => splitSpecs(text), SyntaxError, "each comma");
  }
  assertThrows(() => splitSpecs("bband.*"), SyntaxError, 'nearest is "bbands"');
});

Deno.test("warm-ups add up along a nest and the longest counts beside one another", () => {
  assertEquals(
    ["$close", "rsi(7)", "sma(10, rsi(14))", "sma(20)/$close", "sma(20)/return(5)", "sma(5) + sma(9)"].map(
      (text) => warmupOf(parseSpec(text)),
    ),
    [0, 7, 23, 19, 24, 8],
  );
});

Deno.test("no indicator is named as a transform or a column, nor any parameter twice", () => {
  for (const name of Object.keys(indicators)) {
    assert(!Object.hasOwn(transforms, name) && !ownColumns.includes(name), name);
    assert(/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$/i.test(name), `${name} cannot be written in a spec`);
  }
});
