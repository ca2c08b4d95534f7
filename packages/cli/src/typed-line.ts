import type { Conversation } from '@parley/client';
import { nearest } from '@parley/runtime';
import { sendText } from './mentions.js';

/**
 * Function that carries out a typed line. Calls `explain` if only a part of the line could be
 * carried out.
 */
type Act = (conversation: Conversation, explain: (words: string) => void) => Promise<unknown>;

/** The meaning of a typed line. */
export type TypedLine =
  | { readonly do: 'who' }
  | { readonly do: 'commands' }
  | { readonly do: 'leave' }
  | { readonly do: 'help' }
  /** For a line that cannot be carried out; `words` says why. */
  | { readonly do: 'explain'; readonly words: string }
  /** For a line to send. If the server refuses it, `failed` says what did not happen. */
  | { readonly do: 'send'; readonly failed: string; readonly act: Act };

interface Command {
  /** Description for the help. */
  readonly does: string;
  /** Name of the argument after the seq. */
  readonly words?: string;
  readonly failed: string;
  /** Whether the command changes an earlier message, which works only in a channel with history. */
  readonly changes: boolean;
  readonly act: (
    conversation: Conversation,
    seq: number,
    words: string,
    explain: (words: string) => void,
  ) => Promise<unknown>;
}

const commands: Readonly<Record<string, Command>> = {
  reply: {
    does: 'replies to that message',
    words: 'text',
    failed: 'not sent',
    changes: false,
    act: (conversation, seq, words, explain) => sendText(conversation, words, { replyTo: seq }, explain),
  },
  edit: {
    does: 'replaces the text of your message',
    words: 'text',
    failed: 'not edited',
    changes: true,
    act: (conversation, seq, words) => conversation.edit(seq, words),
  },
  delete: {
    does: 'deletes your message',
    failed: 'not deleted',
    changes: true,
    act: (conversation, seq) => conversation.remove(seq),
  },
  react: {
    does: 'adds your reaction',
    words: 'emoji',
    failed: 'no reaction added',
    changes: true,
    act: (conversation, seq, words) => conversation.react(seq, words),
  },
  unreact: {
    does: 'removes your reaction',
    words: 'emoji',
    failed: 'no reaction removed',
    changes: true,
    act: (conversation, seq, words) => conversation.unreact(seq, words),
  },
  pin: {
    does: 'pins that message',
    failed: 'not pinned',
    changes: true,
    act: (conversation, seq) => conversation.pin(seq),
  },
  unpin: {
    does: 'unpins that message',
    failed: 'not unpinned',
    changes: true,
    act: (conversation, seq) => conversation.unpin(seq),
  },
};

function usageOf(name: string, { words }: Command): string {
  return `/${name} SEQ${words === undefined ? '' : ` ${words}`}`;
}

const skips = 'Numbers may skip: edits, reactions, pins and member changes take one too.\n';

/**
 * Returns a list of the commands that work in a channel, one per line. `hasHistory` says whether
 * the channel stores messages.
 */
export function helpFor(hasHistory: boolean): string {
  const possible = Object.entries(commands).filter(([, { changes }]) => hasHistory || !changes);
  const rows = [
    ...possible.map(([name, command]) => [usageOf(name, command), command.does]),
    ['/who', 'lists the people here'],
    ['/quit', 'leaves, as Ctrl-C and Ctrl-D do'],
    ['/commands', 'lists the commands of the bots here'],
    ['//text', 'sends /text as a message, for example to a bot'],
    ['@bob', 'in a text, mentions the user bob'],
  ];
  const off = hasHistory ? '' : 'History is off here: no message can be edited, deleted, reacted to or pinned.\n';
  const lines = rows.map(([usage = '', does]) => `  ${usage.padEnd(20)} ${does}`);
  return `Type a line to send it. SEQ is the number of a message, as in #12.\n${hasHistory ? skips : ''}${lines.join('\n')}\n${off}`;
}

const bare: Readonly<Record<string, TypedLine>> = {
  '/quit': { do: 'leave' },
  '/who': { do: 'who' },
  '/commands': { do: 'commands' },
  '/help': { do: 'help' },
};

const commandNames = [...Object.keys(commands), 'quit', 'who', 'commands', 'help'];

function unknownCommand(name: string): string {
  const meant = nearest(name, commandNames);
  const guess = meant === undefined ? '' : `; did you mean /${meant}?`;
  return `not sent: unknown command /${name}${guess}; /help lists the commands; to send a text with a leading /, type //`;
}

function commandOf(line: string, hasHistory: boolean): TypedLine {
  const alone = bare[line.trim()];
  if (alone !== undefined) return alone;
  const [, name = '', rest = ''] = /^\/(\S*)(.*)$/s.exec(line) ?? [];
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return { do: 'explain', words: unknownCommand(name) };
  if (command.changes && !hasHistory) {
    return {
      do: 'explain',
      words: `${command.failed}: the history of this channel is off, so no message can be changed`,
    };
  }
  const [, seq, words = ''] = /^ #?(\d{1,15})(?: (.+))?$/s.exec(rest) ?? [];
  if (seq === undefined || (words.trim() === '') !== (command.words === undefined)) {
    return { do: 'explain', words: `usage: ${usageOf(name, command)}` };
  }
  const act: Act = (conversation, explain) => command.act(conversation, Number(seq), words, explain);
  return { do: 'send', failed: command.failed, act };
}

/**
 * Parses a typed line; undefined if it is blank. A leading `//` sends a text with one leading `/`.
 */
export function typed(line: string, hasHistory: boolean): TypedLine | undefined {
  if (line.trim() === '') return undefined;
  const text = line.startsWith('//') ? line.slice(1) : line;
  if (text === line && line.startsWith('/')) return commandOf(line, hasHistory);
  return { do: 'send', failed: 'not sent', act: (conversation, explain) => sendText(conversation, text, {}, explain) };
}
