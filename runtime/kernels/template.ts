/**
 * The one way in which WGSL text is composed: names filled in, sections kept or dropped, bodies repeated.
 *
 * - `{{NAME}}` is replaced by a value;
 * - `{{#if NAME}} ... {{else}} ... {{/if}}` keeps one of its parts (false, 0 and "" are no);
 * - `{{#for I in N}} ... {{/for}}` repeats its body N times (a name or a number) with `{{I}}` = 0, 1, ..., N-1.
 *
 * Sections nest. Sizes of a shape do not belong here but in `override` constants or uniforms, so that pipelines are shared.
 *
 * @module
 */

/** Values of a template's names. */
export type TemplateValues = Readonly<Record<string, string | number | boolean>>;

type Part =
  | string
  | { readonly name: string }
  | { readonly name: string; readonly yes: readonly Part[]; readonly no: readonly Part[] }
  | { readonly name: string; readonly count: string; readonly body: readonly Part[] };

const TAG = /(\{\{[^{}]*\}\})/;

/**
 * Fills in a template.
 *
 * @example
 * ```ts
 * fillTemplate("{{#for I in COUNT}}sum += a{{I}};{{/for}}", { COUNT: 2 }); // "sum += a0;sum += a1;"
 * ```
 * @throws {TypeError} for a name without a value, a count that is not a whole number, or a section that is not closed.
 */
export function fillTemplate(template: string, values: TemplateValues): string {
  return render(parse(template), values);
}

function parse(template: string): Part[] {
  const tokens = template.split(TAG);
  let next = 0;

  /** Reads the parts before the tag `closing` (or `{{else}}`, for a condition); at the top level before the end. */
  function section(closing: string): { parts: Part[]; closedBy: string } {
    const parts: Part[] = [];
    while (next < tokens.length) {
      const token = tokens[next++] ?? "";
      if (!token.startsWith("{{")) {
        parts.push(token);
        continue;
      }
      const tag = token.slice(2, -2).trim();
      if (tag === closing || (tag === "else" && closing === "/if")) return { parts, closedBy: tag };
      if (tag.startsWith("#if ")) {
        const yes = section("/if");
        const no = yes.closedBy === "else" ? section("/if").parts : [];
        parts.push({ name: tag.slice(4).trim(), yes: yes.parts, no });
      } else if (tag.startsWith("#for ")) {
        const [, name, count] = /^#for (\w+) in (\w+)$/.exec(tag) ?? [];
        if (!name || !count) throw new TypeError(`template: a loop reads {{#for NAME in COUNT}}, not ${token}`);
        parts.push({ name, count, body: section("/for").parts });
      } else if (/^\w+$/.test(tag) && tag !== "else") {
        parts.push({ name: tag });
      } else {
        throw new TypeError(`template: ${token} is neither a name nor the end of an open section`);
      }
    }
    if (closing) throw new TypeError(`template: {{${closing}}} is missing`);
    return { parts, closedBy: "" };
  }

  return section("").parts;
}

function render(parts: readonly Part[], values: TemplateValues): string {
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") text += part;
    else if ("yes" in part) text += render(lookUp(values, part.name) ? part.yes : part.no, values);
    else if ("body" in part) {
      const times = Number(/^\d+$/.test(part.count) ? part.count : lookUp(values, part.count));
      if (!Number.isInteger(times) || times < 0) {
        throw new TypeError(`template: {{#for ${part.name} in ${part.count}}} needs a whole number, got ${times}`);
      }
      for (let i = 0; i < times; i++) text += render(part.body, { ...values, [part.name]: i });
    } else text += lookUp(values, part.name);
  }
  return text;
}

function lookUp(values: TemplateValues, name: string): string | number | boolean {
  const value = values[name];
  if (value === undefined) throw new TypeError(`template: {{${name}}} has no value`);
  return value;
}
