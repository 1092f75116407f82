/**
 * The report's defence against markup and script in untrusted names.
 *
 * @module
 */
import { createHash } from "node:crypto";

/**
 * Returns the report's Content-Security-Policy: nothing may be loaded, sent, framed or submitted; only scripts and
 * styles with a listed SHA-256 hash may run, only embedded images may be shown, and no string may be parsed as markup.
 *
 * @param inline.wasm Whether the scripts may compile WebAssembly. `'wasm-unsafe-eval'` allows that and no other
 * evaluation of data as code.
 */
export function contentSecurityPolicy(
  inline: { scripts: readonly string[]; styles: readonly string[]; wasm?: boolean },
): string {
  return [
    "default-src 'none'",
    `script-src ${[...inline.scripts.map(hashSource), ...(inline.wasm ? ["'wasm-unsafe-eval'"] : [])].join(" ")}`,
    `style-src ${inline.styles.map(hashSource).join(" ")}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/**
 * Serialises a value as JSON that is safe inside a script element: `<`, `>`, `&` and the line separators that older
 * JavaScript parsers reject are escaped.
 */
export function embeddableJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function hashSource(text: string): string {
  return `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;
}
