import type { Conversation } from '../conversation.js';

/** What a typed line asks for. */
export type Typed =
  | { readonly do: 'who' }
  | { readonly do: 'leave' }
  | { readonly do: 'help' }
  /** Nothing that can be done; the words say why. */
  | { readonly do: 'explain'; readonly words: string }
  /** `failed` says what did not happen where it is refused. */
  | { readonly do: 'send'; readonly failed: string; readonly act: (conversation: Conversation) => Promise<unknown> };

interface Command {
  /** What stands behind its number. */
  readonly words?: string;
  readonly failed: string;
  /** It changes an earlier message, which has to be kept for that. */
  readonly changes: boolean;
  readonly act: (conversation: Conversation, seq: number, words: string) => Promise<unknown>;
}

const commands: Readonly<Record<string, Command>> = {
  reply: {
    words: 'text',
    failed: 'not sent',
    changes: false,
    act: (conversation, seq, words) => conversation.send(words, { replyTo: seq }),
  },
  edit: {
    words: 'text',
    failed: 'not edited',
    changes: true,
    act: (conversation, seq, words) => conversation.edit(seq, words),
  },
  delete: { failed: 'not deleted', changes: true, act: (conversation, seq) => conversation.remove(seq) },
  react: {
    words: 'emoji',
    failed: 'no reaction added',
    changes: true,
    act: (conversation, seq, words) => conversation.react(seq, words),
  },
  unreact: {
    words: 'emoji',
    failed: 'no reaction removed',
    changes: true,
    act: (conversation, seq, words) => conversation.unreact(seq, words),
  },
  pin: { failed: 'not pinned', changes: true, act: (conversation, seq) => conversation.pin(seq) },
  unpin: { failed: 'not unpinned', changes: true, act: (conversation, seq) => conversation.unpin(seq) },
};

function usageOf(name: string, { words }: Command): string {
  return `/${name} SEQ${words === undefined ? '' : ` ${words}`}`;
}

/** Every command that works in a channel. */
export function helpFor(keeps: boolean): string {
  const possible = Object.entries(commands).filter(([, { changes }]) => keeps || !changes);
  const usages = possible.map(([name, command]) => usageOf(name, command)).join(', ');
  return `${usages}; /who lists who is here, /quit leaves; // begins a message with a /`;
}

const bare: Readonly<Record<string, Typed>> = {
  '/quit': { do: 'leave' },
  '/who': { do: 'who' },
  '/help': { do: 'help' },
};

function commandOf(line: string, keeps: boolean): Typed {
  const alone = bare[line.trim()];
  if (alone !== undefined) return alone;
  const [, name = '', rest = ''] = /^\/(\S*)(.*)$/s.exec(line) ?? [];
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return { do: 'explain', words: `unknown command /${name}; /help lists them` };
  if (command.changes && !keeps) {
    return {
      do: 'explain',
      words: `${command.failed}: the history of this channel is off, so no message can be changed`,
    };
  }
  const [, seq, words = ''] = /^ #?(\d{1,15})(?: (.+))?$/s.exec(rest) ?? [];
  if (seq === undefined || (words.trim() === '') !== (command.words === undefined)) {
    return { do: 'explain', words: `the command is ${usageOf(name, command)}` };
  }
  return { do: 'send', failed: command.failed, act: (conversation) => command.act(conversation, Number(seq), words) };
}

/** Reads a line of a terminal; undefined where it is blank. `//` says a line that begins with one /. */
export function typed(line: string, keeps: boolean): Typed | undefined {
  if (line.trim() === '') return undefined;
  const said = line.startsWith('//') ? line.slice(1) : line;
  if (said === line && line.startsWith('/')) return commandOf(line, keeps);
  return { do: 'send', failed: 'not sent', act: (conversation) => conversation.send(said) };
}
