/**
 * Splits text into the records of a CSV file.
 *
 * @module
 */

/** A line or record longer than this (in characters) is an unclosed quote or not a CSV file. */
export const MAX_RECORD = 1 << 20;

/** Recognised delimiters, most likely first. */
export const DELIMITERS = [",", ";", "\t", "|"] as const;

/** What {@linkcode CsvScanner} reports. */
export interface CsvHandlers {
  /** The delimiter, from the first record split by each candidate (`undefined`: its quotes do not fit that one). */
  chooseDelimiter: (candidates: readonly { delimiter: string; fields: string[] | undefined }[]) => string;
  /** A record, and the line on which it starts (from 1). Returning false ends the scan. */
  onRecord: (fields: string[], line: number) => boolean;
  /** A record with a misplaced or unclosed quote; only its first line is lost. */
  onBadQuote: (line: number) => boolean;
  /** A line of more than {@linkcode MAX_RECORD} characters. */
  onTooLong: (line: number) => void;
}

/** The fields of a record and the position of the next one. */
interface Split {
  fields: string[];
  next: number;
}

/**
 * A streaming CSV parser (RFC 4180 and common deviations from it): fields separated by the delimiter; quoted ones may
 * hold delimiters, line ends and doubled quotes, and may have spaces around them. Lines end with LF, CRLF or CR, also
 * mixed. Blank lines, and records of blank fields only, are skipped. A bad quote loses one line, never the rest of the
 * file: after an unclosed quote, parsing resumes at the next line.
 */
export class CsvScanner {
  readonly #handlers: CsvHandlers;
  #text = "";
  #at = 0;
  #line = 1;
  #final = false;
  #ended = false;
  #delimiter: string | undefined;
  /** Positions of the next line feed and carriage return at or after `#at`; -1 until looked for. */
  #lineFeed = -1;
  #carriageReturn = -1;

  constructor(handlers: CsvHandlers) {
    this.#handlers = handlers;
  }

