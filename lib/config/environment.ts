import { join } from "node:path";
import { parseEnv } from "node:util";
import { didYouMean } from "../base/suggest.ts";
import { Secret } from "../base/secret.ts";

/** What the environment says of services and keys. None of it is ever part of a run's parameters. */
export interface Settings {
  readonly environment: "development" | "staging" | "production"; // ENV
  readonly exchangeApiKey?: Secret;
  readonly exchangeApiSecret?: Secret;
  readonly trackingUri?: string; // MLFLOW_TRACKING_URI
  readonly trackingUsername?: string;
  readonly trackingPassword?: Secret;
  readonly trackingToken?: Secret;
  readonly webSocketEndpoint?: string; // WEB_SOCKET_ENDPOINT
  readonly postgresUrl?: Secret; // may hold a password
  readonly redisUrl?: Secret;
  readonly alertWebhookUrl?: Secret; // its path is often a secret
  readonly alertWebhookSecret?: Secret;
  readonly telegramBotToken?: Secret;
  readonly telegramChatId?: string;
  readonly telegramApiUrl?: string; // another server of the bot API
  readonly smtpUrl?: Secret; // holds a password
  readonly alertEmailTo?: string;
  readonly alertEmailFrom?: string;
  readonly rayAddress?: string; // RAY_ADDRESS
}

/** Names the file that a command tells its events to. Like `LEASH`, no setting though it begins like one. */
export const EVENTS = "CANDELABRA_EVENTS";

/** Set where a command is to end when its standard input does: whoever started it and holds the other end is gone. */
export const LEASH = "CANDELABRA_LEASH";

const environments = ["development", "staging", "production"] as const;

/**
 * The environment's variables over those of `.env.<ENV>` over those of `.env`, in `folder`. `NAME_FILE` names a file
 * that holds the value, as secret managers mount them; it counts where `NAME` itself is not set. A notebook's kernel,
 * which may not read `.env` files, goes without them.
 *
 * @throws {RangeError} if ENV is not a known environment, or a `_FILE` cannot be read
 */
export function readEnvironment(folder = ".", own = Deno.env.toObject()): Readonly<Record<string, string>> {
  const base = readEnvFile(join(folder, ".env"));
  const name = own["ENV"] ?? base["ENV"] ?? "development";
  if (!environments.includes(name as never)) {
    throw new RangeError(`Cannot use ENV=${name} as it must be an environment: ${didYouMean(name, environments)}`);
  }
  const all: Record<string, string> = { ...base, ...readEnvFile(join(folder, `.env.${name}`)), ...own, ENV: name };
  for (const secret of [...secrets, "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"]) {
    const file = all[`${secret}_FILE`];
    if (file && !all[secret]) all[secret] = readSecretFile(`${secret}_FILE`, file);
  }
  return all;
}

const secrets = [
  ...["EXCHANGE_API_KEY", "EXCHANGE_API_SECRET", "POSTGRES_URL", "REDIS_URL"],
  ...["ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_SECRET", "TELEGRAM_BOT_TOKEN", "SMTP_URL"],
] as const;

/** The known names among the variables. */
export function settingsOf(variables: Readonly<Record<string, string>>): Settings {
  const secret = (name: string) => variables[name] ? new Secret(variables[name]) : undefined;
  return Object.fromEntries(
    Object.entries({
      environment: variables["ENV"] ?? "development",
      exchangeApiKey: secret("EXCHANGE_API_KEY"),
      exchangeApiSecret: secret("EXCHANGE_API_SECRET"),
      trackingUri: variables["MLFLOW_TRACKING_URI"],
      trackingUsername: variables["MLFLOW_TRACKING_USERNAME"],
      trackingPassword: secret("MLFLOW_TRACKING_PASSWORD"),
      trackingToken: secret("MLFLOW_TRACKING_TOKEN"),
      webSocketEndpoint: variables["WEB_SOCKET_ENDPOINT"],
      postgresUrl: secret("POSTGRES_URL"),
      redisUrl: secret("REDIS_URL"),
      alertWebhookUrl: secret("ALERT_WEBHOOK_URL"),
      alertWebhookSecret: secret("ALERT_WEBHOOK_SECRET"),
      telegramBotToken: secret("TELEGRAM_BOT_TOKEN"),
      telegramChatId: variables["TELEGRAM_CHAT_ID"],
      telegramApiUrl: variables["TELEGRAM_API_URL"],
      smtpUrl: secret("SMTP_URL"),
      alertEmailTo: variables["ALERT_EMAIL_TO"],
      alertEmailFrom: variables["ALERT_EMAIL_FROM"],
      rayAddress: variables["RAY_ADDRESS"],
    }).filter(([, value]) => value !== undefined && value !== ""),
  ) as unknown as Settings;
}

function readEnvFile(path: string): Record<string, string> {
  try {
    return { ...parseEnv(Deno.readTextFileSync(path)) } as Record<string, string>;
  } catch (error) {
    // Notebooks may not read it: they get no keys.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return {};
    throw error;
  }
}

function readSecretFile(name: string, path: string): string {
  try {
    return Deno.readTextFileSync(path).trimEnd();
  } catch (error) {
    throw new RangeError(`Cannot read the secret that ${name} names: ${(error as Error).message}`, { cause: error });
  }
}
