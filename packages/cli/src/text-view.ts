import type { ConversationEvent, EntryEvent, ReceiptSeqs } from '@parley/client';
import type { User } from '@parley/contract';
import type { Refusal } from '@parley/runtime';
import type { ChatView } from './chat-view.js';
import { type Clock, clock, dateAndClock, entryLine, lineOf } from './entry-lines.js';
import { Marks } from './marks.js';
import type { UserNames } from './names.js';
import { terminalLine } from './plain-text.js';
import { type LastRead, Readers } from './readers.js';

type Event<T extends ConversationEvent['type']> = Extract<ConversationEvent, { type: T }>;

/**
 * Formats a number of milliseconds in the largest unit, from seconds to days, that gives at
 * least 2.
 */
export function waitWords(ms: number): string {
  const steps = [
    [86_400_000, 'days'],
    [3_600_000, 'hours'],
    [60_000, 'minutes'],
  ] as const;
  const [unit, words] = steps.find(([one]) => ms >= 2 * one) ?? [1_000, 's'];
  return `${Math.ceil(ms / unit)} ${words}`;
}

/** Shows a conversation as lines for a person. */
export class TextView implements ChatView {
  readonly #print: (line: string) => void;
  readonly #hint: string;
  readonly #here = new Map<string, User>();
  readonly #marks = new Marks();
  readonly #names: UserNames;
  readonly #readers = new Readers();
  /** Users who were shown as typing and have neither sent anything nor stopped since. */
  readonly #typists = new Set<string>();
  #count = 0;
  readonly #me: string;
  /** Name of the channel, after the first welcome. */
  #where = '';

  /**
   * Creates a view. `me` is the id of this user. `hint` is appended to the line of the first
   * welcome.
   */
  constructor(print: (line: string) => void, names: UserNames, me: string, hint = '') {
    this.#print = print;
    this.#names = names;
    this.#me = me;
    this.#hint = hint;
  }

  event(event: ConversationEvent): void {
    if ('seq' in event) this.#entry(event, clock);
    else if (event.type === 'presence') this.#presence(event);
    else if (event.type === 'lossy') this.#print(`${this.#names.label(event.sender)} (not stored): ${lineOf(event)}`);
    else if (event.type === 'typing') this.#typing(event);
    else if (event.type === 'receipt') this.#receipt(event);
    else if (event.type === 'ended') this.#end(event);
    else this.#state(event);
  }

  refused({ message, retryAfterMs }: Refusal, what: string): void {
    const again = retryAfterMs > 0 ? ` (for ${waitWords(retryAfterMs)})` : '';
    this.#print(`! ${what}: ${terminalLine(message)}${again}`);
  }

  /**
   * Shows messages from before the user entered. `firstNew` is the first one that is new to the
   * user.
   */
  earlier(entries: readonly EntryEvent[], firstNew?: EntryEvent): void {
    for (const entry of entries) {
      if (entry === firstNew) this.#print('* new since your last visit:');
      this.#entry(entry, dateAndClock);
    }
  }

  #typing({ userId, stopped }: Event<'typing'>): void {
    if (stopped) this.#typists.delete(userId);
    else if (userId !== this.#me && !this.#typists.has(userId)) {
      this.#typists.add(userId);
      this.#print(`* ${this.#names.label(userId)} is typing`);
    }
  }

  /**
   * Records the positions up to which the others have read. Returns the readers for `readBy`, if
   * there are new ones.
   */
  receipts(receipts: ReadonlyMap<string, ReceiptSeqs>): LastRead | undefined {
    return this.#readers.read([...receipts].map(([userId, { readSeq }]) => [userId, readSeq]));
  }

  #receipt({ userId, readSeq }: Event<'receipt'>): void {
    if (userId !== this.#me) this.readBy(this.#readers.read([[userId, readSeq]]));
  }

  /** Shows the users who have read the last message of this user, if there are any. */
  readBy(lastRead: LastRead | undefined): void {
    if (lastRead === undefined) return;
    const { seq, readers, others } = lastRead;
    const more = others > 0 ? ` and ${others} more` : '';
    this.#print(`* #${seq} read by ${readers.map(this.#names.label).join(', ')}${more}`);
  }

  #entry(entry: EntryEvent, time: Clock): void {
    this.#typists.delete(entry.sender);
    if (this.#marks.record(entry)) this.#print(entryLine(entry, this.#names.label, time));
    if (entry.type === 'message' && entry.sender === this.#me) this.readBy(this.#readers.sent(entry.seq));
  }

  /** Prints the users who are here. */
  who(): void {
    const all = [...this.#here.keys()].map(this.#names.label).join(', ');
    this.#print(`* here (${this.#count}): ${all}`);
  }

  /** Reports that the user left. The command itself reports all other ends. */
  #end({ reason }: Event<'ended'>): void {
    if (reason === 'left') this.#print(`* you left ${this.#where}`);
  }

  #state(event: ConversationEvent): void {
    if (event.type === 'welcome') this.#welcome(event);
    else if (event.type === 'gap') this.#gap(event);
    else if (event.type === 'reset') this.#reset();
    else if (event.type === 'held') {
      this.#print(`* your message is held for up to ${waitWords(event.inMs)}: ${terminalLine(event.message)}`);
    } else if (event.type === 'reconnecting') {
      this.#print(`* reconnecting in ${(event.inMs / 1_000).toFixed(1)} s: ${terminalLine(event.message)}`);
    } else if (event.type === 'live' && event.missed > 0) {
      this.#print(`* you missed ${event.missed === 1 ? 'the message' : `the ${event.missed} messages`} above`);
    }
  }

  #reset(): void {
    this.#marks.clear();
    this.#readers.clear();
    this.#print('* the history was reset; some messages may be missing');
  }

  #gap({ from, to, filled }: Event<'gap'>): void {
    const what = from === to ? `#${from}` : `#${from} to #${to}`;
    this.#print(filled ? `* from the history: ${what}` : `* missing: ${what}`);
  }

  #welcome({ channel, here }: Event<'welcome'>): void {
    this.#here.clear();
    this.#addUsers(channel.users);
    this.#count = here;
    const again = this.#where !== '';
    this.#where = `${terminalLine(channel.name) || 'the direct chat'} (channel ${channel.id})`;
    this.#print(again ? `* back in ${this.#where}` : `* you are in ${this.#where}${this.#hint}`);
    this.who();
  }

  #presence({ came, went, here }: Event<'presence'>): void {
    this.#addUsers(came);
    for (const { id } of went) {
      this.#here.delete(id);
      this.#typists.delete(id);
    }
    this.#count = here;
    this.#announce(came, 'joined');
    this.#announce(went, 'left');
  }

  #addUsers(users: readonly User[]): void {
    for (const user of users) this.#here.set(user.id, user);
  }

  #announce(users: readonly User[], what: string): void {
    const others = users.filter(({ id }) => id !== this.#me).map(({ id }) => this.#names.label(id));
    if (others.length > 0) this.#print(`* ${others.join(', ')} ${what}`);
  }
}
