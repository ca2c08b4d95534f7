import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createPool, type Pool } from '@parley/database';
import { settingsTable } from '@parley/runtime';
import { Trio } from '@parley/testkit';
import { BenchProcess } from './child.js';
import { walEnd } from './disk.js';
import { type InboxPeople, makeInboxPeople } from './inbox-people.js';
import { inspectedEnv } from './inspector.js';
import type { InboxOrder, InboxTally } from './load/inbox-main.js';
import type { PostOrder, PostTally } from './load/posts-main.js';
import { CostlyPostgres, type CostlyProcess, CostlyService, type ProcessUse } from './process-cost.js';

/** Options of the measurement. */
export interface SizingPlan {
  readonly people: number;
  /** Posts per second. */
  readonly perSecond: number;
  /** Duration of each measured phase. */
  readonly seconds: number;
  /** Messages whose disk space is measured. */
  readonly rows: number;
  readonly log: (line: string) => void;
}

const env = {
  PARLEY_SENDER_RATE: '1000000',
  PARLEY_CHANNEL_RATE: '1000000',
  ...inspectedEnv,
};
const [openAtOnce, portion] = [50, 500];
/** Logins that are measured. */
export const sizedLogins = 20;

/** CPU seconds of each process, by name. */
export type ProcessCosts = ReadonlyMap<string, number>;

/** What posts have cost. */
export interface PostCosts {
  readonly costs: ProcessCosts;
  readonly posts: number;
  /** Bytes that all inboxes received. */
  readonly bytes: number;
  /** Bytes of the write-ahead log of PostgreSQL. */
  readonly walBytes: number;
  /** Reasons for which posts failed, because the machine is too busy. */
  readonly faults: readonly string[];
}

async function callRest(gateway: string, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${gateway}/api/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await response.text();
  if (!response.ok) throw new Error(answer);
}

/** One of each process, a PostgreSQL, and people with inboxes. */
export class SizedSystem {
  readonly #trio: Trio;
  readonly #owner: Pool;
  readonly #gateway: string;
  readonly #processes: ReadonlyMap<string, CostlyProcess>;
  readonly #plan: SizingPlan;
  readonly #readers = new BenchProcess('load/inbox-main.js');
  readonly #senders = new BenchProcess('load/posts-main.js');

  private constructor(
    trio: Trio,
    owner: Pool,
    gateway: string,
    processes: ReadonlyMap<string, CostlyProcess>,
    plan: SizingPlan,
  ) {
    this.#trio = trio;
    this.#owner = owner;
    this.#gateway = gateway;
    this.#processes = processes;
    this.#plan = plan;
  }

  static async start(plan: SizingPlan): Promise<SizedSystem> {
    const trio = await Trio.start({ env });
    const userService = await trio.startUserService({ PARLEY_BCRYPT_COST: settingsTable.BCRYPT_COST.fallback ?? '' });
    const gateway = await trio.startGateway();
    const owner = createPool({ url: trio.database.ownerUrl, applicationName: 'bench', max: 1 });
    const services = {
      'user-service': userService,
      manager: trio.managers[0],
      'chat server': trio.chatServers[0],
      gateway,
    };
    const processes = new Map<string, CostlyProcess>();
    for (const [name, service] of Object.entries(services))
      if (service !== undefined) processes.set(name, new CostlyService(service));
    processes.set('PostgreSQL', await CostlyPostgres.open(owner));
    return new SizedSystem(trio, owner, gateway.http, processes, plan);
  }

  /** Returns what each process uses now. */
  async use(): Promise<Map<string, ProcessUse>> {
    const uses = new Map<string, ProcessUse>();
    for (const [name, one] of this.#processes) uses.set(name, await one.use());
    return uses;
  }

  /** Returns the CPU seconds of each process while `work` runs. */
  async #costOf(work: () => Promise<unknown>): Promise<ProcessCosts> {
    const before = new Map([...this.#processes].map(([name, one]) => [name, one.cpuSeconds()]));
    await work();
    return new Map([...this.#processes].map(([name, one]) => [name, one.cpuSeconds() - (before.get(name) ?? 0)]));
  }

  /** Registers accounts. Returns the costs of one login of each. */
  async login(): Promise<ProcessCosts> {
    const people = Array.from({ length: sizedLogins }, () => ({
      user_id: `l${randomUUID().slice(0, 8)}`,
      password: randomUUID(),
    }));
    for (const one of people) await callRest(this.#gateway, 'accounts', one);
    return this.#costOf(async () => {
      for (const one of people) await callRest(this.#gateway, 'sessions', one);
    });
  }

  makePeople(): Promise<InboxPeople> {
    return makeInboxPeople(this.#trio, this.#plan.people);
  }

  /** Opens an inbox for each of the people. */
  connect({ tokens }: InboxPeople): Promise<ProcessCosts> {
    const address = new URL(this.#gateway).host;
    return this.#costOf(async () => {
      for (let from = 0; from < tokens.length; from += portion) {
        const some = tokens.slice(from, from + portion);
        await this.#read({ door: 'ws', address, tokens: some, from, atOnce: openAtOnce });
      }
    });
  }

  idle(): Promise<ProcessCosts> {
    return this.#costOf(() => pause(this.#plan.seconds * 1_000));
  }

  /** Posts to chats of the people. */
  async post({ tokens, ownChats }: InboxPeople): Promise<PostCosts> {
    const { perSecond, seconds } = this.#plan;
    const callers = Math.min(tokens.length, Math.ceil(perSecond * 5));
    const order: PostOrder = {
      door: 'rest',
      address: new URL(this.#gateway).host,
      tokens: tokens.slice(0, callers),
      channelIds: ownChats.slice(0, callers),
      perSecond: perSecond / callers,
      seconds,
    };
    const say = async (during: number) =>
      (await this.#senders.ask<{ tally: PostTally }>({ ...order, seconds: during })).tally;
    await say(Math.min(10, seconds));
    const before = { bytes: await this.#bytes(), wal: await walEnd(this.#owner) };
    let tally: PostTally | undefined;
    const costs = await this.#costOf(async () => {
      tally = await say(seconds);
    });
    const [bytes, walBytes] = [(await this.#bytes()) - before.bytes, (await walEnd(this.#owner)) - before.wal];
    const { posts = 0, faults = [] } = tally ?? {};
    return { costs, posts, bytes, walBytes, faults };
  }

  async #bytes(): Promise<number> {
    return (await this.#read({ count: true })).bytes.reduce((sum, bytes) => sum + bytes, 0);
  }

  async #read(order: Partial<InboxOrder>): Promise<InboxTally> {
    const { tally } = await this.#readers.ask<{ tally: InboxTally }>(order);
    if (tally.faults.length > 0) throw new Error(tally.faults.join('; '));
    return tally;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#readers.stop(), this.#senders.stop()]);
    await this.#owner.end();
    await this.#trio.stop();
  }
}
