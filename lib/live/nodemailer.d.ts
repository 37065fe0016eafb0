// What is used of `nodemailer`. Its own types bring Node's, which change the types of everything beside them.

/** A letter. */
export interface Letter {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A way to a mail server. */
export interface Transport {
  sendMail(letter: Letter): Promise<unknown>;
  close(): void;
}

/** What a transport is told. */
export interface TransportOptions {
  readonly url: string; // "smtps://user:password@host:465"
  readonly requireTLS: boolean;
  readonly connectionTimeout: number; // ms
  readonly greetingTimeout: number;
  readonly socketTimeout: number;
  readonly disableFileAccess: boolean;
  readonly disableUrlAccess: boolean;
}

declare const nodemailer: { createTransport(options: TransportOptions): Transport };
export default nodemailer;
