import { hashSync as argonHash, verifySync as argonVerify } from '@node-rs/argon2';
import { compareSync, hashSync } from 'bcryptjs';
import { argonCosts, type PasswordScheme, type SchemesInUse } from './scheme.js';

export type HashTask =
  | { readonly kind: 'hash'; readonly password: string; readonly scheme: PasswordScheme }
  | {
      readonly kind: 'verify';
      /** The same password in its Unicode forms, the usual one first. */
      readonly forms: readonly string[];
      /** Undefined: nobody's. */
      readonly hash: string | undefined;
      readonly inUse: SchemesInUse;
    };

type Verify = Extract<HashTask, { kind: 'verify' }>;

function fits(hash: string, form: string): boolean {
  return hash.startsWith('$argon2') ? argonVerify(hash, form) : compareSync(form, hash);
}

/** Of a bcrypt hash its cost: all that was spent on it so far is 2 to the power of that. */
function costOf(hash: string | undefined): number | undefined {
  return hash?.startsWith('$2') ? Number(hash.slice(4, 6)) : undefined;
}

/**
 * Spends what a failure has not cost yet: each one costs as much as one hash of each scheme in use, at its highest cost.
 * To double what was spent on bcrypt at a cost is to do it once more, so each further cost takes one hash of the one before.
 */
function spendTheRest(form: string, hash: string | undefined, { bcrypt, argon2id }: SchemesInUse): void {
  const spent = costOf(hash);
  if (bcrypt !== undefined && spent === undefined) hashSync(form, bcrypt);
  for (let cost = spent ?? Number.POSITIVE_INFINITY; cost < (bcrypt ?? 0); cost++) hashSync(form, cost);
  if (argon2id && !hash?.startsWith('$argon2')) argonHash(form, argonCosts);
}

/** Which of the forms fits; -1: none. */
function verify({ forms, hash, inUse }: Verify): number {
  const found = hash === undefined ? -1 : forms.findIndex((form) => fits(hash, form));
  if (found < 0) for (const form of forms) spendTheRest(form, hash, inUse);
  return found;
}

/** Runs in a worker thread: a new hash, or which form of a password fits one. */
export default function work(task: HashTask): string | number {
  if (task.kind === 'verify') return verify(task);
  const { password, scheme } = task;
  return scheme.name === 'bcrypt' ? hashSync(password, scheme.cost) : argonHash(password, argonCosts);
}
