import { channelCalls, encoded, endless, methodIn, readingCalls, type Wanted } from './calls.js';
import type { Answer, RawClient } from './raw-call.js';
import { type Account, type Kind, type ServiceName, type World, wordOf } from './world.js';

/** One user with connections of their own, and every answer they got. */
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
    const [service] = name.split('/');
    const at = service === 'UserService' || service === 'ChatService' ? service : 'ChannelService';
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

/** Returns what a stranger looks for in a channel of a kind. */
export function wantedIn(world: World, kind: Kind): Wanted {
  const session = world.owner.sessionId;
  return { name: wordOf(kind, 'facts'), text: wordOf(kind, 'late'), person: 'member', session };
}

/** Makes every call that names the channel of an account. */
export async function askAbout(world: World, account: Account, caller: Caller): Promise<void> {
  const { channel, log, seq, person } = account;
  const outsider = world.account('stranger', 'unknown').person.id;
  const target = { channel, log, seq, me: person.id, member: world.owner.id, outsider };
  for (const [name, request] of Object.entries(channelCalls)) await caller.call(name, request(target));
}

/** Reads everything that an account can reach without naming a channel, then asks about its channel. */
export async function askAll(world: World, account: Account): Promise<Caller> {
  const caller = new Caller(world, account.person.token);
  const wanted = wantedIn(world, account.kind);
  for (const [name, request] of Object.entries(readingCalls)) await caller.call(name, request(wanted));
  await askAbout(world, account, caller);
  return caller;
}
