import { type FormEvent, useState } from 'react';
import type { Front } from '../live/front.js';
import { Field } from './field.js';
import { Mark } from './mark.js';
import { sentence, useAction } from './use-action.js';

interface SignInProps {
  readonly front: Front;
  /** Why one must sign in again. */
  readonly notice: string | undefined;
}

function textOf(form: FormData, name: string): string {
  return String(form.get(name) ?? '').trim();
}

async function submit(front: Front, isNew: boolean, form: FormData): Promise<void> {
  const userId = textOf(form, 'user');
  const password = String(form.get('password') ?? '');
  if (!isNew) return front.signIn(userId, password);
  await front.signUp({ userId, password, name: textOf(form, 'name') || userId });
}

/** Sign in, or make an account. */
export function SignIn({ front, notice }: SignInProps) {
  const [isNew, setIsNew] = useState(false);
  const { busy, refused, run } = useAction((form: FormData) => submit(front, isNew, form));
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(new FormData(event.currentTarget));
  };
  const says = refused ?? (isNew ? undefined : notice);
  return (
    <main className="front">
      <header>
        <Mark size={40} />
        <h1>Parley</h1>
        <p>Rooms to talk in, on a server of your own.</p>
      </header>
      <form onSubmit={onSubmit} aria-labelledby="front-title">
        <h2 id="front-title">{isNew ? 'Create an account' : 'Sign in'}</h2>
        <Fields isNew={isNew} />
        <p className="refusal" role="alert">
          {says === undefined ? '' : sentence(says)}
        </p>
        <button className="primary" type="submit" disabled={busy}>
          {isNew ? 'Create account' : 'Sign in'}
        </button>
        <button className="quiet" type="button" onClick={() => setIsNew(!isNew)}>
          {isNew ? 'I have an account' : 'Create an account'}
        </button>
      </form>
    </main>
  );
}

function Fields({ isNew }: { isNew: boolean }) {
  const passwords = isNew ? 'new-password' : 'current-password';
  return (
    <>
      <Field label="User name" {...(isNew && { hint: 'Letters, digits, dots, dashes. It cannot be changed later.' })}>
        {(ids) => (
          <input
            {...ids}
            name="user"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            maxLength={64}
          />
        )}
      </Field>
      {isNew && (
        <Field label="Display name" hint="What others see.">
          {(ids) => <input {...ids} name="name" autoComplete="name" maxLength={64} />}
        </Field>
      )}
      <Field label="Password" {...(isNew && { hint: 'At least 8 characters.' })}>
        {(ids) => (
          <input
            {...ids}
            name="password"
            type="password"
            autoComplete={passwords}
            required
            minLength={8}
            maxLength={72}
          />
        )}
      </Field>
    </>
  );
}
