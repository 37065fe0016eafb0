// @ts-check
/** The panel's API from the page: with the token, which stays in this tab. */

const KEY = "candelabra-token";

/** An answer that says no. */
export class Refusal extends Error {
  /** @param {number} status @param {string} detail @param {{ field: string, message: string }[]} errors */
  constructor(status, detail, errors = []) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

/** Takes the token out of the address, where the link of the command line has it, and keeps it for this tab. */
export function takeToken() {
  const found = location.hash.match(/^#token=([\w-]+)$/)?.[1];
  if (!found) return;
  sessionStorage.setItem(KEY, found);
  history.replaceState(null, "", "/#/");
}

/**
 * Asks the panel's other tabs for the token, so that a link opened in a new one works. Only pages of this very origin hear
 * it; reports have another.
 */
export async function borrowToken() {
  const channel = new BroadcastChannel(KEY);
  const found = await new Promise((resolve) => {
    channel.onmessage = ({ data }) => typeof data === "string" && data !== "" && resolve(data);
    channel.postMessage("");
    setTimeout(() => resolve(undefined), 300);
  });
  channel.close();
  if (typeof found === "string") sessionStorage.setItem(KEY, found);
}

/** Answers tabs that ask. */
export function lendToken() {
  const channel = new BroadcastChannel(KEY);
  channel.onmessage = ({ data }) => {
    const token = sessionStorage.getItem(KEY);
    if (data === "" && token) channel.postMessage(token);
  };
}

/** Keeps a token that a person pasted: the token itself, or the whole address. @param {string} text */
export function giveToken(text) {
  sessionStorage.setItem(KEY, text.trim().replace(/^.*#token=/, ""));
}

/** Whether there is one. */
export const hasToken = () => sessionStorage.getItem(KEY) !== null;

/** Forgets it: the server did not know it. */
export const dropToken = () => sessionStorage.removeItem(KEY);

const headers = () => ({ authorization: `Bearer ${sessionStorage.getItem(KEY) ?? ""}` });

/**
 * Asks. @param {string} path below /api/ @param {"GET" | "POST" | "DELETE"} [method] @param {unknown} [body]
 * @returns {Promise<any>}
 * @throws {Refusal}
 */
export async function ask(path, method = "GET", body = undefined) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(`/api/${path}`, {
      method,
      headers: { ...headers(), ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Refusal(0, "The panel does not answer: is `deno task panel` still running?");
  }
  if (response.status === 204) return undefined;
  const answer = await response.json();
  if (!response.ok) throw new Refusal(response.status, answer.detail ?? response.statusText, answer.errors);
  return answer;
}

/**
 * Follows what happens, for good: goes on from where it was after a break, and says `reset` where that is not known.
 *
 * @param {string} after a cursor
 * @param {(event: string, data: any, id: string) => void} onMessage
 * @param {(connected: boolean) => void} onState
 */
export async function follow(after, onMessage, onState) {
  let last = after;
  for (let wait = 500;; wait = Math.min(8000, wait * 2)) {
    try {
      const response = await fetch("/api/events", { headers: { ...headers(), "last-event-id": last } });
      if (response.status === 401) return onMessage("unknown", {}, last);
      if (!response.ok || !response.body) throw new Error(response.statusText);
      onState(true);
      wait = 500;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const messages = (rest + part.value).split("\n\n");
        rest = messages.pop() ?? "";
        for (const message of messages) {
          const field = (/** @type {string} */ name) => message.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
          const data = field("data");
          last = field("id") ?? last;
          if (data !== undefined) onMessage(field("event") ?? "message", JSON.parse(data), last);
        }
      }
    } catch (error) {
      console.debug("stream", error);
    }
    onState(false);
    await new Promise((resolve) => setTimeout(resolve, wait * (0.7 + 0.6 * Math.random())));
  }
}
