/**
 * Rule: the message of an error is one sentence in lower case without a full stop, because it follows `error: ` or a
 * file's name: `error: the batch size must be a positive integer, not 0`.
 *
 * @module
 */

/** Capitalised words that may begin a message: names, which keep their capital. */
const NAMES = /^(Adam|Chromium|Deno|Laplace|Mesa|Vulkan|Winograd)\b/;

/** Reports messages that begin with a capital or end with a full stop. */
export const errorSentence: Deno.lint.Rule = {
  create(context) {
    if (/\/tests\//.test(context.filename.replaceAll("\\", "/"))) return {};
    return {
      "NewExpression[callee.name=/Error$/]"(node: Deno.lint.NewExpression) {
        for (const argument of node.arguments.slice(0, 1)) {
          const [first, last] = [firstText(argument), lastText(argument)];
          if (first !== undefined && isSentenceCase(first)) {
            context.report({ node: argument, message: "the error's message begins with a capital", hint: HINT });
          }
          if (last !== undefined && /(^|[^.])\.\s*$/.test(last)) {
            context.report({ node: argument, message: "the error's message ends with a full stop", hint: HINT });
          }
        }
      },
    };
  },
};

const HINT = "Write one sentence in lower case without a full stop: it follows `error: ` or a file's name.";

function isSentenceCase(text: string): boolean {
  return /^(A|[A-Z][a-z]+)(?=[\s,:']|$)/.test(text) && !NAMES.test(text);
}

/** The text that an expression begins with; `undefined` if that is not a literal. */
function firstText(node: Deno.lint.Node): string | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node.type === "TemplateLiteral") return node.quasis[0]?.cooked || undefined;
  return node.type === "BinaryExpression" && node.operator === "+" ? firstText(node.left) : undefined;
}

/** The text that an expression ends with; `undefined` if that is not a literal. */
function lastText(node: Deno.lint.Node): string | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node.type === "TemplateLiteral") return node.quasis.at(-1)?.cooked || undefined;
  return node.type === "BinaryExpression" && node.operator === "+" ? lastText(node.right) : undefined;
}
