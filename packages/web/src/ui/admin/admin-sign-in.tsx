import { type FormEvent, type ReactNode, useEffect, useRef } from 'react';
import type { OperatorSession } from '../../live/operator-session.js';
import { adminWords } from '../../words/admin.js';
import { words } from '../../words/words.js';
import { Field } from '../field.js';
import { Mark } from '../mark.js';
import { Password, passwordIn } from '../password.js';
import { useAction } from '../use-action.js';
import { AdminRefusal } from './admin-refusal.js';
import { fieldText } from './confirmed-action.js';

interface AdminSignInProps {
  readonly session: OperatorSession;
  /** Text that says why the operator must sign in again. */
  readonly notice: string | undefined;
}

function SignInPlace({ children }: { children: ReactNode }) {
  const { title, slogan } = adminWords();
  return (
    <main className="sign-in">
      <header>
        <Mark size={40} />
        <h1>{title}</h1>
        <p>{slogan}</p>
      </header>
      {children}
    </main>
  );
}

/** The form to sign in as an operator. */
export function AdminSignIn({ session, notice }: AdminSignInProps) {
  const say = words().entry;
  const form = useRef<HTMLFormElement>(null);
  const { busy, refused, run } = useAction((data: FormData) =>
    session.signIn(fieldText(data, 'user'), passwordIn(data, 'password')),
  );
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(new FormData(event.currentTarget));
  };
  return (
    <SignInPlace>
      <form ref={form} onSubmit={onSubmit} aria-labelledby="sign-in-title">
        <h2 id="sign-in-title">{say.signIn}</h2>
        <Field label={say.userId}>
          {(ids) => (
            <input {...ids} name="user" autoComplete="username" autoCapitalize="none" spellCheck={false} required />
          )}
        </Field>
        <Password name="password" label={say.password} isNew={false} refused={undefined} />
        {refused === undefined && notice !== undefined && <p role="status">{notice}</p>}
        <AdminRefusal refused={refused} />
        <button className="primary" type="submit" disabled={busy}>
          {say.signIn}
        </button>
      </form>
    </SignInPlace>
  );
}
