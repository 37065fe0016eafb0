/** What Jupyter shows for a value: representations by MIME type, richest wins. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** The method a Jupyter kernel asks a value for when it is the last in a cell. */
export const DISPLAY: unique symbol = Symbol.for("Jupyter.display") as never;

/** A value that shows itself as the last expression of a notebook cell. */
export interface Displayable {
  [DISPLAY](): MimeBundle;
}

/** Gives `value` a way to show itself, and returns it. The method is not enumerable: printing and JSON ignore it. */
export function displayed<T extends object>(value: T, bundle: () => MimeBundle): T & Displayable {
  return Object.defineProperty(value, DISPLAY, { value: bundle, enumerable: false, configurable: true }) as
    & T
    & Displayable;
}
