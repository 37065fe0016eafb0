import { Command } from "commander";
import { formatTable } from "../report/table.ts";
import { type ConfigOptions, configured, print, resolve } from "./command.ts";

/** `lab config`: settings as they are resolved, and where each came from. */
export function configCommand(): Command {
  return configured(new Command("config"))
    .description("show the settings as resolved, and where each came from")
    .action((options: ConfigOptions) => {
      const { config, preset, origins, settings } = resolve(options);
      const rows = Object.entries(config).flatMap(([section, keys]) =>
        Object.entries(keys).map(([key, value]) => ({
          setting: `${section}.${key}`,
          value: Array.isArray(value) ? value.join(", ") : String(value),
          from: origins[`${section}.${key}`] ?? "default",
        }))
      );
      print(
        options,
        { preset, config, origins, settings },
        () => formatTable(rows, { caption: `preset ${preset}`, limit: Infinity }),
      );
    });
}
