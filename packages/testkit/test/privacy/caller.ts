import type { TestPerson } from '../../src/index.js';
import type { Pair } from './alike.js';
import { channelCalls, encoded, endless, methodIn, readingCalls, type Wanted } from './calls.js';
import type { Answer, RawClient } from './raw-call.js';
import { type Account, type Kind, type ServiceName, type World, wordOf } from './world.js';

/** Services that a process of its own serves. The manager serves all others. */
const ownServices = ['UserService', 'ChatService', 'InboxService'] as const;

/** One user with their own connections, and every answer that the user got. */
export class Caller {
  readonly answers = new Map<string, Answer>();
  readonly #world: World;
  readonly #token: string | undefined;
  readonly #clients = new Map<ServiceName, RawClient>();

  constructor(world: World, token: string | undefined) {
    this.#world = world;
    this.#token = token;
  }

  #client(name: string): RawClient {
    const at = ownServices.find((service) => name.startsWith(`${service}/`)) ?? 'ChannelService';
    const client = this.#clients.get(at) ?? this.#world.connect(at);
    this.#clients.set(at, client);
    return client;
  }

  async call(name: string, request: object, token = this.#token): Promise<Answer> {
    const { path, bytes } = encoded(name, request);
    const answer = await this.#client(name).call(path, bytes, token, endless.has(methodIn(name)));
    this.answers.set(name, answer);
    return answer;
  }
}

/** Returns the words and ids that a stranger looks for in a channel of a kind. */
export function wantedIn(world: World, kind: Kind): Wanted {
  const session = world.owner.sessionId;
  return { name: wordOf(kind, 'facts'), text: wordOf(kind, 'late'), person: 'member', session };
}

const readsOfMember = ['List', 'ListMembers', 'History', 'Search'].map((name) => `ChannelService/${name}`);

/** Makes calls that name the channel of an account. */
export async function askAbout(
  world: World,
  account: Account,
  caller: Caller,
  calls: readonly string[] = Object.keys(channelCalls),
): Promise<void> {
  const { channel, log, seq, person } = account;
  const outsider = world.account('stranger', 'unknown').person.id;
  const target = { channel, log, seq, me: person.id, member: world.owner.id, outsider };
  for (const name of calls) await caller.call(name, channelCalls[name]?.(target) ?? {});
}

/**
 * Returns pairs of requests of one stranger. One request of each pair is about a hidden channel,
 * the other about one that never existed.
 */
export function pairsOfChannels(world: World, person: TestPerson): Pair[] {
  const outsider = world.account('stranger', 'unknown').person.id;
  const requestFor = (call: string, kind: Kind) => {
    const { channel, log, seq } = world.account('stranger', kind);
    return channelCalls[call]?.({ channel, log, seq, me: person.id, member: world.owner.id, outsider }) ?? {};
  };
  return (['private', 'direct'] as const).flatMap((what) =>
    Object.keys(channelCalls).map((call) => {
      const [hidden, unknown] = [requestFor(call, what), requestFor(call, 'unknown')];
      return { call, what, token: person.token, hidden, unknown };
    }),
  );
}

const emptyKinds: readonly Kind[] = ['passing room', 'deleted', 'unknown'];

/**
 * Makes all calls that read without naming a channel. Unless the account is a member, then also
 * makes the calls that name the channel.
 */
export async function askAll(world: World, account: Account): Promise<Caller> {
  const { role, kind, person } = account;
  const caller = new Caller(world, person.token);
  const wanted = wantedIn(world, kind);
  if (role !== 'suspended' && !emptyKinds.includes(kind))
    for (const [name, request] of Object.entries(readingCalls)) await caller.call(name, request(wanted));
  await askAbout(world, account, caller, role === 'member' ? readsOfMember : undefined);
  return caller;
}
