import { assertEquals, assertThrows } from "@std/assert";
import { parseCalls, settingsOf } from "../../lib/base/calls.ts";

Deno.test("calls are names with values, in order, by place or by name", () => {
  const calls = parseCalls("volatility_target(0.3), trailing_stop( atr = 3 ),flat", "rules");
  assertEquals(calls.map(({ name, positional, named }) => ({ name, positional, named })), [
    { name: "volatility_target", positional: ["0.3"], named: {} },
    { name: "trailing_stop", positional: [], named: { atr: "3" } },
    { name: "flat", positional: [], named: {} },
  ]);
  const [one] = parseCalls("flash_crash(0.4, bars=-1e-3, kind=deep)", "scenario");
  assertEquals(settingsOf(one, ["depth", "bars"], "", "scenario"), { depth: "0.4", bars: "-1e-3", kind: "deep" });
});

Deno.test("a text that cannot be read is shown with a mark under the fault", () => {
  const faults: [string, string, number][] = [
    ["", "a name is wanted, and the end is there", 0],
    ["a(1", '"," or ")" is wanted, and the end is there', 3],
    ["a(1) b", '"," or the end is wanted, and "b" is there', 5],
    ["a(x=)", 'a value for "x" is wanted, and ")" is there', 4],
    ["a(x=1, x=2)", '"x" is given twice', 7],
    ["a(x=1, 2)", "without a name comes after", 7],
    ["a(%)", 'a value is wanted, and "%" is there', 2],
    ["3(a)", "a name is wanted", 0],
  ];
  for (const [text, reason, at] of faults) {
    const error = assertThrows(() => parseCalls(text, "rules"), SyntaxError, reason);
    assertEquals((error.cause as { at: number }).at, at, text);
  }
  const [call] = parseCalls("a(1, 2)", "rules");
  assertThrows(() => settingsOf(call, ["x"], "a(1, 2)", "rules"), SyntaxError, "takes 1 settings and has 2 values");
});
