import { limits } from './limits.js';

/** Controls, format characters (direction, zero width), separators of lines, halves of surrogate pairs. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Whether a text may be shown as somebody's or something's name: 1 to 64 characters, not blank, NFC, nothing unseen in it. */
export function isDisplayName(text: string): boolean {
  const long = [...text].length > limits.nameCharacters;
  return !long && text.trim() !== '' && text === text.normalize('NFC') && !unseen.test(text);
}
