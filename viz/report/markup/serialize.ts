/**
 * HTML serialisation that is safe for untrusted attribute values.
 *
 * @module
 */
import "./dom.ts";

const VOID = new Set([
  "area",
  "base",
  "br",
  "col",
  "embed",
  "hr",
  "img",
  "input",
  "link",
  "meta",
  "source",
  "track",
  "wbr",
]);
const RAW = new Set(["script", "style"]);
const ELEMENT_NODE = 1;
const TEXT_NODE = 3;

/**
 * Serialises a node to HTML, escaping as the HTML standard requires, plus `<` and `>` in attributes. Controls and lone
 * surrogates, which HTML cannot hold, become U+FFFD.
 *
 * linkedom's `outerHTML` does not escape `&` in attributes, so that a label `a&quot;b` would be read back as `a"b`.
 *
 * @throws {TypeError} If the text of a script or style element would close that element.
 */
export function serialize(node: Node): string {
  const parts: string[] = [];
  write(node, parts);
  return parts.join("");
}

function write(node: Node, parts: string[]): void {
  if (node.nodeType === TEXT_NODE) {
    parts.push(escapeText(node.nodeValue ?? ""));
    return;
  }
  if (node.nodeType !== ELEMENT_NODE) return;
  const element = node as Element;
  const name = element.localName;
  parts.push("<", name);
  for (const attribute of Array.from(element.attributes)) {
    parts.push(" ", attribute.name, '="', escapeAttribute(attribute.value), '"');
  }
  parts.push(">");
  if (VOID.has(name)) return;
  if (RAW.has(name)) parts.push(rawText(element));
  else for (let child = element.firstChild; child; child = child.nextSibling) write(child, parts);
  parts.push("</", name, ">");
}

function rawText(element: Element): string {
  const text = element.textContent ?? "";
  if (/<\/(script|style)|<!--/i.test(text)) {
    throw new TypeError(
      `the text of a ${element.localName} element must not contain a closing tag or a comment; escape "<" first`,
    );
  }
  return text;
}

/** Controls that HTML does not allow in text: all but tab, line feed and carriage return. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;

/** Escapes text; what HTML cannot hold (controls, lone surrogates) becomes U+FFFD. */
function escapeText(text: string): string {
  const valid = text.toWellFormed().replace(CONTROLS, "\ufffd");
  return /[&<>]/.test(valid) ? valid.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;") : valid;
}

function escapeAttribute(text: string): string {
  return escapeText(text).replace(/"/g, "&quot;");
}
