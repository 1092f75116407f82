/**
 * Rule: tests start processes only through `tests/process.ts`.
 *
 * @module
 */

/** The helper, and the entry of the test suite, whose child is `deno test`. */
const ALLOWED = /\/tests\/(process|run)\.ts$/;

/** Reports other uses of `Deno.Command` and `node:child_process` in tests. */
export const oneProcessHelper: Deno.lint.Rule = {
  create(context) {
    const file = context.filename.replaceAll("\\", "/");
    if (!file.includes("/tests/") || ALLOWED.test(file)) return {};
    const report = (node: Deno.lint.Node) =>
      context.report({
        node,
        message: "a test starts a process by itself",
        hint: "Use tests/process.ts: it gives every process the same environment and lets none download anything.",
      });
    return {
      'MemberExpression[object.name="Deno"][property.name="Command"]': report,
      'ImportDeclaration[source.value="node:child_process"]': report,
    };
  },
};
