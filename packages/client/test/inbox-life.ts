import { setTimeout as pause } from 'node:timers/promises';
import type { TestPerson } from '@parley/testkit';
import { ChannelKind } from '../src/index.js';
import { type ChatAct, ChatLife, historyOf, type PlannedChat, type Step } from './chat-life.js';
import { Chat, type Member } from './chat-run.js';
import { type ChatLog, DeviceCheck } from './inbox-check.js';
import { Device, type Doors } from './inbox-device.js';
import { until } from './rig.js';

/** Weights of the acts that only lives of inboxes have. */
export const inboxActs = { drop: 5, resume: 5, anew: 2, trim: 2, restart: 1, stall: 1 };
export type InboxAct = keyof typeof inboxActs;

function isInboxAct(act: string): act is InboxAct {
  return act in inboxActs;
}

/** The devices of a user: one exact, one that is not, and one that sleeps until the end. */
const kindsOfDevices = [true, false, true];
const sleeper = 2;

/** A life of chats in which every user watches with several devices. */
export class InboxLife {
  readonly #doors: Doors;
  readonly #life: ChatLife;
  readonly #people: ReadonlyMap<Member, TestPerson>;
  readonly #devices = new Map<Member, Device[]>();
  /** Devices that were cut, and that another one has replaced. */
  readonly #ended: Device[] = [];
  /** Logs of each chat that have ended. */
  readonly #endedLogs = new Map<number, ChatLog[]>();

  constructor(doors: Doors, people: ReadonlyMap<Member, TestPerson>, planned: readonly PlannedChat[]) {
    this.#doors = doors;
    this.#life = new ChatLife(doors.trio, [...people.keys()], planned);
    this.#people = people;
  }

