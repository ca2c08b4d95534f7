import { Visibility } from '@parley/contract';
import type { Visibility as StoredVisibility } from '@parley/database';
import { isPrintable, isUserId, limits, refuse } from '@parley/runtime';
import { isCommonPassword } from '../passwords/common-passwords.js';
import { usualForm } from '../passwords/passwords.js';
import { visibilities } from './profiles.js';

const email = /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u;

/**
 * Returns whether a text has the form of an email address. Does not verify that the address exists.
 */
export function isEmail(text: string): boolean {
  return email.test(text) && text === text.normalize('NFC') && text.length <= limits.emailCharacters;
}

/** Rules for new passwords: lax ones allow shorter and common passwords. */
export type PasswordRules = 'strict' | 'lax';

/**
 * Returns whether a text can be a password under lax rules. Longer texts and texts with NUL cannot,
 * because bcrypt ignores everything after 72 bytes or a NUL.
 */
export function isPassword(text: string): boolean {
  const bytes = Buffer.byteLength(text);
  return bytes >= limits.laxPasswordMinBytes && bytes <= limits.passwordMaxBytes && !text.includes('\0');
}

/**
 * Returns whether a text can be an account's password. Old passwords were measured before
 * normalisation.
 */
export function isOldPassword(text: string): boolean {
  return isPassword(text) || isPassword(usualForm(text));
}

/** Checks the form of a user id. */
export function checkUserId(text: string): void {
  if (!isUserId(text)) throw refuse('invalid-user-id');
}

/** Checks the form of the id of a new account, which must not look like the id of a guest. */
export function checkNewUserId(text: string): void {
  checkUserId(text);
  if (text.toLowerCase().startsWith('guest.'))
    throw refuse('invalid-user-id', { message: 'Ids that start with "guest." belong to guests. Choose another one.' });
}

/** Checks the form of an email address. */
export function checkEmail(text: string): void {
  if (!isEmail(text)) throw refuse('invalid-email');
}

/**
 * Checks a new password.
 * @throws {Refusal} `invalid-password`, `common-password`
 */
export function checkPassword(text: string, rules: PasswordRules): void {
  const password = usualForm(text);
  const { laxPasswordMinBytes: least, passwordMaxBytes: most } = limits;
  const message = `Invalid password. Use ${least} to ${most} bytes of UTF-8 without NUL.`;
  if (!isPassword(password)) throw refuse('invalid-password', rules === 'lax' ? { message } : {});
  if (rules === 'lax') return;
  if (Buffer.byteLength(password) < limits.passwordMinBytes) throw refuse('invalid-password');
  if (isCommonPassword(password)) throw refuse('common-password');
}

/** Checks the text that a user writes about themselves. */
export function checkAbout(text: string): void {
  if ([...text].length > limits.aboutCharacters || !isPrintable(text)) throw refuse('invalid-profile');
}

/**
 * Returns a visibility as it is stored; undefined if none is given.
 * @throws {Refusal} `invalid-profile`
 */
export function visibilityOf(given: Visibility): StoredVisibility | undefined {
  if (given === Visibility.UNSPECIFIED) return undefined;
  const [stored] = Object.entries(visibilities).find(([, one]) => one === given) ?? [];
  if (stored === undefined) throw refuse('invalid-profile');
  return stored as StoredVisibility;
}
