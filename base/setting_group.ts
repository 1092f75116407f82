/**
 * Groups of settings in the shape of a file: `{ model: { imageSize: integer(...) } }` declares the field
 * `model.imageSize` of a JSON file and the flag `--image-size`. The file's schema, its type, the table of flags and the
 * conversion between flags and file all follow from the group.
 *
 * @module
 */
import { z } from "zod";
import type { Setting } from "./setting.ts";

/** An optional field of files that has no flag. */
export interface FileOnly<T> {
  readonly fileOnly: z.ZodType<T>;
}

/** The entries of a group, by the name of the file's field. */
export interface SettingGroup {
  readonly [field: string]: Setting<unknown> | FileOnly<unknown> | SettingGroup;
}

/** A setting that files may lack, because older files do not have it or its absence has a meaning. */
export function optional<S extends Setting<unknown>>(setting: S): S & { readonly inFile: "optional" } {
  return { ...setting, inFile: "optional" };
}

/** A setting that files contain only if it differs from the default, so that older files keep their meaning. */
export function unlessDefault<S extends Setting<unknown>>(setting: S): S & { readonly inFile: "unless-default" } {
  return { ...setting, inFile: "unless-default" };
}

/** A setting whose flag has another name than its field. */
export function named<const N extends string, S extends Setting<unknown>>(
  flag: N,
  setting: S,
): S & { readonly flag: N } {
  return { ...setting, flag };
}

/** A field without a flag. */
export function fileOnly<T>(schema: z.ZodType<T>): FileOnly<T> {
  return { fileOnly: schema };
}

type ValueOf<E> = E extends FileOnly<infer T> ? T
  : E extends { readonly schema: z.ZodType<infer T> } ? T
  : GroupValues<E>;

type OptionalFields<G> = {
  [K in keyof G]: G[K] extends FileOnly<unknown> | { readonly inFile: string } ? K : never;
}[keyof G];

type Flattened<T> = { [K in keyof T]: T[K] };

/** The type of a group's part of a file. */
export type GroupValues<G> = Flattened<
  & { -readonly [K in Exclude<keyof G, OptionalFields<G>>]: ValueOf<G[K]> }
  & { -readonly [K in OptionalFields<G>]?: ValueOf<G[K]> }
>;

type FlagName<K, E> = E extends { readonly flag: infer N extends string } ? N : K & string;

type Intersection<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void ? I : never;

/** The flags of a group, those of the groups in it included. */
export type GroupFlags<G> = Flattened<
  Intersection<
    {
      [K in keyof G]: G[K] extends FileOnly<unknown> ? never
        : G[K] extends Setting<unknown> ? { readonly [N in FlagName<K, G[K]>]: G[K] }
        : GroupFlags<G[K]>;
    }[keyof G]
  >
>;

/** The flags of a group by name, in its order. */
export function flagsOf<G extends SettingGroup>(group: G): GroupFlags<G> {
  const flags: Record<string, Setting<unknown>> = {};
  for (const [field, entry] of Object.entries(group)) {
    if (isSetting(entry)) flags[flagName(field, entry)] = entry;
    else if (!isFileOnly(entry)) Object.assign(flags, flagsOf(entry));
  }
  return flags as GroupFlags<G>;
}

/** The schema of a group's part of a file; unknown fields are dropped, and fields are in the group's order. */
export function schemaOf<G extends SettingGroup>(group: G): z.ZodType<GroupValues<G>> {
  const fields = Object.entries(group).map(([field, entry]) => {
    if (isFileOnly(entry)) return [field, entry.fileOnly.exactOptional()] as const;
    if (!isSetting(entry)) return [field, schemaOf(entry)] as const;
    return [field, mayBeAbsent(entry) ? entry.schema.exactOptional() : entry.schema] as const;
  });
  return z.object(Object.fromEntries(fields)) as unknown as z.ZodType<GroupValues<G>>;
}

/** Converts values of flags, by name, to a group's part of a file. Settings without a value are left out. */
export function fromFlags<G extends SettingGroup>(group: G, values: Readonly<Record<string, unknown>>): GroupValues<G> {
  const file: Record<string, unknown> = {};
  for (const [field, entry] of Object.entries(group)) {
    if (isFileOnly(entry)) continue;
    const value = isSetting(entry) ? values[flagName(field, entry)] : fromFlags(entry, values);
    if (value === undefined || (isUnlessDefault(entry) && value === entry.default)) continue;
    file[field] = value;
  }
  return file as GroupValues<G>;
}

/** Converts a group's part of a file to values of flags, by name; absent fields get their defaults. */
export function toFlags<G extends SettingGroup>(group: G, file: GroupValues<G>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [field, entry] of Object.entries(group)) {
    const value = (file as Record<string, unknown>)[field];
    if (isSetting(entry)) values[flagName(field, entry)] = value ?? entry.default;
    else if (!isFileOnly(entry)) Object.assign(values, toFlags(entry, value as GroupValues<typeof entry>));
  }
  return values;
}

type Entry = SettingGroup[string];

function isFileOnly(entry: Entry): entry is FileOnly<unknown> {
  return "fileOnly" in entry;
}

function isSetting(entry: Entry): entry is Setting<unknown> {
  return "placeholder" in entry;
}

function mayBeAbsent(entry: Setting<unknown>): boolean {
  return "inFile" in entry;
}

function isUnlessDefault(entry: Entry): entry is Setting<unknown> {
  return isSetting(entry) && "inFile" in entry && entry.inFile === "unless-default";
}

function flagName(field: string, entry: Setting<unknown>): string {
  return "flag" in entry ? entry.flag as string : field;
}
