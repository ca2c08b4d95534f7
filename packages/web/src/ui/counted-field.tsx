import { textLength } from '../state/limits.js';
import { words } from '../words/words.js';
import { Field } from './field.js';

interface CountedFieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  /** Maximum number of characters. */
  readonly most: number;
  readonly hint?: string | undefined;
  readonly refused?: string | undefined;
  readonly isRequired?: boolean;
  /** Whether the text may have several lines. */
  readonly isLong?: boolean;
  readonly autoComplete?: string;
  readonly onText: (text: string) => void;
}

/** A text field that says how much of its limit is used, and never cuts the text. */
export function CountedField(props: CountedFieldProps) {
  const { label, name, value, most, hint, refused, isRequired, isLong, autoComplete = 'off', onText } = props;
  const { characters, tooLong } = words().settings;
  const { count, over, isNear } = textLength(value, most);
  const onChange = ({ target }: { target: { value: string } }) => onText(target.value);
  const shared = { name, value, autoComplete, onChange, required: isRequired };
  const why = over > 0 ? tooLong(over, most) : refused;
  return (
    <Field label={label} refused={why} hint={isNear && over === 0 ? characters(count, most) : hint}>
      {(ids) =>
        isLong ? <textarea {...ids} {...shared} rows={3} dir="auto" /> : <input {...ids} {...shared} dir="auto" />
      }
    </Field>
  );
}
