import { type FormEvent, type ReactNode, useState } from 'react';
import { adminWords } from '../../words/admin.js';
import { words } from '../../words/words.js';
import { Field } from '../field.js';
import { useAction } from '../use-action.js';
import { AdminRefusal } from './admin-refusal.js';

interface ConfirmedActionProps {
  readonly label: string;
  /** What the action does. */
  readonly hint: string;
  readonly isDangerous?: boolean;
  /** Text that the operator must type before an action that cannot be undone. */
  readonly typed?: string;
  /** Fields of the form. */
  readonly children?: ReactNode;
  /** Does it. Returns the text to show afterwards, if any. */
  readonly act: (form: FormData) => Promise<string | undefined>;
}

/** An action that asks first. Shows its result, or why it was refused, at its place. */
export function ConfirmedAction({ label, hint, isDangerous = false, typed, children, act }: ConfirmedActionProps) {
  const [isAsked, setIsAsked] = useState(false);
  const [done, setDone] = useState<string>();
  const [text, setText] = useState('');
  const { busy, refused, run, forget } = useAction(async (form: FormData) => {
    setDone(await act(form));
    setIsAsked(false);
  });
  const toggle = () => {
    setIsAsked(!isAsked);
    setText('');
    setDone(undefined);
    forget();
  };
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(new FormData(event.currentTarget));
  };
  const className = isDangerous ? 'danger' : 'primary';
  return (
    <div className="confirmed">
      <button type="button" className="quiet" aria-expanded={isAsked} onClick={toggle}>
        {label}
      </button>
      <p role="status">{done}</p>
      {isAsked && (
        <form onSubmit={onSubmit}>
          <p className="hint">{hint}</p>
          {children}
          {typed !== undefined && <Typed id={typed} text={text} onText={setText} />}
          <div className="choices">
            <button type="submit" className={className} disabled={busy || (typed !== undefined && text !== typed)}>
              {label}
            </button>
            <button type="button" className="quiet" onClick={toggle}>
              {words().common.cancel}
            </button>
          </div>
        </form>
      )}
      <AdminRefusal refused={refused} />
    </div>
  );
}

function Typed({ id, text, onText }: { id: string; text: string; onText: (text: string) => void }) {
  const say = adminWords();
  return (
    <Field label={say.typeToConfirm(id)} hint={say.cannotUndo}>
      {(ids) => (
        <input
          {...ids}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={text}
          onChange={({ target }) => onText(target.value)}
        />
      )}
    </Field>
  );
}

/** The field of the reason that goes into the audit. */
export function ReasonField({ isRequired = false }: { isRequired?: boolean }) {
  return (
    <Field label={adminWords().reason}>
      {(ids) => <input {...ids} name="reason" autoComplete="off" maxLength={1_000} required={isRequired} />}
    </Field>
  );
}

/** Returns the text of a field of a form. */
export function fieldText(form: FormData, name: string): string {
  return String(form.get(name) ?? '').trim();
}
