/**
 * The worker in which every reader is fuzzed.
 *
 * @module
 */
import { allReaders } from "./readers.ts";
import { serveCases } from "./serve_cases.ts";

serveCases(allReaders);
