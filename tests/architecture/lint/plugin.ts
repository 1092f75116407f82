/**
 * The project's own lint rules, which `deno lint` runs (`lint.plugins` in deno.json).
 *
 * @module
 */
import { errorSentence } from "./error_sentence.ts";
import { lineLength } from "./line_length.ts";
import { moduleDoc } from "./module_doc.ts";
import { oneProcessHelper } from "./one_process_helper.ts";
import { snakeCaseFile } from "./snake_case_file.ts";
import { everyTestRuns } from "./every_test_runs.ts";
import { noTypeEscape } from "./no_type_escape.ts";

const plugin: Deno.lint.Plugin = {
  name: "mmvm",
  rules: {
    "error-sentence": errorSentence,
    "every-test-runs": everyTestRuns,
    "line-length": lineLength,
    "module-doc": moduleDoc,
    "no-type-escape": noTypeEscape,
    "one-process-helper": oneProcessHelper,
    "snake-case-file": snakeCaseFile,
  },
};

export default plugin;
