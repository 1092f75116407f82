/**
 * Worker that fits logistic regressions.
 *
 * @module
 */
import { serveJobs } from "../../base/workers.ts";
import { prepareLogistic } from "./logistic_jobs.ts";

serveJobs(prepareLogistic);
