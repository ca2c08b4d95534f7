import { type Goodbye, type Message, Resume, type User, type Welcome } from '@parley/contract';
import { plainLine } from './plain-text.js';

/** What a person or a program reading along is told. */
export interface ChatView {
  frame(frame: Message): void;
  goodbye(goodbye: Goodbye): void;
  reconnecting(why: string, inMs: number): void;
  /** A message of this user was not taken. */
  refused(reason: string, words: string): void;
}

/** Who is in the channel, as far as the server names them. */
export class People {
  readonly #names = new Map<string, string>();
  #here = 0;
  #me = '';

  get here(): number {
    return this.#here;
  }

  enter({ channel, me }: Welcome): void {
    const users = channel?.users ?? [];
    this.#me = me?.id ?? '';
    this.#names.clear();
    for (const user of users) this.#names.set(user.id, user.name);
    this.#here = users.length;
  }

  /** The others among these. */
  others(users: readonly User[]): User[] {
    return users.filter(({ id }) => id !== this.#me);
  }

  change(came: readonly User[], went: readonly User[], here: number): void {
    for (const user of came) this.#names.set(user.id, user.name);
    for (const { id } of went) this.#names.delete(id);
    this.#here = here;
  }

  /** The name with the id, where it says more. */
  label(id: string): string {
    const name = this.#names.get(id) ?? id;
    return name === id ? plainLine(id) : `${plainLine(name)} (${plainLine(id)})`;
  }

  /** Everybody known, the user too. */
  all(): string[] {
    return [...this.#names.keys()].map((id) => this.label(id));
  }
}

const strict = new TextDecoder('utf-8', { fatal: true });

/** What a message says, or its size where it is no text. */
export function textOf({ data, contentType }: Pick<Message, 'data' | 'contentType'>): string {
  const bytes = `[${data.length} bytes${contentType === '' ? '' : ` of ${contentType}`}]`;
  if (contentType !== '' && !contentType.startsWith('text/')) return bytes;
  try {
    return strict.decode(data);
  } catch {
    return bytes;
  }
}

function clock(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}

/** The conversation as lines for a person. */
export class TextView implements ChatView {
  readonly people = new People();
  readonly #print: (line: string) => void;
  #entered = false;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  frame(frame: Message): void {
    if (frame.welcome !== undefined) this.#welcome(frame.welcome);
    else if (frame.presence !== undefined) this.#presence(frame.presence);
    else if (frame.typing === undefined && frame.receipt === undefined && frame.kind === 0) this.#message(frame);
  }

  goodbye({ message }: Goodbye): void {
    this.#print(`* goodbye: ${plainLine(message)}`);
  }

  reconnecting(why: string, inMs: number): void {
    this.#print(`* reconnecting in ${(inMs / 1_000).toFixed(1)} s: ${plainLine(why)}`);
  }

  refused(_reason: string, words: string): void {
    this.#print(`! not sent: ${plainLine(words)}`);
  }

  who(): void {
    this.#print(`* here (${this.people.here}): ${this.people.all().join(', ')}`);
  }

  #welcome(welcome: Welcome): void {
    this.people.enter(welcome);
    const { channel, resume } = welcome;
    const missed = resume === Resume.GAP || resume === Resume.RESET ? '; something may have been missed' : '';
    const where = `${plainLine(channel?.name ?? '')} (channel ${channel?.id})`;
    this.#print(this.#entered ? `* back in ${where}${missed}` : `* you are in ${where}; /quit leaves`);
    this.#entered = true;
    this.who();
  }

  #presence({ came, went, here }: NonNullable<Message['presence']>): void {
    const gone = this.people.others(went).map(({ id }) => this.people.label(id));
    this.people.change(came, went, here);
    const arrived = this.people.others(came).map(({ id }) => this.people.label(id));
    if (arrived.length > 0) this.#print(`* ${arrived.join(', ')} came`);
    if (gone.length > 0) this.#print(`* ${gone.join(', ')} went`);
  }

  #message(message: Message): void {
    this.#print(`${clock(message.timestamp)} ${this.people.label(message.sender)}: ${plainLine(textOf(message))}`);
  }
}

function usersOf(users: readonly User[] = []) {
  return users.map(({ id, name }) => ({ id, name }));
}

const resumeWords: Readonly<Record<Resume, string>> = {
  [Resume.UNSPECIFIED]: 'new',
  [Resume.WHOLE]: 'whole',
  [Resume.GAP]: 'gap',
  [Resume.RESET]: 'reset',
};

/** The conversation as one value per event for programs. */
export class JsonView implements ChatView {
  readonly #write: (value: Readonly<Record<string, unknown>>) => void;

  constructor(write: (value: Readonly<Record<string, unknown>>) => void) {
    this.#write = write;
  }

  frame(frame: Message): void {
    if (frame.welcome !== undefined) this.#welcome(frame.welcome);
    else if (frame.presence !== undefined) {
      const { came, went, here } = frame.presence;
      this.#write({ event: 'presence', came: usersOf(came), went: usersOf(went), here });
    } else if (frame.typing !== undefined) {
      this.#write({ event: 'typing', user_id: frame.typing.userId, stopped: frame.typing.stopped });
    } else if (frame.receipt === undefined) this.#message(frame);
  }

  goodbye({ reason, message, listenAgain, retryAfterMs }: Goodbye): void {
    this.#write({ event: 'goodbye', reason, message, listen_again: listenAgain, retry_after_ms: retryAfterMs });
  }

  reconnecting(why: string, inMs: number): void {
    this.#write({ event: 'reconnecting', why, in_ms: inMs });
  }

  refused(reason: string, words: string): void {
    this.#write({ event: 'refused', reason, message: words });
  }

  #welcome({ channel, me, log, lastSeq, resume }: Welcome): void {
    this.#write({
      event: 'welcome',
      channel: { id: channel?.id, name: channel?.name, limit: channel?.limit, users: usersOf(channel?.users) },
      me: me?.id,
      log,
      last_seq: lastSeq,
      resume: resumeWords[resume],
    });
  }

  #message(message: Message): void {
    const { seq, timestamp, sender, kind, contentType, clientId } = message;
    const rest = { kind, content_type: contentType, client_id: clientId, text: textOf(message) };
    this.#write({ event: 'message', seq, timestamp, sender, ...rest });
  }
}
