import { type FormEvent, useEffect, useRef } from 'react';
import type { Auth } from '../live/auth.js';
import { words } from '../words/words.js';
import { aboutNewPassword, Password, passwordIn } from './password.js';
import { SignInFrame } from './sign-in.js';
import { sentence, useAction } from './use-action.js';

/** What this form needs of a session. */
type PasswordReplacer = Pick<Auth, 'replacePassword' | 'signOut'>;

function replace(auth: PasswordReplacer, form: FormData): Promise<void> {
  return auth.replacePassword(String(form.get('current') ?? ''), passwordIn(form, 'new'));
}

/** The form to set a password in place of a one-time password. */
export function NewPassword({ auth }: { auth: PasswordReplacer }) {
  const { busy, refused, run, forget } = useAction((form: FormData) => replace(auth, form));
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(new FormData(event.currentTarget));
  };
  const say = words().entry;
  const isNewRefused = refused !== undefined && aboutNewPassword.has(refused.reason);
  return (
    <SignInFrame>
      <form ref={form} {...{ onSubmit }} onChange={forget} aria-labelledby="new-password-title">
        <h2 id="new-password-title">{say.chooseTitle}</h2>
        <p>{say.chooseHint}</p>
        <Password name="current" label={say.oneTime} isNew={false} refused={undefined} />
        <Password name="new" label={say.newPassword} isNew refused={isNewRefused ? refused.words : undefined} />
        <p className="refusal" role="alert">
          {refused === undefined || isNewRefused ? '' : sentence(refused.words)}
        </p>
        <button className="primary" type="submit" disabled={busy}>
          {say.setPassword}
        </button>
        <button className="quiet" type="button" onClick={() => auth.signOut()}>
          {say.cancel}
        </button>
      </form>
    </SignInFrame>
  );
}
