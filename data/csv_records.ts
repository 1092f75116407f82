/** A record longer than this is an unclosed quote or not a CSV file. */
const MAX_RECORD = 1 << 20;

/** Text that is not CSV, with the line where that shows. */
export class CsvSyntaxError extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/**
 * Splits CSV text (RFC 4180) into records, strictly: quotes stand around whole fields only and are closed. Lines end with LF or CRLF; empty
 * lines are passed over; a byte order mark is the caller's TextDecoder's business. Several times faster than a parser that looks at every byte,
 * because a line without a quote is split by the engine itself.
 */
export class CsvRecords {
  readonly #onRecord: (fields: string[], line: number) => void;
  /** Text of lines that are not complete yet. */
  #rest = "";
  /** Lines so far, and lines of the record that is open. */
  #line = 0;

  /** `onRecord` gets the fields and the line that the record ends on, from 1. */
  constructor(onRecord: (fields: string[], line: number) => void) {
    this.#onRecord = onRecord;
  }

  /** Takes the next piece of text. Throws {@linkcode CsvSyntaxError}. */
  push(text: string): void {
    const all = this.#rest + text;
    const used = this.#takeRecords(all);
    this.#rest = used === 0 ? all : all.slice(used);
    if (this.#rest.length > MAX_RECORD) {
      throw new CsvSyntaxError(
        "a record is longer than 1 MiB: a quote is not closed, or this is not a CSV file",
        this.#line + 1,
      );
    }
  }

  /** Takes what is left: a last line without a line end. */
  finish(): void {
    const rest = this.#rest;
    this.#rest = "";
    if (rest === "") return;
    this.#line += countLineEnds(rest) + (rest.endsWith("\n") ? 0 : 1);
    if (quoteIsOpen(rest) && quotedFields(rest, this.#line) === undefined) {
      throw new CsvSyntaxError("a quote is opened and never closed", this.#line);
    }
    this.#emit(rest);
  }

  /** Emits the complete records at the start of the text; returns how much of it they are. */
  #takeRecords(text: string): number {
    let start = 0;
    let end = text.indexOf("\n");
    while (end >= 0) {
      const line = text.slice(start, end);
      if (line.includes('"') && quoteIsOpen(line)) {
        // The line end is inside quotes, unless one is misplaced: the record goes on.
        quotedFields(line, this.#line + 1);
        const close = this.#recordEnd(text, start, end);
        if (close < 0) return start;
        this.#line += countLineEnds(text.slice(start, close + 1));
        this.#emit(text.slice(start, close));
        start = close + 1;
      } else {
        this.#line++;
        this.#emit(line);
        start = end + 1;
      }
      end = text.indexOf("\n", start);
    }
    return start;
  }

  /** The line end that closes a record whose quotes are open at the line end `end`; -1 where it is not there yet. */
  #recordEnd(text: string, start: number, end: number): number {
    let open = true;
    let at = end;
    while (at >= 0) {
      const next = text.indexOf("\n", at + 1);
      if (next < 0 || next - start > MAX_RECORD) return -1;
      if (quoteIsOpen(text.slice(at + 1, next))) open = !open;
      if (!open) return next;
      at = next;
    }
    return -1;
  }

  #emit(record: string): void {
    const text = record.endsWith("\r") ? record.slice(0, -1) : record;
    if (text === "") return;
    const fields = text.includes('"') ? quotedFields(text, this.#line) : text.split(",");
    this.#onRecord(fields!, this.#line);
  }
}

/** True where an odd number of quotes stands in the text. */
function quoteIsOpen(text: string): boolean {
  let open = false;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) open = !open;
  return open;
}

function countLineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** The fields of a record with quotes; `undefined` where the last quote is still open. */
function quotedFields(text: string, line: number): string[] | undefined {
  const fields: string[] = [];
  for (let at = 0;;) {
    if (text[at] === '"') {
      const close = closingQuote(text, at);
      if (close < 0) return undefined;
      if (close + 1 < text.length && text[close + 1] !== ",") {
        throw new CsvSyntaxError(`text follows a closing quote in field ${fields.length + 1}`, line);
      }
      fields.push(text.slice(at + 1, close).replaceAll('""', '"'));
      at = close + 1;
    } else {
      const comma = text.indexOf(",", at);
      const end = comma < 0 ? text.length : comma;
      const field = text.slice(at, end);
      if (field.includes('"')) {
        throw new CsvSyntaxError(`a quote stands inside the unquoted field ${fields.length + 1}`, line);
      }
      fields.push(field);
      at = end;
    }
    if (at >= text.length) return fields;
    at++;
  }
}

/** The quote that closes the one at `open`, doubled ones passed over; -1 where there is none. */
function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}
