import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { chromium, type Page } from "playwright-core";
import { startStage } from "../../lib/panel/server.ts";
import { aPanel, spawnFake, type TestPanel } from "./a_panel.ts";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = Deno.env.get("CHROMIUM") ?? places.find((path) => existsSync(path));

/** In a real browser; left out where none is installed (Debian's package is `chromium`). */
function browserTest(name: string, fn: (page: Page, test: TestPanel) => Promise<void>, phone = false): void {
  Deno.test({
    name,
    ignore: executablePath === undefined,
    sanitizeOps: false, // playwright's own pipe to the browser
    sanitizeResources: false,
    async fn() {
      const pressed: string[] = [];
      await using test = await aPanel({
        // Trainings are real, the rest is made up.
        spawn: (words, events) => (words[0] === "train" ? startStage : spawnFake)(words, events),
        pressKill: (session) => Promise.resolve(void pressed.push(session)),
      });
      const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"];
      const browser = await chromium.launch({ executablePath: executablePath!, args });
      try {
        const context = await browser.newContext({
          viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
          colorScheme: "dark",
        });
        const page = await context.newPage();
        page.setDefaultTimeout(180_000); // a training begins slowly on a busy machine
        const faults: string[] = [];
        const outside: string[] = [];
        page.on("pageerror", ({ message }) => void faults.push(message));
        page.on("console", (line) => void (line.type() === "error" && faults.push(line.text())));
        page.on("request", (request) => void (request.url().startsWith(test.base) || outside.push(request.url())));
        await page.goto(test.panel.url);
        await page.waitForSelector(".link:not(.off)");
        await fn(page, test);
        assertEquals([faults, outside], [[], []]); // nothing refused by the policy, nothing asked of anybody else
      } finally {
        await browser.close();
      }
    },
  });
}

const goTo = (page: Page, { base }: TestPanel, place: string) => page.goto(`${base}/#/${place}`);
const text = (page: Page, selector: string) => page.locator(selector).first().innerText();

browserTest(
  "a training is set up, started, seen to move, stopped; the token is not in the address",
  async (page, test) => {
    assert(!page.url().includes(test.panel.token));
    const other = await page.context().newPage(); // a link opened in a new tab
    await goTo(other, test, "jobs");
    await other.waitForSelector(".link:not(.off)");
    await other.close();
    await goTo(page, test, "start/train");
    await page.fill("#find", "gamma");
    await page.fill("#f-set-ppo-gamma", "2");
    await page.waitForSelector("#f-set-ppo-gamma[aria-invalid]");
    assertEquals(await text(page, "#f-set-ppo-gamma-error"), "must be a number from 0 to 1");
    await page.fill("#f-set-ppo-gamma", "0.95");
    await page.fill("#find", "track");
    await page.uncheck("#f-set-run-track");
    await page.fill("#find", "total_timesteps");
    await page.fill("#f-set-ppo-total_timesteps", "5000000");
    await page.fill("#find", "n_envs");
    await page.fill("#f-set-env-n_envs", "16");
    await page.fill("#find", "");
    await page.waitForFunction(() => document.querySelector(".command")?.textContent?.includes("ppo.gamma=0.95"));
    await page.click("button[type=submit]");
    await page.waitForSelector(".pill.running");
    await page.waitForSelector("figure.chart canvas"); // a curve came
    const share = () => page.locator("progress").first().evaluate((bar) => (bar as HTMLProgressElement).value);
    const before = await share();
    await page.waitForFunction((was) => (document.querySelector("progress")?.value ?? 0) > was, before);
    await page.keyboard.press("x"); // the key that stops
    await page.waitForSelector(".pill.stopped");
    assertMatch(await text(page, ".notice"), /^Stopped at/);
    await goTo(page, test, "jobs");
    await page.waitForSelector("td .pill.stopped");
  },
);

browserTest(
  "a form that was not touched finds no fault, one that was finds each; the registry's models are offered",
  async (page, test) => {
    await goTo(page, test, "start/paper");
    await page.waitForFunction(() => document.querySelector(".verdict")?.textContent === "2 to fill in");
    assertEquals(await page.locator("[aria-invalid]").count(), 0);
    assertEquals(
      await page.locator("input").evaluateAll((all) =>
        all.filter((one) => (one as HTMLInputElement).value === "null").length
      ),
      0,
    );
    const version = { name: "candelabra", version: 3, aliases: ["champion"], data: "BTC/USD 1h", validation: 0.5 };
    await page.route("**/api/models/candelabra", (route) => route.fulfill({ json: { versions: [version] } }));
    await page.focus("#f-options-model");
    await page.waitForSelector('#f-options-model-list option[value="candelabra/3"]', { state: "attached" });
    await page.fill("#find", "alerts");
    await page.fill("#f-set-paper-alerts", "drawdwn(0.1)");
    await page.waitForSelector("#f-set-paper-alerts[aria-invalid]");
  },
);

browserTest("a report is opened from its job, in a tab shut off from the panel", async (page, test) => {
  const set = { "run.experiment": "writes", "data.exchange": `${test.folder}/reports` };
  const { body: { id } } = await test.ask("/api/jobs", {
    stage: "report",
    set,
    options: { notebook: "00_quickstart" },
  });
  await goTo(page, test, `jobs/${id}`);
  const [tab] = await Promise.all([page.waitForEvent("popup"), page.click("text=Open the report")]);
  await tab.waitForSelector("h1");
  assertEquals(await tab.locator("h1").innerText(), "It was found.");
  assert(!tab.url().includes(test.panel.token));
  assertEquals(await tab.evaluate(() => self.origin), "null"); // no way to what the panel keeps
  assertEquals(await tab.evaluate(() => self.opener), null);
  await goTo(page, test, "reports");
  await page.waitForSelector("text=A made up report");
});

