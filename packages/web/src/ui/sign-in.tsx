import { refuse } from '@parley/client';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { Auth } from '../live/auth.js';
import { bytesOf } from '../state/bytes.js';
import { Field } from './field.js';
import { Mark } from './mark.js';
import { sentence, useAction } from './use-action.js';

interface SignInProps {
  readonly auth: Auth;
  /** Text that says why the user must sign in again. */
  readonly notice: string | undefined;
}

function textOf(form: FormData, name: string): string {
  return String(form.get(name) ?? '').trim();
}

async function submit(auth: Auth, isNew: boolean, form: FormData): Promise<void> {
  const userId = textOf(form, 'user');
  const password = String(form.get('password') ?? '');
  if (bytesOf(password) < passwordBytes.least || bytesOf(password) > passwordBytes.most)
    throw refuse('invalid-password');
  if (!isNew) return auth.signIn(userId, password);
  await auth.signUp({ userId, password, name: textOf(form, 'name') || userId });
}

type Refusable = 'user' | 'name' | 'password';

/** The field to which a refusal belongs, by reason. */
const fieldOf: Readonly<Record<string, Refusable>> = {
  'invalid-user-id': 'user',
  'user-id-taken': 'user',
  'invalid-name': 'name',
  'invalid-password': 'password',
  'common-password': 'password',
};

const userIdHint =
  '1 to 64 letters, digits, dots, hyphens or underscores, starting with a letter or digit. You cannot change it later.';

/**
 * Length of a password in bytes, as the server requires. A longer one is refused, not truncated.
 */
const passwordBytes = { least: 8, most: 72 };

/** Returns whether a refusal is about a field, so that a new text in the field clears it. */
function isAbout(reason: string, field: string): boolean {
  return (fieldOf[reason] ?? field) === field;
}

/** The state, messages and handlers of the form. */
function useSignIn(auth: Auth, notice: string | undefined) {
  const [isNew, setIsNew] = useState(false);
  const { busy, refused, run, forget } = useAction((form: FormData) => submit(auth, isNew, form));
  const onChange = ({ target }: FormEvent<HTMLFormElement>) => {
    if (refused !== undefined && target instanceof HTMLInputElement && isAbout(refused.reason, target.name)) forget();
  };
  const turn = () => {
    setIsNew(!isNew);
    forget();
  };
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(new FormData(event.currentTarget));
  };
  const field = refused && fieldOf[refused.reason];
  const says = field === undefined ? (refused?.words ?? (isNew ? undefined : notice)) : undefined;
  return { isNew, busy, turn, says, inFields: field && { [field]: refused.words }, onForm: { onSubmit, onChange } };
}

/** The form to sign in or create an account. */
export function SignIn({ auth, notice }: SignInProps) {
  const { isNew, busy, turn, says, inFields, onForm } = useSignIn(auth, notice);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  return (
    <main className="sign-in">
      <header>
        <Mark size={40} />
        <h1>Parley</h1>
        <p>Chat rooms on your own server.</p>
      </header>
      <form ref={form} {...onForm} aria-labelledby="sign-in-title">
        <h2 id="sign-in-title">{isNew ? 'Create an account' : 'Sign in'}</h2>
        <Fields isNew={isNew} refused={inFields} />
        <p className="refusal" role="alert">
          {says === undefined ? '' : sentence(says)}
        </p>
        <button className="primary" type="submit" disabled={busy}>
          {isNew ? 'Create account' : 'Sign in'}
        </button>
        <button className="quiet" type="button" onClick={turn}>
          {isNew ? 'I already have an account' : 'Create an account'}
        </button>
      </form>
    </main>
  );
}

interface FieldsProps {
  readonly isNew: boolean;
  /** Texts that say why the server rejected a value, by field. */
  readonly refused: { readonly [field in Refusable]?: string } | undefined;
}

function Fields({ isNew, refused }: FieldsProps) {
  return (
    <>
      <Field label="User ID" refused={refused?.user} hint={isNew ? userIdHint : undefined}>
        {(ids) => (
          <input {...ids} name="user" autoComplete="username" autoCapitalize="none" spellCheck={false} required />
        )}
      </Field>
      {isNew && (
        <Field
          label="Display name (optional)"
          refused={refused?.name}
          hint="The name that other people see. If empty, they see your user ID."
        >
          {(ids) => <input {...ids} name="name" autoComplete="name" />}
        </Field>
      )}
      <Password isNew={isNew} refused={refused?.password} />
    </>
  );
}

const passwordHint =
  '8 to 72 English letters, digits or symbols; other characters count as 2 to 4. Very common passwords are refused. Nobody can recover a forgotten password.';

/** The field of the password, with a button that shows it. */
function Password({ isNew, refused }: { isNew: boolean; refused: string | undefined }) {
  const [isShown, setIsShown] = useState(false);
  const autoComplete = isNew ? 'new-password' : 'current-password';
  return (
    <Field label="Password" refused={refused} hint={isNew ? passwordHint : undefined}>
      {(ids) => (
        <div className="password">
          <input
            {...ids}
            {...{ autoComplete }}
            name="password"
            type={isShown ? 'text' : 'password'}
            {...plain}
            required
          />
          <button type="button" className="quiet" onClick={() => setIsShown(!isShown)}>
            {isShown ? 'Hide password' : 'Show password'}
          </button>
        </div>
      )}
    </Field>
  );
}

/**
 * Attributes of a visible password field. They prevent automatic corrections and keep the password
 * away from spelling services.
 */
const plain = { autoCapitalize: 'none', autoCorrect: 'off', spellCheck: false };
