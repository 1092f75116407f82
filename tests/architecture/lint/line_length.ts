/**
 * Rule: lines have at most 120 columns, comments included, which the formatter does not wrap.
 *
 * Two exceptions: a line with a URL, and a line that one string, template or regular expression on it makes long (a
 * sentence, a test's name, a pattern).
 *
 * @module
 */

/** Longest line, in UTF-16 code units. */
export const MAX_COLUMNS = 120;

/** Reports lines that are too long. */
export const lineLength: Deno.lint.Rule = {
  create(context) {
    const literals: Deno.lint.Range[] = [];
    return {
      Literal: ({ range }) => void literals.push(range),
      TemplateLiteral: ({ range }) => void literals.push(range),
      "Program:exit"() {
        const { text } = context.sourceCode;
        const generated = /^\/\/ deno-fmt-ignore-file/.test(text);
        if (generated) return;
        let start = 0;
        for (const line of text.split("\n")) {
          const limit = start + MAX_COLUMNS;
          const end = start + line.length;
          const excused = /https?:\/\//.test(line) ||
            literals.some(([from, to]) => from >= start && to <= end && to > limit && from < limit);
          if (end > limit && !excused) {
            context.report({
              range: [limit, end],
              message: `the line has ${line.length} columns, ${line.length - MAX_COLUMNS} more than the limit`,
              hint: "Wrap the comment, or break the text at a space.",
            });
          }
          start = end + 1;
        }
      },
    };
  },
};
