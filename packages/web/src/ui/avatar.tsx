import { plainLine } from '../state/text.js';

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

interface AvatarProps {
  readonly id: string;
  readonly name: string;
  readonly small?: boolean;
  /** Whether the picture is a square, as for a group. Users have a circle. */
  readonly square?: boolean;
}

/** The initials of a user or group. Hidden from screen readers, because the name is next to it. */
export function Avatar({ id, name, small = false, square = false }: AvatarProps) {
  return (
    <span className={`avatar ${personClass(id)}${small ? ' small' : ''}${square ? ' square' : ''}`} aria-hidden="true">
      {initialsOf(name)}
    </span>
  );
}
