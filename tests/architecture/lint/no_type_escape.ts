/**
 * Rule: nothing switches off the type checker: no `any`, and no comment that silences it.
 *
 * @module
 */

/** Reports `any`, `@ts-ignore` and its like, and comments that allow `any`. */
export const noTypeEscape: Deno.lint.Rule = {
  create(context) {
    return {
      TSAnyKeyword(node) {
        context.report({
          node,
          message: "the type any switches off the type checker",
          hint: "Use unknown and narrow it.",
        });
      },
      "Program:exit"() {
        for (const { value, range } of context.sourceCode.getAllComments()) {
          if (
            !/^\s*@ts-(ignore|nocheck|expect-error)|^\s*deno-lint-ignore.*no-(explicit-any|type-escape)/.test(value)
          ) continue;
          context.report({
            range,
            message: "the comment switches off the type checker",
            hint: "Mend the type instead.",
          });
        }
      },
    };
  },
};
