import { useState } from 'react';
import { mostCharacters } from '../state/limits.js';
import { CountedField } from './counted-field.js';

interface NameFieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly refused?: string | undefined;
  readonly isRequired?: boolean;
  readonly autoComplete?: string;
  /** The name at first. */
  readonly initial?: string;
}

/** The field `name` of a form, for the name of a user, room or chat. */
export function NameField({ initial = '', ...props }: NameFieldProps) {
  const [value, setValue] = useState(initial);
  return <CountedField {...props} name="name" value={value} most={mostCharacters.name} onText={setValue} />;
}
