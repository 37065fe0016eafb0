import { assertEquals, assertThrows } from "@std/assert";
import { findColumns } from "../../lib/data/column_names.ts";

const prices = ["$open", "$high", "$low", "$close", "$volume"];

Deno.test("columns are found with and without $, in any case, under the names in use", () => {
  const variants = [
    ["timestamp", ...prices],
    ["Date", "Open", "High", "Low", "Close", "Volume"],
    ["open_time", "OPEN", "HIGH", "LOW", "CLOSE", "Vol"],
    ["unix", "o", "h", "l", "c", "v"],
    ["Unix Timestamp", "open price", "high price", "low price", "close price", "Volume BTC"],
  ];
  for (const names of variants) {
    const roles = findColumns(names, "a file");
    assertEquals([roles.time, ...prices.map((name) => roles.prices[name as "$open"])], names);
    assertEquals(roles.others, []);
  }
});

Deno.test("an exact $close goes before close, which is then the user's own", () => {
  const roles = findColumns(["timestamp", "close", ...prices], "a file");
  assertEquals(roles.prices.$close, "$close");
  assertEquals(roles.others, ["close"]);
});

Deno.test("of a volume in base and one in quote currency the base one is taken", () => {
  const roles = findColumns(["unix", "open", "high", "low", "close", "Volume USD", "Volume BTC"], "a file");
  assertEquals(roles.prices.$volume, "Volume BTC");
  assertEquals(roles.others, ["Volume USD"]);
});

Deno.test("further times are no features", () => {
  const roles = findColumns(["date", "timestamp", "close_time", ...prices, "funding"], "a file");
  assertEquals([roles.time, roles.left, roles.others], ["timestamp", ["date", "close_time"], ["funding"]]);
});

Deno.test("a missing column is named with what is there", () => {
  const error = assertThrows(
    () => findColumns(["timestamp", "open", "high", "low", "clsoe", "volume"], "my.csv"),
    RangeError,
  );
  for (const part of ["my.csv", '"$close"', 'nearest is "clsoe"']) {
    assertEquals(error.message.includes(part), true, part);
  }
});

Deno.test("two columns of one name are refused", () => {
  assertThrows(
    () => findColumns(["timestamp", ...prices, "$close"], "my.csv"),
    RangeError,
    'two columns named "$close"',
  );
});
