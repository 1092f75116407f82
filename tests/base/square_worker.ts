/**
 * The worker of square_jobs.ts.
 *
 * @module
 */
import { serveJobs } from "../../base/workers.ts";
import { prepareSquare } from "./square_jobs.ts";

serveJobs(prepareSquare);
