import { codeParts, withEmoji } from '../emoji-names.js';

/** Finds people and channels that a text of Slack mentions. */
export interface SlackNames {
  /** Returns the user id of a person, or undefined. */
  userIdOf(person: string): string | undefined;
  channelNameOf(channel: string): string | undefined;
}

/** A text of Slack as Markdown, with the ids of the people whom it mentions. */
export interface ConvertedText {
  readonly text: string;
  readonly mentions: readonly string[];
}

/** Decodes the three characters that Slack escapes. */
export function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function linkOf(url: string, label: string): string {
  const target = unescaped(url);
  const shown = unescaped(label);
  if (shown === '' || shown === target || `mailto:${shown}` === target || `tel:${shown}` === target)
    return shown || target;
  return `[${shown}](${target})`;
}

/** Converts what is between `<` and `>`. */
function referenceOf(inside: string, names: SlackNames, mentions: Set<string>): string {
  const [target = '', label = ''] = inside.split(/\|(.*)/s);
  const id = target.slice(1);
  if (target.startsWith('@')) {
    const userId = names.userIdOf(id);
    if (userId !== undefined) mentions.add(id);
    return `@${userId ?? (unescaped(label) || id)}`;
  }
  if (target.startsWith('#')) return `#${unescaped(label) || (names.channelNameOf(id) ?? id)}`;
  if (target.startsWith('!')) return specialOf(id, unescaped(label));
  return linkOf(target, label);
}

/** Converts a reference to everybody, to a group of people, or to a date. */
function specialOf(command: string, label: string): string {
  if (label !== '') return label;
  return `@${command.split('^')[0]}`;
}

const bold = /(^|[\s(>_~])\*(?=\S)([^*\n]*?\S)\*(?=$|[\s)<.,;:!?_~])/gm;
const struck = /(^|[\s(>_*])~(?=\S)([^~\n]*?\S)~(?=$|[\s)<.,;:!?_*])/gm;

/** Converts text outside of code. */
function proseOf(text: string, names: SlackNames, mentions: Set<string>): string {
  const marked = text.replace(bold, '$1**$2**').replace(struck, '$1~~$2~~');
  const linked = marked
    .split(/<([^<>\n]+)>/)
    .map((part, at) => (at % 2 === 1 ? referenceOf(part, names, mentions) : unescaped(part)));
  return withEmoji(linked.join(''));
}

/** Converts a text of Slack. Code stays as it is. */
export function convertedText(text: string, names: SlackNames): ConvertedText {
  const mentions = new Set<string>();
  const parts = text.split(codeParts);
  const converted = parts.map((part, at) => (at % 2 === 1 ? unescaped(codeOf(part)) : proseOf(part, names, mentions)));
  return { text: converted.join(''), mentions: [...mentions] };
}

/** Returns code without the marks of links that Slack adds. */
function codeOf(code: string): string {
  return code.replace(/<(?:[^<>|\n]*\|)?([^<>\n]+)>/g, '$1');
}
