import { plainLine } from '../state/text.js';

const tints = 6;

function tintOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9_973;
  return sum % tints;
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

/** The initials of a user. Hidden from screen readers, because the name is next to it. */
export function Avatar({ id, name, small = false }: { id: string; name: string; small?: boolean }) {
  return (
    <span className={`avatar tint-${tintOf(id)}${small ? ' small' : ''}`} aria-hidden="true">
      {initialsOf(name)}
    </span>
  );
}
