import { assertEquals } from "@std/assert";
import { between, compact, count, date, duration, money, number, percent, span } from "../../lib/report/format.ts";

/** With ordinary spaces, to be read here. */
const plain = (text: string) => text.replaceAll("\u00a0", " ");

Deno.test("numbers are grouped, keep about four digits, and have a real minus", () => {
  assertEquals([1234567, 1234.5, 12.3456, 0.012345, -3.2, 0].map((n) => number(n)), [
    "1,234,567",
    "1,235",
    "12.35",
    "0.01235",
    "−3.2",
    "0",
  ]);
  assertEquals([number(0.1, { digits: 3 }), number(5, { sign: true }), number(-0.0001, { digits: 2 })], [
    "0.100",
    "+5",
    "0.00",
  ]);
  assertEquals([NaN, Infinity, -Infinity, -0, 1e-12].map((n) => number(n)), ["–", "∞", "−∞", "0", "0"]);
});

Deno.test("shares become percent, with more decimals where they are small", () => {
  assertEquals([0.1234, 0.00123, -0.5, 12.345, 0, NaN].map((n) => plain(percent(n))), [
    "12.3 %",
    "0.12 %",
    "−50.0 %",
    "1,235 %",
    "0.00 %",
    "–",
  ]);
  assertEquals(plain(percent(0.05, { sign: true, digits: 0 })), "+5 %");
});

Deno.test("money shows cents up to ten thousand, and what a cheap coin costs", () => {
  assertEquals([1234.5, 98765.4, -0.00001234, 0].map((n) => plain(money(n, "USDT"))), [
    "1,234.50 USDT",
    "98,765 USDT",
    "−0.00001234 USDT",
    "0.00 USDT",
  ]);
});

Deno.test("ticks are short", () => {
  assertEquals([1200, 35_000_000, 0.05, -2500, 0, 0.30000000000000004, 1e-7].map(compact), [
    "1.2k",
    "35M",
    "0.05",
    "−2.5k",
    "0",
    "0.3",
    "0.0000001",
  ]);
});

Deno.test("lengths of time take their two largest units", () => {
  const times = [0, 8.34, 45_300, 12 * 6e4, 76 * 36e5, 864e5, 864e5 - 1, 90 * 864e5, 3 * 365.25 * 864e5, -5000, NaN];
  assertEquals(times.map((ms) => plain(duration(ms))), [
    "0 ms",
    "8.3 ms",
    "45 s",
    "12 min",
    "3 d 4 h",
    "1 d",
    "24 h",
    "90 d",
    "3.0 years",
    "−5.0 s",
    "–",
  ]);
  assertEquals([864e5, 90 * 864e5, 36e5, 1.5 * 36e5, 6e4, 500].map(span), [
    "1 day",
    "90 days",
    "1 hour",
    "1.5 hours",
    "1 minute",
    "500 milliseconds",
  ]);
});

Deno.test("dates are UTC and leave midnight out; spans say the year once where it is one", () => {
  assertEquals([date(Date.UTC(2018, 0, 31, 13)), date(Date.UTC(2018, 0, 31)), date(NaN)], [
    "2018-01-31 13:00",
    "2018-01-31",
    "–",
  ]);
  assertEquals(between(Date.UTC(2017, 6, 1), Date.UTC(2019, 9, 17)), "Jul 2017 – Oct 2019");
  assertEquals(between(Date.UTC(2018, 2, 3), Date.UTC(2018, 3, 9)), "3 Mar – 9 Apr 2018");
});

Deno.test("one thing is singular", () =>
  assertEquals([count(1, "bar"), count(0, "bar"), count(1200, "bar")], ["1 bar", "0 bars", "1,200 bars"]));
