/**
 * The schema of {@linkcode Generative}.
 *
 * @module
 */
import { z } from "zod";
import type {
  ClusterRecord,
  CoherenceRecord,
  DistanceRecord,
  Generative,
  MeanRecord,
  MixtureRecord,
  QualityRecord,
} from "./generative_record.ts";
import { intervalSchema } from "./interval_schema.ts";

const count = z.int().nonnegative();

const meanSchema: z.ZodType<MeanRecord> = z.object({ mean: z.number(), standardError: z.number().nullable() });

const qualitySchema: z.ZodType<QualityRecord> = z.object({
  from: z.string(),
  to: z.string(),
  images: count,
  mse: meanSchema,
  ssim: meanSchema.nullable(),
});

const coherenceSchema: z.ZodType<CoherenceRecord> = z.object({
  view: z.string(),
  source: z.enum(["real", "reconstruction", "translation"]),
  from: z.string().optional(),
  auroc: intervalSchema,
  labels: z.array(z.object({ label: z.string(), auroc: intervalSchema })),
  accuracy: intervalSchema.optional(),
});

const distanceSchema: z.ZodType<DistanceRecord> = z.object({
  view: z.string(),
  source: z.enum(["real", "reconstruction", "translation", "mixture", "prior"]),
  from: z.string().optional(),
  images: count,
  distance: z.number().nonnegative(),
});

const clusterSchema: z.ZodType<ClusterRecord> = z.object({
  view: z.string(),
  studies: count,
  clusters: count,
  ari: z.number().nullable(),
  nmi: z.number().nullable(),
  silhouette: z.number().nullable(),
});

const mixtureSchema: z.ZodType<MixtureRecord> = z.object({
  view: z.string().optional(),
  dimensions: count,
  covariance: z.enum(["diagonal", "full"]),
  components: count,
  latents: count,
  heldOut: z.number(),
  bic: z.number(),
});

/** Checks {@linkcode Generative}. */
export const generativeSchema: z.ZodType<Generative> = z.object({
  run: z.string(),
  judge: z.object({ run: z.string(), features: count }),
  pairs: count,
  quality: z.array(qualitySchema),
  coherence: z.array(coherenceSchema),
  agreement: z.array(z.object({ source: z.enum(["mixture", "prior"]), samples: count, share: z.number() })),
  distances: z.array(distanceSchema),
  clusters: z.array(clusterSchema),
  mixtures: z.array(mixtureSchema),
  samples: z.array(z.object({ view: z.string(), size: count, items: z.array(z.string()) })),
  leftOut: z.array(z.string()),
});
