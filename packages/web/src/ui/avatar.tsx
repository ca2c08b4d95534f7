import { type ReactNode, useEffect, useSyncExternalStore } from 'react';
import { thumbnailOf } from '../live/workspace-files.js';
import { plainLine } from '../state/text.js';
import { useWorkspace } from './workspace-context.js';

const hues = 8;

/** Returns the class of a user's colour, the same in every list. */
export function personClass(id: string): string {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9_973;
  return `person-${sum % hues}`;
}

function initialsOf(name: string): string {
  const words = plainLine(name)
    .split(/[\s._-]+/)
    .filter((word) => word !== '');
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase();
}

interface InitialsProps {
  /** Decides the colour. */
  readonly id: string;
  readonly name: string;
  readonly small?: boolean;
  /** Whether the shape is a square, as for a group. Users have a circle. */
  readonly square?: boolean;
  /** A picture instead of the initials. */
  readonly children?: ReactNode;
}

/** The initials of a user or group. Hidden from screen readers, because the name is next to it. */
export function Initials({ id, name, small = false, square = false, children }: InitialsProps) {
  return (
    <span className={`avatar ${personClass(id)}${small ? ' small' : ''}${square ? ' square' : ''}`} aria-hidden="true">
      {children ?? initialsOf(name)}
    </span>
  );
}

/** The picture of a user, or the initials if the user has none or hides it. */
export function Avatar({ id, name, small = false }: Pick<InitialsProps, 'id' | 'name' | 'small'>) {
  const { people } = useWorkspace();
  const picture = useSyncExternalStore(people.subscribe, () => people.picture(id));
  useEffect(() => people.want(id), [people, id]);
  return (
    <Initials id={id} name={name} small={small}>
      {picture && <img src={thumbnailOf({ id: picture })} alt="" loading="lazy" onError={() => people.forget(id)} />}
    </Initials>
  );
}
