import type { User } from '@parley/client';
import { type KeyboardEvent, useId, useState } from 'react';
import { words } from '../words/words.js';
import { Avatar } from './avatar.js';
import { Icon } from './icon.js';
import { RefusalLine } from './refusal-line.js';
import { Name } from './text.js';
import { useFoundPeople } from './use-found-people.js';

/** A user who was picked. */
export interface Picked {
  readonly id: string;
  readonly name: string;
}

interface PeoplePickerProps {
  readonly label: string;
  readonly picked: readonly Picked[];
  /** Whether only one user can be picked. */
  readonly isSingle?: boolean;
  readonly onPick: (picked: readonly Picked[]) => void;
}

/** A field that finds people by name or id. Arrow keys and Enter pick one. */
export function PeoplePicker({ label, picked, isSingle = false, onPick }: PeoplePickerProps) {
  const id = useId();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const { users, refused } = useFoundPeople(text);
  const found = users?.filter((user) => !picked.some((one) => one.id === user.id));
  const pick = (user: User | undefined) => {
    if (user === undefined) return;
    onPick(isSingle ? [user] : [...picked, { id: user.id, name: user.name }]);
    setText('');
    setAt(0);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && text !== '') {
      event.preventDefault();
      pick(found?.[at]);
    } else if (event.key === 'Backspace' && text === '') onPick(picked.slice(0, -1));
    else if (found !== undefined && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      setAt((at + (event.key === 'ArrowDown' ? 1 : found.length - 1)) % Math.max(1, found.length));
    }
  };
  return (
    <div className="field picker">
      <label htmlFor={id}>{label}</label>
      {picked.length > 0 && <PickedList picked={picked} onPick={onPick} />}
      <input
        id={id}
        role="combobox"
        aria-expanded={text !== ''}
        aria-controls={`${id}-found`}
        aria-activedescendant={found?.[at] && `${id}-${at}`}
        autoComplete="off"
        spellCheck={false}
        placeholder={words().chats.nameOrId}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKey}
      />
      {text.trim() !== '' && refused === undefined && <Found id={id} found={found} at={at} onPick={pick} />}
      {refused !== undefined && <RefusalLine refused={refused} />}
    </div>
  );
}

function PickedList({ picked, onPick }: Pick<PeoplePickerProps, 'picked' | 'onPick'>) {
  return (
    <ul className="picked">
      {picked.map(({ id, name }) => (
        <li key={id}>
          <Name of={name || id} title={id} />
          <button
            type="button"
            aria-label={words().chats.removePerson(name || id)}
            onClick={() => onPick(picked.filter((one) => one.id !== id))}
          >
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
    </ul>
  );
}

interface FoundProps {
  readonly id: string;
  readonly found: readonly User[] | undefined;
  readonly at: number;
  readonly onPick: (user: User) => void;
}

function Found({ id, found, at, onPick }: FoundProps) {
  if (found === undefined) return <p className="hint">{words().common.searching}</p>;
  if (found.length === 0) return <p className="hint">{words().chats.nobodyFound}</p>;
  return (
    <div className="found" id={`${id}-found`} role="listbox" aria-label={words().chats.foundPeople}>
      {found.map((user, index) => (
        <button
          key={user.id}
          type="button"
          role="option"
          id={`${id}-${index}`}
          aria-selected={index === at}
          tabIndex={-1}
          onClick={() => onPick(user)}
        >
          <Avatar id={user.id} name={user.name || user.id} small />
          <Name of={user.name || user.id} />
          <span className="hint">{user.id}</span>
        </button>
      ))}
    </div>
  );
}
