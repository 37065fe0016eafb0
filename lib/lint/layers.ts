/** Folders of lib/ from the bottom up. A file imports from its own folder or from earlier lines. */
const layers = [
  ["base"],
  ["market", "resources"],
  ["data"],
  ["features", "sim"],
  ["strategies", "risk"],
  ["backtest", "env"],
  ["scenarios"],
  ["agent"],
  ["hyperopt", "track", "report"],
  ["config"],
  ["live"],
  ["pipeline"],
  ["panel"],
];
const rank = new Map(layers.flatMap((names, i) => names.map((name) => [name, i] as const)));

/** Holds the import order of lib/, in the editor and in `deno lint`. */
export default {
  name: "layers",
  rules: {
    "imports-point-down": {
      create(context) {
        const filename = context.filename.replaceAll("\\", "/");
        const from = filename.match(/.*\/lib\/([^/]+)\//)?.[1] ?? "";
        const check = (node: Deno.lint.Node & { source: Deno.lint.StringLiteral | null }) => {
          const path = node.source && URL.parse(node.source.value, `file:///${filename}`)?.pathname;
          const to = path?.match(/.*\/lib\/([^/]+)\//)?.[1];
          if (!to || to === from || !rank.has(from) || !rank.has(to)) return;
          if (rank.get(to)! < rank.get(from)!) return;
          context.report({
            node,
            message: `lib/${from} cannot import from lib/${to}: imports point down the list in lib/lint/layers.ts`,
          });
        };
        return {
          ImportDeclaration: check,
          ExportNamedDeclaration: (node) => check(node as never),
          ExportAllDeclaration: check,
        };
      },
    },
  },
} satisfies Deno.lint.Plugin;
