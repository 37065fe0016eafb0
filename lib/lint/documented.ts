/** Holds that everything lib/ exports says what it is, in a doc comment before it. */
export default {
  name: "documented",
  rules: {
    "exports-have-docs": {
      create(context) {
        if (!/\/lib\/(?!lint\/)/.test(context.filename.replaceAll("\\", "/"))) return {};
        return {
          ExportNamedDeclaration(node) {
            if (!node.declaration || overloaded(node)) return;
            const comments = context.sourceCode.getCommentsBefore(node);
            const last = comments.at(-1);
            if (last?.type === "Block" && last.value.startsWith("*")) return;
            context.report({ node, message: "What is exported needs a doc comment: what it gives, in one sentence" });
          },
        };
      },
    },
  },
} satisfies Deno.lint.Plugin;

/** The body of an overloaded function: its doc comment is on the first overload. */
function overloaded(node: Deno.lint.ExportNamedDeclaration): boolean {
  const { declaration, parent } = node;
  if (declaration?.type !== "FunctionDeclaration" || parent.type !== "Program") return false;
  const before = parent.body[parent.body.indexOf(node) - 1];
  return before?.type === "ExportNamedDeclaration" && before.declaration?.type === "TSDeclareFunction" &&
    before.declaration.id?.name === declaration.id?.name;
}
