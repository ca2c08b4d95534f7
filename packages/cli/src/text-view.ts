import type { ConversationEvent, EntryEvent } from '@parley/client';
import type { User } from '@parley/contract';
import type { Refusal } from '@parley/runtime';
import type { ChatView } from './chat-view.js';
import { type Clock, clock, dateAndClock, entryLine, wordsOf } from './entry-lines.js';
import { Marks } from './marks.js';
import { terminalLine } from './plain-text.js';

type Event<T extends ConversationEvent['type']> = Extract<ConversationEvent, { type: T }>;

/** A time in words; a mute may last for days. */
export function waitWords(ms: number): string {
  const steps = [
    [86_400_000, 'days'],
    [3_600_000, 'hours'],
    [60_000, 'minutes'],
  ] as const;
  const [unit, words] = steps.find(([one]) => ms >= 2 * one) ?? [1_000, 's'];
  return `${Math.ceil(ms / unit)} ${words}`;
}

/** The conversation as lines for a person. */
export class TextView implements ChatView {
  readonly #print: (line: string) => void;
  readonly #hint: string;
  readonly #here = new Map<string, User>();
  readonly #marks = new Marks();
  /** Names of those who left too: what they said may still come. */
  readonly #names = new Map<string, string>();
  #count = 0;
  #me = '';
  /** The channel, once it was entered. */
  #where = '';

  /** `hint` stands behind the first welcome. */
  constructor(print: (line: string) => void, hint = '') {
    this.#print = print;
    this.#hint = hint;
  }

  event(event: ConversationEvent): void {
    if ('seq' in event) this.#entry(event, clock);
    else if (event.type === 'presence') this.#presence(event);
    else if (event.type === 'lossy') this.#print(`${this.#label(event.sender)}, in passing: ${wordsOf(event)}`);
    else if (event.type === 'ended') this.#end(event);
    else this.#state(event);
  }

  refused({ message, retryAfterMs }: Refusal, what: string): void {
    const again = retryAfterMs > 0 ? ` (for ${waitWords(retryAfterMs)})` : '';
    this.#print(`! ${what}: ${terminalLine(message)}${again}`);
  }

  /** What was said before one came. */
  earlier(entries: readonly EntryEvent[]): void {
    for (const entry of entries) this.#entry(entry, dateAndClock);
  }

  #entry(entry: EntryEvent, time: Clock): void {
    if (this.#marks.take(entry)) this.#print(entryLine(entry, this.#label, time));
  }

  who(): void {
    const all = [...this.#here.keys()].map(this.#label).join(', ');
    this.#print(`* here (${this.#count}): ${all}`);
  }

  /** Of any other end the command itself says why. */
  #end({ reason }: Event<'ended'>): void {
    if (reason === 'left') this.#print(`* you left ${this.#where}`);
  }

  #state(event: ConversationEvent): void {
    if (event.type === 'welcome') this.#welcome(event);
    else if (event.type === 'gap') this.#gap(event);
    else if (event.type === 'reset') this.#reset();
    else if (event.type === 'held') {
      this.#print(`* your message waits, for up to ${waitWords(event.inMs)}: ${terminalLine(event.message)}`);
    } else if (event.type === 'reconnecting') {
      this.#print(`* reconnecting in ${(event.inMs / 1_000).toFixed(1)} s: ${terminalLine(event.message)}`);
    } else if (event.type === 'live' && event.missed > 0) {
      this.#print(`* you were away for ${event.missed === 1 ? 'that message' : `these ${event.missed} messages`}`);
    }
  }

  #reset(): void {
    this.#marks.clear();
    this.#print('* the history was reset; some messages may be missing');
  }

  #gap({ from, to, filled }: Event<'gap'>): void {
    const what = from === to ? `#${from}` : `#${from} to #${to}`;
    this.#print(filled ? `* from the history: ${what}` : `* missing: ${what}`);
  }

  #welcome({ channel, me, here }: Event<'welcome'>): void {
    this.#me = me.id;
    this.#here.clear();
    this.#greet(channel.users);
    this.#count = here;
    const again = this.#where !== '';
    this.#where = `${terminalLine(channel.name)} (channel ${channel.id})`;
    this.#print(again ? `* back in ${this.#where}` : `* you are in ${this.#where}${this.#hint}`);
    this.who();
  }

  #presence({ came, went, here }: Event<'presence'>): void {
    this.#greet(came);
    for (const { id } of went) this.#here.delete(id);
    this.#count = here;
    this.#tell(came, 'joined');
    this.#tell(went, 'left');
  }

  #greet(users: readonly User[]): void {
    for (const user of users) {
      this.#here.set(user.id, user);
      this.#names.set(user.id, user.name);
    }
  }

  #tell(users: readonly User[], what: string): void {
    const others = users.filter(({ id }) => id !== this.#me).map(({ id }) => this.#label(id));
    if (others.length > 0) this.#print(`* ${others.join(', ')} ${what}`);
  }

  /** The name with the id, where it says more. */
  readonly #label = (id: string): string => {
    const name = this.#names.get(id) ?? id;
    return name === id ? terminalLine(id) : `${terminalLine(name)} (${terminalLine(id)})`;
  };
}
