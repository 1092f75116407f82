/**
 * What a trained model makes of some pairs: reconstructions, translations of every view into every other, and samples, as grids.
 *
 * @module
 */
import { createLoader, pairsOfSplit, type Split } from "../../data/mod.ts";
import { DataError } from "../../data/errors.ts";
import { negativeLogLikelihoodImage, samplePosterior, samplePrior } from "../../models/mod.ts";
