import { emojiFrom } from '@parley/runtime';
import { nameToEmoji } from 'gemoji';

/** Skin tones by the number in names such as `wave::skin-tone-2`. */
const tones: Readonly<Record<string, string>> = {
  '2': '\u{1f3fb}',
  '3': '\u{1f3fc}',
  '4': '\u{1f3fd}',
  '5': '\u{1f3fe}',
  '6': '\u{1f3ff}',
};

/** Returns the emoji with a name such as `tada`, or undefined for an emoji that a workspace has made. */
export function emojiNamed(name: string): string | undefined {
  const [base = '', tone = ''] = name.split('::skin-tone-');
  const plain = Object.hasOwn(nameToEmoji, base) ? nameToEmoji[base] : undefined;
  if (plain === undefined) return undefined;
  return emojiFrom(`${plain}${tones[tone] ?? ''}`) ?? emojiFrom(plain);
}

/** Matches code in Markdown. */
export const codeParts = /(```[\s\S]*?```|`[^`\n]+`)/;

/** Replaces names of emoji such as `:tada:` by the emoji. */
export function withEmoji(text: string): string {
  return text.replace(/:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/g, (all, name: string) => emojiNamed(name) ?? all);
}
