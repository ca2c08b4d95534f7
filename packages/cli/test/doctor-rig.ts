import { checksOf } from '../src/doctor/checks.js';
import { runCheck } from '../src/doctor/doctor.js';
import { type DoctorOptions, surroundingsOf } from '../src/doctor/surroundings.js';
import { CommandSession, type GlobalOptions } from '../src/session.js';

/** Options and environment of `parley doctor`. */
export interface Given extends GlobalOptions, Partial<DoctorOptions> {
  readonly env?: NodeJS.ProcessEnv;
  /** Names of the checks to run. Default: all. */
  readonly only?: readonly string[];
  /** Data folder of the `npm start` without options. */
  readonly usualData?: string;
}

/** Longest time of a check, in milliseconds, which no test reaches. */
const withinMs = 240_000;

/** A finding as text, with its check and level. */
export type Line = string;

/** Runs the checks, as `parley doctor` does. Steps may take long, because the machine may be busy. */
export async function diagnose(given: Given): Promise<Line[]> {
  const { env = {}, only, idle = 0.2, timeout = 60, gateway, database, data, usualData, ...globals } = given;
  const session = new CommandSession({ login: '/nonexistent/login.json', ...globals });
  const texts = { ...(gateway && { gateway }), ...(database && { database }), ...(data && { data }) };
  const where = await surroundingsOf(session, { ...texts, idle, timeout }, env, usualData);
  const checks = checksOf(where).filter(({ name }) => only?.includes(name) ?? true);
  const found = await Promise.all(
    checks.map(async (check) => {
      const findings = await runCheck(check, withinMs);
      return findings.map(
        ({ level, about, words, change }) => `${level} ${check.name}: ${about}: ${words} ${change ?? ''}`,
      );
    }),
  );
  return found.flat();
}

/** Returns the faults and warnings only. */
export async function complaints(given: Given): Promise<Line[]> {
  const lines = await diagnose(given);
  return lines.filter((line) => /^(fault|warning) /.test(line));
}
