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
  /** Text that says why the value was rejected. */
  readonly refused?: string | undefined;
  /** Renders the control with these attributes. */
  readonly children: (props: ControlProps) => ReactNode;
}

/** A form control with its label, hint and error. */
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
