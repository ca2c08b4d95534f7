import type * as z from 'zod';
import { nearest } from './nearest.js';
import { serviceLinks } from './service-links.js';
import { type Settings, type SettingsTableRow, settingsTable } from './settings.js';

const prefix = 'PARLEY_';

/** All problems of the environment, one line each, by variable name. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Returns the variables that only look like settings: Kubernetes sets them for a Service called
 * `parley...`.
 */
export function ignoredNames(env: NodeJS.ProcessEnv): string[] {
  return serviceLinks(env, prefix);
}

function withoutLinks(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const links = new Set(ignoredNames(env));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !links.has(name)));
}

function unknownName(name: string): string {
  const meant = nearest(name.slice(prefix.length), Object.keys(settingsTable));
  const guess = meant === undefined ? '' : ` Did you mean ${prefix}${meant}?`;
  return `${name} is not a setting.${guess} \`npx parley config\` lists them all.`;
}

/** Returns one line for each variable that has the prefix of settings but is not a setting. */
export function unknownNames(environment: NodeJS.ProcessEnv): string[] {
  return Object.keys(withoutLinks(environment))
    .filter((name) => name.startsWith(prefix) && !Object.hasOwn(settingsTable, name.slice(prefix.length)))
    .map(unknownName);
}

/** Returns a phrase that says what is wrong with a value. */
function issueWords({ issues: [issue] }: z.ZodError): string {
  if (issue?.code === 'too_big') return `use at most ${issue.maximum}`;
  if (issue?.code === 'too_small') return `use at least ${issue.minimum}`;
  return issue?.message ?? 'invalid value';
}

/**
 * Reads every `PARLEY_*` variable. Empty values and service links of Kubernetes count as not set.
 * @throws {SettingsError} with every unknown name and every invalid value.
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const env = withoutLinks(environment);
  const problems = unknownNames(env);
  const read = Object.entries(settingsTable).map(([key, row]: [string, SettingsTableRow<z.ZodType>]) => {
    const result = row.schema.safeParse(env[prefix + key] || row.fallback);
    if (!result.success) problems.push(`${prefix}${key} (${row.unit}): ${issueWords(result.error)}`);
    return [key, result.data];
  });
  if (problems.length > 0) throw new SettingsError(problems.join('\n'));
  return Object.fromEntries(read) as Settings;
}

/** One row of `parley config`: the value in effect, masked if it is secret. */
export interface SettingRow {
  readonly name: string;
  readonly unit: string;
  readonly fallback: string;
  readonly value: string;
  readonly doc: string;
}

/** Returns all settings with their values in `environment`, for people to read. */
export function describeSettings(environment: NodeJS.ProcessEnv): SettingRow[] {
  const env = withoutLinks(environment);
  return Object.entries(settingsTable).map(([key, row]: [string, SettingsTableRow<z.ZodType>]) => {
    const fallback = row.fallback ?? '';
    const given = env[prefix + key] || fallback;
    const value = row.secret === true && given !== '' ? '(secret)' : given;
    return { name: prefix + key, unit: row.unit, fallback, value, doc: row.doc };
  });
}
