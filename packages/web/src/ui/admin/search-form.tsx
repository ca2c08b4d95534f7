import type { FormEvent, ReactNode } from 'react';
import { adminWords } from '../../words/admin.js';

interface SearchFormProps {
  readonly hint: string;
  /** Text that the field has at first. */
  readonly text: string;
  /** Further fields. */
  readonly fields?: ReactNode;
  /** What stands after the form. */
  readonly children?: ReactNode;
  readonly onSearch: (form: FormData) => void;
}

/** The form above a list that finds rows by the start of a text. */
export function SearchForm({ hint, text, fields, children, onSearch }: SearchFormProps) {
  const say = adminWords();
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    onSearch(new FormData(event.currentTarget));
  };
  return (
    <search>
      <form className="search-form" onSubmit={onSubmit}>
        <input
          type="search"
          name="text"
          aria-label={hint}
          placeholder={hint}
          defaultValue={text}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
        {fields}
        <button type="submit" className="primary">
          {say.find}
        </button>
        {children}
      </form>
    </search>
  );
}
