/**
 * Rule: every module says what it is for, in a doc comment with `@module` before its first statement. Test files need
 * none: the names of their tests say it.
 *
 * @module
 */

/** Reports a module without a `@module` comment at its top. */
export const moduleDoc: Deno.lint.Rule = {
  create(context) {
    if (/_test\.ts$/.test(context.filename)) return {};
    return {
      Program(node) {
        const first = node.body[0];
        const documented = context.sourceCode.getAllComments().some(({ type, value, range }) =>
          type === "Block" && value.startsWith("*") && /^\s*\*?\s*@module\b/m.test(value) &&
          (first === undefined || range[0] < first.range[0])
        );
        if (documented) return;
        context.report({
          range: [0, Math.min(1, context.sourceCode.text.length)],
          message: "the module has no doc comment with @module before its first statement",
          hint: "Say in a sentence or two what the module is for.",
        });
      },
    };
  },
};