browserTest("a trader is watched and killed after a question, on a phone", async (page, test) => {
  const id = await test.start("goes on", "paper");
  await goTo(page, test, `jobs/${id}`);
  for (
    const title of [
      "Equity",
      "Drawdown",
      "BTC/USDT: price and trades",
      "BTC/USDT: order book",
      "Positions, share of equity",
    ]
  ) {
    await page.locator("figure", { hasText: title }).first().waitFor();
  }
  await page.click("text=Kill switch");
  await page.keyboard.press("Escape"); // says no
  await page.waitForSelector("dialog", { state: "detached" });
  await page.click("text=Kill switch");
  await page.click("text=Flatten and stop");
  await page.locator(".toast", { hasText: "Kill switch pressed" }).waitFor();
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert(width <= 390, `the page is ${width} px wide`);
  const low = await page.evaluate(() =>
    [...document.querySelectorAll("button, .rail a")].filter((one) => {
      const { height, width } = one.getBoundingClientRect();
      return height > 0 && (height < 24 || width < 24);
    }).map(({ textContent }) => textContent)
  );
  assertEquals(low, []); // every target can be hit
}, true);

browserTest(
  "a trader that was stopped says so and is gone on with; a panel that is silent is told of",
  async (page, test) => {
    const { body: { id } } = await test.ask("/api/jobs", {
      stage: "paper",
      set: { "run.experiment": "goes on", "strategy.fast": "7" },
      options: { replay: "BTC/USD", name: "mine" },
    });
    await goTo(page, test, `jobs/${id}`);
    await page.waitForSelector("figure.chart canvas");
    assertMatch(await text(page, ".tile.good dd"), /^10,\d+[^]*\+10\d %$/); // since 5,000, not since the page opened
    await page.click("text=Stop");
    await page.waitForSelector(".pill.stopped");
    assertMatch(await text(page, ".notice:not(.lost)"), /^Stopped between two bars/);
    await page.click("text=Resume");
    await page.waitForFunction(() => document.querySelector(".command")?.textContent?.includes("--resume"));
    assertEquals(
      await text(page, ".command"),
      "deno task lab paper --replay=BTC/USD --name=mine --resume --preset=quick", // a session goes on as it began
    );
    await page.route("**/api/events", (route) => route.fulfill({ body: "" }));
    await page.reload();
    await page.waitForSelector(".lost:not([hidden])");
    await page.unroute("**/api/events");
    await page.waitForSelector(".lost", { state: "hidden" });
  },
);

browserTest("everything can be done with keys, in a sensible order, and themes have contrast", async (page, test) => {
  await page.keyboard.press("Tab");
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.waitForURL(/#\/start$/);
  assertEquals(await page.evaluate(() => document.activeElement?.tagName), "H1"); // where reading begins
  await page.keyboard.press("Tab");
  await page.locator('.start-tile[href="#/start/backtest"]').press("Enter");
  await page.waitForSelector("#preset");
  await page.keyboard.press("/");
  assertEquals(await page.evaluate(() => document.activeElement?.id), "find");
  await page.keyboard.type("fast");
  await page.keyboard.press("Tab"); // the section's fold
  await page.keyboard.press("Tab");
  assertEquals(await page.evaluate(() => document.activeElement?.id), "f-set-strategy-fast-momentum");
  await page.waitForFunction(() => document.querySelector(".command")?.textContent?.startsWith("deno task"));
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector(".pill.finished");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog.keys");
  await page.keyboard.press("Escape");
  for (const theme of ["light", "dark"]) {
    await page.evaluate((name) => document.documentElement.dataset.theme = name, theme);
    for (const place of ["", "start/train", "jobs", "reports"]) {
      await goTo(page, test, place);
      await page.waitForSelector("h1");
      assertEquals([theme, place, await page.evaluate(faint)], [theme, place, []]);
    }
  }
});

/** Texts with less contrast than WCAG's AA asks for. Runs in the browser. */
function faint(): string[] {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
  const channels = (colour: string) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const over = ([r, g, b, a]: number[], [r2, g2, b2]: number[]) =>
    [[r, r2], [g, g2], [b, b2]].map(([top, below]) => top * a / 255 + below * (1 - a / 255));
  const light = (rgb: number[]) => {
    const [r, g, b] = rgb.map((c) => c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element: Element | null): number[] => {
    if (!element) return [255, 255, 255];
    const own = channels(getComputedStyle(element).backgroundColor);
    return own[3] === 255 ? own.slice(0, 3) : over(own, behind(element.parentElement));
  };
  return [...document.querySelectorAll("body *")].filter((element) => {
    const shown = element instanceof HTMLElement && element.checkVisibility() &&
      !element.closest(".sr, .skip, [disabled], svg");
    return shown && [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim() !== "");
  }).flatMap((element) => {
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const back = behind(element);
    const [a, b] = [light(over(channels(color), back)), light(back)].sort((x, y) => y - x);
    const large = parseFloat(fontSize) >= 24 || (parseFloat(fontSize) >= 18.66 && Number(fontWeight) >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    return ratio < (large ? 3 : 4.5) ? [`${ratio.toFixed(2)} ${element.textContent!.trim().slice(0, 40)}`] : [];
  });
}
