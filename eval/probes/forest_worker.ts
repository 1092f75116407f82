/**
 * Worker that grows blocks of trees.
 *
 * @module
 */
import { serveJobs } from "../../base/workers.ts";
import { prepareForest } from "./forest_jobs.ts";

serveJobs(prepareForest);
