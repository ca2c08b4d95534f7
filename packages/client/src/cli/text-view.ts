import type { User } from '@parley/contract';
import type { ConversationEvent } from '../events.js';
import type { ChatView } from './chat-view.js';
import { entryLine, wordsOf } from './entry-lines.js';
import { plainLine } from './plain-text.js';

type Event<T extends ConversationEvent['type']> = Extract<ConversationEvent, { type: T }>;

/** The conversation as lines for a person. */
export class TextView implements ChatView {
  readonly #print: (line: string) => void;
  readonly #hint: string;
  readonly #here = new Map<string, User>();
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
    if ('seq' in event) this.#print(entryLine(event, this.#label));
    else if (event.type === 'presence') this.#presence(event);
    else if (event.type === 'lossy') this.#print(`${this.#label(event.sender)}, in passing: ${wordsOf(event)}`);
    else if (event.type === 'ended') this.#end(event);
    else this.#state(event);
  }

  refused(_reason: string, words: string): void {
    this.#print(`! not sent: ${plainLine(words)}`);
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
    else if (event.type === 'reset') this.#print('* nothing of before is kept here: something may have been missed');
    else if (event.type === 'reconnecting') {
      this.#print(`* reconnecting in ${(event.inMs / 1_000).toFixed(1)} s: ${plainLine(event.message)}`);
    } else if (event.type === 'live' && event.missed > 0) this.#print(`* those were the ${event.missed} missed`);
  }

  #gap({ from, to, filled }: Event<'gap'>): void {
    const what = from === to ? `#${from}` : `#${from} to #${to}`;
    this.#print(filled ? `* missed, from history: ${what}` : `* missed for good: ${what}`);
  }

  #welcome({ channel, me }: Event<'welcome'>): void {
    this.#me = me.id;
    this.#here.clear();
    this.#greet(channel.users);
    this.#count = channel.users.length;
    const again = this.#where !== '';
    this.#where = `${plainLine(channel.name)} (channel ${channel.id})`;
    this.#print(again ? `* back in ${this.#where}` : `* you are in ${this.#where}${this.#hint}`);
    this.who();
  }

  #presence({ came, went, here }: Event<'presence'>): void {
    this.#greet(came);
    for (const { id } of went) this.#here.delete(id);
    this.#count = here;
    this.#tell(came, 'came');
    this.#tell(went, 'went');
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
    return name === id ? plainLine(id) : `${plainLine(name)} (${plainLine(id)})`;
  };
}
