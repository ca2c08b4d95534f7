import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Ack,
  AdminService,
  Channel,
  ChannelKind,
  type ChannelServer,
  ChannelService,
  KickRequest,
  Message,
} from '@parley/contract';
import {
  callPatiently,
  type RelayClient,
  type ServiceProcess,
  TestGateway,
  type TestPerson,
  Trio,
  type TrioOptions,
} from '@parley/testkit';

const withinMs = 30_000;

/** The services, and a gateway that opens relays. */
export class RelayRig {
  readonly trio: Trio;
  readonly gateway: TestGateway;
  #names = 0;

  private constructor(trio: Trio, gateway: TestGateway) {
    this.trio = trio;
    this.gateway = gateway;
  }

  static async start(options: TrioOptions = {}): Promise<RelayRig> {
    const trio = await Trio.start(options);
    return new RelayRig(trio, await TestGateway.open(trio.database));
  }

  async stop(): Promise<void> {
    await this.gateway.close();
    await this.trio.stop();
  }

  /** Creates users with new names. */
  people(count: number): Promise<TestPerson[]> {
    return this.trio.people.makeMany(`person-${++this.#names}`, count);
  }

  /** Creates a chat of these users; the first one owns it. */
  async chat([owner, ...others]: readonly TestPerson[], fields: Partial<Channel> = {}): Promise<number> {
    const { token } = owner as TestPerson;
    const channel = Channel.fromPartial({
      name: `chat ${++this.#names}`,
      limit: 500,
      kind: ChannelKind.GROUP,
      ...fields,
    });
    const { id } = await callPatiently(this.trio.manager(), ChannelService.create, channel, { token, withinMs });
    for (const one of others) await this.change(owner as TestPerson, id, one, { add: true });
    return id;
  }

  /** Changes a member. */
  change(by: TestPerson, channelId: number, { id: userId }: TestPerson, change: object): Promise<unknown> {
    return this.trio.changeMember(by, { channelId, userId, ...change });
  }

  async locate(id: number, token?: string): Promise<ChannelServer> {
    const options = { token: token ?? (await this.gateway.token()), withinMs };
    return callPatiently(this.trio.manager(), ChannelService.locate, Channel.fromPartial({ id }), options);
  }

  /** Ends all streams, handles and seats of a user, as an operator. */
  async kick({ token }: TestPerson, { id: userId }: TestPerson): Promise<void> {
    const request = KickRequest.fromPartial({ userId, reason: 'test' });
    await callPatiently(this.trio.manager(), AdminService.kick, request, { token, withinMs });
  }

  async relay(server: ServiceProcess, options: Parameters<TestGateway['relay']>[1] = {}): Promise<RelayClient> {
    return this.gateway.relay(await this.trio.identityOf(server), options);
  }

  sql(text: string, values: unknown[] = []) {
    return this.trio.people.sql(text, values);
  }
}

/**
 * Posts a message in a channel, and returns its ack. Posts it again while the chat server is
 * `paused`, as gateways do.
 */
export async function post(relay: RelayClient, channelId: number, handle: number, fields: object = {}): Promise<Ack> {
  const message = Message.fromPartial({ data: Buffer.from('words'), clientId: randomUUID(), ...fields });
  const { ack } = await relay.ask({ channelId, post: { handle, message } });
  if (ack === undefined) throw new Error('no ack');
  if (ack.refusal?.reason !== 'paused') return ack;
  await pause(ack.refusal.retryAfterMs);
  return post(relay, channelId, handle, message);
}
