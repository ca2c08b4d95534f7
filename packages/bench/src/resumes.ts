import { setTimeout as pause } from 'node:timers/promises';
import { freePorts, type ServiceProcess, Trio, until } from '@parley/testkit';
import { BenchProcess } from './child.js';
import { makeInboxPeople } from './inbox-people.js';
import type { CrowdOrder, CrowdTally } from './load/resume-main.js';
import { type BenchRound, playInTurn, roundOf } from './rounds.js';
import type { SuitePlan, SuiteResult } from './suite.js';

/**
 * Time after the last welcome for which statements are counted, because presence is shown after it.
 */
const afterMs = 10_000;
/** Time within which every device gets a position. */
const positionMs = 6_000;
/** Maximum number of runs of a statement that does not depend on the number of people. */
const beside = 100;
const line = /^parley_statements_total\{statement="(\w+)"\} (\d+)$/gm;

/** People who reconnect at once. */
export interface ResumingPeople {
  readonly people: number;
}

interface ResumeRound extends BenchRound {
  /** Statements by service and name. */
  readonly statements: ReadonlyMap<string, number>;
}

/** Returns how often services have run each statement so far. */
async function statementsOf(services: ReadonlyMap<string, ServiceProcess>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const [name, { admin }] of services) {
    const metrics = await (await fetch(`http://${admin}/metrics`)).text();
    for (const [, statement, count] of metrics.matchAll(line)) counts.set(`${name} ${statement}`, Number(count));
  }
  return counts;
}

/**
 * Returns the names of statements that ran more than twice for each person, as if for each of their
 * channels.
 */
function perChannel(statements: ReadonlyMap<string, number>, people: number): string[] {
  const many = [...statements].filter(([, count]) => count > 2 * people + beside);
  return many.map(([name, count]) => `${name} ran ${count} times for ${people} people`);
}

function summaryOf(ends: readonly string[]): string[] {
  return [...new Set(ends)].map((end) => `${ends.filter((one) => one === end).length} times ${end}`);
}

/** A gateway that dies, and another one at which all its clients resume. */
class Stampede {
  readonly #trio: Trio;
  readonly #crowd = new BenchProcess('load/resume-main.js');
  #adminPort: number;

  private constructor(trio: Trio, adminPort: number) {
    this.#trio = trio;
    this.#adminPort = adminPort;
  }

  /** Starts the services, each with an ops port of its own. */
  static async start(): Promise<Stampede> {
    const port = await freePorts(4);
    const env = { PARLEY_LOG_LEVEL: 'error', PARLEY_ADMIN_PORT: String(port) };
    const stampede = new Stampede(await Trio.start({ chatServers: 0, env }), port);
    await stampede.#trio.addChatServer(stampede.#nextPort());
    return stampede;
  }

  #nextPort() {
    this.#adminPort += 1;
    return { PARLEY_ADMIN_PORT: String(this.#adminPort) };
  }

  async #ask(order: Partial<CrowdOrder>): Promise<CrowdTally> {
    const nothing = { address: '', tokens: [], atOnce: 0, posts: [] };
    return (await this.#crowd.ask<{ tally: CrowdTally }>({ ...nothing, ...order })).tally;
  }

  async play(people: number): Promise<ResumeRound> {
    const trio = this.#trio;
    const { tokens, channelIds } = await makeInboxPeople(trio, people);
    const chatOf = (at: number) => channelIds[(at + 102) % channelIds.length] ?? 0;
    const [first, second] = [await trio.startGateway(this.#nextPort()), await trio.startGateway(this.#nextPort())];
    await this.#ask({ address: new URL(first.http).host, tokens, atOnce: 50 });
    const posts = tokens.map((_, at) => chatOf(at));
    await this.#answered({ posts }, people);
    await pause(positionMs);
    await this.#answered({ posts }, 2 * people);
    const faults = perChannel(await statementsOf(this.#services(first)), people);
    const { ends } = await this.#ask({});
    faults.push(...summaryOf(ends));
    first.kill('SIGKILL');
    await this.#answered({}, 3 * people);
    const { faults: more, ...round } = await this.#resume(second, people);
    return { ...round, faults: [...faults, ...more] };
  }

  /** Waits until the crowd has had this number of acks, refusals and ends. */
  async #answered(order: Partial<CrowdOrder>, count: number): Promise<void> {
    await this.#ask(order);
    await until(async () => {
      const { acked, ends } = await this.#ask({});
      return acked + ends.length >= count;
    });
  }

  #services(gateway: ServiceProcess): ReadonlyMap<string, ServiceProcess> {
    const [[manager], [chatServer]] = [this.#trio.managers, this.#trio.chatServers];
    return new Map([
      ['gateway', gateway],
      ['chat-service', chatServer as ServiceProcess],
      ['channel-service', manager as ServiceProcess],
    ]);
  }

  async #resume(gateway: ServiceProcess, people: number): Promise<ResumeRound> {
    const services = this.#services(gateway);
    const before = await statementsOf(services);
    const { welcomed } = await this.#ask({ address: new URL(gateway.http).host, atOnce: people });
    await pause(afterMs);
    const { ends, resets } = await this.#ask({});
    const statements = new Map(
      [...(await statementsOf(services))].map(([name, count]) => [name, count - (before.get(name) ?? 0)]),
    );
    const sum = [...statements.values()].reduce((all, count) => all + count, 0);
    const faults = [...perChannel(statements, people), ...summaryOf(ends)];
    if (welcomed < people) faults.push(`only ${welcomed} of ${people} resumed`);
    if (resets > 0) faults.push(`${resets} of ${people} were reset`);
    return { ...roundOf(sum / people, faults), statements };
  }

  async stop(): Promise<void> {
    await this.#crowd.stop();
    await this.#trio.stop();
  }
}

async function playStampede(people: number): Promise<ResumeRound> {
  const stampede = await Stampede.start();
  try {
    return await stampede.play(people);
  } finally {
    await stampede.stop();
  }
}

function describe({ value, statements, faults }: BenchRound & Partial<ResumeRound>): string {
  const counts = [...(statements ?? [])].filter(([, count]) => count > 0).sort(([, one], [, other]) => other - one);
  return [`${value.toFixed(2)} statements per person`, ...faults, counts.map((pair) => pair.join(' ')).join(', ')].join(
    '; ',
  );
}

/** Counts the statements when the clients of a gateway that has died resume at another one. */
export async function benchResumes({ pairs, people, log }: SuitePlan & ResumingPeople): Promise<SuiteResult> {
  const players = new Map([['ours', () => playStampede(people)]]);
  const rounds = await playInTurn(players, { name: 'resumes', pairs: Math.min(pairs, 3), warmUps: 0, log, describe });
  const description = `${people} people of a gateway that has died resume at another one, at once`;
  return { shape: 'resumes', description, figure: 'statements per person', lowerIsBetter: true, rounds };
}
