import { createHash } from "node:crypto";

/**
 * The report's Content-Security-Policy: nothing may be loaded, sent, framed or submitted; only the scripts and styles whose
 * SHA-256 is listed may run, only embedded pictures may be shown, and no string may become markup.
 */
export function contentSecurityPolicy(inline: { scripts: readonly string[]; styles: readonly string[] }): string {
  return [
    "default-src 'none'",
    `script-src ${inline.scripts.map(hashSource).join(" ")}`,
    `style-src ${inline.styles.map(hashSource).join(" ")}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/** JSON that may stand inside a script element: no `<`, no line separators that older parsers reject. */
export function embeddableJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function hashSource(text: string): string {
  return `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;
}
