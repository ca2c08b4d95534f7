import { type ReactNode, useId } from 'react';
import { sentence } from './use-action.js';

interface ControlProps {
  readonly id: string;
  readonly 'aria-describedby'?: string;
  readonly 'aria-invalid'?: true;
}

interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  /** Why what is in it was refused. */
  readonly refused?: string | undefined;
  /** The control, with what it must bear. */
  readonly children: (props: ControlProps) => ReactNode;
}

/** A control with its label, and what is to be known about it. */
export function Field({ label, hint, refused, children }: FieldProps) {
  const id = useId();
  const [hintId, refusedId] = [`${id}-hint`, `${id}-refused`];
  const described = [refused !== undefined && refusedId, hint !== undefined && hintId].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(described !== '' && { 'aria-describedby': described }),
        ...(refused !== undefined && { 'aria-invalid': true }),
      })}
      {refused !== undefined && (
        <p className="refusal" role="alert" id={refusedId}>
          {sentence(refused)}
        </p>
      )}
      {hint !== undefined && (
        <p className="hint" id={hintId}>
          {hint}
        </p>
      )}
    </div>
  );
}
