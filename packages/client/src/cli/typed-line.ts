import type { Conversation } from '../conversation.js';

/** What a typed line asks for. */
export type Typed =
  | { readonly do: 'who' }
  | { readonly do: 'leave' }
  | { readonly do: 'help' }
  | { readonly do: 'send'; readonly act: (conversation: Conversation) => Promise<unknown> };

export const help =
  '/edit SEQ text, /delete SEQ, /reply SEQ text, /react SEQ emoji, /pin SEQ; /who lists who is here, /quit leaves';

type Act = (conversation: Conversation, seq: number, words: string) => Promise<unknown>;

const withWords: Readonly<Record<string, Act>> = {
  edit: (conversation, seq, words) => conversation.edit(seq, words),
  reply: (conversation, seq, words) => conversation.send(words, { replyTo: seq }),
  react: (conversation, seq, words) => conversation.react(seq, words),
};

const withSeqOnly: Readonly<Record<string, Act>> = {
  delete: (conversation, seq) => conversation.remove(seq),
  pin: (conversation, seq) => conversation.pin(seq),
};

function commandOf(line: string): Typed {
  if (line === '/quit') return { do: 'leave' };
  if (line === '/who') return { do: 'who' };
  const [, name = '', seq = '', words = ''] = /^\/(\w+) #?(\d{1,15})(?: (.+))?$/.exec(line) ?? [];
  const act = words.trim() === '' ? withSeqOnly[name] : withWords[name];
  if (act === undefined) return { do: 'help' };
  return { do: 'send', act: (conversation) => act(conversation, Number(seq), words) };
}

/** Reads a line of a terminal; undefined where it is blank. `//` says a line that begins with one /. */
export function typed(line: string): Typed | undefined {
  if (line.trim() === '') return undefined;
  const said = line.startsWith('//') ? line.slice(1) : line;
  if (said === line && line.startsWith('/')) return commandOf(line);
  return { do: 'send', act: (conversation) => conversation.send(said) };
}
