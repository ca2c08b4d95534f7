import { limits } from './limits.js';
import { refuse } from './refusal.js';

/**
 * Invisible characters: controls, direction and format characters, lone surrogates. They could make
 * two different names look alike.
 */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{16fe4}\u{1d159}]/u;

/**
 * Combining marks without a letter below them, or enough of them to cover the lines above and
 * below.
 */
const stray = /(?:^|[\p{Z}])\p{M}|\p{M}{5}/u;

/** Scripts in which a joiner changes the form of a letter. */
const joiningScripts = [
  ...['Arab', 'Syrc', 'Nkoo', 'Mong', 'Adlm'],
  ...['Deva', 'Beng', 'Guru', 'Gujr', 'Orya', 'Taml', 'Telu', 'Knda', 'Mlym', 'Sinh', 'Khmr', 'Mymr'],
];
const joining = `[${joiningScripts.map((script) => `\\p{scx=${script}}`).join('')}]`;

/** Invisible characters that are allowed because they change the appearance of their neighbours. */
const visible = new RegExp(
  [
    `(?<=${joining})(?<=[\\p{L}\\p{M}])[\\u200c\\u200d](?=${joining})(?=[\\p{L}\\p{M}])`, // a joiner between two letters
    '(?<=\\p{Script=Arabic})\\u200d|\\u200d(?=\\p{Script=Arabic})', // a joiner that shows a letter in the form it has inside a word
    '(?<=[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\ufe0f])\\u200d(?=\\p{Extended_Pictographic})', // a joiner of several emoji
    '(?<=\\p{Extended_Pictographic})[\\ufe0e\\ufe0f]|(?<=[0-9#*])\\ufe0f(?=\\u20e3)', // a selector between emoji and text
    '(?<=\\p{Script=Han})[\\u{e0100}-\\u{e01ef}]|(?<=\\p{Script=Mongolian})[\\u180b-\\u180d\\u180f]', // a selector of a letter variant
    '(?<=\\u{1f3f4})[\\u{e0030}-\\u{e0039}\\u{e0061}-\\u{e007a}]{2,6}\\u{e007f}', // tags that spell the flag of a region
  ].join('|'),
  'gu',
);

/**
 * Characters that a text of several lines cannot have: controls, format characters, lone
 * surrogates.
 */
const unprintable = /(?![\n\t])\p{C}/u;

/**
 * Returns whether every character of a text shows, is a line break or a tab, or changes the
 * appearance of its neighbours.
 */
export function isPrintable(text: string): boolean {
  return !unprintable.test(text.replace(visible, ''));
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function faultOf(name: string): string | undefined {
  const { length } = [...name];
  if (length > limits.nameCharacters)
    return `A name has at most ${limits.nameCharacters} characters, but this one has ${length}.`;
  if (name.trim() === '') return 'A name needs a visible character.';
  if (stray.test(name)) return 'A name cannot contain accents without a letter, or more than 4 on one letter.';
  const [found] = hidden.exec(name.replace(visible, '')) ?? [];
  return found === undefined ? undefined : `The name contains the invisible character ${codePoint(found)}. Remove it.`;
}

/**
 * Validates the display name of a user or channel and returns it normalised (NFC).
 * @throws {Refusal} `invalid-name`, with a message that says what is wrong.
 */
export function displayName(text: string): string {
  const name = text.normalize('NFC');
  const words = faultOf(name);
  if (words !== undefined) throw refuse('invalid-name', { message: words });
  return name;
}

const userId = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Returns whether a text has the form of a user id. */
export function isUserId(text: string): boolean {
  return userId.test(text) && text.length <= limits.userIdCharacters;
}

/** Tests whether a text is a valid display name in normalised form. */
export function isDisplayName(text: string): boolean {
  return text === text.normalize('NFC') && faultOf(text) === undefined;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Returns whether a text has the form of a UUID, as the ids of sessions and files have. */
export function isUuid(text: string): boolean {
  return uuid.test(text);
}
