import { limits } from '@parley/runtime';
import type { LineOf } from '../../format.js';
import { convertedReactions } from '../reactions.js';
import { millisecondsOf, type SlackMessage } from './forms.js';
import type { SlackPeople } from './people.js';
import { convertedText, type SlackNames, unescaped } from './text.js';

type Reactions = NonNullable<LineOf<'message'>['reactions']>;

/** A message of Slack without its place in the channel. */
export interface ConvertedMessage {
  readonly text: string;
  readonly mentions: readonly string[];
  readonly reactions: Reactions;
  readonly editedMs: number | undefined;
}

/** Returns the lines about files: Slack exports only their addresses. */
function fileLines({ files }: SlackMessage): string[] {
  return (files ?? []).map(({ title, name, url_private: url, permalink }) => {
    const shown = unescaped(title || name || 'file');
    const target = url ?? permalink;
    return target === undefined ? `[${shown}]` : `[${shown}](${target})`;
  });
}

/** Returns the texts of attachments, such as those of apps. Previews of links are left to the link. */
function attachmentTexts({ attachments }: SlackMessage): string[] {
  return (attachments ?? []).flatMap((one) => {
    if (one.from_url) return [];
    const title = one.title ? (one.title_link ? `<${one.title_link}|${one.title}>` : one.title) : '';
    const parts = [one.pretext, title, one.text].filter((part) => part !== null && part !== undefined && part !== '');
    return parts.length > 0 ? [parts.join('\n')] : [one.fallback ?? ''].filter((part) => part !== '');
  });
}

/** Converts a message. Nothing is left out: whatever Parley does not know becomes text. */
export function convertedMessage(message: SlackMessage, people: SlackPeople, names: SlackNames): ConvertedMessage {
  const { subtype, edited } = message;
  const said = convertedText([message.text ?? '', ...attachmentTexts(message)].filter(Boolean).join('\n'), names);
  const { emoji: reactions, others } = convertedReactions(message.reactions, (id) => people.userIdOf(id) ?? id);
  const shown = subtype === 'me_message' ? `*${said.text}*` : said.text;
  const text = [shown, ...fileLines(message), ...others].filter((part) => part.trim() !== '').join('\n');
  const editedMs = edited == null ? undefined : millisecondsOf(edited.ts);
  return {
    text: text === '' ? `[${subtype ?? 'message without text'}]` : text,
    mentions: said.mentions.slice(0, limits.mentions),
    reactions,
    editedMs,
  };
}
