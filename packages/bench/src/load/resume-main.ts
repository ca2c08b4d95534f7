/** A crowd: a separate process with devices that open their inboxes, all at once, and resume them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { InboxCommand, InboxEvent } from '@parley/contract';
import { WebSocket } from 'ws';
import { networkAddress } from './inbox-lines.js';
import { callOverview } from './overview-call.js';

/** An order to the crowd: to open or resume all inboxes at an address, to post, or to count. */
export interface CrowdOrder {
  readonly address: string;
  /** Tokens of the devices. Empty: the tokens of the last order. */
  readonly tokens: readonly string[];
  /** Number of devices that open at the same time. 0: none. */
  readonly atOnce: number;
  /** Whether the devices have lost their positions, so that each asks for its chats first. */
  readonly asksOverview: boolean;
  /** Channels in which the devices post, one each. */
  readonly posts: readonly number[];
}

/** Events that the crowd has seen since the last order. */
export interface CrowdTally {
  readonly welcomed: number;
  readonly acked: number;
  readonly messages: number;
  /** Number of devices that could not resume and got a reset. */
  readonly resets: number;
  /** Number of Overviews with chats. */
  readonly overviews: number;
  /** Number of Overviews that were refused, and that the device asked for again. */
  readonly repeats: number;
  /** Reasons of refusals and ends. */
  readonly ends: readonly string[];
}

/** One device: its newest position, and its connection. */
class Device {
  readonly token: string;
  readonly localAddress: string;
  position = '';
  #socket: WebSocket | undefined;

  constructor(token: string, at: number) {
    this.token = token;
    this.localAddress = networkAddress(at);
  }

  /** Asks for all chats, as often as needed, and continues from their position. */
  async askOverview(address: string): Promise<void> {
    this.position = '';
    while (this.position === '') {
      const { overview, reason, retryAfterMs } = await callOverview({ ...this, address });
      if (overview === undefined && reason !== 'too-busy') return void tally.ends.push(`Overview: ${reason}`);
      if ((overview?.chats.length ?? 0) > 0) tally.overviews += 1;
      else tally.repeats += 1;
      this.position = overview?.inbox ?? '';
      await pause(retryAfterMs);
    }
  }

  /** Opens the inbox after the newest position. Resolves once it is welcome, or refused. */
  open(address: string): Promise<void> {
    const options = { localAddress: this.localAddress, perMessageDeflate: false };
    const socket = new WebSocket(`ws://${address}/connect`, ['parley.v1', `bearer.${this.token}`], options);
    this.#socket = socket;
    return new Promise((resolve) => {
      socket.on('open', () => this.#command({ watch: { after: this.position } }));
      socket.on('error', (error) => tally.ends.push(String(error)));
      socket.on('close', (code, reason) => {
        tally.ends.push(`${code} ${reason}`);
        resolve();
      });
      socket.on('message', (bytes: Buffer) => {
        if (this.#take(InboxEvent.decode(bytes))) resolve();
      });
    });
  }

  post(channelId: number): void {
    this.#command({ post: { channelId, clientId: randomUUID(), data: Buffer.from('here') } });
  }

  #command(fields: Parameters<typeof InboxCommand.fromPartial>[0]): void {
    this.#socket?.send(InboxCommand.encode(InboxCommand.fromPartial(fields)).finish());
  }

  /** Handles an event. Returns whether it is the welcome. */
  #take({ id, welcome, ack, message, reset }: InboxEvent): boolean {
    if (id !== '') this.position = id;
    if (welcome !== undefined) tally.welcomed += 1;
    if (ack !== undefined) {
      if (ack.refusal === undefined) tally.acked += 1;
      else tally.ends.push(`post: ${ack.refusal.reason}`);
    }
    if ((message?.seq ?? 0) > 0) tally.messages += 1;
    if (reset) tally.resets += 1;
    return welcome !== undefined;
  }
}

function newTally() {
  return { welcomed: 0, acked: 0, messages: 0, resets: 0, overviews: 0, repeats: 0, ends: [] as string[] };
}

let tally = newTally();
let devices: readonly Device[] = [];

async function openAll({ address, atOnce, asksOverview }: CrowdOrder): Promise<void> {
  const next = devices.values();
  const openSome = async () => {
    for (const device of next) {
      if (asksOverview) await device.askOverview(address);
      await device.open(address);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, openSome));
}

async function obey(order: CrowdOrder): Promise<CrowdTally> {
  const { tokens, atOnce, posts } = order;
  if (tokens.length > 0) devices = tokens.map((token, at) => new Device(token, at));
  if (atOnce > 0) {
    tally = newTally();
    await openAll(order);
  }
  for (const [at, channelId] of posts.entries()) devices[at]?.post(channelId);
  return tally;
}

process.on('disconnect', () => process.exit());
process.on('message', (order: CrowdOrder) => {
  obey(order).then(
    (seen) => process.send?.({ tally: seen }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
