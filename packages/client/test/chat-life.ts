import { setTimeout as pause } from 'node:timers/promises';
import { Refusal } from '@parley/runtime';
import type { Trio } from '@parley/testkit';
import fc from 'fast-check';
import { ChannelKind, MemberRole, type ParleyClient } from '../src/index.js';
import { Chat, type Member, Reader } from './chat-run.js';

const kinds = ['group', 'group', 'private', 'public', 'direct'] as const;

/** A chat that a life creates. */
export interface PlannedChat {
  readonly kind: (typeof kinds)[number];
  readonly closed: boolean;
}

const acts = {
  ...{ send: 8, edit: 4, remove: 2, react: 3, unreact: 1 },
  ...{ enter: 5, gather: 2, expel: 3, leave: 1, open: 2, read: 3, markRead: 3, look: 1 },
  ...{ reconnect: 1, cut: 2, move: 1, wait: 2, create: 1 },
};
/** An act of a `ChatLife`. */
export type ChatAct = keyof typeof acts;

export interface Step<Act extends string> {
  readonly act: Act;
  /** Index of the user who acts. */
  readonly who: number;
  /** Number whose remainder selects the chat, and the message in the chat. */
  readonly pick: number;
}

/** The chats of a life, and its steps. */
export type Life<Act extends string> = readonly [PlannedChat[], Step<Act | ChatAct>[]];

/** Makes random lives. `more` are the weights of acts that only this test has. */
export function lives<Act extends string>(more: Readonly<Record<Act, number>>): fc.Arbitrary<Life<Act>> {
  const weights = Object.entries({ ...acts, ...more }) as [Act | ChatAct, number][];
  const step: fc.Arbitrary<Step<Act | ChatAct>> = fc.record({
    act: fc.oneof(...weights.map(([act, weight]) => ({ arbitrary: fc.constant(act), weight }))),
    who: fc.nat(3),
    pick: fc.nat(999),
  });
  return fc.tuple(
    fc.array(fc.record({ kind: fc.constantFrom(...kinds), closed: fc.boolean() }), { minLength: 2, maxLength: 2 }),
    fc.array(step, { minLength: 30, maxLength: 60 }),
  );
}

/**
 * Ignores a refusal because the user is already out: an overloaded manager may have removed them
 * without answering in time.
 */
function ifOutside(thrown: Refusal): void {
  expect(['member-not-found', 'not-a-member', 'channel-not-found']).toContain(thrown.reason);
}

/** Four users and their chats, and the steps that they take. */
export class ChatLife {
  readonly members: readonly Member[];
  readonly chats: Chat[] = [];
  readonly #trio: Trio;
  readonly #planned: PlannedChat[];
  #texts = 0;

  constructor(trio: Trio, members: readonly Member[], planned: readonly PlannedChat[]) {
    this.#trio = trio;
    this.members = members;
    this.#planned = [...planned];
  }

  async create(): Promise<void> {
    const [{ client }, other] = this.members as [Member, Member];
    const plan = this.#planned.shift();
    const isDirect = plan?.kind === 'direct';
    if (plan === undefined || (isDirect && this.chats.some(({ kind }) => kind === 'direct'))) return;
    const closed = plan.closed && !isDirect;
    const kind = {
      group: ChannelKind.GROUP,
      private: ChannelKind.PRIVATE,
      public: ChannelKind.PUBLIC,
      direct: ChannelKind.DIRECT,
    }[plan.kind];
    const channel = isDirect
      ? await client.chats.direct(other.id)
      : await client.create({ name: 'chat', kind, closedHistory: closed });
    const founders = this.members.slice(0, isDirect ? 2 : 1);
    const chat = new Chat({ id: channel.id, log: channel.log, kind: plan.kind, closed, founders });
    this.chats.push(chat);
    for (const member of founders) chat.readerOf(member).open(member.client, chat.id);
  }

  /** Returns the chat that a number selects. */
  chatOf(pick: number): Chat {
    return this.chats[pick % this.chats.length] as Chat;
  }

  /** Performs a step. Does nothing if no user can perform it. */
  async do({ act, who, pick }: Step<ChatAct>): Promise<void> {
    const chat = this.chatOf(pick);
    const inside = [...chat.inside];
    const outside = this.members.filter((one) => !chat.inside.has(one));
    const candidates = act === 'enter' ? outside : inside;
    const member = candidates[who % candidates.length];
    if (act === 'create') await this.create();
    else if (act === 'gather') await this.#gather(chat, outside);
    else if (act === 'move') await this.#move(chat, pick);
    else if (act === 'wait') await pause(pick % 100);
    else if (member === undefined) return;
    else if (act === 'enter') await this.#enter(chat, member);
    else if (act === 'cut') await member.cable.cut();
    else await this.#inside[act](chat, member, pick);
  }

