import { hashSync as argonHash, verifySync as argonVerify } from '@node-rs/argon2';
import { compareSync, hashSync } from 'bcryptjs';
import { argonCosts, type PasswordScheme } from './scheme.js';

export type HashTask =
  | { readonly kind: 'hash'; readonly password: string; readonly scheme: PasswordScheme }
  | { readonly kind: 'verify'; readonly password: string; readonly hash: string };

/** Runs in a worker thread: a new hash, or whether a password fits one. */
export default function work(task: HashTask): string | boolean {
  const { password } = task;
  if (task.kind === 'verify') {
    return task.hash.startsWith('$argon2') ? argonVerify(task.hash, password) : compareSync(password, task.hash);
  }
  return task.scheme.name === 'bcrypt' ? hashSync(password, task.scheme.cost) : argonHash(password, argonCosts);
}
