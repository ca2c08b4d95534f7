import { Refusal } from '@parley/client';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import type { Auth } from '../live/auth.js';
import { words } from '../words/words.js';
import { Field } from './field.js';
import { usePlace } from './hooks.js';
import { Mark } from './mark.js';
import { NameField } from './name-field.js';
import { Password, passwordIn } from './password.js';
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
  const password = passwordIn(form, 'password');
  if (!isNew) return auth.signIn(userId, password);
  await auth.signUp({ userId, password, name: textOf(form, 'name') || userId, invite: textOf(form, 'invite') });
}

type Refusable = 'user' | 'name' | 'password' | 'invite';

/** The field to which a refusal belongs, by reason. */
const fieldOf: Readonly<Record<string, Refusable>> = {
  'invalid-user-id': 'user',
  'user-id-taken': 'user',
  'invalid-name': 'name',
  'invalid-password': 'password',
  'common-password': 'password',
  'invite-not-found': 'invite',
};

/** Returns whether a refusal is about a field, so that a new text in the field clears it. */
function isAbout(reason: string, field: string): boolean {
  return (fieldOf[reason] ?? field) === field;
}

/** The state, messages and handlers of the form. */
function useSignIn(auth: Auth, notice: string | undefined) {
  const [isNew, setIsNew] = useState(false);
  const [needsInvite, setNeedsInvite] = useState(false);
  const noteInvite = (thrown: unknown) => {
    if (thrown instanceof Refusal && thrown.reason === 'invite-not-found') setNeedsInvite(true);
    throw thrown;
  };
  const { busy, refused, run, forget } = useAction((form: FormData) => submit(auth, isNew, form).catch(noteInvite));
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
  const inFields = field && { [field]: refused.words };
  return { isNew, needsInvite, busy, turn, says, inFields, onForm: { onSubmit, onChange } };
}

/** The frame of the forms for a user who is not signed in yet. */
export function SignInFrame({ children }: { children: ReactNode }) {
  return (
    <main className="sign-in">
      <header>
        <Mark size={40} />
        <h1>Parley</h1>
        <p>{words().entry.slogan}</p>
      </header>
      {children}
    </main>
  );
}

/** The form to sign in or create an account. */
export function SignIn({ auth, notice }: SignInProps) {
  const { isNew, needsInvite, busy, turn, says, inFields, onForm } = useSignIn(auth, notice);
  const form = useRef<HTMLFormElement>(null);
  const isInvited = usePlace().inviteId !== undefined;
  const say = words().entry;
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  return (
    <SignInFrame>
      <form ref={form} {...onForm} aria-labelledby="sign-in-title">
        <h2 id="sign-in-title">{isNew ? say.newAccount : say.signIn}</h2>
        {isInvited && <p className="hint">{say.invited}</p>}
        <Fields isNew={isNew} needsInvite={needsInvite} refused={inFields} />
        <p className="refusal" role="alert">
          {says === undefined ? '' : sentence(says)}
        </p>
        <button className="primary" type="submit" disabled={busy}>
          {isNew ? say.createAccount : say.signIn}
        </button>
        <button className="quiet" type="button" onClick={turn}>
          {isNew ? say.haveAccount : say.newAccount}
        </button>
      </form>
    </SignInFrame>
  );
}

interface FieldsProps {
  readonly isNew: boolean;
  /** Whether the server accepts only users with an invitation. */
  readonly needsInvite: boolean;
  /** Texts that say why the server rejected a value, by field. */
  readonly refused: { readonly [field in Refusable]?: string } | undefined;
}

function Fields({ isNew, needsInvite, refused }: FieldsProps) {
  const say = words().entry;
  return (
    <>
      <Field label={say.userId} refused={refused?.user} hint={isNew ? say.userIdHint : undefined}>
        {(ids) => (
          <input {...ids} name="user" autoComplete="username" autoCapitalize="none" spellCheck={false} required />
        )}
      </Field>
      {isNew && (
        <NameField label={say.displayName} refused={refused?.name} hint={say.displayNameHint} autoComplete="name" />
      )}
      <Password name="password" label={say.password} isNew={isNew} refused={refused?.password} />
      {isNew && needsInvite && (
        <Field label={say.invite} refused={refused?.invite}>
          {(ids) => (
            <input {...ids} name="invite" autoComplete="off" autoCapitalize="none" spellCheck={false} required />
          )}
        </Field>
      )}
    </>
  );
}
