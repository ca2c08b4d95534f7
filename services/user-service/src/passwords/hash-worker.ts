import { hashSync as argonHash, verifySync as argonVerify } from '@node-rs/argon2';
import { compareSync, hashSync } from 'bcryptjs';
import { argonCosts, type PasswordScheme, type SchemesInUse } from './scheme.js';

export type HashTask =
  | { readonly kind: 'hash'; readonly password: string; readonly scheme: PasswordScheme }
  | {
      readonly kind: 'verify';
      /** The password in its Unicode forms, the usual one first. */
      readonly forms: readonly string[];
      /** Hash of the account's password; undefined if the account does not exist. */
      readonly hash: string | undefined;
      readonly inUse: SchemesInUse;
    };

type Verify = Extract<HashTask, { kind: 'verify' }>;

function fits(hash: string, form: string): boolean {
  return hash.startsWith('$argon2') ? argonVerify(hash, form) : compareSync(form, hash);
}

/** Returns the cost of a bcrypt hash: verifying it takes 2^cost rounds. */
function costOf(hash: string | undefined): number | undefined {
  return hash?.startsWith('$2') ? Number(hash.slice(4, 6)) : undefined;
}

/**
 * Makes every failure take as long as one hash of each scheme in use, at its highest cost. For
 * bcrypt, one more hash of the same cost doubles the time spent so far, and so reaches the next
 * cost.
 */
function spendRemainingTime(form: string, hash: string | undefined, { bcrypt, argon2id }: SchemesInUse): void {
  const spent = costOf(hash);
  if (bcrypt !== undefined && spent === undefined) hashSync(form, bcrypt);
  for (let cost = spent ?? Number.POSITIVE_INFINITY; cost < (bcrypt ?? 0); cost++) hashSync(form, cost);
  if (argon2id && !hash?.startsWith('$argon2')) argonHash(form, argonCosts);
}

/** Returns the index of the form that matches, or -1. */
function verify({ forms, hash, inUse }: Verify): number {
  const found = hash === undefined ? -1 : forms.findIndex((form) => fits(hash, form));
  if (found < 0) for (const form of forms) spendRemainingTime(form, hash, inUse);
  return found;
}

/**
 * Entry point of the worker thread. Returns a new hash, or the index of the form that matches one.
 */
export default function work(task: HashTask): string | number {
  if (task.kind === 'verify') return verify(task);
  const { password, scheme } = task;
  return scheme.name === 'bcrypt' ? hashSync(password, scheme.cost) : argonHash(password, argonCosts);
}
