import { refuse } from '@parley/client';
import { useState } from 'react';
import { bytesOf } from '../state/bytes.js';
import { words } from '../words/words.js';
import { Field } from './field.js';

/**
 * Length of a password in bytes, as the server requires. A longer one is refused, not truncated.
 */
const passwordBytes = { least: 8, most: 72 };

/**
 * Returns the password in a field of a form.
 * @throws {Refusal} `invalid-password`
 */
export function passwordIn(form: FormData, name: string): string {
  const password = String(form.get(name) ?? '');
  if (bytesOf(password) < passwordBytes.least || bytesOf(password) > passwordBytes.most)
    throw refuse('invalid-password');
  return password;
}

/** Reasons that are about a new password. */
export const aboutNewPassword: ReadonlySet<string> = new Set(['invalid-password', 'common-password']);

interface PasswordProps {
  readonly name: string;
  readonly label: string;
  /** Whether the user chooses the password here. */
  readonly isNew: boolean;
  /** Why the server rejected the value. */
  readonly refused: string | undefined;
}

/** The field of a password, with a button that shows it. */
export function Password({ name, label, isNew, refused }: PasswordProps) {
  const [isShown, setIsShown] = useState(false);
  const say = words().entry;
  const autoComplete = isNew ? 'new-password' : 'current-password';
  return (
    <Field label={label} refused={refused} hint={isNew ? say.passwordHint : undefined}>
      {(ids) => (
        <div className="password">
          <input {...ids} {...{ autoComplete, name }} type={isShown ? 'text' : 'password'} {...plain} required />
          <button type="button" className="quiet" onClick={() => setIsShown(!isShown)}>
            {isShown ? say.hidePassword : say.showPassword}
          </button>
        </div>
      )}
    </Field>
  );
}

/** Attributes that keep a shown password unchanged and away from spelling services. */
const plain = { autoCapitalize: 'none', autoCorrect: 'off', spellCheck: false };
