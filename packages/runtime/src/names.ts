import { limits } from './limits.js';

/** Controls, format characters (direction, zero width), separators of lines, halves of surrogate pairs. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/** Letters and signs that are drawn as nothing, or join what stands beside them: two names would look like one. */
const invisible = /\u034F|\u115F|\u1160|\u17B4|\u17B5|\u2800|\u3164|\uFFA0/u;

/** Whether a text may be shown as somebody's or something's name: 1 to 64 characters, not blank, NFC, nothing unseen in it. */
export function isDisplayName(text: string): boolean {
  const long = [...text].length > limits.nameCharacters;
  const hidden = unseen.test(text) || invisible.test(text);
  return !long && text.trim() !== '' && text === text.normalize('NFC') && !hidden;
}
