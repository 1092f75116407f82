/**
 * Rule: no test is switched off, and none switches off the others.
 *
 * @module
 */

/** Reports `Deno.test.only`, `Deno.test.ignore`, and `only: true` or `ignore: true` in a test's definition. */
export const everyTestRuns: Deno.lint.Rule = {
  create(context) {
    const report = (node: Deno.lint.Node) =>
      context.report({
        node,
        message: "a test is left out, or leaves out all others",
        hint: "Give `ignore` a condition that some machines meet, or delete the test.",
      });
    const deno = '[callee.object.object.name="Deno"][callee.object.property.name="test"]';
    const definition = 'CallExpression[callee.object.name="Deno"][callee.property.name="test"] > ObjectExpression';
    return {
      [`CallExpression${deno}[callee.property.name=/^(only|ignore)$/]`]: report,
      [`${definition} > Property[key.name=/^(only|ignore)$/][value.value=true]`]: report,
    };
  },
};
