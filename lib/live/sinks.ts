import type { Settings } from "../config/environment.ts";
import type { Sink } from "./alert.ts";
import { logSink } from "./sink_log.ts";

/** A sink by name: what it needs of the environment, and how it is made. */
export interface SinkEntry {
  readonly help: string;
  /** The variable that asks for it; none for one that is always there. */
  readonly asks?: keyof Settings & keyof typeof variables;
  /** Others it cannot do without. */
  readonly needs: readonly (keyof Settings & keyof typeof variables)[];
  open(settings: Settings): Promise<Sink>;
}

/** Variables of the environment by their setting. */
const variables = {
  alertWebhookUrl: "ALERT_WEBHOOK_URL",
  alertWebhookSecret: "ALERT_WEBHOOK_SECRET",
  telegramBotToken: "TELEGRAM_BOT_TOKEN",
  telegramChatId: "TELEGRAM_CHAT_ID",
  smtpUrl: "SMTP_URL",
  alertEmailTo: "ALERT_EMAIL_TO",
} as const;

/** All ways to people, each loaded when it is used. */
export const sinks: Readonly<Record<string, SinkEntry>> = {
  log: { help: "lines of the log", needs: [], open: () => Promise.resolve(logSink()) },
  webhook: {
    help: "signed JSON to an address of yours (Standard Webhooks)",
    asks: "alertWebhookUrl",
    needs: ["alertWebhookSecret"],
    async open({ alertWebhookUrl: url, alertWebhookSecret: secret }) {
      return (await import("./sink_webhook.ts")).webhookSink({ url: url!, secret: secret! });
    },
  },
  telegram: {
    help: "messages of a Telegram bot",
    asks: "telegramBotToken",
    needs: ["telegramChatId"],
    async open({ telegramBotToken: token, telegramChatId: chat, telegramApiUrl: api }) {
      const { telegramSink } = await import("./sink_telegram.ts");
      return telegramSink({ token: token!, chat: chat!, ...(api === undefined ? {} : { api }) });
    },
  },
  email: {
    help: "e-mail by SMTP",
    asks: "smtpUrl",
    needs: ["alertEmailTo"],
    async open({ smtpUrl: url, alertEmailTo: to, alertEmailFrom: from }) {
      return (await import("./sink_email.ts")).emailSink({ url: url!, to: to!, from });
    },
  },
};

/**
 * The sinks that the environment asks for, the log always among them.
 *
 * @throws {RangeError} if one lacks something, or an address will not do
 */
export async function openSinks(settings: Settings): Promise<Sink[]> {
  const opened: Sink[] = [];
  for (const [name, { asks, needs, open }] of Object.entries(sinks)) {
    if (asks !== undefined && settings[asks] === undefined) continue;
    const lacking = needs.find((need) => settings[need] === undefined);
    if (asks !== undefined && lacking !== undefined) {
      throw new RangeError(
        `Cannot send alerts by ${name} as ${variables[lacking]} must be set where ${variables[asks]} is: it is not`,
      );
    }
    opened.push(await open(settings));
  }
  return opened;
}
