import { Client, credentials } from '@grpc/grpc-js';
import {
  Ack,
  type Channel,
  ChannelKind,
  ChannelService,
  Channel as ChannelType,
  InboxService,
  Message,
} from '@parley/contract';
import {
  type Chatter,
  callPatiently,
  freePorts,
  openTestPool,
  type ServiceProcess,
  type TestPerson,
  Trio,
  type TrioOptions,
  until,
  WebStream,
} from '@parley/testkit';
import { InboxClient } from './inbox-client.js';

const withinMs = 30_000;
type Fields = Parameters<typeof Message.fromPartial>[0];

/** The services with a gateway. */
export class InboxRig {
  readonly trio: Trio;
  gateway: ServiceProcess;
  readonly #clients = new Map<string, Client>();
  #names = 0;

  private constructor(trio: Trio, gateway: ServiceProcess) {
    this.trio = trio;
    this.gateway = gateway;
  }

  static async start(options: TrioOptions = {}): Promise<InboxRig> {
    const trio = await Trio.start(options);
    return new InboxRig(trio, await startGateway(trio));
  }

  /** Replaces the current gateway with a new one. */
  async restartGateway(): Promise<void> {
    await this.gateway.stop();
    this.gateway = await startGateway(this.trio);
  }

  stop(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
    return this.trio.stop();
  }

  /** Creates users with new names. */
  people(count: number): Promise<TestPerson[]> {
    return this.trio.people.makeMany(`person-${++this.#names}`, count);
  }

  /** Creates a group with an owner and members. */
  async group(owner: TestPerson, members: readonly TestPerson[], more: Partial<Channel> = {}): Promise<number> {
    const fields = ChannelType.fromPartial({ name: `group ${++this.#names}`, kind: ChannelKind.GROUP, ...more });
    const { token } = owner;
    const options = { token, withinMs };
    const { id } = await callPatiently(this.trio.manager(), ChannelService.create, fields, options);
    for (const { id: userId } of members) await this.trio.changeMember(owner, { channelId: id, userId, add: true });
    return id;
  }

  open(person: TestPerson, watch = {}, gateway = this.gateway): Promise<InboxClient> {
    return InboxClient.open(gateway.grpc, person, watch);
  }

  /** Posts a message over gRPC. */
  post({ token }: Pick<TestPerson, 'token'>, fields: Fields, gateway = this.gateway): Promise<Ack> {
    const client = this.#clients.get(gateway.grpc) ?? new Client(gateway.grpc, credentials.createInsecure());
    this.#clients.set(gateway.grpc, client);
    return callPatiently(client, InboxService.post, Message.fromPartial(fields), { token, withinMs });
  }

  /** Posts a message over gRPC-Web. */
  postInPage({ token }: TestPerson, fields: Fields): Promise<Ack> {
    const body = Message.encode(Message.fromPartial(fields)).finish();
    const url = `${this.gateway.http}/chat.v1.InboxService/Post`;
    return new WebStream<Ack>(url, body, { token }, (bytes) => Ack.decode(bytes)).find(() => true);
  }

  /** Joins until the channel has moved to a live chat server. */
  async joinAgain(person: TestPerson, channelId: number): Promise<Chatter> {
    try {
      return await this.trio.join(person, channelId);
    } catch {
      return this.joinAgain(person, channelId);
    }
  }

  /** Reads a metric of the gateway. */
  async metric(series: string): Promise<number> {
    const text = await (await fetch(`http://${this.gateway.admin}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${series} `));
    return Number(line?.slice(series.length) ?? Number.NaN);
  }

  /** Waits until relays show this number of channels. */
  follows(channels: number): Promise<void> {
    return until(async () => (await this.metric('parley_followed_channels')) === channels);
  }

  /** Waits until a relay shows the chat to a device: until it sees that somebody else types. */
  followed(device: InboxClient, channelId: number, other: TestPerson): Promise<void> {
    return until(async () => {
      await this.post(other, { channelId, typing: {} });
      return device.events.some(({ message }) => message?.channelId === channelId && message.typing !== undefined);
    });
  }

  sql(text: string, values: unknown[] = []) {
    return this.trio.people.sql(text, values);
  }
}

async function startGateway(trio: Trio): Promise<ServiceProcess> {
  return trio.startGateway({ PARLEY_ADMIN_PORT: String(await freePorts(1)) });
}

/** Says texts in a chat, and waits until each is acknowledged. */
export async function say(stream: Chatter, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    const clientId = crypto.randomUUID();
    stream.send(text, { clientId });
    await stream.find(({ ack }) => ack?.clientId === clientId);
  }
}

/**
 * Begins a transaction whose events might precede all later ones. Returns a function that ends it.
 * @param write a statement that gives the transaction its id
 */
export async function beginWrite(
  { database }: Trio,
  write = 'SELECT pg_current_xact_id()',
): Promise<() => Promise<void>> {
  const pool = openTestPool(database.ownerUrl);
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query(write);
  return async () => {
    await client.query('COMMIT');
    client.release();
    await pool.end();
  };
}