  /** Feeds the next piece of text. */
  push(text: string): void {
    if (this.#ended || text === "") return;
    this.#text = this.#text.slice(this.#at) + text;
    this.#at = 0;
    this.#lineFeed = this.#carriageReturn = -1;
    this.#scan();
  }

  /** Signals the end of the text. */
  end(): void {
    if (this.#ended) return;
    this.#final = true;
    this.#lineFeed = this.#carriageReturn = -1;
    this.#scan();
    this.#ended = true;
  }

  #scan(): void {
    while (!this.#ended && this.#at < this.#text.length) {
      const end = this.#lineEnd();
      const length = (end ?? this.#text.length) - this.#at;
      if (length > MAX_RECORD) {
        this.#ended = true;
        this.#handlers.onTooLong(this.#line);
        return;
      }
      if (end === undefined) return;
      if (!this.#record(end)) return;
    }
  }

  /** Reads the record at `#at`, whose first line ends at `end`. Returns false if more text is needed. */
  #record(end: number): boolean {
    const text = this.#text;
    const first = text.slice(this.#at, end);
    if (isBlank(first)) {
      this.#advance(this.#afterLineEnd(end), 1);
      return true;
    }
    if (this.#delimiter === undefined) {
      const start = this.#at;
      if (!this.#chooseDelimiter(first)) return false;
      if (this.#at !== start) return true;
    }
    const delimiter = this.#delimiter!;
    const split = first.includes('"')
      ? this.#splitQuoted(delimiter)
      : { fields: first.split(delimiter), next: this.#afterLineEnd(end) };
    if (split === "incomplete") return false;
    const line = this.#line;
    if (split === "bad") {
      this.#advance(this.#afterLineEnd(end), 1);
      this.#ended = !this.#handlers.onBadQuote(line);
      return true;
    }
    this.#advance(split.next, countLines(text, this.#at, split.next));
    if (!split.fields.every(isBlank)) this.#ended = !this.#handlers.onRecord(split.fields, line);
    return true;
  }

  /** Chooses the delimiter, and skips a line that declares it; returns false if more text is needed. */
  #chooseDelimiter(first: string): boolean {
    // A line for Excel: `sep=;`.
    const declared = /^"?sep=(.)"?$/i.exec(first.trimEnd())?.[1];
    if (declared !== undefined && declared !== '"') {
      this.#delimiter = declared;
      this.#advance(this.#afterLineEnd(this.#at + first.length), 1);
      return true;
    }
    const candidates = [];
    for (const delimiter of DELIMITERS) {
      const split = first.includes('"') ? this.#splitQuoted(delimiter) : { fields: first.split(delimiter) };
      if (split === "incomplete") return false;
      candidates.push({ delimiter, fields: split === "bad" ? undefined : split.fields });
    }
    this.#delimiter = this.#handlers.chooseDelimiter(candidates);
    return true;
  }

  /** Splits the record at `#at`, which has quotes. */
  #splitQuoted(delimiter: string): Split | "bad" | "incomplete" {
    const text = this.#text;
    const start = this.#at;
    const cut = (): "bad" | "incomplete" => this.#final || text.length - start > MAX_RECORD ? "bad" : "incomplete";
    const fields: string[] = [];
    let at = start;
    for (;;) {
      const open = skipSpaces(text, at);
      let value: string;
      if (text[open] === '"') {
        const quoted = readQuoted(text, open + 1);
        if (quoted === undefined || quoted.end - start > MAX_RECORD) return cut();
        if (quoted.end >= text.length && !this.#final) return "incomplete";
        value = quoted.value;
        at = skipSpaces(text, quoted.end);
      } else {
        const end = fieldEnd(text, at, delimiter);
        if (text[end] === '"') return "bad";
        value = text.slice(at, end);
        at = end;
      }
      if (at >= text.length && !this.#final) return cut();
      fields.push(value);
      const next = text[at];
      if (next === undefined) return { fields, next: at };
      if (next === "\n" || next === "\r") {
        if (at + 1 >= text.length && !this.#final) return "incomplete";
        return { fields, next: this.#afterLineEnd(at) };
      }
      if (next !== delimiter) return "bad";
      at++;
    }
  }

  /** The end of the line at `#at` (or of the text, if final); `undefined` if it has not arrived yet. */
  #lineEnd(): number | undefined {
    const text = this.#text;
    if (this.#lineFeed < this.#at) this.#lineFeed = positionOf(text, "\n", this.#at);
    if (this.#carriageReturn < this.#at) this.#carriageReturn = positionOf(text, "\r", this.#at);
    const end = Math.min(this.#lineFeed, this.#carriageReturn);
    if (end === text.length) return this.#final ? end : undefined;
    // The line feed after a carriage return may come with the next piece.
    if (text[end] === "\r" && end + 1 === text.length && !this.#final) return undefined;
    return end;
  }

  #afterLineEnd(end: number): number {
    if (end >= this.#text.length) return this.#text.length;
    return this.#text[end] === "\r" && this.#text[end + 1] === "\n" ? end + 2 : end + 1;
  }

  #advance(to: number, lines: number): void {
    this.#at = to;
    this.#line += lines;
  }
}

/** True if the text has no visible character; U+001A ends old DOS files. */
function isBlank(text: string): boolean {
  return text === "" || text.trim() === "" || text === "\u001a";
}

function positionOf(text: string, character: string, from: number): number {
  const found = text.indexOf(character, from);
  return found < 0 ? text.length : found;
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text[at] === " ") at++;
  return at;
}

/** The end of an unquoted field: a delimiter, a line end, a quote, or the end of the text. */
function fieldEnd(text: string, from: number, delimiter: string): number {
  let at = from;
  for (; at < text.length; at++) {
    const character = text[at];
    if (character === delimiter || character === "\n" || character === "\r" || character === '"') break;
  }
  return at;
}

/** The content of a quoted field from behind its opening quote, and the position behind the closing one. */
function readQuoted(text: string, from: number): { value: string; end: number } | undefined {
  let value = "";
  let at = from;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return undefined;
    if (text[quote + 1] !== '"') return { value: value + text.slice(at, quote), end: quote + 1 };
    value += text.slice(at, quote + 1);
    at = quote + 2;
  }
}

/** Line ends in a stretch of text. */
function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10)) lines++;
  }
  return lines;
}
