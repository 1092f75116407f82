/**
 * Worker that fits logistic regressions.
 *
 * @module
 */
import { serveJobs } from "../../base/workers.ts";
import { prepareLogistic } from "./prepare_logistic.ts";

serveJobs(prepareLogistic);
