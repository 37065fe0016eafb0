import type { Secret } from "../base/secret.ts";
import type { Sink } from "./alert.ts";
import { checkAddress, postJson, temporaryPost } from "./post.ts";

/** A bot and whom it writes to. */
export interface TelegramOptions {
  readonly token: Secret;
  readonly chat: string; // its id, or "@channel"
  /** The bot API's address. */
  readonly api?: string;
}

/**
 * Alerts as messages of a Telegram bot, as plain text. Telegram knows no ids of ours: an answer that is lost on the way
 * back makes a message come twice.
 *
 * @throws {RangeError} if the API's address is not encrypted, loopback aside
 */
export function telegramSink({ token, chat, api = "https://api.telegram.org" }: TelegramOptions): Sink {
  checkAddress("TELEGRAM_API_URL", api, "https", "http");
  return {
    name: "telegram",
    temporary: temporaryPost,
    async send({ on, text, run }, signal) {
      const words = `${on ? "⚠" : "✓"} ${run === "" ? "" : `${run}: `}${text}`;
      const body = JSON.stringify({ chat_id: chat, text: words.slice(0, 4096), disable_web_page_preview: true });
      await postJson({ url: `${api.replace(/\/$/, "")}/bot${token.reveal()}/sendMessage`, body, signal });
    },
  };
}