  async begin(): Promise<void> {
    await this.#life.create();
    await Promise.all(
      [...this.#people].map(async ([member, person]) => {
        const devices = kindsOfDevices.map((isExact) => new Device(this.#doors, person, isExact));
        this.#devices.set(member, devices);
        await Promise.all(devices.map((one) => one.begin(this.#channelIds)));
        await Promise.all(devices.slice(0, sleeper).map((one) => one.resume()));
      }),
    );
  }

  get #channelIds(): number[] {
    return this.#life.chats.map(({ id }) => id);
  }

  async do({ act, who, pick }: Step<ChatAct | InboxAct>): Promise<void> {
    const chat = this.#life.chatOf(pick);
    for (const member of chat.inside) chat.readerOf(member).open(member.client, chat.id);
    const member = this.#life.members[who] as Member;
    if (isInboxAct(act)) await this.#own[act](chat, member, pick, who);
    else await this.#life.do({ act, who, pick });
  }

  readonly #own: Readonly<Record<InboxAct, (chat: Chat, member: Member, pick: number, who: number) => Promise<void>>> =
    {
      drop: (_, member, pick) => this.#deviceOf(member, pick).cut(),
      resume: (_, member, pick) => this.#deviceOf(member, pick).resume(),
      anew: (_, member, pick) => this.#begin(member, pick % sleeper),
      trim: async (chat, _, pick) => {
        const { last } = await chat.model(this.#doors.trio);
        await chat.trim(this.#doors.trio, last - (pick % 5), pick % 2 === 0);
      },
      restart: (chat) => this.#restart(chat),
      stall: (chat, _, pick, who) => this.#stall(chat, who, pick),
    };

  #deviceOf(member: Member, pick: number): Device {
    return this.#devices.get(member)?.[pick % sleeper] as Device;
  }

  /** Replaces a device of a user. */
  async #begin(member: Member, at: number): Promise<void> {
    const devices = this.#devices.get(member) as Device[];
    const [old, person] = [devices[at] as Device, this.#people.get(member) as TestPerson];
    await old.cut();
    this.#ended.push(old);
    const device = new Device(this.#doors, person, old.isExact);
    devices[at] = device;
    await device.begin(this.#channelIds);
    await device.resume();
  }

  /** Gives a chat a new log: it ceases to have history, and then has one again. */
  async #restart(chat: Chat): Promise<void> {
    if (chat.kind === 'direct') return;
    await chat.answered();
    for (const reader of chat.readers.values()) await reader.close();
    await this.#endLog(chat);
    const { chats } = chat.owner.client;
    await chats.update(chat.id, { retention: { nothing: true } });
    const { log } = await chats.update(chat.id, { retention: { everything: true } });
    const founders = [chat.owner, ...[...chat.inside].filter((one) => one !== chat.owner)];
    const next = new Chat({ id: chat.id, log, kind: chat.kind, closed: chat.closed, founders });
    this.#life.chats[this.#life.chats.indexOf(chat)] = next;
  }

  async #endLog(chat: Chat): Promise<void> {
    const logs = this.#endedLogs.get(chat.id) ?? [];
    this.#endedLogs.set(chat.id, [...logs, await this.#logOf(chat)]);
  }

  async #logOf(chat: Chat): Promise<ChatLog> {
    return { log: chat.log, trimmedTo: chat.trimmedTo, model: await chat.model(this.#doors.trio) };
  }

  /**
   * Writes a message, and commits so late that a position can have a later time and still lack the
   * message.
   */
  async #stall(chat: Chat, who: number, pick: number): Promise<void> {
    const inside = [...chat.inside];
    const [sender, member] = [inside[0], inside[who % inside.length]];
    if (sender === undefined || member === undefined) return;
    const stalled = this.#doors.trio.people.sql(slowWrite, [chat.id, sender.id, `stalled ${pick}`]);
    await pause(1_500);
    await this.#begin(member, 1);
    await this.#deviceOf(member, 1).cut();
    await stalled;
  }

  /** Sends a message and waits for its seq. */
  async #say(chat: Chat, sender: Member, text: string): Promise<void> {
    chat.send(text, sender, (conversation) => conversation.send(text));
    await chat.answered();
  }

  /** Checks that all devices and History agree. */
  async check(): Promise<void> {
    const all = [...this.#devices.values()].flat();
    await Promise.all(all.map((one) => one.resume()));
    await this.#checkUnstored(all);
    for (const chat of this.#life.chats) await this.#sayLast(chat);
    for (const chat of this.#life.chats) await this.#checkChat(chat);
    for (const device of [...all, ...this.#ended]) await device.cut();
    expect([...all, ...this.#ended].flatMap(({ faults }) => faults)).toEqual([]);
    expect(this.#life.chats.flatMap(({ faults }) => faults)).toEqual([]);
  }

  /**
   * Checks that messages of a chat without history arrive. Only a relay delivers them, so each
   * gateway must know the owning server of the chat.
   */
  async #checkUnstored(devices: readonly Device[]): Promise<void> {
    const [{ client }, ...others] = this.#life.members as [Member, ...Member[]];
    const { id } = await client.create({ name: 'fleeting', kind: ChannelKind.GROUP, retention: { nothing: true } });
    await client.members.addAll(
      id,
      others.map((one) => one.id),
    );
    const conversation = client.open(id);
    const hasArrived = (device: Device) => device.happenings.get(id)?.some(({ type }) => type === 'entry') === true;
    await until(async () => {
      await conversation.send('gone at once').catch(() => {});
      return devices.every(hasArrived) || pause(200, false);
    });
    await conversation.leave();
  }

  /** Sends a message that every member must receive. */
  async #sayLast(chat: Chat): Promise<void> {
    const [sender] = chat.inside;
    if (sender === undefined) return;
    chat.readerOf(sender).open(sender.client, chat.id);
    await this.#say(chat, sender, 'the end');
  }

  async #checkChat(chat: Chat): Promise<void> {
    await chat.answered();
    const logs = [...(this.#endedLogs.get(chat.id) ?? []), await this.#logOf(chat)];
    for (const device of this.#ended) this.#checkDevice(device, chat, logs, true);
    for (const [member, devices] of this.#devices) {
      for (const device of devices) await this.#settle(device, chat, logs, chat.inside.has(member));
      if (chat.inside.has(member)) await this.#checkMember(chat, logs, member, devices);
    }
  }

  /** Waits until a device has received everything, and then checks it. */
  async #settle(device: Device, chat: Chat, logs: readonly ChatLog[], isInside: boolean): Promise<void> {
    const isDone = () => {
      const check = new DeviceCheck(device, chat.id, logs);
      const isRight = (device.isIn.get(chat.id) ?? isInside) === isInside;
      return check.faults.length > 0 || (isRight && check.missing(false).length === 0);
    };
    await until(async () => isDone() || pause(100, false), settleMs).catch(() => {});
    this.#checkDevice(device, chat, logs, false);
    expect([device.isIn.get(chat.id) ?? isInside, device.describe(chat.id)]).toEqual([isInside, expect.anything()]);
  }

  #checkDevice(device: Device, chat: Chat, logs: readonly ChatLog[], isCut: boolean): void {
    const check = new DeviceCheck(device, chat.id, logs);
    const faults = [...check.faults, ...check.missing(isCut)];
    if (faults.length > 0) throw new Error(`${faults.join('\n')}\n${check.describe()}`);
  }

  /** Checks that History has the chat, and that the devices know the messages as History does. */
  async #checkMember(chat: Chat, logs: readonly ChatLog[], member: Member, devices: readonly Device[]): Promise<void> {
    const history = await historyOf(member.client, chat.id);
    const { model, trimmedTo } = logs.at(-1) as ChatLog;
    expect(history).toEqual(new Map([...model.shownTo(member.id)].filter(([seq]) => seq > trimmedTo)));
    for (const device of devices) {
      const { all, staleBelow } = new DeviceCheck(device, chat.id, logs).messages;
      const known = [...history].filter(([seq]) => seq >= staleBelow && all.has(seq));
      expect(known.map(([seq]) => [seq, all.get(seq)])).toEqual(known);
    }
  }

  async close(): Promise<void> {
    for (const device of [...this.#devices.values()].flat()) await device.cut();
    await Promise.all(this.#life.members.map((one) => one.close()));
  }
}

/** Writes a message as a manager writes an entry, and commits after 2.5 s. */
const slowWrite = `WITH head AS (
    UPDATE chat.channel_head SET last_seq = last_seq + 1, last_at = greatest(last_at, statement_timestamp()), revision = revision + 1
    WHERE channel_id = $1 RETURNING channel_id, last_seq, last_at
  ), entry AS (
    INSERT INTO chat.message (channel_id, seq, sender_id, client_id, sent_at, content_type, data, digest)
    SELECT channel_id, last_seq, $2, gen_random_uuid(), last_at, 'text/plain', convert_to($3, 'UTF8'), sha256('') FROM head
  ) SELECT pg_sleep(2.5) FROM head`;

/** Time after which an event that has not arrived counts as missing. */
const settleMs = 60_000;
