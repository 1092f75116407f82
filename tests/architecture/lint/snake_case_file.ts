/**
 * Rule: source files have names in snake case.
 *
 * @module
 */
import { basename } from "node:path";

/** Reports a file whose name is not in snake case. */
export const snakeCaseFile: Deno.lint.Rule = {
  create(context) {
    return {
      Program(node) {
        const name = basename(context.filename.replaceAll("\\", "/"));
        if (/^[a-z0-9_]+(\.d)?\.[jt]s$/.test(name)) return;
        context.report({ node, message: `the file name ${name} is not in snake case`, hint: "Rename the file." });
      },
    };
  },
};