  /** Places the chat on a running chat server, which may be the one that already serves it. */
  async #move({ id }: Chat, pick: number): Promise<void> {
    const server = this.#trio.chatServers[pick % this.#trio.chatServers.length];
    if (server !== undefined) await this.#trio.place(id, server);
  }

  readonly #inside: Readonly<
    Record<
      Exclude<ChatAct, 'create' | 'enter' | 'gather' | 'cut' | 'move' | 'wait'>,
      (chat: Chat, member: Member, pick: number) => unknown
    >
  > = {
    send: (chat, member, pick) => {
      const text = this.#text();
      const mentions = [...chat.inside].filter((_, n) => n === pick % 5).map(({ id }) => id);
      chat.send(text, member, (conversation) => conversation.send(text, { mentions }));
    },
    edit: (chat, _, pick) => {
      const { seq, by } = chat.said[pick % chat.said.length] ?? {};
      const text = this.#text();
      if (seq !== undefined && by) chat.send(text, by, (conversation) => conversation.edit(seq, text));
    },
    remove: (chat, _, pick) => {
      const { seq, by } = chat.said[pick % chat.said.length] ?? {};
      if (seq !== undefined && by) chat.send(undefined, by, (conversation) => conversation.remove(seq));
    },
    react: (chat, member, pick) => {
      const { seq } = chat.said[pick % chat.said.length] ?? {};
      if (seq !== undefined) chat.send(undefined, member, (conversation) => conversation.react(seq, '👍'));
    },
    unreact: (chat, member, pick) => {
      const { seq } = chat.said[pick % chat.said.length] ?? {};
      if (seq !== undefined) chat.send(undefined, member, (conversation) => conversation.unreact(seq, '👍'));
    },
    open: (chat, member) => chat.readerOf(member).open(member.client, chat.id),
    reconnect: (chat, member) => chat.readerOf(member).conversation?.reconnect(),
    markRead: (chat, member) => chat.markRead(member),
    read: (chat, member, pick) => chat.look(member, chat.said[pick % chat.said.length]?.seq),
    look: (chat, member) => chat.look(member),
    leave: async (chat, member) => {
      if (member === chat.owner && chat.kind !== 'direct') return;
      await member.client.members.remove(chat.id, member.id).catch(ifOutside);
      chat.inside.delete(member);
      chat.leftByChoice.add(member);
    },
    expel: async (chat, member) => {
      if (member === chat.owner || chat.kind === 'direct') return;
      await chat.owner.client.members.remove(chat.id, member.id).catch(ifOutside);
      chat.inside.delete(member);
      chat.leftByChoice.delete(member);
    },
  };

  #text(): string {
    this.#texts += 1;
    return `text ${this.#texts}`;
  }

  async #enter(chat: Chat, member: Member): Promise<void> {
    const isFounder = chat.founders.includes(member);
    if (chat.inside.has(member) || (chat.kind === 'direct' && !isFounder)) return;
    if (chat.kind === 'direct' || chat.kind === 'public') await member.client.chats.join(chat.id);
    else if (!(await this.#add(chat, member))) return;
    chat.inside.add(member);
    chat.leftByChoice.delete(member);
  }

  /** Adds everyone else with one entry. Users who left before accept the offer that they get. */
  async #gather(chat: Chat, outside: readonly Member[]): Promise<void> {
    if ((chat.kind !== 'group' && chat.kind !== 'private') || outside.length === 0) return;
    const ids = outside.map(({ id }) => id);
    const additions = await chat.owner.client.members.addAll(chat.id, ids);
    for (const [at, { user, refusal }] of additions.entries()) {
      const member = outside[at] as Member;
      if (user === undefined) expect(refusal.reason).toBe('change-too-often');
      else if (user.memberRole === MemberRole.UNSPECIFIED) await member.client.chats.join(chat.id);
      if (user !== undefined) chat.inside.add(member);
      if (user !== undefined) chat.leftByChoice.delete(member);
    }
  }

  /**
   * Adds a user, who accepts if the server makes an offer. Returns false if the server refuses
   * another change of this member.
   */
  async #add(chat: Chat, { id, client }: Member): Promise<boolean> {
    try {
      const { memberRole } = await chat.owner.client.members.add(chat.id, id);
      if (memberRole === MemberRole.UNSPECIFIED) await client.chats.join(chat.id);
      return true;
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.reason === 'change-too-often') return false;
      throw thrown;
    }
  }
}

/** Reads the messages of a chat, with pages of History. */
export async function historyOf(client: ParleyClient, channelId: number): Promise<Reader['timeline']['messages']> {
  const { timeline } = new Reader();
  for (let after = 0, more = true; more; ) {
    const page = await client.history(channelId, { after, size: 20 });
    for (const entry of page.entries) timeline.apply(entry);
    after = page.entries.at(-1)?.seq ?? after;
    more = page.more;
  }
  return timeline.messages;
}
